package style_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/store/catalog"
	"contado/tiles/colormap"
	"contado/tiles/raster"
	"contado/tiles/style"
)

func dataset(role catalog.Role, geometry string, fields ...string) catalog.Dataset {
	d := catalog.Dataset{ID: "d-1", Kind: catalog.Vector, Role: role, Title: "Strade & <altro>"}
	v := &catalog.VectorInfo{Schema: geo.Schema{GeometryType: geometry}}
	for _, f := range fields {
		v.Schema.Fields = append(v.Schema.Fields, geo.Field{Name: f, Type: geo.String})
	}
	d.Version.Vector = v
	return d
}

// Every style names sources and layers that are there, uses ids once, and
// writes colours as #rrggbb.
func TestStylesAreSound(t *testing.T) {
	t.Parallel()
	types := map[string]bool{"fill": true, "line": true, "circle": true, "symbol": true, "raster": true}
	colour := regexp.MustCompile(`^#[0-9a-f]{6}$`)
	for _, role := range catalog.Roles {
		for _, d := range []catalog.Dataset{
			dataset(role, "Geometry", "highway", "Name"), dataset(role, "Point"), {ID: "d-1", Kind: catalog.Vector, Role: role}, {ID: "d-1", Kind: catalog.Raster, Role: role},
		} {
			doc := style.New(d, style.Options{TileJSON: "/xyz/d-1.json", Labels: true, LabelTiles: "/xyz/d-1.json?labels=true", Glyphs: "/fonts/{fontstack}/{range}.pbf"})
			if doc.Version != 8 || len(doc.Layers) == 0 || doc.Sources["d-1"].URL != "/xyz/d-1.json" {
				t.Errorf("%s: %+v", role, doc)
			}
			seen := map[string]bool{}
			for _, l := range doc.Layers {
				if seen[l.ID] || !types[l.Type] || doc.Sources[l.Source].URL == "" || (l.Type == "raster") != (l.SourceLayer == "") {
					t.Errorf("%s: layer %+v", role, l)
				}
				seen[l.ID] = true
				for k, v := range l.Paint {
					if s, ok := v.(string); ok && strings.HasSuffix(k, "-color") && !colour.MatchString(s) {
						t.Errorf("%s: %s is %q", role, k, s)
					}
				}
			}
			if _, err := json.Marshal(doc); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestRoadsByClass(t *testing.T) {
	t.Parallel()
	doc := style.New(dataset(catalog.Road, "LineString", "highway", "name"), style.Options{})
	if len(doc.Layers) != 7 {
		t.Fatalf("%d layers", len(doc.Layers))
	}
	if last := doc.Layers[6]; !strings.Contains(string(must(json.Marshal(last.Filter))), "motorway") {
		t.Errorf("the last layer is %+v", last)
	}
	for _, l := range doc.Layers {
		if l.Type == "symbol" {
			t.Error("labels that nobody asked for")
		}
	}
	if n := len(style.New(dataset(catalog.Road, "LineString"), style.Options{}).Layers); n != 1 {
		t.Errorf("%d layers without classes", n)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestLegends(t *testing.T) {
	t.Parallel()
	ramp, err := raster.Resolve(raster.Params{}, []catalog.Band{{Name: "h", P02: 123.456, P98: 3456.7, Unit: "m"}}, catalog.Elevation)
	if err != nil {
		t.Fatal(err)
	}
	classes, err := raster.Resolve(raster.Params{}, []catalog.Band{{Classes: []catalog.Class{{Value: 311, Name: "Bosco & <macchia>", Color: "#00aa00"}, {Value: 7}}}}, catalog.LandCover)
	if err != nil {
		t.Fatal(err)
	}
	rgb, err := raster.Resolve(raster.Params{Bands: []string{"1", "2", "3"}}, []catalog.Band{{P98: 1}, {P98: 1}, {P98: 1}}, catalog.Imagery)
	if err != nil {
		t.Fatal(err)
	}
	d := dataset(catalog.Elevation, "")
	legends := map[string]style.Legend{"ramp": style.RasterLegend(d, ramp), "classes": style.RasterLegend(d, classes), "rgb": style.RasterLegend(d, rgb)}
	for _, role := range catalog.Roles {
		legends[string(role)] = style.VectorLegend(dataset(role, "MultiPolygon", "highway"))
	}
	for name, l := range legends {
		svg := l.SVG()
		if err := wellFormed(svg); err != nil {
			t.Errorf("%s: %v\n%s", name, err, svg)
		}
		for _, e := range l.Entries {
			if _, ok := colormap.ParseColor(e.Colour); !ok || e.Label == "" {
				t.Errorf("%s: %+v", name, e)
			}
		}
		if len(l.Entries) == 0 && l.Ramp == nil {
			t.Errorf("%s explains nothing", name)
		}
	}
	if r := legends["ramp"].Ramp; r.Min != 123.456 || len(r.Colours) != 33 || legends["ramp"].Unit != "m" {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(string(legends["ramp"].SVG()), "3457") {
		t.Errorf("%s", legends["ramp"].SVG())
	}
	if c := legends["classes"].Entries; len(c) != 2 || c[0].Colour != "#00aa00" || *c[1].Value != 7 || c[1].Label != "7" {
		t.Errorf("%+v", c)
	}
}

func wellFormed(doc []byte) error {
	d := xml.NewDecoder(strings.NewReader(string(doc)))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
