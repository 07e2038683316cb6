package osm

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"contado/geo/gdal"

	"github.com/paulmach/orb"
)

// osmFile writes an extract: nodes 1 … of a grid with ten columns, one unit of
// 0.001 degrees apart, then what is given.
func osmFile(t *testing.T, elements ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`<osm version="0.6">`)
	for i := range 100 {
		fmt.Fprintf(&b, `<node id="%d" lat="%.3f" lon="%.3f"/>`, i, 45+float64(i/10)/1000, 9+float64(i%10)/1000)
	}
	for _, e := range elements {
		b.WriteString(e)
	}
	b.WriteString(`</osm>`)
	return file(t, b.String())
}

func tagText(tags []string) string {
	var b strings.Builder
	for _, t := range tags {
		k, v, _ := strings.Cut(t, "=")
		fmt.Fprintf(&b, `<tag k="%s" v="%s"/>`, k, v)
	}
	return b.String()
}

func wayText(id int, nodes []int, tags ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<way id="%d">`, id)
	for _, n := range nodes {
		fmt.Fprintf(&b, `<nd ref="%d"/>`, n)
	}
	return b.String() + tagText(tags) + `</way>`
}

// relText takes members such as "w5 outer".
func relText(id int, members string, tags ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<relation id="%d">`, id)
	for m := range strings.SplitSeq(members, ", ") {
		what, role, _ := strings.Cut(m, " ")
		kind := map[byte]string{'n': "node", 'w': "way", 'r': "relation"}[what[0]]
		fmt.Fprintf(&b, `<member type="%s" ref="%s" role="%s"/>`, kind, what[1:], role)
	}
	return b.String() + tagText(tags) + `</relation>`
}

var (
	ring1 = []int{11, 14, 44, 41, 11} // 3 by 3
	hole1 = []int{22, 23, 33, 32, 22} // 1 by 1 in it
	ring2 = []int{16, 18, 38, 36, 16} // 2 by 2 beside
)

func TestRoadValues(t *testing.T) {
	t.Parallel()
	got := take(t, osmFile(t,
		wayText(1, []int{1, 2}, "highway=primary_link", "maxspeed=30 mph", "oneway=-1", "bridge=viaduct", "layer=1", "lanes=2", "surface=asphalt", "ref=SS 42", "name=Via", "name:de=Weg", "motor_vehicle=destination", "source=x", "foo=bar"),
		wayText(2, []int{1, 2}, "highway=track", "tracktype=grade3", "access=private", "foot=yes"),
		wayText(3, []int{1, 2, 12, 11, 1}, "highway=pedestrian", "area=yes"),
		wayText(4, []int{1, 2}, "route=ferry", "duration=00:20", "motorcar=yes"),
		wayText(5, []int{1, 2}, "highway=nonsense"),
		wayText(6, []int{1, 2}, "highway=motorway", "maxspeed=IT:motorway", "tunnel=no"),
		wayText(7, []int{1, 2}, "highway=cycleway"),
		wayText(8, []int{1, 999, 2}, "highway=path"),
		wayText(9, []int{1, 998}, "highway=path"),
	), Options{Layers: []string{"roads"}})
	want := map[int64]map[string]any{
		1: {"class": "primary", "link": true, "highway": "primary_link", "maxspeed": 30 * 1.609344, "oneway": int64(-1), "bridge": true, "tunnel": false, "layer": int64(1), "lanes": int64(2), "surface": "asphalt", "ref": "SS 42", "name": "Via", "name_de": "Weg", "car": "destination", "bicycle": "yes", "tags": `{"maxspeed":"30 mph","oneway":"-1","bridge":"viaduct","motor_vehicle":"destination","foo":"bar"}`},
		2: {"class": "track", "tracktype": "grade3", "car": "private", "bicycle": "private", "foot": "yes", "access": "private", "oneway": int64(0)},
		3: {"class": "pedestrian", "is_area": true, "car": "no", "foot": "yes"},
		4: {"class": "ferry", "duration": int64(1200), "car": "yes", "foot": "yes", "highway": nil},
		5: {"class": "other", "highway": "nonsense", "car": "no"},
		6: {"class": "motorway", "maxspeed": 130.0, "oneway": int64(1), "foot": "no", "tunnel": false},
		7: {"class": "cycleway", "foot": "no", "bicycle": "yes", "maxspeed": nil, "is_area": false},
		8: {"class": "path"},
	}
	if len(got.rows["roads"]) != len(want) {
		t.Errorf("%d roads", len(got.rows["roads"]))
	}
	for id, fields := range want {
		r := got.rows["roads"][id*4+1]
		for k, v := range fields {
			if !reflect.DeepEqual(r.values[k], v) {
				t.Errorf("way %d: %s is %v, want %v", id, k, r.values[k], v)
			}
		}
	}
	if l := got.rows["roads"][8*4+1].geometry.(orb.LineString); len(l) != 2 || l[1] != (orb.Point{9.002, 45}) {
		t.Errorf("%v", l)
	}
	if got.notices["ways-incomplete"].Count != 2 || got.notices["ways-left-out"].Examples[0] != "way 9" {
		t.Errorf("%+v", got.notices)
	}
}

