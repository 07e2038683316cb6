package draw

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"contado/geo/atlas"
	"contado/geo/expr"
	"contado/geo/store/catalog"
	"contado/tiles/raster"
)

// DefaultStyle is the name of the style of every dataset.
const DefaultStyle = "default"

// Style is a named way to draw a dataset, as parameters of /xyz.
type Style struct {
	Name, Title string
	Query       url.Values
	// LegendHeight is the height of its legend as PNG.
	LegendHeight int
}

// Styles lists the styles of a dataset, the default first: those whose bands
// are there.
func (p *Painter) Styles(state *atlas.Snapshot, d catalog.Dataset) []Style {
	return p.styles.get(stamp(d), func() []Style {
		var out []Style
		for _, s := range candidates(d) {
			one, err := p.One(state, d, s.Query)
			if err != nil {
				continue
			}
			l, err := p.Legend(d, one)
			if err != nil {
				continue
			}
			s.LegendHeight = legendHeight(l)
			out = append(out, s)
		}
		return out
	})
}

// candidates are the styles that a dataset may have.
func candidates(d catalog.Dataset) []Style {
	out := []Style{{Name: DefaultStyle, Title: "Default"}}
	switch d.Role {
	case catalog.Imagery:
		out = append(out,
			Style{Name: "true-colour", Title: "True colour (red, green, blue)", Query: url.Values{"bands": {"red,green,blue"}}},
			Style{Name: "false-colour", Title: "False colour (near infrared, red, green)", Query: url.Values{"bands": {"nir,red,green"}}},
		)
		for _, i := range expr.Indices() {
			out = append(out, Style{Name: strings.ToLower(i.Name), Title: i.Name + ": " + i.Title, Query: url.Values{"index": {i.Name}}})
		}
	case catalog.Elevation:
		for _, t := range raster.Terrains {
			out = append(out, Style{Name: t, Title: titles[t], Query: url.Values{"terrain": {t}}})
		}
	}
	return out
}

var titles = map[string]string{
	raster.Hillshade: "Shaded relief", raster.Multidirectional: "Relief lit from four sides", raster.Slope: "Slope in degrees",
	raster.SlopePercent: "Slope in percent", raster.Aspect: "Aspect", raster.Contours: "Contour lines",
	raster.TerrainRGB: "Heights coded in colours (Mapbox)", raster.Terrarium: "Heights coded in colours (Terrarium)",
}

// FindStyle finds a style by its name; "" is the default.
func (p *Painter) FindStyle(state *atlas.Snapshot, d catalog.Dataset, name string) (Style, bool) {
	if name == "" || name == DefaultStyle {
		return Style{Name: DefaultStyle}, true
	}
	all := p.Styles(state, d)
	i := slices.IndexFunc(all, func(s Style) bool { return s.Name == name })
	if i < 0 {
		return Style{}, false
	}
	return all[i], true
}

// One makes a dataset ready to draw with parameters of /xyz.
func (p *Painter) One(state *atlas.Snapshot, d catalog.Dataset, q url.Values) (One, error) {
	src, err := p.Source(state, d, q.Get("item"))
	if err != nil {
		return One{}, err
	}
	params, err := Params(q)
	if d.Version.TimeStart == nil && d.Version.TimeEnd == nil {
		// What has no time is there at all times.
		params.From, params.To = time.Time{}, time.Time{}
	}
	return One{Source: src, Params: params}, err
}

// maxTimes bounds a list of times in a document.
const maxTimes = 500

// Times lists the times of items, the earliest first: moments, or days when
// those would be too many, or months when days would.
func Times(items []catalog.Item) []string {
	var all []time.Time
	for i := range items {
		if t := items[i].Datetime; t != nil {
			all = append(all, t.UTC())
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	var out []string
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly, "2006-01"} {
		out = out[:0]
		for _, t := range all {
			if s := t.Format(layout); len(out) == 0 || out[len(out)-1] != s {
				out = append(out, s)
			}
		}
		if len(out) <= maxTimes {
			break
		}
	}
	return out
}
