package raster

import (
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// Description is what a catalogue elsewhere says of an item: of what the
// files do not say themselves.
type Description struct {
	ID         string
	Datetime   *time.Time
	CloudCover *float64 // percent
	Scene      catalog.Scene
	// Dir is the folder that holds the files of this item, and of no other.
	Dir   string
	Files []DescribedFile
}

// DescribedFile is one file of a described item.
type DescribedFile struct {
	Key    string // names the file, and its band when it holds one
	Source Source
	// Bands runs along the bands of the file; it may be shorter.
	Bands []catalog.Band
}

// Describe makes a product of an item that a catalogue describes. Of a band
// the name, common name, quantity, flags, wavelengths and unit are taken, of
// the first one of a file scale, offset, nodata and classes, too. What a file
// says of its cells itself goes before.
func Describe(d Description) *Product {
	p := &Product{
		ID: slug(d.ID, "item"), dir: d.Dir, time: d.Datetime, cloud: d.CloudCover, scene: d.Scene,
		bands: map[string]calibration{}, described: map[string][]catalog.Band{},
	}
	for _, f := range d.Files {
		f.Source.Product, f.Source.Band = p, f.Key
		p.Sources = append(p.Sources, f.Source)
		if len(f.Bands) == 0 {
			continue
		}
		p.described[f.Key] = f.Bands
		b := f.Bands[0]
		p.bands[f.Key] = calibration{quantity: b.Quantity, flags: b.Flags, scale: b.Scale, offset: b.Offset, nodata: b.Nodata, unit: b.Unit}
	}
	return p
}

// nameDescribed gives band i (from 0) of a file the names that its catalogue
// has for it.
func (p *Product) nameDescribed(token string, i int, n *named) {
	if p == nil || i >= len(p.described[token]) {
		return
	}
	b := p.described[token][i]
	if len(p.described[token]) > 1 || n.name == "" {
		n.name = first(b.Name, n.name)
	}
	if b.CommonName != "" || b.Wavelength != 0 {
		n.optics = optics{b.CommonName, b.Wavelength, b.Width}
	}
	n.unit = first(n.unit, b.Unit)
	for _, cl := range b.Classes {
		if e, ok := colourOf(cl); ok {
			n.colours = append(n.colours, e)
		}
	}
}

// describedClasses are the names of the classes of a file by value; nil when
// its catalogue names none.
func (p *Product) describedClasses(token string) []string {
	const most = 1 << 16
	if p == nil || len(p.described[token]) == 0 {
		return nil
	}
	var out []string
	for _, cl := range p.described[token][0].Classes {
		if cl.Value < 0 || cl.Value >= most {
			continue
		}
		for len(out) <= cl.Value {
			out = append(out, "")
		}
		out[cl.Value] = cl.Name
	}
	return out
}

// colourOf reads #rrggbb.
func colourOf(cl catalog.Class) (gdal.ColorEntry, bool) {
	e := gdal.ColorEntry{Value: cl.Value, A: 255}
	if len(cl.Color) != 7 || cl.Color[0] != '#' {
		return e, false
	}
	for i, v := range []*uint8{&e.R, &e.G, &e.B} {
		for _, c := range []byte(cl.Color[1+2*i : 3+2*i]) {
			switch {
			case c >= '0' && c <= '9':
				c -= '0'
			case c|0x20 >= 'a' && c|0x20 <= 'f':
				c = c | 0x20 - 'a' + 10
			default:
				return e, false
			}
			*v = *v<<4 | c
		}
	}
	return e, true
}

// Outline is the outline of grids of one reference system in WGS 84, as Item
// wants it: a closed counter-clockwise ring, and its box.
func Outline(grids []grid.Grid) ([][2]float64, geo.BBox, error) {
	if len(grids) == 0 {
		return nil, geo.BBox{}, fault.Errorf("raster.Outline", fault.Invalid, "no raster")
	}
	box := geo.EmptyBBox()
	for _, g := range grids {
		box = box.Union(g.Bounds())
	}
	return footprint(cover(grids[0], box))
}
