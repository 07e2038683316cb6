package travel

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
)

// Line is a road or path in the grid's CRS, with its class in the speed table.
type Line struct {
	Line  orb.LineString
	Class string
}

// Obstacle is something that cannot be crossed, or only slowly, in the grid's
// CRS: lines, polygons, points and collections of them. A Class listed under
// barrier in the speed table takes its speed from there; any other cannot be
// crossed at all.
type Obstacle struct {
	Geometry orb.Geometry
	Class    string
}

// PolygonRule says which cells a barrier polygon closes.
type PolygonRule uint8

// The rules.
const (
	// Touched closes every cell that the polygon touches: a river narrower than
	// a cell still parts its banks, and shores lose up to a cell.
	Touched PolygonRule = iota
	// Centre closes cells whose centre is inside: areas come out right, and
	// polygons narrower than a cell leak.
	Centre
)

// SurfaceInput is what a walking surface is made of.
type SurfaceInput struct {
	// Grid places all arrays. It must not be rotated.
	Grid grid.Grid
	// Geographic tells that the CRS is in degrees; EPSG:4326 is known to be.
	Geographic bool
	// MetresPerUnit of a projected CRS; 0 means 1.
	MetresPerUnit float64
	// LandCover or LandCover8 holds the class of each cell. With neither, all
	// cells take the default row of the table.
	LandCover  []int32
	LandCover8 []uint8
	// NoData, when set, is the land-cover value for "not known": such cells
	// cannot be walked unless a road leads through.
	NoData *int32
	// Elevation in metres, nil for none, NaN for unknown.
	Elevation []float32
	Roads     []Line
	Barriers  []Obstacle
	Polygons  PolygonRule
	Speeds    *SpeedTable
	Profile   Profile
	// Season slows or closes cells, and roads in them; its masks are on Grid.
	// nil for none.
	Season *Season
}

// ClassCount is how many cells have a land-cover class.
type ClassCount struct {
	Class  int32
	Label  string
	Cells  int64
	Listed bool // else the default row was used
}

// SurfaceNotes tells what became of the input, for the report.
type SurfaceNotes struct {
	Cells    int64
	Passable int64 // cells that can be walked in the end
	NoData   int64 // cells without land cover
	// Classes is sorted by class.
	Classes []ClassCount
	// UnknownElevation counts cells whose elevation is NaN.
	UnknownElevation int64
	BarrierCells     int64 // cells that barriers closed or slowed
	RoadCells        int64 // cells that a walkable road passes
	// RoadOpened counts cells that land cover or a barrier had closed and a
	// road opened: bridges and fords, but also barriers in the same cell as a
	// road along them. BarrierOpened counts those of them with a barrier.
	RoadOpened    int64
	BarrierOpened int64
	// SeasonClosed and SeasonSlowed count cells that the season closed, or
	// slowed, in the end: roads that stay open in them are not counted.
	SeasonClosed, SeasonSlowed int64
	// ClosedRoads and UnlistedRoads count lines by class: roads closed to
	// walkers, and roads of classes that the table does not know, which were
	// left out.
	ClosedRoads   map[string]int
	UnlistedRoads map[string]int
	// UnlistedBarriers counts barriers of classes that the table does not
	// know, which were taken as impassable; "" is a barrier without a class.
	UnlistedBarriers map[string]int
}

// Unlisted gives the land-cover classes that the speed table does not list.
func (n *SurfaceNotes) Unlisted() []ClassCount {
	var out []ClassCount
	for _, c := range n.Classes {
		if !c.Listed {
			out = append(out, c)
		}
	}
	return out
}

