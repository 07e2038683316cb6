package travel

import (
	"cmp"
	"math"
	"slices"

	"contado/geo/fault"
)

// cover sets the speed of each cell from its land cover.
func (b *builder) cover() error {
	n := b.s.Width * b.s.Height
	b.s.Speed = make([]float32, n)
	b.marks = make([]uint8, n)
	var err error
	switch {
	case b.in.LandCover != nil:
		err = coverCells(b, b.in.LandCover)
	case b.in.LandCover8 != nil:
		err = coverCells(b, b.in.LandCover8)
	default:
		row := b.in.Speeds.other
		if row == nil {
			return fault.Errorf(opBuild, fault.Invalid, "walking surface: there is no land cover, and speed table %s has no default row", b.in.Speeds.Name)
		}
		for c := range b.s.Speed {
			b.s.Speed[c] = b.speed(*row)
			b.setRule(c, row.Slope)
		}
	}
	return err
}

// ground is what a land-cover class turns into.
type ground struct {
	ClassCount
	speed  float32
	rule   SlopeRule
	nodata bool
	known  bool // there is a speed
}

func coverCells[T int32 | uint8](b *builder, classes []T) error {
	grounds := map[int32]*ground{}
	var last *ground
	for c, class := range classes {
		// Neighbours are mostly alike: one look-up a run.
		if last == nil || last.Class != int32(class) {
			if last = grounds[int32(class)]; last == nil {
				last = b.ground(int32(class))
				grounds[int32(class)] = last
			}
		}
		last.Cells++
		b.s.Speed[c] = last.speed
		b.setRule(c, last.rule)
	}
	var unknown []ClassCount
	for _, class := range sortedKeys(grounds) {
		g := grounds[class]
		if g.nodata {
			b.notes.NoData = g.Cells
			continue
		}
		b.notes.Classes = append(b.notes.Classes, g.ClassCount)
		if !g.known {
			unknown = append(unknown, g.ClassCount)
		}
	}
	if len(unknown) > 0 {
		slices.SortStableFunc(unknown, func(a, b ClassCount) int { return cmp.Compare(b.Cells, a.Cells) })
		return unlistedError(b.in.Speeds.Name, unknown)
	}
	return nil
}

func (b *builder) ground(class int32) *ground {
	g := &ground{ClassCount: ClassCount{Class: class}}
	if b.in.NoData != nil && class == *b.in.NoData {
		g.nodata = true
		return g
	}
	row, listed, known := b.in.Speeds.LandCover(class)
	g.Label, g.Listed, g.known = row.Label, listed, known
	g.speed, g.rule = b.speed(row), row.Slope
	return g
}

// barriers lowers the speed under obstacles, and under roads whose class the
// table lists as a barrier.
func (b *builder) barriers() error {
	for i, o := range b.in.Barriers {
		row, listed := b.in.Speeds.Barrier(o.Class)
		if !listed {
			b.notes.UnlistedBarriers[className(o.Class)]++
		}
		if err := b.burnBarrier(o, row); err != nil {
			return fault.Errorf(opBuild, fault.Invalid, "barrier %d: %w", i, err)
		}
	}
	for i, l := range b.in.Roads {
		if row, listed := b.in.Speeds.Barrier(l.Class); listed {
			if err := b.burnBarrier(Obstacle{Geometry: l.Line}, row); err != nil {
				return fault.Errorf(opBuild, fault.Invalid, "road %d: %w", i, err)
			}
		}
	}
	return nil
}

func (b *builder) burnBarrier(o Obstacle, row Speed) error {
	speed := b.speed(row)
	return b.burn(o.Geometry, func(cell int) {
		if b.s.Speed[cell] > speed {
			b.s.Speed[cell] = speed
			b.setRule(cell, row.Slope)
		}
		b.marks[cell] |= markBarrier
	})
}

// season slows and closes the ground.
func (b *builder) season() error {
	if b.in.Season == nil {
		return nil
	}
	for c, v := range b.s.Speed {
		if share := b.in.Season.Ground(c, b.height(c)); share < 1 && v > 0 {
			b.s.Speed[c] = float32(float64(v) * share)
			b.marks[c] |= markSeason
		}
	}
	return nil
}

// height is the elevation of a cell, NaN when it is not known.
func (b *builder) height(cell int) float64 {
	if len(b.in.Elevation) == 0 {
		return math.NaN()
	}
	return float64(b.in.Elevation[cell])
}

// roads raises the speed under roads.
func (b *builder) roads() error {
	for i, l := range b.in.Roads {
		row, listed := b.in.Speeds.Road(l.Class)
		if _, barrier := b.in.Speeds.Barrier(l.Class); !listed && barrier {
			continue
		}
		switch {
		case !listed:
			b.notes.UnlistedRoads[className(l.Class)]++
			continue
		case row.KMH == 0:
			b.notes.ClosedRoads[className(l.Class)]++
			continue
		}
		full := b.speed(row)
		err := b.burn(l.Line, func(cell int) {
			b.marks[cell] |= markRoad
			speed := full
			if season := b.in.Season; season != nil {
				speed *= float32(season.Road(cell, b.height(cell)))
			}
			if b.s.Speed[cell] >= speed {
				return
			}
			if b.s.Speed[cell] == 0 {
				b.marks[cell] |= markOpened
			}
			b.s.Speed[cell] = speed
			if speed == full {
				b.marks[cell] &^= markSeason
			}
			b.setRule(cell, row.Slope)
		})
		if err != nil {
			return fault.Errorf(opBuild, fault.Invalid, "road %d: %w", i, err)
		}
	}
	return nil
}