// TestMultipolygons: tags on the relation, on the outline (as before 2017), on
// both, on holes; each thing once.
func TestMultipolygons(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		elements []string
		want     map[string]float64 // class and id, and area in units of the grid
	}{
		"relation": {[]string{wayText(1, ring1), wayText(2, hole1), relText(1, "w1 outer, w2 inner", "type=multipolygon", "landuse=forest")}, map[string]float64{"forest r1": 8}},
		"outline":  {[]string{wayText(1, ring1, "landuse=forest"), wayText(2, hole1), relText(1, "w1 outer, w2 inner", "type=multipolygon")}, map[string]float64{"forest r1": 8}},
		"both":     {[]string{wayText(1, ring1, "landuse=forest"), wayText(2, hole1), relText(1, "w1 outer, w2 inner", "type=multipolygon", "landuse=forest")}, map[string]float64{"forest r1": 8}},
		"hole is something": {
			[]string{wayText(1, ring1), wayText(2, hole1, "natural=water"), relText(1, "w1 outer, w2 inner", "type=multipolygon", "landuse=forest")},
			map[string]float64{"forest r1": 8, "water w2": 1},
		},
		"outline is something else": {
			[]string{wayText(1, ring1, "landuse=farmyard"), wayText(2, hole1), relText(1, "w1 outer, w2 inner", "type=multipolygon", "landuse=forest")},
			map[string]float64{"forest r1": 8, "farmyard w1": 9},
		},
		"no roles, two outer, cut in pieces": {
			[]string{wayText(1, []int{14, 11, 41}), wayText(4, []int{14, 44, 41}), wayText(2, hole1), wayText(3, ring2), relText(1, "w3, w2, w4, w1", "type=multipolygon", "natural=scrub")},
			map[string]float64{"scrub r1": 12},
		},
		"member twice": {[]string{wayText(1, ring1), relText(1, "w1 outer, w1 outer", "type=multipolygon", "natural=scrub")}, map[string]float64{"scrub r1": 9}},
		"closed way":   {[]string{wayText(1, ring1, "landuse=meadow"), wayText(2, ring2, "landuse=meadow", "area=no")}, map[string]float64{"meadow w1": 9}},
	} {
		got := take(t, osmFile(t, c.elements...), Options{Layers: []string{"landuse"}})
		found := map[string]float64{}
		for _, r := range got.rows["landuse"] {
			m := r.geometry.(orb.MultiPolygon)
			if ok, why := gdal.IsValid(m); !ok {
				t.Errorf("%s: %s", name, why)
			}
			found[fmt.Sprintf("%s %s%d", r.values["class"], r.values["osm_type"].(string)[:1], r.values["osm_id"])] = area(m) / 1e8
		}
		if !reflect.DeepEqual(found, c.want) {
			t.Errorf("%s: %v, want %v (%v)", name, found, c.want, got.notices)
		}
	}
}

// TestBroken: what is left out is named.
func TestBroken(t *testing.T) {
	t.Parallel()
	got := take(t, osmFile(t,
		wayText(1, ring1), wayText(2, []int{16, 18, 38}), wayText(3, []int{61, 62, 997, 71, 61}), wayText(4, ring2, "landuse=meadow"), wayText(5, []int{81, 82, 83}, "landuse=meadow"),
		`<node id="500" lat="100" lon="9"><tag k="amenity" v="bank"/></node>`,
		relText(1, "w1 outer, w99 inner", "type=multipolygon", "landuse=forest", "name=A"),
		relText(2, "w2 outer", "type=multipolygon", "landuse=forest"),
		relText(3, "w3 outer", "type=multipolygon", "landuse=forest"),
		relText(4, "n1 label", "type=boundary", "boundary=administrative", "admin_level=8"),
		relText(5, "w1 outer", "landuse=forest"),
		relText(6, "w98 outer", "type=multipolygon", "route=x"),
		relText(7, "w4 outer, w97 inner", "type=multipolygon"),
	), Options{})
	for code, example := range map[string]string{
		"relations-incomplete": "relation 1 (A): 1 of 2 ways are missing, 0 cut",
		"relations-open":       "relation 2 (landuse=forest): way 2 leads nowhere",
		"relations-empty":      "relation 4 (boundary=administrative)",
		"relations-untyped":    "relation 5 (landuse=forest)",
		"holes-missing":        "relation 7",
		"areas-open":           "way 5 (landuse=meadow)",
		"nodes-impossible":     "node 500",
	} {
		if n := got.notices[code]; n.Count < 1 || n.Examples[0] != example {
			t.Errorf("%s: %+v", code, n)
		}
	}
	if n := got.notices["relations-incomplete"]; n.Count != 2 || n.Examples[1] != "relation 3 (landuse=forest): 0 of 1 ways are missing, 1 cut" {
		t.Errorf("%+v", n)
	}
	if got := got.rows["landuse"].ids(nil); fmt.Sprint(got) != "[w4]" {
		t.Errorf("%v", got)
	}
}

