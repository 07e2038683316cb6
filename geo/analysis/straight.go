package analysis

import (
	"context"
	"math"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/grid"
)

// Straight-line coverage: what remains when there is no land cover to walk
// over. Distances are geodesic, times at one speed.
const (
	straightCells   = 4_000_000 // aimed at; the cell side follows
	straightMinCell = 50.0      // metres
	straightMaxCell = 1000.0
)

// squareGrid is a grid of square cells in the UTM zone of the box's middle
// that covers it, of some straightCells cells: at least minCell metres each.
func squareGrid(box geo.BBox, minCell float64) (grid.Grid, error) {
	lon, lat := (box.MinX+box.MaxX)/2, (box.MinY+box.MaxY)/2
	utm := utmOf(lon, lat)
	b, err := fromLonLat(box, utm)
	if err != nil {
		return grid.Grid{}, err
	}
	if box.Width() > 30 || box.Height() > 30 {
		return grid.Grid{}, fault.WithHint(fault.Errorf("analysis.straight", fault.TooLarge, "the territory spans %.0f by %.0f degrees", box.Width(), box.Height()),
			"without land cover, coverage is made for regions; take one territory below this one")
	}
	side := math.Sqrt(b.Width() * b.Height() / straightCells)
	side = math.Min(straightMaxCell, math.Max(minCell, math.Ceil(side/10)*10))
	x0, y1 := math.Floor(b.MinX/side)*side, math.Ceil(b.MaxY/side)*side
	return grid.Grid{
		CRS:       utm,
		Transform: grid.Transform{x0, side, 0, y1, 0, -side},
		Width:     int(math.Ceil((b.MaxX - x0) / side)),
		Height:    int(math.Ceil((y1 - b.MinY) / side)),
	}, nil
}

// utmOf is the WGS84 UTM zone of a position, without the exceptions for
// Norway and Svalbard.
func utmOf(lon, lat float64) geo.CRS {
	zone := int(math.Floor((lon+180)/6)) + 1
	zone = min(60, max(1, zone))
	code := 32600 + zone
	if lat < 0 {
		code = 32700 + zone
	}
	return epsg(code)
}

// straightMover goes in a straight line at one speed.
type straightMover struct {
	lattice grid.Grid
	area    []int32 // cells outside the areas are not computed
	speed   float64 // metres a second
}

func (w *way) newStraightMover() (*straightMover, error) {
	g, err := squareGrid(w.box, straightMinCell)
	if err != nil {
		return nil, err
	}
	areaOf, err := areaOfCells(w.areas, g)
	if err != nil {
		return nil, err
	}
	return &straightMover{lattice: g, area: areaOf, speed: w.q.SpeedKmh / 3.6}, nil
}

func (m *straightMover) grid() grid.Grid               { return m.lattice }
func (m *straightMover) passable(int) bool             { return true }
func (m *straightMover) reach(seconds float64) float64 { return reachMetres(seconds, m.speed) }

func (m *straightMover) method() (string, []coverage.Parameter, []coverage.Formula) {
	return "straight-line distance to the nearest facility, geodesic on WGS84, at a fixed speed",
		[]coverage.Parameter{
			{Name: "speed", Value: m.speed * 3.6, Unit: "km/h"},
			{Name: "cell-size", Value: m.lattice.Transform[1], Unit: "m"},
		},
		[]coverage.Formula{{Name: "time", Text: "t = d / v", Source: "geodesic d on the WGS84 ellipsoid"}}
}

// times gives every cell of the areas the time to its nearest facility in a
// straight line.
func (m *straightMover) times(ctx context.Context, list []facility, o moveOptions, p Progress) (*movement, error) {
	g := m.lattice
	out := &movement{seconds: make([]float32, g.Cells()), nearest: make([]int32, g.Cells())}
	near := newNearest(list)
	lonLat, err := newLonLat(g)
	if err != nil {
		return nil, err
	}
	for row := range g.Height {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.tell(float64(row)/float64(g.Height), "straight-line distances")
		for c := range g.Width {
			cell := row*g.Width + c
			out.seconds[cell], out.nearest[cell] = float32(math.Inf(1)), -1
			if m.area[cell] == noArea || len(list) == 0 {
				continue
			}
			lon, lat, err := lonLat.of(c, row)
			if err != nil {
				return nil, err
			}
			k, d := near.of(lon, lat)
			t := float32(float64(d) / m.speed)
			if o.maxSeconds == 0 || t <= o.maxSeconds {
				out.seconds[cell], out.nearest[cell] = t, int32(k)
			}
		}
	}
	return out, nil
}
