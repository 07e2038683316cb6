package draw

import (
	"bytes"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// Place is what the datasets have at a point.
type Place struct {
	Lon, Lat float64
	Samples  []Sample
}

// Sample is one item's values at a place.
type Sample struct {
	Dataset, Title, Item string
	Datetime             *time.Time
	Readings             []Reading
}

// Reading is one value; nil is no data.
type Reading struct {
	Name, Unit, Class string
	Value             *float64
}

// Place turns a point of a system into a place on earth. Invalid where the
// system has none.
func (p *Painter) Place(c geo.CRS, x, y float64) (*Place, error) {
	if c == geo.WGS84 {
		if math.Abs(y) > 90 || math.Abs(x) > 540 {
			return nil, fault.Errorf("draw.Place", fault.Invalid, "longitude %g, latitude %g is nowhere on earth", x, y)
		}
		return &Place{Lon: x - 360*math.Round(x/360), Lat: y}, nil
	}
	t, err := p.Transformer(c, geo.WGS84)
	if err != nil {
		return nil, err
	}
	lon, lat, ok := t.Point(x, y)
	if !ok {
		return nil, fault.Errorf("draw.Place", fault.Invalid, "the point %g, %g is outside %s", x, y, c.Short())
	}
	return &Place{Lon: lon, Lat: lat}, nil
}

// GeoJSON is a collection of one feature a sample.
func (p *Place) GeoJSON() any {
	type object = map[string]any
	features := []object{}
	for _, s := range p.Samples {
		props := object{"layer": s.Dataset, "item": s.Item, "datetime": s.Datetime}
		for _, r := range s.Readings {
			props[r.Name] = r.Value
			if r.Class != "" {
				props[r.Name+"_class"] = r.Class
			}
			if r.Unit != "" {
				props[r.Name+"_unit"] = r.Unit
			}
		}
		features = append(features, object{
			"type": "Feature", "id": s.Dataset + "/" + s.Item, "properties": props,
			"geometry": object{"type": "Point", "coordinates": [2]float64{round(p.Lon), round(p.Lat)}},
		})
	}
	return object{"type": "FeatureCollection", "features": features}
}

func round(v float64) float64 { return math.Round(v*1e9) / 1e9 }

// Text is the same as plain text.
func (p *Place) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "longitude = %s\nlatitude = %s\n", degrees(p.Lon), degrees(p.Lat))
	for _, s := range p.Samples {
		fmt.Fprintf(&b, "\nLayer '%s'\n  item = '%s'\n", s.Dataset, s.Item)
		if s.Datetime != nil {
			fmt.Fprintf(&b, "  datetime = '%s'\n", s.Datetime.UTC().Format(time.RFC3339))
		}
		for _, r := range s.Readings {
			fmt.Fprintf(&b, "  %s = '%s'\n", r.Name, r)
		}
	}
	return b.Bytes()
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }

// String is the value with its unit or class.
func (r Reading) String() string {
	if r.Value == nil {
		return "no data"
	}
	s := strconv.FormatFloat(*r.Value, 'g', 7, 64)
	if r.Unit != "" {
		s += " " + r.Unit
	}
	if r.Class != "" {
		s += " (" + r.Class + ")"
	}
	return s
}

var placePage = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Values at a point</title></head><body>
<p>{{printf "%.7f" .Lat}}° N, {{printf "%.7f" .Lon}}° E</p>
{{range .Samples}}<table><caption>{{.Title}}: {{.Item}}{{with .Datetime}} ({{.Format "2006-01-02 15:04"}} UTC){{end}}</caption>
{{range .Readings}}<tr><th scope="row">{{.Name}}</th><td>{{.String}}</td></tr>
{{end}}</table>
{{else}}<p>There is nothing here.</p>
{{end}}</body></html>
`))

// HTML is the same as a page.
func (p *Place) HTML() ([]byte, error) {
	var b bytes.Buffer
	err := placePage.Execute(&b, p)
	return b.Bytes(), err
}

// classOf names a value of a classified band.
func classOf(classes []catalog.Class, v float64) string {
	for _, c := range classes {
		if float64(c.Value) == v {
			return c.Name
		}
	}
	return ""
}
