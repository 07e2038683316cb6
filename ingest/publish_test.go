package ingest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"contado/geo"
	"contado/geo/blockstats"
	"contado/geo/fault"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/gpkg"
	"contado/scripts/shareddata"

	"github.com/google/go-cmp/cmp"
)

const twoTowns = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"com_istat_code":"014001","name":"Albaredo","big":9007199254740993,"day":"2024-02-29","list":[1,2],"none":null},
 "geometry":{"type":"Polygon","coordinates":[[[9,46],[9.1,46],[9.1,46.1],[9,46.1],[9,46]]]}},
{"type":"Feature","properties":{"com_istat_code":"014002","name":"Bema","big":1,"day":"2024-03-01","list":[],"none":null},
 "geometry":{"type":"Polygon","coordinates":[[[9.1,46],[9.2,46.1],[9.2,46],[9.1,46.1],[9.1,46]]]}}]}`

const thirdTown = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"com_istat_code":"014003","name":"Cino","extra":1.5},
 "geometry":{"type":"Polygon","coordinates":[[[9.3,46],[9.4,46],[9.4,46.1],[9.3,46]]]}}]}`

func rows(t *testing.T, st Stores, d catalog.Dataset) (geo.Schema, []geo.Feature) {
	t.Helper()
	path, err := st.Blobs.Path(d.Version.Vector.File)
	if err != nil {
		t.Fatal(err)
	}
	table, err := gpkg.New().Open(t.Context(), path, d.Version.Vector.Layer)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	var out []geo.Feature
	err = table.Scan(t.Context(), features.Query{}, func(f geo.Feature) bool {
		out = append(out, f)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return table.Schema(), out
}

// A dataset is made once, added to, and started over; every state is a
// version whose files stay.
func TestVersions(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	two, third := writeFile(t, "two.geojson", twoTowns), writeFile(t, "third.geojson", thirdTown)
	d := mustRun(t, st, Options{Dataset: "towns", Title: "Towns", License: "CC-BY"}, two)
	if d.Version.Number != 1 || d.Role != catalog.TerritoryRole || d.Title != "Towns" || !hasNotice(d, "geometry-repaired") {
		t.Errorf("%+v", d)
	}
	_, err := Run(t.Context(), st, []string{third}, Options{Dataset: "towns"}, nil)
	wantFault(t, err, fault.Exist, "--append")

	d = mustRun(t, st, Options{Dataset: "towns", Append: true}, third)
	if d.Version.Number != 2 || d.Version.Vector.Count != 3 || d.License != "CC-BY" {
		t.Errorf("%+v", d)
	}
	schema, fs := rows(t, st, d)
	if len(fs) != 3 || fs[2].Values[schema.FieldIndex("name")] != "Cino" || fs[2].Values[schema.FieldIndex("extra")] != 1.5 {
		t.Errorf("%v %v", schema, fs)
	}
	want := map[string]any{"com_istat_code": "014001", "big": int64(9007199254740993), "day": "2024-02-29", "none": nil, "extra": nil, "list": "[1,2]"}
	for name, v := range want {
		if got := fs[0].Values[schema.FieldIndex(name)]; !cmp.Equal(got, v) {
			t.Errorf("%s is %v (%T), want %v", name, got, got, v)
		}
	}
	d = mustRun(t, st, Options{Dataset: "towns", Replace: true}, third)
	if d.Version.Number != 3 || d.Version.Vector.Count != 1 {
		t.Errorf("%+v", d)
	}
	all, err := st.Catalog.Versions(t.Context(), "towns")
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	wantClean(t, st)
	if err := Remove(t.Context(), st, "towns"); err != nil {
		t.Fatal(err)
	}
	wantClean(t, st)
	list, err := st.Blobs.List(t.Context(), "datasets/")
	if err != nil || len(list) != 0 {
		t.Errorf("after removal there is %v, %v", list, err)
	}
	wantFault(t, Remove(t.Context(), st, "towns"), fault.NotExist, "towns")
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	two := writeFile(t, "two.geojson", twoTowns)
	cases := map[string]struct {
		o      Options
		path   string
		kind   fault.Kind
		phrase string
	}{
		"id":          {Options{Dataset: "No"}, two, fault.Invalid, "cannot name a dataset"},
		"map":         {Options{Dataset: "map"}, two, fault.Invalid, "a meaning of its own"},
		"none":        {Options{Dataset: "none"}, two, fault.Invalid, "a meaning of its own"},
		"role's kind": {Options{Dataset: "d", Role: catalog.Elevation}, two, fault.Invalid, "role elevation is for raster data"},
		"both":        {Options{Dataset: "d", Append: true, Replace: true}, two, fault.Invalid, "exclude"},
		"role":        {Options{Dataset: "d", Role: "magic"}, two, fault.Invalid, "imagery, elevation"},
		"resampling":  {Options{Dataset: "d", Resampling: "magic"}, two, fault.Invalid, "nearest"},
		"crs":         {Options{Dataset: "d", CRS: "EPSG:999999"}, two, fault.Invalid, "--crs"},
		"datetime":    {Options{Dataset: "d", Datetime: "yesterday"}, two, fault.Invalid, "--datetime"},
		"no file":     {Options{Dataset: "d"}, "nowhere.tif", fault.NotExist, "no such file"},
		"address":     {Options{Dataset: "d"}, "https://example.org/a.tif", fault.Invalid, "not a local file"},
		"vsi":         {Options{Dataset: "d"}, "/vsicurl/x", fault.Invalid, "not a local file"},
		"code field":  {Options{Dataset: "d", CodeField: "kode"}, two, fault.Invalid, "the attributes are: com_istat_code, name"},
		"parent":      {Options{Dataset: "d", ParentFields: []string{"up"}}, two, fault.Invalid, "--parent-field"},
		"layer":       {Options{Dataset: "d", Layer: "x"}, two, fault.Invalid, "--layer"},
		"people":      {Options{Dataset: "d", Role: catalog.Population}, two, fault.Invalid, "--population-field"},
		"not numbers": {Options{Dataset: "d", Role: catalog.Population, PopulationField: "name"}, two, fault.Invalid, "not numbers"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Run(t.Context(), st, []string{c.path}, c.o, nil)
			wantFault(t, err, c.kind, c.phrase)
			wantClean(t, st)
		})
	}
}

// A role that only vectors can play is refused for a raster before anything
// is converted, and a role of either kind is not.
func TestRoleFitsKind(t *testing.T) {
	t.Parallel()
	for role, want := range map[catalog.Role]bool{
		catalog.TerritoryRole: false, catalog.Service: false, catalog.Road: false, catalog.Barrier: false, catalog.Place: false,
		catalog.Elevation: true, catalog.LandCover: true, catalog.Imagery: true, catalog.Population: true, catalog.Hazard: true, "": true,
	} {
		r := &run{o: Options{Role: role}}
		if got := r.fits(catalog.Raster) == nil; got != want {
			t.Errorf("a raster of role %q: %v, want %v", role, got, want)
		}
	}
}

// Rows of a table without coordinates are named once, by their row.
func TestRowsWithoutPositionAreNamedOnce(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	d := mustRun(t, st, Options{Dataset: "d"}, writeFile(t, "t.csv", "name,lon,lat\na,9.5,46\nb,,\n"))
	if !hasNotice(d, "coordinates-missing") || hasNotice(d, "geometry-missing") {
		t.Errorf("notices %+v", d.Version.Notices)
	}
}

// A folder may be named by a link; links within it are not followed, and
// that is said.
func TestLinks(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	dir, by := t.TempDir(), filepath.Join(t.TempDir(), "link")
	two := writeFile(t, "two.geojson", twoTowns)
	if err := os.Symlink(two, filepath.Join(dir, "two.geojson")); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), st, []string{dir}, Options{Dataset: "d"}, nil)
	wantFault(t, err, fault.Invalid, "two.geojson is a link")
	if err := os.Symlink(filepath.Dir(two), by); err != nil {
		t.Fatal(err)
	}
	if d := mustRun(t, st, Options{Dataset: "d"}, by); d.Version.Vector.Count != 2 {
		t.Errorf("%d towns through a link to the folder", d.Version.Vector.Count)
	}
}

