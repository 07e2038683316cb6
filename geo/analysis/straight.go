package analysis

import (
	"context"
	"math"
	"sort"

	"contado/geo"
	"contado/geo/crs"
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

// straightGrid is a square grid in the UTM zone of the box's middle that
// covers it.
func straightGrid(box geo.BBox) (grid.Grid, error) {
	lon, lat := (box.MinX+box.MaxX)/2, (box.MinY+box.MaxY)/2
	utm := utmOf(lon, lat)
	b, err := fromLonLat(box, utm)
	if err != nil {
		return grid.Grid{}, err
	}
	if box.Width() > 30 || box.Height() > 30 {
		return grid.Grid{}, fault.WithHint(fault.Errorf("analysis.straight", fault.TooLarge, "the territory spans %.0f by %.0f degrees", box.Width(), box.Height()),
			"straight-line coverage is made for regions; take one territory below this one")
	}
	side := math.Sqrt(b.Width() * b.Height() / straightCells)
	side = math.Min(straightMaxCell, math.Max(straightMinCell, math.Ceil(side/10)*10))
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

// straightField gives every cell of the areas the time to its nearest
// facility in a straight line.
func straightField(ctx context.Context, g grid.Grid, areaOf []int32, list []facility, speed float64, p Progress) (*field, error) {
	f := &field{
		grid: g, area: areaOf,
		seconds: make([]float32, g.Cells()), nearest: make([]int32, g.Cells()),
		passable: func(int) bool { return true },
	}
	near, err := newNearest(g, list)
	if err != nil {
		return nil, err
	}
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
			f.seconds[cell], f.nearest[cell] = float32(math.Inf(1)), -1
			if areaOf[cell] == noArea {
				continue
			}
			lon, lat, err := lonLat.of(c, row)
			if err != nil {
				return nil, err
			}
			x, y := g.Center(c, row)
			k, d := near.of(x, y, lon, lat)
			f.seconds[cell], f.nearest[cell] = float32(float64(d)/speed), int32(k)
		}
	}
	return f, nil
}

// nearest finds the facility nearest to a cell: candidates in the plane of
// the grid, sorted by easting, decided by geodesic distance.
type nearest struct {
	list []facility
	x, y []float64 // by order
	idx  []int     // order → facility
	last int       // where the last answer stood: cells come row by row
}

func newNearest(g grid.Grid, list []facility) (*nearest, error) {
	tr, err := crs.New(geo.WGS84, g.CRS)
	if err != nil {
		return nil, err
	}
	xs, ys := make([]float64, len(list)), make([]float64, len(list))
	for i, f := range list {
		xs[i], ys[i] = f.lon, f.lat
	}
	if err := tr.Points(xs, ys); err != nil {
		return nil, err
	}
	n := &nearest{list: list, idx: make([]int, len(list))}
	for i := range n.idx {
		n.idx[i] = i
	}
	sort.SliceStable(n.idx, func(a, b int) bool { return xs[n.idx[a]] < xs[n.idx[b]] })
	for _, i := range n.idx {
		n.x, n.y = append(n.x, xs[i]), append(n.y, ys[i])
	}
	return n, nil
}

// planeError bounds how much plane and geodesic distance differ, as a share,
// within a region of some hundred kilometres round its UTM zone's meridian.
const planeError = 0.02

// of returns the nearest facility and its geodesic distance.
func (n *nearest) of(x, y, lon, lat float64) (int, geo.Metres) {
	best := math.Hypot(n.x[n.last]-x, n.y[n.last]-y)
	at := n.last
	mid := sort.SearchFloat64s(n.x, x)
	for i := mid; i < len(n.x) && n.x[i]-x <= best; i++ {
		if d := math.Hypot(n.x[i]-x, n.y[i]-y); d < best {
			best, at = d, i
		}
	}
	for i := mid - 1; i >= 0 && x-n.x[i] <= best; i-- {
		if d := math.Hypot(n.x[i]-x, n.y[i]-y); d < best {
			best, at = d, i
		}
	}
	n.last = at
	k := n.idx[at]
	d := crs.Distance(lon, lat, n.list[k].lon, n.list[k].lat)
	reach := best * (1 + planeError)
	for i := sort.SearchFloat64s(n.x, x-reach); i < len(n.x) && n.x[i] <= x+reach; i++ {
		if i == at || math.Hypot(n.x[i]-x, n.y[i]-y) > reach {
			continue
		}
		if e := crs.Distance(lon, lat, n.list[n.idx[i]].lon, n.list[n.idx[i]].lat); e < d || (e == d && n.idx[i] < k) {
			d, k = e, n.idx[i]
		}
	}
	return k, d
}
