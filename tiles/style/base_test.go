package style_test

import (
	"encoding/json"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/store/catalog"
	"contado/tiles/style"
)

func vectorSet(id string, r catalog.Role, kind string, count int64, fields ...string) catalog.Dataset {
	d := catalog.Dataset{ID: id, Kind: catalog.Vector, Role: r, Title: id}
	schema := geo.Schema{GeometryType: kind, CRS: geo.WGS84}
	for _, f := range fields {
		name, text, _ := strings.Cut(f, ":")
		field := geo.Field{Name: name, Type: geo.String}
		if text == "int" {
			field.Type = geo.Integer
		}
		schema.Fields = append(schema.Fields, field)
	}
	d.Version.Vector = &catalog.VectorInfo{Schema: schema, Count: count}
	d.Version.BBoxWGS84 = geo.BBox{MinX: 9, MinY: 45, MaxX: 10, MaxY: 46}
	return d
}

func ground() []catalog.Dataset {
	raster := func(id string, r catalog.Role) catalog.Dataset {
		return catalog.Dataset{ID: id, Kind: catalog.Raster, Role: r}
	}
	return []catalog.Dataset{
		vectorSet("pharmacy", catalog.Service, "Point", 10, "name"),
		vectorSet("roads", catalog.Road, "LineString", 100, "class", "name"),
		vectorSet("hamlets", catalog.Place, "Point", 277, "nome", "nome_it", "abitanti:int"),
		vectorSet("rivers", catalog.OtherRole, "LineString", 50, "name", "strahler:int"),
		vectorSet("towns", catalog.TerritoryRole, "MultiPolygon", 30, "name"),
		vectorSet("provinces", catalog.TerritoryRole, "MultiPolygon", 1, "name"),
		vectorSet("fences", catalog.Barrier, "LineString", 9),
		raster("dem", catalog.Elevation), raster("cover", catalog.LandCover), raster("scenes", catalog.Imagery),
	}
}

func TestBaseLiesFromTheGroundUp(t *testing.T) {
	t.Parallel()
	doc := style.Base(ground(), style.BaseOptions{Lang: style.Italian, TileJSON: func(id string) string { return "http://x/xyz/" + id + ".json" }})
	var ids []string
	seen := map[string]bool{}
	for _, l := range doc.Layers {
		if seen[l.ID] || !strings.HasPrefix(l.ID, "base-") {
			t.Errorf("layer %q comes twice, or is not named as the base map's", l.ID)
		}
		seen[l.ID] = true
		ids = append(ids, l.ID)
		if _, ok := doc.Sources[l.Source]; l.Type != "background" && !ok {
			t.Errorf("layer %s: there is no source %q", l.ID, l.Source)
		}
	}
	want := "base-ground base-landcover base-relief base-rivers-area base-rivers-line base-roads-path base-roads-edge base-roads-road " +
		"base-towns-border base-provinces-border base-roads-name base-rivers-name base-hamlets-name"
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("layers\n%s, want\n%s", got, want)
	}
	for _, absent := range []string{"pharmacy", "fences", "scenes"} {
		if _, ok := doc.Sources["base:"+absent]; ok {
			t.Errorf("%s is no ground", absent)
		}
	}
	if s := doc.Sources["base:dem"]; s.Type != "raster-dem" || s.Encoding != "terrarium" || s.URL != "http://x/xyz/dem.json?terrain=terrarium" {
		t.Errorf("heights come from %+v", s)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), "nome_it") {
		t.Error("the names in the language are not looked at")
	}
}

// Without places the smallest territories are named, from inside.
func TestBaseNamesTerritoriesWhereThereAreNoPlaces(t *testing.T) {
	t.Parallel()
	var sets []catalog.Dataset
	for _, d := range ground() {
		if d.Role != catalog.Place {
			sets = append(sets, d)
		}
	}
	doc := style.Base(sets, style.BaseOptions{TileJSON: func(id string) string { return "/" + id }})
	last := doc.Layers[len(doc.Layers)-1]
	if last.ID != "base-towns-name" || last.Source != "base:towns:labels" || last.SourceLayer != "towns_labels" && !strings.HasPrefix(last.SourceLayer, "towns") {
		t.Errorf("%+v", last)
	}
	if s := doc.Sources["base:towns:labels"]; s.URL != "/towns?labels=true" {
		t.Errorf("%+v", s)
	}
}

// A catalog without any of these is drawn as empty ground.
func TestBaseOfNothing(t *testing.T) {
	t.Parallel()
	doc := style.Base(nil, style.BaseOptions{TileJSON: func(string) string { return "" }})
	if len(doc.Layers) != 1 || len(doc.Sources) != 0 {
		t.Errorf("%+v", doc)
	}
}
