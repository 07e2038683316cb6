package scripts_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// SQLite in Go is translated code and wants the very version of its C library
// that it was made with; a tidy may drift to a newer one.
func TestSQLiteHasItsOwnLibc(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-m", "-json", "modernc.org/sqlite", "modernc.org/libc")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	type module struct{ Path, Version, GoMod string }
	dec := json.NewDecoder(strings.NewReader(string(out)))
	var sqlite, libc module
	if err := dec.Decode(&sqlite); err != nil {
		t.Fatal(err)
	}
	if err := dec.Decode(&libc); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(sqlite.GoMod)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`modernc\.org/libc (v\S+)`).FindSubmatch(mod)
	if m == nil {
		t.Fatalf("%s names no libc", sqlite.GoMod)
	}
	if want := string(m[1]); libc.Version != want {
		t.Errorf("modernc.org/libc is %s, SQLite %s wants exactly %s", libc.Version, sqlite.Version, want)
	}
}

// What the scripts say of Go and Node must be what the README says.
func TestVersionsAgree(t *testing.T) {
	t.Parallel()
	setup, err := os.ReadFile("setup")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"1.26", "20.19"} {
		if !strings.Contains(string(setup), v) || !strings.Contains(string(readme), v) {
			t.Errorf("version %s is not in both scripts/setup and README.md", v)
		}
	}
}