// BuildSurface makes a surface. The speed of a cell is that of its land cover;
// barriers then lower it to their own; roads then raise it to theirs, also
// over barriers and water (a bridge), and never lower it, since walkers may
// leave a slow path. Lines are burnt into every cell they pass (corners
// too), so that roads hold together and barriers do not leak. The slope rule
// is that of the row that gave the speed. The elevation is not copied.
//
// A barrier in the same cell as a road along it is opened by that road: cells
// cannot tell two banks apart. Notes count such cells; smaller cells help.
//
// Errors: Invalid for wrong shapes, coordinates that are no numbers or, when
// the table has no default row, classes that it does not list; Unsupported
// for rotated grids and Web Mercator, whose units are no metres.
func BuildSurface(in SurfaceInput) (*Surface, SurfaceNotes, error) {
	b := &builder{in: &in, notes: SurfaceNotes{
		Cells: in.Grid.Cells(), ClosedRoads: map[string]int{}, UnlistedRoads: map[string]int{}, UnlistedBarriers: map[string]int{},
	}}
	if err := b.check(); err != nil {
		return nil, SurfaceNotes{}, err
	}
	b.s = &Surface{Width: in.Grid.Width, Height: in.Grid.Height}
	if len(in.Elevation) > 0 {
		b.s.Elevation = in.Elevation
	}
	for _, step := range []func() error{b.sizes, b.cover, b.barriers, b.season, b.roads} {
		if err := step(); err != nil {
			return nil, SurfaceNotes{}, err
		}
	}
	b.finish()
	return b.s, b.notes, nil
}

type builder struct {
	in    *SurfaceInput
	s     *Surface
	toRow grid.Transform // CRS to fractional (col, row)
	marks []uint8        // what was burnt into a cell
	notes SurfaceNotes
}

const (
	markBarrier = 1 << iota
	markRoad
	markOpened
	markSeason // slowed or closed
)

const opBuild = "travel.BuildSurface"

func (b *builder) check() error {
	in := b.in
	g := in.Grid
	inv, ok := g.Transform.Invert()
	switch {
	case g.Width <= 0 || g.Height <= 0:
		return fault.Errorf(opBuild, fault.Invalid, "walking surface: the grid has no cells")
	case g.Width > MaxCells || g.Height > MaxCells || paddedCells(g.Width, g.Height) > MaxCells:
		return fault.Errorf(opBuild, fault.TooLarge, "walking surface: %d × %d cells are over the limit of %d", g.Width, g.Height, MaxCells)
	case !ok:
		return fault.Errorf(opBuild, fault.Invalid, "walking surface: the grid's transform %v is degenerate", g.Transform)
	case g.Transform[2] != 0 || g.Transform[4] != 0:
		return fault.WithHint(fault.Errorf(opBuild, fault.Unsupported, "walking surface: the grid is rotated"), "warp it to a north-up grid")
	case g.CRS == geo.WebMercator:
		return fault.WithHint(fault.Errorf(opBuild, fault.Unsupported, "walking surface: units of %s are no metres on the ground", g.CRS),
			"warp to the UTM zone of the territory or to EPSG:4326")
	case in.Speeds == nil:
		return fault.Errorf(opBuild, fault.Invalid, "walking surface: no speed table")
	case !(in.Profile.SpeedFactor > 0 && in.Profile.SpeedFactor <= MaxSpeed):
		return fault.Errorf(opBuild, fault.Invalid, "walking surface: profile %q has speed factor %g; want a number above 0", in.Profile.Name, in.Profile.SpeedFactor)
	case in.LandCover != nil && in.LandCover8 != nil:
		return fault.Errorf(opBuild, fault.Invalid, "walking surface: land cover is given twice")
	case in.Polygons > Centre:
		return fault.Errorf(opBuild, fault.Invalid, "walking surface: polygon rule %d is not known", in.Polygons)
	}
	if in.Season != nil {
		if err := in.Season.Check(); err != nil {
			return err
		}
		if masks := in.Season.Grid; (in.Season.Snow != nil || in.Season.Flood != nil) && (masks.Width != g.Width || masks.Height != g.Height || masks.Transform != g.Transform) {
			return fault.Errorf(opBuild, fault.Invalid, "walking surface: the masks of season %s are not on the grid of the surface", in.Season.Name)
		}
	}
	b.toRow = inv
	n := g.Width * g.Height
	for what, got := range map[string]int{"land-cover classes": max(len(in.LandCover), len(in.LandCover8)), "elevations": len(in.Elevation)} {
		if got != 0 && got != n {
			return fault.Errorf(opBuild, fault.Invalid, "walking surface: %d %s for %d cells", got, what, n)
		}
	}
	return nil
}