// TestServicePoints: nodes, ways and multipolygons, one point each, inside.
func TestServicePoints(t *testing.T) {
	t.Parallel()
	got := take(t, osmFile(t,
		`<node id="500" lat="45.5" lon="9.5"><tag k="amenity" v="pharmacy"/><tag k="name" v="San Rocco"/><tag k="opening_hours" v="Mo-Fr 09:00-12:30"/></node>`,
		wayText(1, ring1, "amenity=school", "building=yes"),
		wayText(2, []int{61, 62, 72}, "amenity=bank"),
		wayText(3, ring2), relText(1, "w3 outer", "type=multipolygon", "amenity=hospital", "building=yes"),
		wayText(4, []int{50, 51, 60, 50}, "place=hamlet", "name=Corte"),
		relText(2, "w4 outer, n500 admin_centre", "type=boundary", "boundary=administrative", "admin_level=8", "place=village", "name=Corte", "ref:ISTAT=016001", "population=1.234"),
	), Options{})
	s := got.rows["services"]
	if ids := fmt.Sprint(s.ids(nil)); ids != "[n500 r1 w1 w2]" {
		t.Errorf("%s", ids)
	}
	if r := s[500*4]; r.geometry != (orb.Point{9.5, 45.5}) || r.values["kind_it"] != "Farmacia" || r.values["opening_hours"] != "Mo-Fr 09:00-12:30" {
		t.Errorf("%v", r)
	}
	if p := s[1*4+1].geometry.(orb.Point); p[0] < 9.001 || p[0] > 9.004 || p[1] < 45.001 || p[1] > 45.004 {
		t.Errorf("%v", p)
	}
	if ids := fmt.Sprint(got.rows["buildings"].ids(nil)); ids != "[r1 w1]" {
		t.Errorf("%s", ids)
	}
	if ids := fmt.Sprint(got.rows["places"].ids(nil)); ids != "[w4]" { // the relation has a node for it
		t.Errorf("%s", ids)
	}
	b := got.rows["boundaries"][2*4+2].values
	if b["code"] != "016001" || b["population"] != int64(1234) || b["level"] != "municipality" {
		t.Errorf("%v", b)
	}
}

// TestTerritoryCodes: codes are there, different, and point to parents.
func TestTerritoryCodes(t *testing.T) {
	t.Parallel()
	border := func(id int, member string, level int, tags ...string) string {
		return relText(id, member, append([]string{"type=boundary", "boundary=administrative", fmt.Sprintf("admin_level=%d", level)}, tags...)...)
	}
	got := take(t, osmFile(t,
		wayText(1, []int{0, 9, 99, 90, 0}), wayText(2, ring1), wayText(3, ring2), wayText(4, hole1),
		border(1, "w1 outer", 4, "name=R", "ref:ISTAT=03"), border(2, "w2 outer", 8, "name=A", "ref:ISTAT=016001"),
		border(3, "w3 outer", 8, "name=B", "ref:ISTAT=016001"), border(4, "w4 outer", 9), border(5, "w1 outer", 99),
	), Options{})
	want := map[int64]string{1: "R 03 <nil> region", 2: "A 016001 03 municipality", 3: "B R3 03 municipality", 4: "R4 R4 016001 admin_level_9"}
	for id, w := range want {
		v := got.rows["boundaries"][id*4+2].values
		if g := fmt.Sprintf("%v %v %v %v", v["name"], v["code"], v["parent"], v["level"]); g != w {
			t.Errorf("relation %d: %s, want %s", id, g, w)
		}
	}
	if len(got.rows["boundaries"]) != 4 || got.notices["codes-repeated"].Count != 1 {
		t.Errorf("%v", got.notices)
	}
}

// TestWithoutOrder: ways before nodes, nodes in no order, twice, negative ids.
func TestWithoutOrder(t *testing.T) {
	t.Parallel()
	got := take(t, file(t, `<osm>`+wayText(-1, []int{-5, 3, -2}, "highway=path")+
		`<node id="3" lat="45" lon="9.1"/><node id="-5" lat="1" lon="1"/><node id="-2" lat="45" lon="9.2"/><node id="-5" lat="45" lon="9"/></osm>`), Options{})
	r := got.rows["roads"][-1*4+1]
	if !orb.Equal(r.geometry, orb.LineString{{9, 45}, {9.1, 45}, {9.2, 45}}) || got.notices["nodes-repeated"].Message == "" {
		t.Errorf("%v %v", r.geometry, got.notices)
	}
}
