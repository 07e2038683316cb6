package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"unsafe"

	"contado/geo/travel"
)

const (
	cellSize   = 20
	facilities = 60
	noCost     = -1 // in cost.bin: barrier
)

// surface is the input in the form that both programs read.
type surface struct {
	side      int
	cost      []float32 // seconds to cross a cell on level ground
	elevation []float32
	sources   []int32 // col, row pairs
}

// makeSurface makes rural hills: ridges with small relief, land cover in
// patches of unequal size, roads that wind, rivers two cells wide with a
// bridge where a road crosses.
func makeSurface(side int) *surface {
	rng := rand.New(rand.NewPCG(20, 26))
	s := &surface{side: side, cost: make([]float32, side*side), elevation: make([]float32, side*side)}
	kmh := []float64{2.5, 2.5, 3, 3.06, 3.06, 3.6, 4.86, 4.86}
	const patch = 24
	cover := make([]float64, (side/patch+2)*(side/patch+2))
	for i := range cover {
		cover[i] = kmh[rng.IntN(len(kmh))]
	}
	for r := range side {
		for c := range side {
			i := r*side + c
			x, y := float64(c)*cellSize, float64(r)*cellSize
			s.elevation[i] = float32(600 + 330*math.Sin(x/2600)*math.Cos(y/3100) + 70*math.Sin(x/410+y/630) + 12*math.Sin(x/97-y/71) + rng.Float64())
			bend := int(6 * math.Sin(float64(r)/31))
			pr, pc := (r+bend)/patch, (c+int(9*math.Sin(float64(r)/23))+9)/patch
			v := cover[min(pr, side/patch)*(side/patch+2)+min(pc, side/patch+1)]
			road := (r+int(15*math.Sin(float64(c)/60)))%83 == 0 || (c+int(20*math.Sin(float64(r)/45)))%97 == 0
			river := (c+r/3)%401 < 2 && c > 20
			switch {
			case road:
				v = 5.036
			case river:
				s.cost[i] = noCost
				continue
			}
			s.cost[i] = float32(cellSize / (v / 3.6))
		}
	}
	s.openCorners()
	for len(s.sources) < 2*facilities {
		c, r := rng.IntN(side), rng.IntN(side)
		if s.cost[r*side+c] != noCost {
			s.sources = append(s.sources, int32(c), int32(r))
		}
	}
	return s
}

// openCorners widens passages between two barrier cells that touch by a
// corner: r.cost walks through there and travel does not, and the times are to
// be compared.
func (s *surface) openCorners() {
	for again := true; again; {
		again = false
		for i := 0; i+s.side+1 < len(s.cost); i++ {
			if (i+1)%s.side == 0 {
				continue
			}
			a, b, c, d := &s.cost[i], &s.cost[i+1], &s.cost[i+s.side], &s.cost[i+s.side+1]
			switch {
			case *a == noCost && *d == noCost && *b != noCost && *c != noCost:
				*a, again = *b, true
			case *a != noCost && *d != noCost && *b == noCost && *c == noCost:
				*b, again = *a, true
			}
		}
	}
}

func (s *surface) save(dir string) error {
	speed := make([]float32, len(s.cost))
	for i, c := range s.cost {
		if c != noCost {
			speed[i] = cellSize / c
		}
	}
	for name, v := range map[string][]float32{"speed.bin": speed, "cost.bin": s.cost, "elevation.bin": s.elevation} {
		if err := writeRaw(filepath.Join(dir, name), v); err != nil {
			return err
		}
	}
	// r.walk adds friction, in seconds a metre, to its own 0.72 s a metre.
	friction := make([]float32, len(s.cost))
	for i, c := range s.cost {
		if friction[i] = c/cellSize - 0.72; c == noCost {
			friction[i] = noCost
		} else if friction[i] < 0 {
			friction[i] = 0
		}
	}
	if err := writeRaw(filepath.Join(dir, "friction.bin"), friction); err != nil {
		return err
	}
	return writeRaw(filepath.Join(dir, "sources.bin"), s.sources)
}

// compute is the measured process.
func compute(ctx context.Context, c config) error {
	n := c.side * c.side
	speed, err := readRaw[float32](filepath.Join(c.ours, "speed.bin"), n)
	if err != nil {
		return err
	}
	s := &travel.Surface{Width: c.side, Height: c.side, CellW: []float64{cellSize}, CellH: []float64{cellSize}, Speed: speed}
	o := travel.Options{Neighbours: c.neighbours}
	if o.Slope, err = travel.ParseSlopeFunc(c.slope); err != nil {
		return err
	}
	if c.solver == "fast-marching" {
		o.Solver = travel.FastMarching
	}
	if o.Slope != travel.Level {
		if s.Elevation, err = readRaw[float32](filepath.Join(c.ours, "elevation.bin"), n); err != nil {
			return err
		}
	}
	at, err := readRaw[int32](filepath.Join(c.ours, "sources.bin"), 2*facilities)
	if err != nil {
		return err
	}
	var sources []travel.Source
	for i := range facilities {
		sources = append(sources, travel.Source{Col: int(at[2*i]), Row: int(at[2*i+1]), Facility: int32(i)})
	}
	e, err := travel.Prepare(s)
	if err != nil {
		return err
	}
	// The engine has what it needs; a search then holds 13 bytes a cell.
	*s = travel.Surface{}
	debug.FreeOSMemory()
	r, err := e.Compute(ctx, sources, o)
	if err != nil {
		return err
	}
	return writeRaw(filepath.Join(c.ours, "seconds.out"), r.Seconds)
}

// Raw files hold values as they lie in memory; GRASS is told the byte order.
func rawBytes[T int32 | float32 | float64](v []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(v[0])))
}

func byteOrder() string {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return "little"
	}
	return "big"
}

func writeRaw[T int32 | float32 | float64](path string, v []T) error {
	return os.WriteFile(path, rawBytes(v), 0o600)
}

func readRaw[T int32 | float32 | float64](path string, n int) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	v := make([]T, n)
	b := rawBytes(v)
	for len(b) > 0 {
		k, err := f.Read(b)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		b = b[k:]
	}
	return v, nil
}
