package vector

import "math"

// weigh tells what an item that is to be drawn as it is stands for.
func (a *artist) weigh(it *item, e *entry) {
	area := float64(it.size) / a.v.unit2
	if dx, dy := a.v.offset(e.x, e.y); a.v.inside(dx, dy) {
		it.inside = float32(area)
	}
	it.guess = float32(featureBytes + a.tags + ringBytes(float64(e.n), area)/math.Sqrt(a.plan.tolerance))
}

// foresight tells whether those to come will have room. Should they not, the
// rest is drawn as squares: room is kept for them, but no more than an eighth,
// as they can be coarser.
type foresight struct {
	start   int     // bytes, before the first polygon
	guessed float64 // bytes, of the polygons that were drawn
	coming  float64 // bytes that are guessed of those to come
	rest    float64 // area of those to come
	perArea float64 // bytes of squares
	most    float64 // bytes that are kept
	enough  bool
}

func (a *artist) foresee(items []item) *foresight {
	f := &foresight{
		start: -1, enough: a.ample,
		perArea: (featureBytes + squareBytes + a.tags) / a.full, most: float64(a.end-a.w.size()) / 8,
	}
	if !f.enough {
		for i := range items {
			f.rest += float64(items[i].inside)
			f.coming += float64(items[i].guess)
		}
	}
	return f
}

// begin looks ahead before a class, by what those before it took.
func (f *foresight) begin(a *artist, class uint64) {
	if class == 0 || a.ample {
		return
	}
	size := a.w.size()
	if f.start < 0 {
		f.start = size
	}
	scale := 1.0
	if f.guessed > 0 {
		scale = float64(size-f.start) / f.guessed
	}
	f.enough = float64(size)+f.coming*scale <= float64(a.end)
}

// limit is how many bytes the layer may take with an item.
func (f *foresight) limit(a *artist, it *item) int {
	f.rest -= float64(it.inside)
	f.coming -= float64(it.guess)
	f.guessed += float64(it.guess)
	if f.enough {
		return a.end
	}
	return a.end - int(max(0, min(f.rest*f.perArea, f.most)))
}
