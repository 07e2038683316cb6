package gdal

import (
	"encoding/json"
	"errors"
	"os/exec"
	"sync"
	"testing"
)

// pythonWithGDAL finds an interpreter that has osgeo and numpy; "" without.
var pythonWithGDAL = sync.OnceValue(func() string {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if tool, err := exec.LookPath(name); err == nil && exec.Command(tool, "-c", "import osgeo.gdal, numpy").Run() == nil {
			return tool
		}
	}
	return ""
})

// python runs a script with osgeo and numpy as an oracle; args reach it as
// sys.argv[1:], its JSON output is decoded into out.
func python(t testing.TB, script string, out any, args ...string) {
	t.Helper()
	tool := pythonWithGDAL()
	if tool == "" {
		t.Skip("no python3 with osgeo and numpy is installed")
	}
	text, err := exec.Command(tool, append([]string{"-c", script}, args...)...).Output()
	if err != nil {
		var e *exec.ExitError
		if errors.As(err, &e) {
			t.Fatalf("python oracle: %v: %s", err, e.Stderr)
		}
		t.Fatalf("python oracle: %v", err)
	}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatalf("python oracle said %.200s: %v", text, err)
	}
}
