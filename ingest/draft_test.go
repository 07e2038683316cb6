package ingest

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"
)

// A draft that is published is what Run would have published, to the digests;
// until then the catalog knows nothing, and it can be read from the disk.
func TestDraftIsWhatRunMakes(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"vector": writeFile(t, "two.geojson", twoTowns),
		"table":  writeFile(t, "table.csv", "code;people\n1;5\n2;7\n"), // its box is empty: infinite
		"raster": smallScene(t),
		"layers": shareddata.Path(t, "us-beatty-gtfs-osm"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			paths := []string{path}
			if name == "layers" {
				paths = onePBF(t, path)
			}
			o := Options{Dataset: "d", Title: "D", Sources: []catalog.SourceFile{{Name: "x", Size: 1, SHA256: "ab"}}}
			straight := stores(t, t.TempDir())
			want, err := Run(t.Context(), straight, paths, o, nil)
			if err != nil {
				t.Fatal(err)
			}
			st := stores(t, t.TempDir())
			dir := filepath.Join(t.TempDir(), "draft")
			if _, err := Prepare(t.Context(), st, dir, paths, o, nil); err != nil {
				t.Fatal(err)
			}
			if sets, err := st.Catalog.Datasets(t.Context()); err != nil || len(sets) != 0 {
				t.Fatalf("a draft is in the catalog: %v, %v", sets, err)
			}
			wantClean(t, st)
			for range 2 { // the second time finds everything there
				d, err := ReadDraft(dir)
				if err != nil {
					t.Fatal(err)
				}
				got, err := d.Publish(t.Context(), st)
				if err != nil {
					t.Fatal(err)
				}
				ignore := cmp.Options{cmpopts.IgnoreFields(catalog.Dataset{}, "CreatedAt"), cmpopts.IgnoreFields(catalog.Version{}, "PublishedAt", "SHA256"), cmpopts.IgnoreFields(catalog.File{}, "SHA256", "Size")}
				if diff := cmp.Diff(want.Datasets, got.Datasets, ignore); diff != "" && name != "layers" || len(want.Datasets) != len(got.Datasets) {
					t.Errorf("(-run +draft)\n%s", diff)
				}
				wantClean(t, st)
			}
		})
	}
}

// onePBF is the one extract of a folder.
func onePBF(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(p, ".pbf") || strings.HasSuffix(p, ".osm") {
			found = append(found, p)
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Skipf("no extract in %s: %v", dir, err)
	}
	return found[:1]
}