// failBlobs fails the n-th PutFile.
type failBlobs struct {
	blob.Driver
	left atomic.Int64
}

var errDisk = errors.New("disk on fire")

func (f *failBlobs) PutFile(ctx context.Context, key, path string) error {
	if f.left.Add(-1) < 0 {
		return errDisk
	}
	return f.Driver.PutFile(ctx, key, path)
}

// failCatalog fails Publish, after doing it when late is set.
type failCatalog struct {
	catalog.Driver
	late bool
}

func (f *failCatalog) Publish(ctx context.Context, p catalog.Publication) (catalog.Dataset, error) {
	if f.late {
		if _, err := f.Driver.Publish(ctx, p); err != nil {
			return catalog.Dataset{}, err
		}
	}
	return catalog.Dataset{}, errDisk
}

// A failure at any step of publishing leaves nothing; one after the commit
// is found out to be a success.
func TestFailuresLeaveNothing(t *testing.T) {
	t.Parallel()
	two := writeFile(t, "two.geojson", twoTowns)
	good := stores(t, t.TempDir())
	o := Options{Dataset: "d"}

	st := good
	st.Blobs = &failBlobs{Driver: good.Blobs}
	_, err := Run(t.Context(), st, []string{two}, o, nil)
	if !errors.Is(err, errDisk) {
		t.Error(err)
	}
	wantClean(t, good)

	st = good
	st.Catalog = &failCatalog{Driver: good.Catalog}
	if _, err = Run(t.Context(), st, []string{two}, o, nil); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	wantClean(t, good)

	st.Catalog = &failCatalog{Driver: good.Catalog, late: true}
	res, err := Run(t.Context(), st, []string{two}, o, nil)
	if err != nil || res.Dataset.Version.Number != 1 {
		t.Errorf("%+v, %v", res.Dataset, err)
	}
	wantClean(t, good)
}

