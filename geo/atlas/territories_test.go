package atlas_test

import (
	"context"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// areas makes a table of unit squares: rows of code, name, parent, grandparent.
func areas(rows ...[4]string) *table {
	tb := &table{schema: geo.Schema{GeometryType: "Polygon", CRS: geo.WGS84, Fields: []geo.Field{
		{Name: "code", Type: geo.String}, {Name: "name", Type: geo.String}, {Name: "prov", Type: geo.String}, {Name: "reg", Type: geo.String},
	}}}
	for i, r := range rows {
		tb.rows = append(tb.rows, geo.Feature{ID: int64(i + 1), Geometry: square(float64(i), 40), Values: []any{r[0], r[1], r[2], r[3]}})
	}
	return tb
}

func territoryDataset(id string) catalog.Dataset {
	return catalog.Dataset{ID: id, Title: "Areas of " + id, Role: catalog.TerritoryRole, Version: catalog.Version{Territory: &catalog.TerritoryFields{
		Code: "code", Name: "name", Parents: []string{"prov", "reg"}, ParentLevels: []string{"province", "region"}, LevelName: "municipality",
	}}}
}

func tree(t *testing.T, s *shelf) *atlas.Territories {
	t.Helper()
	tr, err := open(t, s).Current().Territories(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func codes(list []geo.Territory) string {
	var out []string
	for _, x := range list {
		out = append(out, x.Code)
	}
	return strings.Join(out, " ")
}

func TestTerritoryTree(t *testing.T) {
	t.Parallel()
	s := newShelf()
	s.put(territoryDataset("comuni"), nil, areas(
		[4]string{"001", "Beta", "P1", "R"}, [4]string{"002", "Alfa", "P1", "R"}, [4]string{"003", "Gamma", "P2", "R"}, [4]string{"004", "Sola", "", ""},
	))
	tr := tree(t, s)
	if got := codes(tr.Roots()); got != "R 004" {
		t.Errorf("roots %q, want R 004", got)
	}
	if got := codes(tr.Children("P1")); got != "002 001" {
		t.Errorf("children by name %q, want 002 001", got)
	}
	if got := codes(tr.Leaves("R")); got != "001 002 003" {
		t.Errorf("leaves by code %q, want 001 002 003", got)
	}
	if got := codes(tr.Leaves("003")); got != "003" {
		t.Errorf("leaves of a leaf %q, want itself", got)
	}
	if got := codes(tr.Ancestors("001")); got != "P1 R" {
		t.Errorf("ancestors %q, want P1 R", got)
	}
	p, err := tr.Get("P1")
	if err != nil || p.Level != "province" || p.FeatureID != 0 || p.BBox != (geo.BBox{MinX: 0, MinY: 40, MaxX: 2, MaxY: 41}) {
		t.Errorf("P1 is %+v (%v)", p, err)
	}
	if mp, err := tr.Geometry(context.Background(), "R"); err != nil || len(mp) != 3 {
		t.Errorf("R has %d polygons (%v), want those of its three leaves", len(mp), err)
	}
	at, err := tr.At(context.Background(), 1.5, 40.5)
	if err != nil || codes(at) != "002" {
		t.Errorf("at 1.5 40.5: %q (%v), want 002", codes(at), err)
	}
	if got := codes(tr.Find("p2", 10)); got != "P2" {
		t.Errorf("find p2: %q, want P2", got)
	}
	if got := codes(tr.Find("al", 10)); got != "002" {
		t.Errorf("find al: %q, want 002", got)
	}
	whole, err := tr.Get("comuni")
	if err != nil || whole.Level != atlas.LevelDataset || codes(tr.Leaves("comuni")) != "001 002 003 004" {
		t.Errorf("the whole dataset is %+v with leaves %q (%v)", whole, codes(tr.Leaves("comuni")), err)
	}
	if _, err := tr.Get("1"); !fault.Is(err, fault.NotExist) || !strings.Contains(err.Error(), "leading zeros") {
		t.Errorf("unknown code: %v", err)
	}
}

// Parents may come from another dataset, codes may clash, and careless files
// may name themselves or run in a circle.
func TestTerritoryTreeOfCarelessFiles(t *testing.T) {
	t.Parallel()
	s := newShelf()
	s.put(territoryDataset("comuni"), nil, areas(
		[4]string{"001", "Uno", "P1", ""}, [4]string{"self", "Self", "self", ""}, [4]string{"x", "X", "y", ""}, [4]string{"y", "Y", "x", ""}, [4]string{"", "No code", "P1", ""},
	))
	s.put(territoryDataset("other"), nil, areas([4]string{"001", "Again", "", ""}))
	s.put(territoryDataset("provinces"), nil, areas([4]string{"P1", "Province One", "", ""}))
	tr := tree(t, s)
	p, err := tr.Get("P1")
	if err != nil || p.Name != "Province One" || p.FeatureID == 0 {
		t.Errorf("P1 is %+v (%v), want the row of its own", p, err)
	}
	if got := codes(tr.Children("P1")); got != "001" {
		t.Errorf("children of P1 %q, want 001", got)
	}
	if got := strings.Join(tr.Shadowed(), " "); got != "other:001" {
		t.Errorf("shadowed %q, want other:001", got)
	}
	if x, err := tr.Get("other:001"); err != nil || x.Name != "Again" {
		t.Errorf("other:001 is %+v (%v)", x, err)
	}
	seen := map[string]int{}
	for _, x := range tr.All() {
		seen[x.Code]++
	}
	for _, c := range []string{"001", "self", "x", "y", "P1", "other:001"} {
		if seen[c] != 1 {
			t.Errorf("%q is listed %d times, want once", c, seen[c])
		}
	}
}
