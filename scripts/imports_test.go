// Package scripts_test checks rules about the whole source tree.
package scripts_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"strings"
	"testing"
)

const module = "contado/"

// rank orders the rooms: a room may import those of a lower rank only.
var rank = map[string]int{"geo": 0, "ingest": 1, "tiles": 1, "api": 2, "cmd": 3, "docs": 0}

// only says which rooms may import a module (by path prefix), and why.
var only = []struct{ module, rooms, why string }{
	{"github.com/airbusgeo/godal", "geo/gdal", "only geo/gdal speaks to GDAL"},
	{"github.com/labstack/echo", "api", "only api speaks HTTP"},
	{"database/sql", "geo/store", "only drivers speak SQL"},
	{"modernc.org/sqlite", "geo/store", "only drivers speak SQL"},
	{"github.com/lib/pq", "geo/store", "only drivers speak SQL"},
	{"github.com/riverqueue/river", "geo/store", "only the jobs driver knows River"},
	{"github.com/alecthomas/kong", "cmd", "only cmd parses the command line"},
}

// never lists what no package under geo may import.
var neverInGeo = []string{"net/http", "log", "log/slog"}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list names only %d packages", len(all))
	}
	return all
}

func TestImportsRunOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		room, _, _ := strings.Cut(from, "/")
		if room == "scripts" {
			continue // tools: nothing imports them
		}
		for _, imp := range p.Imports {
			checkOutside(t, from, imp)
			if room == "geo" {
				for _, n := range neverInGeo {
					driver := strings.HasPrefix(from, "geo/store/") && imp == "log/slog" // handed on to a library
					if imp == n && !driver {
						t.Errorf("%s imports %s: geo computes; it does not speak HTTP or log", from, imp)
					}
				}
			}
			if !strings.HasPrefix(imp, module) {
				continue
			}
			to := strings.TrimPrefix(imp, module)
			toRoom, _, _ := strings.Cut(to, "/")
			a, okA := rank[room]
			b, okB := rank[toRoom]
			switch {
			case !okA || !okB:
				t.Errorf("%s imports %s: a room that DESIGN does not name", from, to)
			case a < b || (a == b && room != toRoom):
				t.Errorf("%s imports %s: imports run cmd -> api -> {tiles, ingest} -> geo", from, to)
			}
		}
	}
}

func checkOutside(t *testing.T, from, imp string) {
	t.Helper()
	for _, o := range only {
		if (imp == o.module || strings.HasPrefix(imp, o.module+"/")) &&
			from != o.rooms && !strings.HasPrefix(from, o.rooms+"/") {
			t.Errorf("%s imports %s: %s", from, imp, o.why)
		}
	}
}

// engines compute on arrays and small interfaces: no files, no catalog.
func TestEnginesStayPure(t *testing.T) {
	t.Parallel()
	engines := []string{"geo/zonal", "geo/travel", "geo/coverage"}
	banned := []string{"geo/store", "geo/gdal", "geo/atlas", "geo/analysis"}
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, e := range engines {
			if from != e && !strings.HasPrefix(from, e+"/") {
				continue
			}
			for _, imp := range p.Imports {
				to := strings.TrimPrefix(imp, module)
				for _, b := range banned {
					if to == b || strings.HasPrefix(to, b+"/") {
						t.Errorf("%s imports %s: engines know no files and no catalog", from, to)
					}
				}
			}
		}
	}
}

// Names that gather what belongs nowhere.
func TestNoDrawerPackages(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		switch name := path.Base(p.ImportPath); name {
		case "util", "utils", "common", "helpers", "helper", "models", "misc", "base":
			t.Errorf("%s: name a package for what it gives", p.ImportPath)
		}
	}
}