// cancelAt cancels when a stage begins.
type cancelAt struct {
	stage  string
	cancel context.CancelFunc
}

func (c cancelAt) Stage(name string) {
	if strings.HasPrefix(name, c.stage) {
		c.cancel()
	}
}
func (cancelAt) Step(int64, int64) {}

func TestCanceledAtEveryStage(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	two := writeFile(t, "two.geojson", twoTowns)
	for _, stage := range []string{"inspect", "convert", "check", "seal", "publish"} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Run(ctx, st, []string{two}, Options{Dataset: "d"}, cancelAt{stage, cancel})
		cancel()
		if !fault.Is(err, fault.Canceled) {
			t.Errorf("canceled at %s: %v", stage, err)
		}
		wantClean(t, st)
		if _, ok, err := current(t.Context(), st.Catalog, "d"); ok || err != nil {
			t.Errorf("canceled at %s: published %v, %v", stage, ok, err)
		}
	}
}

// Two ingests of one dataset at once: one is published, the other is told.
func TestConflict(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	two, third := writeFile(t, "two.geojson", twoTowns), writeFile(t, "third.geojson", thirdTown)
	inner := func() {
		if _, err := Run(t.Context(), st, []string{third}, Options{Dataset: "d"}, nil); err != nil {
			t.Error(err)
		}
	}
	_, err := Run(t.Context(), st, []string{two}, Options{Dataset: "d"}, onStage{"publish", inner})
	wantFault(t, err, fault.Conflict, "changed from version 0 to 1")
	wantClean(t, st)
	d, _, err := current(t.Context(), st.Catalog, "d")
	if err != nil || d.Version.Vector.Count != 1 {
		t.Errorf("%+v, %v", d, err)
	}
}