// sizes sets the cell sizes. For geographic grids they are arcs of the WGS84
// ellipsoid at the row's middle latitude: π/180·N·cos φ and π/180·M with
// N = a/√(1−e²sin²φ), M = a(1−e²)/(1−e²sin²φ)^1.5 (other ellipsoids differ by
// less than 2e-4).
func (b *builder) sizes() error {
	const a, e2 = 6378137.0, 6.6943799901413165e-3
	g := b.in.Grid
	dx, dy := math.Abs(g.Transform[1]), math.Abs(g.Transform[5])
	if !b.in.Geographic && g.CRS != geo.WGS84 {
		unit := b.in.MetresPerUnit
		if unit == 0 {
			unit = 1
		}
		b.s.CellW, b.s.CellH = []float64{dx * unit}, []float64{dy * unit}
		return b.s.checkSize()
	}
	b.s.CellW, b.s.CellH = make([]float64, g.Height), make([]float64, g.Height)
	for row := range g.Height {
		_, lat := g.Center(0, row)
		if !(lat > -90 && lat < 90) {
			return fault.Errorf(opBuild, fault.Invalid, "walking surface: row %d of the geographic grid is at latitude %g", row, lat)
		}
		sin, cos := math.Sincos(lat * math.Pi / 180)
		w := 1 - e2*sin*sin
		b.s.CellW[row] = dx * math.Pi / 180 * a / math.Sqrt(w) * cos
		b.s.CellH[row] = dy * math.Pi / 180 * a * (1 - e2) / (w * math.Sqrt(w))
	}
	return b.s.checkSize()
}

// speed is m/s for the profile.
func (b *builder) speed(s Speed) float32 { return float32(s.KMH / 3.6 * b.in.Profile.SpeedFactor) }

// setRule keeps rules only once a cell needs them.
func (b *builder) setRule(cell int, r SlopeRule) {
	if b.s.Rules == nil {
		if r == SlopeApplies {
			return
		}
		b.s.Rules = make([]SlopeRule, len(b.s.Speed))
	}
	b.s.Rules[cell] = r
}

func (b *builder) finish() {
	for c, v := range b.s.Speed {
		if v > 0 {
			b.notes.Passable++
		}
		if m := b.marks[c]; m != 0 {
			b.notes.BarrierCells += int64(m & markBarrier)
			if m&markSeason != 0 && v > 0 {
				b.notes.SeasonSlowed++
			} else if m&markSeason != 0 {
				b.notes.SeasonClosed++
			}
			b.notes.RoadCells += int64(m & markRoad / markRoad)
			if m&markOpened != 0 {
				b.notes.RoadOpened++
				b.notes.BarrierOpened += int64(m & markBarrier)
			}
		}
	}
	for _, z := range b.in.Elevation {
		if z != z {
			b.notes.UnknownElevation++
		}
	}
}

// unlistedError names the classes that have no speed.
func unlistedError(table string, classes []ClassCount) error {
	const most = 20
	var list []string
	for _, c := range classes[:min(len(classes), most)] {
		list = append(list, fmt.Sprintf("%d (%d cells)", c.Class, c.Cells))
	}
	if more := len(classes) - most; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return fault.WithHint(fault.Errorf(opBuild, fault.Invalid,
		"speed table %s does not list these land-cover classes and has no default row: %s", table, strings.Join(list, ", ")),
		"add a landcover row for each, or a default row")
}
