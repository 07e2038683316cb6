package draw

import (
	"context"

	"contado/geo/store/catalog"
	"contado/tiles"
)

// withFormat asks for a format.
func withFormat(p tiles.RasterParams, format string) tiles.RasterParams {
	p.Format = format
	return p
}

// Sample adds what a dataset has at a place: the values of at most that many
// items, in the order that they are drawn in.
func (p *Painter) Sample(ctx context.Context, one One, d catalog.Dataset, place *Place, most int) error {
	v, err := p.Renderer.Values(ctx, one.Source, one.Params, place.Lon, place.Lat)
	if err != nil {
		return err
	}
	classes := classesOf(one.Source.Items(nil))
	title := d.Title
	if title == "" {
		title = d.ID
	}
	for i, it := range v.Items {
		if i == most {
			break
		}
		s := Sample{Dataset: d.ID, Title: title, Item: it.Item, Datetime: it.Datetime}
		for k, name := range v.Outputs {
			r := Reading{Name: name, Unit: v.Units[k]}
			if k < len(it.Values) {
				value := float64(it.Values[k])
				r.Value = &value
				r.Class = classOf(classes[name], value)
			}
			s.Readings = append(s.Readings, r)
		}
		place.Samples = append(place.Samples, s)
	}
	return nil
}

// classesOf are the class tables of bands by name, as the first item has them.
func classesOf(items []catalog.Item) map[string][]catalog.Class {
	out := map[string][]catalog.Class{}
	if len(items) == 0 {
		return out
	}
	for _, b := range items[0].Bands {
		if len(b.Classes) > 0 {
			out[b.Name] = b.Classes
		}
	}
	return out
}
