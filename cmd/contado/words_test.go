package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/analysis"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

func TestNumbersForPeople(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		0: "0", 10190.3: "10190", 4133.3544921875: "4133.4", 117.2: "117.2", 0.01984: "0.0198", -5.5: "-5.5",
		100: "100", 1e-7: "1e-07", 61472: "61472", 3.4e38: "3.4e+38",
	} {
		if got := number(v); got != want {
			t.Errorf("%g is written %q, want %q", v, got, want)
		}
	}
	for s, want := range map[float64]string{15: "15 s", 60: "1 min", 900: "15 min", 5580: "93 min", 3852: "64.2 min"} {
		if got := minutes(s); got != want {
			t.Errorf("%g s is written %q, want %q", s, got, want)
		}
	}
	one := catalog.Dataset{Version: catalog.Version{Files: []catalog.File{{Size: 3164}}}}
	if got := size(one); got != "4 kB" {
		t.Errorf("a small raster is %q", got)
	}
	if got := plural(1, "feature") + ", " + plural(0, "row"); got != "1 feature, 0 rows" {
		t.Errorf("%q", got)
	}
}

// A notice says how often, and that not all are named.
func TestNoticesAreCounted(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	printNotice(&app{stdout: &b}, catalog.Notice{Severity: catalog.Warning, Message: "rows were kept", Count: 7, Examples: []string{"row 1", "row 2"}})
	if want := "  warning: rows were kept (7)\n    row 1; row 2; … 5 more\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// What a person at the keyboard can put right is not called a defect, and an
// interruption says what became of the work.
func TestErrorsForPeople(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		code   int
		defect bool
	}{
		"folder":    {&fs.PathError{Op: "mkdir", Path: "/x", Err: fs.ErrPermission}, exitFailed, false},
		"unhealthy": {errUnhealthy, exitFailed, false},
		"usage":     {usagef("no"), exitUsage, false},
		"bug":       {errors.New("nil map"), exitFailed, true},
	} {
		var b bytes.Buffer
		if code := complain(&b, c.err); code != c.code || strings.Contains(b.String(), "defect") != c.defect {
			t.Errorf("%s: code %d, %q", name, code, b.String())
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	if code := run(ctx, []string{"--data", t.TempDir(), "ls"}, &out, &errs); code != exitFailed || errs.String() != "contado: interrupted; what was not finished is not there\n" {
		t.Errorf("interrupted: code %d, %q", code, errs.String())
	}
}

// Where no file can be written, the work is not begun.
func TestOutputsAreCheckedFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, ok := range map[string]bool{
		"": true, filepath.Join(dir, "a.csv"): true, filepath.Join(dir, "no", "a.csv"): false, dir: false,
	} {
		if err := writable(path); (err == nil) != ok {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, args := range [][]string{
		{"report", "coverage", "-t", "1", "-s", "x", "-o", filepath.Join(dir, "no", "r.html")},
		{"report", "coverage", "-t", "1", "-s", "x", "--speed-kmh", "0"},
		{"zonal", "-d", "x", "--areas", "y", "-o", filepath.Join(dir, "no", "z.csv")},
	} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), append([]string{"--data", filepath.Join(dir, "data")}, args...), &out, &errs); code != exitUsage {
			t.Errorf("%v: code %d, %s", args, code, errs.String())
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		t.Error("a wrong command has made the data folder")
	}
}

func TestAreasOutsideAreCounted(t *testing.T) {
	t.Parallel()
	area := func(names []string, values ...float64) analysis.ZonalArea {
		return analysis.ZonalArea{Result: zonal.Result{Names: names, Values: values}}
	}
	res := &analysis.ZonalResult{Areas: []analysis.ZonalArea{
		area([]string{"count", "mean"}, 0, math.NaN()), area([]string{"mean"}, math.NaN()),
		area([]string{"count", "mean"}, 3, 1.5), area([]string{"sum", "majority"}, 0, math.NaN()),
	}}
	if n := outside(res); n != 2 {
		t.Errorf("%d areas outside, want 2", n)
	}
}
