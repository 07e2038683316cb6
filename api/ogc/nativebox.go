package ogc

import (
	"math"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/index"
)

// nativeBox is a box in the stored system that holds all that lies in the
// boxes asked for; nil for all rows. Rows found by it are tested again, so it
// may be too large, never too small: a box is cut to where the dataset is
// before it is projected, since a projection need not hold for the whole world.
func (r *rows) nativeBox() (*geo.BBox, error) {
	if r.q.boxes == nil || !r.shape {
		return nil, nil
	}
	back, err := crs.New(r.q.boxCRS.crs, r.schema.CRS)
	if err != nil {
		return nil, err
	}
	out := geo.EmptyBBox()
	for _, b := range r.q.boxes {
		for _, part := range r.nativeParts(b, back) {
			out = out.Union(part)
		}
	}
	return &out, nil
}

func (r *rows) nativeParts(b geo.BBox, back *crs.Transformer) []geo.BBox {
	if back.Identity() {
		return []geo.BBox{b}
	}
	// What is compared with the box is rounded, so it may be found a digit away.
	b = b.Buffer(math.Pow10(-r.q.boxCRS.places()))
	if r.q.boxCRS.degrees {
		b = b.Intersect(geo.BBox{MinX: -180, MinY: -90, MaxX: 180, MaxY: 90})
	}
	parts := []geo.BBox{b}
	if homes := r.homes(); r.q.boxCRS.lonLatBased() && homes != nil {
		parts = nil
		for _, h := range homes {
			if cut := b.Intersect(h.Buffer(1e-3)); !cut.IsEmpty() {
				parts = append(parts, cut)
			}
		}
	}
	var out []geo.BBox
	for _, p := range parts {
		native, err := back.BBox(p)
		if err != nil || native.IsEmpty() { // no such box: look at every row
			return []geo.BBox{r.layer.Bounds()}
		}
		out = append(out, native.Buffer((native.Width()+native.Height())*1e-3+1e-6))
	}
	return out
}

// homes are boxes in longitude and latitude that hold all rows; nil when that
// is not known.
func (r *rows) homes() []geo.BBox {
	var out []geo.BBox
	if home := r.layer.Dataset().Version.BBoxWGS84; known(home) {
		out = index.Unwrap(home)
	}
	if r.layer.Head() == 0 {
		return out
	}
	// Edits may have put rows elsewhere.
	t, err := crs.New(r.schema.CRS, geo.WGS84)
	if err != nil {
		return nil
	}
	now, err := t.BBox(r.layer.Bounds())
	if err != nil {
		return nil
	}
	return append(out, index.Unwrap(now)...)
}
