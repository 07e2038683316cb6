package gdal

import (
	"encoding/json"
	"os/exec"
	"testing"
)

// python runs a script with osgeo and numpy as an oracle; args reach it as
// sys.argv[1:], its JSON output is decoded into out.
func python(t testing.TB, script string, out any, args ...string) {
	t.Helper()
	tool, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	if exec.Command(tool, "-c", "import osgeo.gdal, numpy").Run() != nil {
		t.Skip("python3 has no osgeo or no numpy")
	}
	cmd := exec.Command(tool, append([]string{"-c", script}, args...)...)
	text, err := cmd.Output()
	if err != nil {
		msg := err.Error()
		if e, ok := err.(*exec.ExitError); ok {
			msg += ": " + string(e.Stderr)
		}
		t.Fatalf("python oracle: %s", msg)
	}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatalf("python oracle said %.200s: %v", text, err)
	}
}
