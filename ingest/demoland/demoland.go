// Package demoland makes the demonstration territory: an invented valley of
// the Apennine–Alpine kind with its relief, rivers, people, roads, services
// and satellite scenes, as files of the formats that real offices hand out.
// Everything follows from the seed; nothing is copied from a real place.
package demoland

import (
	"contado/geo/fault"
)

// DefaultSize is the side of the land in metres when Options leave it out.
const DefaultSize = 40_000.0

// Options choose the land. The zero value means the standard demonstration.
type Options struct {
	Seed uint64 // default 1
	// Size is the side of the square land in metres (default 40,000, at least
	// 4,000), Cell the side of its cells (default 20). Size must be a whole
	// multiple of 40 cells, and Cell must divide 100 m.
	Size, Cell     float64
	Population     int // default 60,000 inhabitants
	Municipalities int // default 30, fewer on smaller lands
}

const maxCells = 4000 // a side; bounds memory to about 6 GB

func (o Options) withDefaults() (Options, error) {
	const op = "demoland.Make"
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Size == 0 {
		o.Size = DefaultSize
	}
	if o.Cell == 0 {
		o.Cell = 20
	}
	if o.Population == 0 {
		o.Population = 60_000
	}
	if o.Municipalities == 0 {
		o.Municipalities = max(4, int(30*o.Size*o.Size/(DefaultSize*DefaultSize)+0.5))
	}
	per := 100 / o.Cell
	switch n := o.Size / o.Cell; {
	case !(o.Size >= 4000) || !(o.Cell >= 5) || n > maxCells:
		return o, fault.Errorf(op, fault.Invalid, "size %g m with cells of %g m: want at least 4000 m and at most %d cells a side", o.Size, o.Cell, maxCells)
	case per != float64(int(per)) || n != float64(int(n)) || int(n)%40 != 0 || o.Size/100 != float64(int(o.Size/100)):
		return o, fault.Errorf(op, fault.Invalid, "size %g m with cells of %g m: want a multiple of 40 cells and cells that divide 100 m", o.Size, o.Cell)
	case o.Population < 1000 || o.Population > 5_000_000:
		return o, fault.Errorf(op, fault.Invalid, "population %d: want 1,000 to 5,000,000", o.Population)
	case o.Municipalities < 2 || o.Municipalities > 200:
		return o, fault.Errorf(op, fault.Invalid, "%d municipalities: want 2 to 200", o.Municipalities)
	}
	return o, nil
}

// cells is the number of cells a side.
func (o Options) cells() int { return int(o.Size / o.Cell) }