type onStage struct {
	stage string
	do    func()
}

func (o onStage) Stage(name string) {
	if name == o.stage {
		o.do()
	}
}
func (onStage) Step(int64, int64) {}

// The doctor tells leftovers from a live ingest, names damage, and clears
// only what is safe.
func TestDoctor(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	st := stores(t, root)
	two := writeFile(t, "two.geojson", twoTowns)
	d := mustRun(t, st, Options{Dataset: "d"}, two)
	key := d.Version.Files[0].Key

	if err := os.MkdirAll(filepath.Join(st.Staging, "dead"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := st.Blobs.Put(t.Context(), "datasets/d/v9/lost.tif", strings.NewReader("lost")); err != nil {
		t.Fatal(err)
	}
	if err := st.Blobs.Put(t.Context(), "reports/kept.json", strings.NewReader("kept")); err != nil {
		t.Fatal(err)
	}
	live, err := newStage(st.Staging)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Doctor(t.Context(), st, DoctorOptions{Deep: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Staging) != 1 || f.Staging[0].Name != "dead" || len(f.Orphans) != 1 || f.Live != 1 || len(f.Damaged) != 0 {
		t.Errorf("%+v", f)
	}
	done, err := Clear(t.Context(), st, f)
	if err != nil || len(done.Staging) != 1 || len(done.Orphans) != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if _, err := os.Stat(live.dir); err != nil {
		t.Error("the live stage is gone:", err)
	}
	if err := live.close(); err != nil {
		t.Error(err)
	}
	wantClean(t, st)
	damage(t, st, filepath.Join(root, key), key)
	if _, err := Clear(t.Context(), st, Findings{Staging: []Leftover{{Name: ".."}}}); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func damage(t *testing.T, st Stores, path, key string) {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := append([]byte{}, whole...)
	changed[len(changed)/2] ^= 1
	for _, c := range []struct {
		content []byte
		deep    bool
		problem string
	}{{whole[:100], false, "bytes instead of"}, {changed, false, ""}, {changed, true, "SHA-256"}, {nil, false, "missing"}} {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if c.content != nil {
			if err := os.WriteFile(path, c.content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		f, err := Doctor(t.Context(), st, DoctorOptions{Deep: c.deep})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case c.problem == "" && len(f.Damaged) > 0:
			t.Errorf("a shallow look saw %v", f.Damaged)
		case c.problem != "" && (len(f.Damaged) != 1 || f.Damaged[0].Key != key || !strings.Contains(f.Damaged[0].Problem, c.problem)):
			t.Errorf("%v, want %q", f.Damaged, c.problem)
		}
	}
}

// A box that holds two boxes holds each, also across the 180th meridian.
func TestUnionWGS84(t *testing.T) {
	t.Parallel()
	cases := []struct{ a, b, want geo.BBox }{
		{geo.BBox{MinX: 1, MaxX: 2}, geo.BBox{MinX: 5, MaxX: 6}, geo.BBox{MinX: 1, MaxX: 6}},
		{geo.BBox{MinX: 170, MaxX: -175}, geo.BBox{MinX: 160, MaxX: 165}, geo.BBox{MinX: 160, MaxX: -175}},
		{geo.BBox{MinX: 178, MaxX: 179}, geo.BBox{MinX: -179, MaxX: -178}, geo.BBox{MinX: 178, MaxX: -178}},
		{geo.BBox{MinX: -180, MaxX: 180}, geo.BBox{MinX: 5, MaxX: 6}, geo.BBox{MinX: -180, MaxX: 180}},
		{geo.BBox{MinX: 170, MaxX: -170}, geo.BBox{MinX: -172, MaxX: -160}, geo.BBox{MinX: 170, MaxX: -160}},
	}
	for _, c := range cases {
		if got := unionWGS84(c.a, c.b); got != c.want {
			t.Errorf("%v and %v: got %v, want %v", c.a, c.b, got, c.want)
		}
		if got := unionWGS84(c.b, c.a); got != c.want {
			t.Errorf("%v and %v: got %v, want %v", c.b, c.a, got, c.want)
		}
	}
}

// checkStats fails when the block statistics of a file are not published with
// it or are another's.
func checkStats(t *testing.T, st Stores, as catalog.Asset) {
	t.Helper()
	cog, err := st.Blobs.Path(as.File)
	if err != nil {
		t.Fatal(err)
	}
	stats, err := st.Blobs.Path(as.Stats)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blockstats.Open(t.Context(), stats, blockstats.Source{Grid: as.Grid, Path: cog}); err != nil {
		t.Fatal(err)
	}
}

// Scenes are added one by one; the old files, all of each scene, stay where
// they are.
func TestAppendRaster(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	at := func(name string) string { return shareddata.Path(t, "it-barbellino-sentinel2/"+name) }
	d := mustRun(t, st, Options{Dataset: "s2"}, at("S2A2A_20170703_022_Barbellino_BOA_10.tif"), at("S2A2A_20170703_022_Barbellino_SCL_10.tif"))
	before := d.Version.Files
	d = mustRun(t, st, Options{Dataset: "s2", Append: true}, at("S2A2A_20190723_022_Barbellino_BOA_10.tif"), at("S2A2A_20190723_022_Barbellino_SCL_10.tif"))
	items, err := st.Catalog.Items(t.Context(), "s2")
	if err != nil || len(items) != 2 {
		t.Fatalf("%v %+v", err, items)
	}
	if diff := cmp.Diff(before, d.Version.Files[:len(before)]); diff != "" {
		t.Error(diff)
	}
	listed := map[string]bool{}
	for _, f := range d.Version.Files {
		listed[f.Key] = true
	}
	for _, it := range items {
		for _, as := range it.Assets {
			checkStats(t, st, as)
		}
		if len(it.Assets) != 2 || len(it.Bands) != 12 || it.File != it.Assets[0].File {
			t.Errorf("%+v", it)
		}
		for _, k := range fileKeys(&it) {
			if !listed[k] {
				t.Errorf("%s is not among the files of the version", k)
			}
			delete(listed, k)
		}
		scl, n := it.Locate(12)
		if it.Bands[11].Name != "SCL" || n != 1 || scl.Grid.Width*2 != it.Grid.Width {
			t.Errorf("SCL lies in %+v, band %d", scl, n)
		}
	}
	if len(listed) > 0 {
		t.Errorf("files of no item: %v", listed)
	}
	if d.Version.TimeStart.Year() != 2017 || d.Version.TimeEnd.Year() != 2019 {
		t.Errorf("%+v", d.Version)
	}
	wantClean(t, st)
	_, err = Run(t.Context(), st, []string{writeFile(t, "a.geojson", twoTowns)}, Options{Dataset: "s2", Append: true}, nil)
	wantFault(t, err, fault.Invalid, "cannot be added")
	wantClean(t, st)
	if err := Remove(t.Context(), st, "s2"); err != nil {
		t.Fatal(err)
	}
	if left, err := st.Blobs.List(t.Context(), "datasets/"); err != nil || len(left) > 0 {
		t.Errorf("left after removal: %v %v", left, err)
	}
}

// A GeoPackage of tiles is a raster.
func TestRasterGeoPackage(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	path := filepath.Join(t.TempDir(), "tiles.gpkg")
	src := shareddata.Path(t, "raster-variety/rasterio/RGB.byte.tif")
	if out, err := exec.Command("gdal_translate", "-q", "-of", "GPKG", src, path).CombinedOutput(); err != nil {
		t.Skipf("gdal_translate: %v %s", err, out)
	}
	if got := summary(t, st, mustRun(t, st, Options{Dataset: "d"}, path)); !strings.HasPrefix(got, "raster imagery items=1") {
		t.Error(got)
	}
	wantClean(t, st)
}
