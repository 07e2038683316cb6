package osm

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
	"contado/ingest/vector"
	"contado/scripts/shareddata"

	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "contado-osm-")
	if err != nil {
		panic(err)
	}
	working = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// working is where files converted for several tests lie.
var (
	working string
	shared  = map[string]func() (taken, error){}
	sharing sync.Mutex
)

// entire is a file converted with all layers, once for all tests.
func entire(t *testing.T, name string) taken {
	t.Helper()
	path := shareddata.Path(t, name)
	sharing.Lock()
	if shared[name] == nil {
		dir := filepath.Join(working, strconv.Itoa(len(shared)))
		shared[name] = sync.OnceValues(func() (taken, error) {
			if err := os.Mkdir(dir, 0o700); err != nil {
				return taken{}, err
			}
			return convertTo(path, Options{}, dir)
		})
	}
	once := shared[name]
	sharing.Unlock()
	out, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type quiet struct{}

func (quiet) Stage(string)      {}
func (quiet) Step(int64, int64) {}

const (
	liechtenstein = "li-liechtenstein-osm/liechtenstein-latest.osm.pbf"
	bayreuth      = "de-north-bayreuth-osm-dem/north-bayreuth.osm.gz"
	beatty        = "us-beatty-gtfs-osm/beatty.osm"
)

// rows are the features of a layer by id, with their values by field.
type rows map[int64]row

type row struct {
	geometry orb.Geometry
	values   map[string]any
}

// taken is a converted file.
type taken struct {
	layers  []Layer
	rows    map[string]rows
	notices map[string]catalog.Notice
}

func take(t testing.TB, path string, o Options) taken {
	t.Helper()
	out, err := convertTo(path, o, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func convertTo(path string, o Options, dir string) (taken, error) {
	layers, notices, err := Convert(context.Background(), path, o, dir, quiet{})
	if err != nil {
		return taken{}, err
	}
	out := taken{layers: layers, rows: map[string]rows{}, notices: map[string]catalog.Notice{}}
	for _, n := range notices {
		out.notices[n.Code] = n
	}
	for _, l := range layers {
		if out.rows[l.Name], err = collect(&l); err != nil {
			return taken{}, err
		}
	}
	return out, nil
}

func collect(l *Layer) (rows, error) {
	out := rows{}
	s := l.Schema()
	err := l.Rows.Scan(context.Background(), nil, func(f geo.Feature) (bool, error) {
		if _, twice := out[f.ID]; twice {
			return false, fmt.Errorf("%s: id %d stands twice", l.Name, f.ID)
		}
		r := row{f.Geometry, map[string]any{}}
		for i, v := range f.Values {
			r.values[s.Fields[i].Name] = v
		}
		kind := map[string]int64{"node": 0, "way": 1, "relation": 2}
		if f.ID != r.values["osm_id"].(int64)*4+kind[r.values["osm_type"].(string)] {
			return false, fmt.Errorf("%s: id %d of %v %v", l.Name, f.ID, r.values["osm_type"], r.values["osm_id"])
		}
		out[f.ID] = r
		return true, nil
	})
	if err == nil && int64(len(out)) != l.Rows.Count() {
		err = fmt.Errorf("%s: %d rows, said to be %d", l.Name, len(out), l.Rows.Count())
	}
	return out, err
}

// ids are those of rows that fit, as OPL writes them: n1, w2, r3.
func (r rows) ids(fits func(row) bool) []string {
	var out []string
	for _, x := range r {
		if fits == nil || fits(x) {
			out = append(out, x.values["osm_type"].(string)[:1]+strconv.FormatInt(x.values["osm_id"].(int64), 10))
		}
	}
	slices.Sort(out)
	return out
}

func kinds(names ...string) func(row) bool {
	return func(r row) bool {
		for _, k := range strings.Split(r.values["kinds"].(string), ";") {
			if slices.Contains(names, k) {
				return true
			}
		}
		return false
	}
}

// TestPublishedCounts: the counts of the data's description.
func TestPublishedCounts(t *testing.T) {
	t.Parallel()
	count := func(r rows, fits func(row) bool) int { return len(r.ids(fits)) }
	schools := []string{"school", "school_primary", "school_lower_secondary", "school_upper_secondary"}
	for file, want := range map[string]map[string]int{
		liechtenstein: {
			"roads": 4660, "buildings": 8994, "boundaries": 14, "bus_stop": 307, "school": 19, "kindergarten": 6, "pharmacy": 3, "hospital": 1, "post_office": 8, "supermarket": 11,
		},
		bayreuth: {"roads": 2056, "buildings": 4267, "boundaries": 1, "bus_stop": 16, "kindergarten": 3, "pharmacy": 1},
		beatty:   {"roads": 170, "buildings": 104, "boundaries": 0},
	} {
		got := entire(t, file)
		for what, n := range want {
			have := len(got.rows[what])
			switch {
			case what == "school":
				have = count(got.rows["services"], kinds(schools...))
			case got.rows[what] == nil && what != "boundaries":
				have = count(got.rows["services"], kinds(what))
			}
			if have != n {
				t.Errorf("%s: %d %s, want %d", file, have, what, n)
			}
		}
	}
}

// TestCommunes: the eleven communes are there, closed, fill the country, and
// know where they belong.
func TestCommunes(t *testing.T) {
	t.Parallel()
	got := entire(t, liechtenstein)
	var names []string
	sum, country := 0.0, 0.0
	for _, r := range got.rows["boundaries"] {
		m := r.geometry.(orb.MultiPolygon)
		if ok, why := gdal.IsValid(m); !ok {
			t.Errorf("%v: %s", r.values["name"], why)
		}
		switch r.values["admin_level"] {
		case int64(8):
			names = append(names, fmt.Sprintf("%s in %s", r.values["name"], r.values["parent_name"]))
			sum += orbgeo.Area(m)
			if r.values["level"] != "municipality" || r.values["code"] == "" {
				t.Errorf("%v", r.values)
			}
		case int64(2):
			country = orbgeo.Area(m)
		}
	}
	slices.Sort(names)
	want := "Balzers Eschen Gamprin Mauren Planken Ruggell Schaan Schellenberg Triesen Triesenberg Vaduz"
	if len(names) != 11 || strings.Join(names, " ") == want {
		t.Errorf("%v", names)
	}
	for _, n := range names {
		land := "Oberland"
		if slices.Contains(strings.Fields("Eschen Gamprin Mauren Ruggell Schellenberg"), strings.Fields(n)[0]) {
			land = "Unterland"
		}
		if !strings.HasSuffix(n, " in Wahlkreis "+land) {
			t.Errorf("%s, not in %s", n, land)
		}
	}
	if math.Abs(sum/country-1) > 1e-6 || math.Abs(country/160.5e6-1) > 0.01 {
		t.Errorf("communes %.0f m², country %.0f m²", sum, country)
	}
	n := got.notices["relations-incomplete"]
	if n.Count == 0 || !strings.Contains(strings.Join(n.Examples, "\n"), "relation 51701 (Schweiz") {
		t.Errorf("%+v", n)
	}
}

// TestPublish: every layer goes through the door of vector ingest as it is.
func TestPublish(t *testing.T) {
	t.Parallel()
	for _, file := range []string{liechtenstein, beatty} {
		got := entire(t, file)
		for _, l := range got.layers {
			if file == liechtenstein && l.Name != "boundaries" && l.Name != "services" && l.Name != "landuse" {
				continue
			}
			path := filepath.Join(t.TempDir(), l.Name+".gpkg")
			res, err := vector.Write(context.Background(), []vector.Rows{l.Rows}, vector.Options{Dataset: l.Name, Role: l.Role, Fields: l.Fields, Path: path, Layer: l.Name}, quiet{})
			if err != nil {
				t.Errorf("%s: %v", l.Name, err)
				continue
			}
			if res.Count != l.Rows.Count() || res.Schema.GeometryType != l.Schema().GeometryType || res.Role != l.Role {
				t.Errorf("%s: %d rows of %s, want %d of %s", l.Name, res.Count, res.Schema.GeometryType, l.Rows.Count(), l.Schema().GeometryType)
			}
			for _, n := range res.Notices {
				if n.Severity == catalog.Warning && n.Code != "geometry-repaired" {
					t.Errorf("%s: %+v", l.Name, n)
				}
			}
			if l.Role == catalog.TerritoryRole && (res.Territory == nil || res.Territory.Code != "code" || res.Territory.Parents[0] != "parent") {
				t.Errorf("%+v", res.Territory)
			}
		}
	}
}

func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.osm")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWrongLayerAndEmptyFile(t *testing.T) {
	t.Parallel()
	path := file(t, `<osm><node id="1" lat="1" lon="1"/></osm>`)
	if _, _, err := Convert(context.Background(), path, Options{Layers: []string{"road"}}, t.TempDir(), quiet{}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "roads, places") {
		t.Error(err)
	}
	if _, _, err := Convert(context.Background(), path, Options{}, t.TempDir(), quiet{}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "1 nodes, 0 ways") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Convert(ctx, path, Options{}, t.TempDir(), quiet{}); !fault.Is(err, fault.Canceled) {
		t.Error(err)
	}
}