func TestDraftConflictsAndCleansUp(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	two, third := writeFile(t, "two.geojson", twoTowns), writeFile(t, "third.geojson", thirdTown)
	dir := filepath.Join(t.TempDir(), "draft")
	d, err := Prepare(t.Context(), st, dir, []string{two}, Options{Dataset: "d"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, st, Options{Dataset: "d"}, third)
	_, err = d.Publish(t.Context(), st)
	wantFault(t, err, fault.Conflict, "changed")
	wantClean(t, st)

	_, err = Prepare(t.Context(), st, dir, []string{writeFile(t, "bad.geojson", "{")}, Options{Dataset: "e"}, nil)
	wantFault(t, err, fault.Invalid, "")
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a failed attempt left its folder: %v", err)
	}
	_, err = ReadDraft(dir)
	wantFault(t, err, fault.NotExist, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = Prepare(ctx, st, dir, []string{two}, Options{Dataset: "f"}, nil); !fault.Is(err, fault.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestFormatsThatMayBeRead(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	two := writeFile(t, "two.geojson", twoTowns)
	_, err := Run(t.Context(), st, []string{two}, Options{Dataset: "d", Formats: []string{"geotiff", "csv"}}, nil)
	wantFault(t, err, fault.Unsupported, "not taken here")
	mustRun(t, st, Options{Dataset: "d", Formats: []string{"geojson"}}, two)
}

func TestRestore(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	two, third := writeFile(t, "two.geojson", twoTowns), writeFile(t, "third.geojson", thirdTown)
	first := mustRun(t, st, Options{Dataset: "d", Title: "First"}, two)
	mustRun(t, st, Options{Dataset: "d", Replace: true, Title: "Second"}, third)
	st.Who = "ada"
	res, err := Restore(t.Context(), st, "d", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := res.Dataset
	if d.Version.Number != 3 || d.Version.SHA256 != first.Version.SHA256 || d.Version.Vector.Count != 2 || d.Version.Made.Restores != 1 || d.Version.Made.Who != "ada" ||
		!d.Version.PublishedAt.After(first.Version.PublishedAt) || d.Title != "Second" {
		t.Errorf("%+v", d)
	}
	if _, fs := rows(t, st, d); len(fs) != 2 {
		t.Errorf("%d rows", len(fs))
	}
	wantClean(t, st)
	_, err = Restore(t.Context(), st, "d", 3, nil)
	wantFault(t, err, fault.Invalid, "current")
	_, err = Restore(t.Context(), st, "d", 9, nil)
	wantFault(t, err, fault.NotExist, "9")
	_, err = Restore(t.Context(), st, "none", 1, nil)
	wantFault(t, err, fault.NotExist, "none")

	// A raster in place of rows, and back again.
	mustRun(t, st, Options{Dataset: "d", Replace: true, Role: catalog.OtherRole}, smallScene(t))
	res, err = Restore(t.Context(), st, "d", 2, nil)
	if err != nil || res.Dataset.Kind != catalog.Vector || res.Dataset.Role != catalog.OtherRole {
		t.Fatalf("%+v, %v", res.Dataset, err)
	}
	res, err = Restore(t.Context(), st, "d", 4, nil)
	if err != nil || res.Dataset.Kind != catalog.Raster {
		t.Fatalf("%+v, %v", res.Dataset, err)
	}
	items, err := st.Catalog.Items(t.Context(), "d")
	if err != nil || len(items) == 0 || items[0].Version != res.Dataset.Version.Number {
		t.Errorf("%+v, %v", items, err)
	}
	if err := Remove(t.Context(), st, "d"); err != nil {
		t.Fatal(err)
	}
	if list, err := st.Blobs.List(t.Context(), "datasets/"); err != nil || len(list) != 0 {
		t.Errorf("left: %v, %v", list, err)
	}
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	dir := filepath.Join(t.TempDir(), "look")
	look := func(o Options, paths ...string) []Recognised {
		t.Helper()
		list, err := Recognise(t.Context(), st, dir, paths, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Error("the folder is still there")
		}
		return list
	}
	one := look(Options{}, writeFile(t, "two.geojson", twoTowns))[0]
	if one.Key != "geojson" || len(one.Layers) != 1 || one.Layers[0].Count != 2 || one.Layers[0].Geometry == "" || one.Layers[0].CRS != "EPSG:4326" || len(one.Layers[0].Rows) != 2 {
		t.Errorf("%+v", one)
	}
	table := look(Options{}, writeFile(t, "t.csv", "name;lon;lat\nA;9,5;46\nB;9,6;46\n"))[0]
	if table.Kind != "table" || table.Layers[0].Geometry != "Point" || len(table.Layers[0].Fields) != 3 {
		t.Errorf("%+v", table)
	}
	if bad := look(Options{}, writeFile(t, "x.vrt", "<VRTDataset></VRTDataset>"))[0]; bad.Problem == "" || bad.Hint == "" {
		t.Errorf("%+v", bad)
	}
	if bad := look(Options{Formats: []string{"csv"}}, writeFile(t, "two.geojson", twoTowns))[0]; !strings.Contains(bad.Problem, "not taken") {
		t.Errorf("%+v", bad)
	}
	box := zipOf(t, map[string]string{"a/two.geojson": twoTowns, "a/read.me": "x"})
	list := look(Options{}, box)
	if len(list) != 3 || list[0].Kind != "archive" || list[2].Layers[0].Count != 2 || list[1].Problem == "" {
		t.Errorf("%+v", list)
	}
	if far := look(Options{}, zipOf(t, map[string]string{"../x.geojson": twoTowns}))[0]; !strings.Contains(far.Problem, "out of the archive") {
		t.Errorf("%+v", far)
	}
	if bomb := look(Options{Limits: Limits{ArchiveBytes: 1 << 20}}, zipOf(t, map[string]string{"x.csv": strings.Repeat("0", 4<<20)}))[0]; !strings.Contains(bomb.Problem, "unpacks to more") {
		t.Errorf("%+v", bomb)
	}
}

func zipOf(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "box.zip", b.String())
}
