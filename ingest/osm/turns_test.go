package osm

import (
	"context"
	"fmt"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
)

// TestTurnRestrictions: over nodes, over ways, from or to several roads, and
// those that hold for others or say too little.
func TestTurnRestrictions(t *testing.T) {
	t.Parallel()
	member := func(kind string, ref int, role string) string {
		return fmt.Sprintf(`<member type="%s" ref="%d" role="%s"/>`, kind, ref, role)
	}
	relation := func(id int, tags map[string]string, members string) string {
		out := fmt.Sprintf(`<relation id="%d">`, id) + members
		for k, v := range tags {
			out += fmt.Sprintf(`<tag k="%s" v="%s"/>`, k, v)
		}
		return out + `</relation>`
	}
	text := `<osm version="0.6">`
	for i := range 6 {
		text += fmt.Sprintf(`<node id="%d" lat="47.%d" lon="9.%d"/>`, i+1, i+1, i+1)
	}
	for i := range 4 {
		text += fmt.Sprintf(`<way id="%d"><nd ref="%d"/><nd ref="%d"/><tag k="highway" v="primary"/></way>`, 10+i, i+1, i+2)
	}
	turn := func(kind string) map[string]string {
		return map[string]string{"type": "restriction", "restriction": kind}
	}
	overNode := member("way", 10, "from") + member("node", 2, "via") + member("way", 11, "to")
	except := turn("no_left_turn")
	except["except"] = "bicycle;psv"
	text += relation(100, except, overNode)
	text += relation(101, turn("only_straight_on"), member("way", 10, "from")+member("way", 11, "via")+member("way", 12, "via")+member("way", 13, "to"))
	text += relation(102, turn("no_exit"), overNode+member("way", 12, "to"))
	text += relation(103, turn("no_u_turn"), member("way", 10, "from")+member("way", 11, "to"))
	text += relation(104, map[string]string{"type": "restriction", "restriction:hgv": "no_left_turn"}, overNode)
	text += relation(105, turn("no_right_turn"), member("way", 10, "from")+member("node", 77, "via")+member("way", 11, "to"))
	text += `</osm>`

	layers, notices, err := Convert(context.Background(), file(t, text), Options{}, t.TempDir(), quiet{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range layers {
		if l.Name != restrictionsName {
			continue
		}
		s := l.Schema()
		err := l.Rows.Scan(context.Background(), nil, func(f geo.Feature) (bool, error) {
			value := func(name string) any { return f.Values[s.FieldIndex(name)] }
			got[fmt.Sprint(f.ID)] = fmt.Sprintln(value("kind"), value("from_way"), value("via_node"), value("via_ways"), value("to_way"), value("except"), f.Geometry)
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{
		"402":   fmt.Sprintln("no_left_turn", 10, 2, nil, 11, "bicycle;psv", orb.Point{9.2, 47.2}),
		"406":   fmt.Sprintln("only_straight_on", 10, nil, "11;12", 13, nil, orb.Point{9.2, 47.2}),
		"410":   fmt.Sprintln("no_exit", 10, 2, nil, 11, nil, orb.Point{9.2, 47.2}),
		"-6529": fmt.Sprintln("no_exit", 10, 2, nil, 12, nil, orb.Point{9.2, 47.2}),
	}
	for id, w := range want {
		if got[id] != w {
			t.Errorf("row %s is %q, want %q", id, got[id], w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("rows %v", got)
	}
	count := map[string]int64{}
	for _, n := range notices {
		count[n.Code] = n.Count
	}
	if count["turns-incomplete"] != 2 || count["turns-other"] != 1 {
		t.Errorf("notices %v; want 2 incomplete and 1 of others", count)
	}
}
