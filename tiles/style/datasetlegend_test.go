package style_test

import (
	"strings"
	"testing"

	"contado/geo/store/catalog"
	"contado/tiles/raster"
	"contado/tiles/style"
)

func scene() []catalog.Band {
	band := func(name, common string) catalog.Band {
		return catalog.Band{Name: name, CommonName: common, DataType: "uint16", Scale: 1e-4, Quantity: catalog.Reflectance, Min: 0, Max: 1, P02: 0.01, P98: 0.4}
	}
	return []catalog.Band{
		band("B02", "blue"), band("B03", "green"), band("B04", "red"), band("B08", "nir"),
		{Name: "SCL", DataType: "uint8", Quantity: catalog.Classes, Flags: "sentinel2-scl"},
	}
}

func resolved(t *testing.T, p raster.Params, bands []catalog.Band, role catalog.Role) *raster.Style {
	t.Helper()
	s, err := raster.Resolve(p, bands, role)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDatasetLegends(t *testing.T) {
	t.Parallel()
	d := catalog.Dataset{ID: "s2", Kind: catalog.Raster, Title: "Sentinel-2"}
	heights := []catalog.Band{{Name: "h", DataType: "float32", Unit: "m", Min: 100, Max: 3000, P02: 150, P98: 2800}}
	cases := map[string]struct {
		p     raster.Params
		bands []catalog.Band
		want  []string // in the Italian SVG
	}{
		"index":       {raster.Params{Index: "NDVI", Mask: "cloud_shadow,snow"}, scene(), []string{"Formula: ", "Fonte: ", "esclusi: cloud shadow, snow"}},
		"expression":  {raster.Params{Expr: "b4/b3", Rescale: [][2]float64{{0, 2.5}}}, scene(), []string{"Formula: ", "2,5"}},
		"unknown":     {raster.Params{Expr: "b4-b3"}, scene(), []string{"percentile 2<", "percentile 98<"}},
		"composite":   {raster.Params{Gamma: 1.5}, scene(), []string{"Rosso: B04 (0,01 – 0,3)", "Blu: B02", "gamma 1,5"}},
		"classes":     {raster.Params{Bands: []string{"1"}, Colormap: `{"1":"#ff0000"}`}, heights, []string{`fill="#ff0000"`}},
		"relief":      {raster.Params{Terrain: "hillshade"}, heights, []string{"Rilievo ombreggiato", "in ombra", "verso il sole"}},
		"four":        {raster.Params{Terrain: "multidirectional"}, heights, []string{"quattro direzioni"}},
		"slope":       {raster.Params{Terrain: "slope"}, heights, []string{"Pendenza (°)", ">60<"}},
		"percent":     {raster.Params{Terrain: "slope-percent"}, heights, []string{"(%)"}},
		"aspect":      {raster.Params{Terrain: "aspect"}, heights, []string{"Nord", "Ovest"}},
		"contours":    {raster.Params{Terrain: "contours:12.5"}, heights, []string{"ogni 12,5 m", "ogni 62,5 m"}},
		"any contour": {raster.Params{Terrain: "contours"}, heights, []string{"secondo la scala", "ogni 5 curve"}},
		"mapbox":      {raster.Params{Terrain: "terrain-rgb"}, heights, []string{"65536 R"}},
		"terrarium":   {raster.Params{Terrain: "terrarium"}, heights, []string{"32768 m"}},
	}
	for name, c := range cases {
		l := style.Italian.RasterLegend(d, resolved(t, c.p, c.bands, catalog.Imagery))
		svg := string(l.SVG())
		if err := wellFormed([]byte(svg)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, w := range c.want {
			if !strings.Contains(svg, w) {
				t.Errorf("%s does not say %q:\n%s", name, w, svg)
			}
		}
		if !strings.HasPrefix(l.Title, "Sentinel-2") {
			t.Errorf("%s is called %q", name, l.Title)
		}
	}
}

// With gamma, the colours of the legend are those of the picture.
func TestLegendFollowsGamma(t *testing.T) {
	t.Parallel()
	bands := []catalog.Band{{Name: "v", DataType: "float32", P02: 0, P98: 1, Max: 1}}
	l := style.RasterLegend(catalog.Dataset{ID: "d"}, resolved(t, raster.Params{Colormap: "greys", Gamma: 2}, bands, catalog.Imagery))
	if got := l.Ramp.Colours[8]; got != "#808080" { // at a quarter: √¼ = ½
		t.Errorf("a quarter is %s", got)
	}
}

func TestVectorLegendsInItalian(t *testing.T) {
	t.Parallel()
	l := style.Italian.VectorLegend(dataset(catalog.Road, "LineString", "highway"))
	if len(l.Entries) != 7 || l.Entries[0].Label != "Autostrada, superstrada" || l.Entries[6].Label != "Altra strada" {
		t.Errorf("%+v", l.Entries)
	}
	if l = style.VectorLegend(dataset(catalog.TerritoryRole, "Polygon")); l.Entries[1].Label != "Border" {
		t.Errorf("%+v", l.Entries)
	}
}
