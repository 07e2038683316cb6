package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRulesCommand(t *testing.T) {
	t.Parallel()
	call := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := run(context.Background(), append([]string{"rules"}, args...), &out, &errs)
		return code, out.String(), errs.String()
	}
	if code, out, errs := call("list"); code != exitDone || !strings.Contains(out, "it-standards") {
		t.Errorf("list: %d %s%s", code, out, errs)
	}
	code, out, errs := call("show", "it-standards")
	for _, want := range []string{"post-3-km", "DM 7 ottobre 2008", "customary", "ages 65+", "threshold 3000 m"} {
		if !strings.Contains(out, want) {
			t.Errorf("show: %d %s; %q is missing", code, errs, want)
		}
	}
	if code, out, errs = call("show", "it-standards", "--json"); code != exitDone || !strings.Contains(out, `"pharmacy-3300"`) {
		t.Errorf("show as JSON: %d %.200s %s", code, out, errs)
	}
	file := filepath.Join(t.TempDir(), "own")
	if err := os.WriteFile(file, []byte("schema: contado/rules/1\nid: own\ncolour: red\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs = call("check", file); code != exitFailed || !strings.Contains(errs, "colour") {
		t.Errorf("check: %d %s", code, errs)
	}
	if code, _, errs = call("show", "nowhere"); code != exitFailed || !strings.Contains(errs, "it-standards") {
		t.Errorf("an unknown table: %d %s", code, errs)
	}
}
