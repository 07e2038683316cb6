package analysis

import (
	"context"
	"fmt"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/store/catalog"
)

// variant is one changed assumption of a way of moving.
type variant struct {
	name  string
	label map[string]string
	// scale multiplies all times, which is exact where every speed changes by
	// one factor; 0 when mover is to be asked.
	scale float64
	mover mover
	o     moveOptions
}

// varied is a mover whose assumptions have a range.
type varied interface {
	variants(ctx context.Context, o moveOptions) ([]variant, error)
}

func words(en, it string) map[string]string { return map[string]string{"en": en, "it": it} }

// ranges recomputes the shares with each assumption changed: speeds of the
// way of moving, and other layers of people.
func (c *section) ranges(ctx context.Context) error {
	thresholds := c.report.ThresholdsS
	out := make([]coverage.Range, len(thresholds))
	for i, row := range c.report.Coverage {
		out[i] = coverage.Range{ThresholdS: row.ThresholdS, Low: row.Share, Share: row.Share, High: row.Share, Cases: []coverage.RangeCase{}}
	}
	add := func(name string, label map[string]string, people []float64, seconds []float32, scale float64) {
		for i, t := range thresholds {
			share := shareWithin(people, seconds, t, scale)
			out[i].Cases = append(out[i].Cases, coverage.RangeCase{Name: name, Label: label, Share: share})
			out[i].Low, out[i].High = lesser(out[i].Low, share), greater(out[i].High, share)
		}
	}
	if m, ok := c.mover.(varied); ok {
		list, err := m.variants(ctx, c.moveOptions())
		if err != nil {
			return err
		}
		for _, v := range list {
			seconds, scale := c.demand.Seconds, v.scale
			if v.mover != nil {
				m, err := v.mover.times(ctx, c.facilities, v.o, nil)
				if err != nil {
					return fmt.Errorf("range %s: %w", v.name, err)
				}
				seconds, scale = c.who.to(m).Seconds, 1
			}
			add(v.name, v.label, c.demand.People, seconds, scale)
		}
	}
	if err := c.otherPeople(ctx, add); err != nil {
		return err
	}
	c.report.Ranges = out
	return nil
}

// otherPeople varies the layer of people: every other one that covers the
// whole territory.
func (c *section) otherPeople(ctx context.Context, add func(string, map[string]string, []float64, []float32, float64)) error {
	for _, d := range c.snapshot.ByRole(catalog.Population) {
		if d.ID == c.population.ID || !covers(d.Version.BBoxWGS84, c.box) {
			continue
		}
		who, _, err := c.run.demand(ctx, d, c.areas, &c.footing)
		if err != nil {
			c.notice("population-not-compared",
				fmt.Sprintf("The people of %s could not be compared: %v.", d.ID, err),
				fmt.Sprintf("La popolazione di %s non è confrontabile: %v.", d.ID, err))
			continue
		}
		add("population:"+d.ID, words("People of "+d.Title, "Popolazione di "+d.Title), who.People, who.to(c.times).Seconds, 1)
	}
	return nil
}

// shareWithin is the share of people whose time, scaled, is within a limit
// (inclusive); nil where nobody lives.
func shareWithin(people []float64, seconds []float32, limit, scale float64) *float64 {
	var in, all float64
	for i, n := range people {
		all += n
		if float64(seconds[i])*scale <= limit {
			in += n
		}
	}
	if all == 0 {
		return nil
	}
	in /= all
	return &in
}

func lesser(a, b *float64) *float64 {
	if a == nil || (b != nil && *b < *a) {
		return b
	}
	return a
}

func greater(a, b *float64) *float64 {
	if a == nil || (b != nil && *b > *a) {
		return b
	}
	return a
}

// variants of walking: the slow and the fast end of the walker's speed, which
// change all times by one factor, and steps in 8 directions.
func (w onFoot) variants(_ context.Context, o moveOptions) ([]variant, error) {
	var out []variant
	factor := func(name, en, it string, speed float64) {
		if speed > 0 && speed != w.walker.SpeedFactor {
			out = append(out, variant{name: name, label: words(en, it), scale: w.walker.SpeedFactor / speed})
		}
	}
	factor("walker-slow", "Slow walker", "Passo lento", w.walker.Low)
	factor("walker-fast", "Fast walker", "Passo svelto", w.walker.High)
	if o.neighbours != 8 {
		o.neighbours = 8
		out = append(out, variant{name: "neighbours-8", label: words("Steps in 8 directions", "Passi in 8 direzioni"), mover: w, o: o})
	}
	return out, nil
}

// variants of a straight line: detours of a quarter and of a half, as roads
// commonly make.
func (m *straightMover) variants(context.Context, moveOptions) ([]variant, error) {
	return []variant{
		{name: "detour-1.25", label: words("Ways a quarter longer", "Percorsi più lunghi di un quarto"), scale: 1.25},
		{name: "detour-1.5", label: words("Ways longer by half", "Percorsi più lunghi della metà"), scale: 1.5},
	}, nil
}

// covers reports whether a box holds another.
func covers(a, b geo.BBox) bool {
	return a.MinX <= b.MinX && a.MinY <= b.MinY && a.MaxX >= b.MaxX && a.MaxY >= b.MaxY
}
