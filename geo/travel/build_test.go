package travel

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
)

const testTable = `kind,class,label,speed_kmh,slope
landcover,1,meadow,3.6,yes
landcover,2,forest,1.8,yes
landcover,8,water,0,yes
landcover,9,moving walkway,7.2,no
road,path,Path,2.7,yes
road,street,Street,5.4,no
road,closed,Closed,0,yes
barrier,ford,Ford,0.9,yes
barrier,railway,Railway,0,yes
`

// testGrid has cells of 10 m, its corner at (100, 200), row 0 to the north.
func testGrid(w, h int) grid.Grid {
	return grid.Grid{CRS: "EPSG:25832", Width: w, Height: h, Transform: grid.Transform{100, 10, 0, 200, 0, -10}}
}

func testInput(t testing.TB, w, h int) SurfaceInput {
	return SurfaceInput{
		Grid: testGrid(w, h), LandCover: slices.Repeat([]int32{1}, w*h),
		Speeds: parse(t, testTable), Profile: Adult(),
	}
}

func build(t testing.TB, in SurfaceInput) (*Surface, SurfaceNotes) {
	t.Helper()
	s, notes, err := BuildSurface(in)
	if err != nil {
		t.Fatal(err)
	}
	return s, notes
}

// picture shows the speeds of a surface: # for a barrier, else m/s with one
// decimal of which the first digit is shown, and ~ where slope is ignored.
func picture(s *Surface) string {
	var b strings.Builder
	for c, v := range s.Speed {
		switch {
		case v == 0:
			b.WriteByte('#')
		case s.Rules != nil && s.Rules[c] == SlopeIgnored:
			b.WriteByte('~')
		default:
			b.WriteString(string(rune('0' + int(math.Round(float64(v)*4)))))
		}
		if (c+1)%s.Width == 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func TestBuildLayers(t *testing.T) {
	t.Parallel()
	in := testInput(t, 6, 4)
	in.LandCover = []int32{
		1, 1, 8, 2, 1, 1,
		1, 1, 8, 2, 1, 9,
		1, 1, 8, 2, 1, 1,
		-1, 1, 8, 2, 1, 1,
	}
	nodata := int32(-1)
	in.NoData = &nodata
	in.Elevation = make([]float32, 24)
	in.Elevation[5] = float32(math.NaN())
	// Row 1: a path over the water, faster than forest, slower than meadow.
	// Row 2: a street up to the water. Column 4: a railway, and a ford across it.
	in.Roads = []Line{
		{orb.LineString{{100, 185}, {160, 185}}, "Path"},
		{orb.LineString{{105, 175}, {115, 175}}, "street"},
		{orb.LineString{{105, 165}, {155, 165}}, "closed"},
		{orb.LineString{{105, 165}, {155, 165}}, "unheard"},
		{orb.LineString{{145, 199}, {145, 161}}, "railway"},
	}
	in.Barriers = []Obstacle{
		{orb.Point{155, 165}, "ford"},
		{orb.MultiPoint{{105, 195}}, "wall"},
	}
	s, n := build(t, in)
	want := "#4#2#4\n4433" + "3~\n~~#2#4\n#4#2#1\n"
	if got := picture(s); got != want {
		t.Errorf("surface\n%swant\n%s", got, want)
	}
	if n.Cells != 24 || n.NoData != 1 || n.UnknownElevation != 1 || n.BarrierCells != 6 || n.RoadCells != 8 ||
		n.RoadOpened != 2 || n.BarrierOpened != 1 || n.Passable != 16 {
		t.Errorf("notes %+v", n)
	}
	if n.ClosedRoads["closed"] != 1 || n.UnlistedRoads["unheard"] != 1 || len(n.UnlistedRoads) != 1 || n.UnlistedBarriers["wall"] != 1 {
		t.Errorf("notes %+v", n)
	}
	if len(n.Classes) != 4 || n.Classes[0] != (ClassCount{1, "meadow", 14, true}) || len(n.Unlisted()) != 0 {
		t.Errorf("classes %+v", n.Classes)
	}
	if s.CellW[0] != 10 || s.CellH[0] != 10 || len(s.CellW) != 1 {
		t.Errorf("cell %v × %v m", s.CellW, s.CellH)
	}
}

func TestBuildUnlisted(t *testing.T) {
	t.Parallel()
	in := testInput(t, 3, 1)
	in.LandCover = []int32{1, 77, 77}
	if _, _, err := BuildSurface(in); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "77 (2 cells)") {
		t.Errorf("error %v; want the class", err)
	}
	in.Speeds = parse(t, testTable+"default,,Rest,0.9,yes\n")
	s, n := build(t, in)
	if got := picture(s); got != "411\n" {
		t.Errorf("surface %s", got)
	}
	if u := n.Unlisted(); len(u) != 1 || u[0].Class != 77 || u[0].Cells != 2 {
		t.Errorf("unlisted %+v", u)
	}
	in.LandCover, in.LandCover8 = nil, []uint8{1, 2, 8}
	if s, _ := build(t, in); picture(s) != "42#\n" {
		t.Errorf("bytes give %s", picture(s))
	}
	in.LandCover8 = nil
	if s, _ := build(t, in); picture(s) != "111\n" {
		t.Errorf("no land cover gives %s", picture(s))
	}
	in.Profile = Elderly()
	if s, _ := build(t, in); math.Abs(float64(s.Speed[0])-0.25*0.8/(5.036/3.6)) > 1e-6 {
		t.Errorf("elderly walk at %g m/s", s.Speed[0])
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, c := range map[string]struct {
		change func(in *SurfaceInput)
		want   string
		kind   fault.Kind
	}{
		"no cells":    {func(in *SurfaceInput) { in.Grid.Width = 0 }, "no cells", fault.Invalid},
		"large":       {func(in *SurfaceInput) { in.Grid.Width, in.Grid.Height = 1<<20, 1<<20 }, "limit", fault.TooLarge},
		"huge":        {func(in *SurfaceInput) { in.Grid.Width, in.Grid.Height = 1<<62, 1<<62 }, "limit", fault.TooLarge},
		"degenerate":  {func(in *SurfaceInput) { in.Grid.Transform = grid.Transform{} }, "degenerate", fault.Invalid},
		"rotated":     {func(in *SurfaceInput) { in.Grid.Transform[2] = 1 }, "rotated", fault.Unsupported},
		"mercator":    {func(in *SurfaceInput) { in.Grid.CRS = geo.WebMercator }, "EPSG:3857", fault.Unsupported},
		"no table":    {func(in *SurfaceInput) { in.Speeds = nil }, "speed table", fault.Invalid},
		"no profile":  {func(in *SurfaceInput) { in.Profile = Profile{} }, "speed factor", fault.Invalid},
		"short cover": {func(in *SurfaceInput) { in.LandCover = in.LandCover[1:] }, "5 land-cover classes for 6 cells", fault.Invalid},
		"two covers":  {func(in *SurfaceInput) { in.LandCover8 = make([]uint8, 6) }, "twice", fault.Invalid},
		"heights":     {func(in *SurfaceInput) { in.Elevation = make([]float32, 7) }, "7 elevations", fault.Invalid},
		"no default":  {func(in *SurfaceInput) { in.LandCover = nil }, "no default row", fault.Invalid},
		"latitude":    {func(in *SurfaceInput) { in.Geographic = true }, "latitude", fault.Invalid},
		"nan road":    {func(in *SurfaceInput) { in.Roads = []Line{{orb.LineString{{nan, 1}}, "path"}} }, "road 0: vertex 0", fault.Invalid},
		"nil barrier": {func(in *SurfaceInput) { in.Barriers = make([]Obstacle, 1) }, "barrier 0: it has no geometry", fault.Invalid},
		"inf barrier": {func(in *SurfaceInput) {
			in.Barriers = []Obstacle{{Geometry: orb.Collection{orb.Polygon{{{0, 0}, {math.Inf(1), 1}, {2, 2}}}}}}
		}, "barrier 0: vertex 1", fault.Invalid},
	} {
		in := testInput(t, 3, 2)
		c.change(&in)
		_, _, err := BuildSurface(in)
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want %q of kind %v", name, err, c.want, c.kind)
		}
	}
}

// Sizes against PROJ's values for 1° on WGS84: at 45° one degree of longitude
// is 78846.8 m and one of latitude 111131.8 m; at the equator 111319.5 and
// 110574.3.
func TestGeographicSizes(t *testing.T) {
	t.Parallel()
	in := testInput(t, 1, 2)
	in.Grid = grid.Grid{CRS: geo.WGS84, Width: 1, Height: 2, Transform: grid.Transform{0, 1, 0, 45.5, 0, -1}}
	s, _ := build(t, in)
	if math.Abs(s.CellW[0]-78846.8) > 0.1 || math.Abs(s.CellH[0]-111131.8) > 0.1 {
		t.Errorf("at 45°: %g × %g m", s.CellW[0], s.CellH[0])
	}
	in.Grid.Transform[3] = 0.5
	s, _ = build(t, in)
	if math.Abs(s.CellW[0]-111319.5) > 0.1 || math.Abs(s.CellH[0]-110574.3) > 0.1 {
		t.Errorf("at the equator: %g × %g m", s.CellW[0], s.CellH[0])
	}
}

// A barrier line from side to side parts the surface whatever its angle, and
// a road across it joins the parts again.
func TestLinesHold(t *testing.T) {
	t.Parallel()
	table := parse(t, testTable)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(3, 24).Draw(rt, "n")
		in := SurfaceInput{Grid: testGrid(n, n), LandCover: slices.Repeat([]int32{1}, n*n), Speeds: table, Profile: Adult()}
		// Coordinates in halves of cells, so that corners are hit often.
		at := func(name string) float64 { return float64(rapid.IntRange(1, 2*n-1).Draw(rt, name)) * 5 }
		side := float64(n) * 10
		line := orb.LineString{{100 - 7, 200 - at("left")}, {100 + at("x"), 200 - at("y")}, {100 + side + 7, 200 - at("right")}}
		in.Barriers = []Obstacle{{Geometry: line}}
		s, notes, err := BuildSurface(in)
		if err != nil {
			rt.Fatal(err)
		}
		top := slices.Index(s.Speed[:n], float32(1))
		bottom := slices.Index(s.Speed[n*(n-1):], float32(1))
		if top < 0 || bottom < 0 {
			rt.Skip("the line runs along a side")
		}
		goal := []Source{{Col: top, Row: 0}}
		if !partedBy(s, n, top, bottom) {
			rt.Skip("both ends above or below the line")
		}
		r := mustCompute(rt, s, goal, Options{})
		if r.Nearest[n*(n-1)+bottom] >= 0 {
			rt.Fatalf("the barrier leaks:\n%s", picture(s))
		}
		// A zigzag road from there to here.
		mid := orb.Point{100 + at("roadX"), 200 - at("roadY")}
		in.Roads = []Line{{orb.LineString{{105 + float64(top)*10, 195}, mid, {105 + float64(bottom)*10, 205 - side}}, "path"}}
		s, notes, err = BuildSurface(in)
		if err != nil {
			rt.Fatal(err)
		}
		r = mustCompute(rt, s, goal, Options{Neighbours: 8})
		if r.Nearest[n*(n-1)+bottom] < 0 || notes.BarrierOpened == 0 {
			rt.Fatalf("the road does not hold (opened %d):\n%s", notes.BarrierOpened, picture(s))
		}
	})
}

// partedBy tells by flooding over sides only whether two cells are apart.
func partedBy(s *Surface, n, top, bottom int) bool {
	seen := make([]bool, n*n)
	todo := []int{top}
	for len(todo) > 0 {
		c := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[c] || s.Speed[c] == 0 {
			continue
		}
		seen[c] = true
		for _, m := range allMoves[:firstDiagonal] {
			if v := s.Cell(c%n+m.dc, c/n+m.dr); v >= 0 {
				todo = append(todo, v)
			}
		}
	}
	return !seen[n*(n-1)+bottom]
}

// Polygons against a test of each centre and of each cell against each side.
func TestPolygonOracle(t *testing.T) {
	t.Parallel()
	table := parse(t, testTable)
	rapid.Check(t, func(rt *rapid.T) {
		const n = 12
		vertex := rapid.Custom(func(t *rapid.T) orb.Point {
			return orb.Point{rapid.Float64Range(60, 260).Draw(t, "x"), rapid.Float64Range(60, 240).Draw(t, "y")}
		})
		ring := orb.Ring(rapid.SliceOfN(vertex, 3, 7).Draw(rt, "ring"))
		hole := orb.Ring(rapid.SliceOfN(vertex, 0, 4).Draw(rt, "hole"))
		in := SurfaceInput{
			Grid: testGrid(n, n), LandCover: slices.Repeat([]int32{1}, n*n), Speeds: table, Profile: Adult(),
			Barriers: []Obstacle{{Geometry: orb.Polygon{ring, hole}}}, Polygons: Centre,
		}
		centre, _, err := BuildSurface(in)
		if err != nil {
			rt.Fatal(err)
		}
		in.Polygons = Touched
		touched, _, err := BuildSurface(in)
		if err != nil {
			rt.Fatal(err)
		}
		for c := range n * n {
			x, y := in.Grid.Center(c%n, c/n)
			if crosses(ring, x, y, 1e-9) || crosses(hole, x, y, 1e-9) {
				continue // the centre is on a side
			}
			inside := oddCrossings(ring, x, y) != oddCrossings(hole, x, y)
			if inside != (centre.Speed[c] == 0) {
				rt.Fatalf("cell %d: centre inside %v, closed %v", c, inside, centre.Speed[c] == 0)
			}
			if crosses(ring, x, y, 5+1e-9) != crosses(ring, x, y, 5-1e-9) || crosses(hole, x, y, 5+1e-9) != crosses(hole, x, y, 5-1e-9) {
				continue // touched by rounding
			}
			if want := inside || crosses(ring, x, y, 5) || crosses(hole, x, y, 5); want != (touched.Speed[c] == 0) {
				rt.Fatalf("cell %d: touched %v, closed %v", c, want, touched.Speed[c] == 0)
			}
		}
	})
}

func oddCrossings(ring orb.Ring, x, y float64) bool {
	odd := false
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		if (p[1] > y) != (q[1] > y) && x < p[0]+(y-p[1])/(q[1]-p[1])*(q[0]-p[0]) {
			odd = !odd
		}
	}
	return odd
}

// crosses tells whether a side of the ring meets the cell about (x, y): some
// part of it lies within half a cell in both coordinates.
func crosses(ring orb.Ring, x, y, half float64) bool {
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		lo, hi := 0.0, 1.0
		for k, c := range [2]float64{x, y} {
			d := q[k] - p[k]
			if d == 0 {
				if math.Abs(p[k]-c) > half {
					hi = -1
				}
				continue
			}
			a, b := (c-half-p[k])/d, (c+half-p[k])/d
			lo, hi = max(lo, min(a, b)), min(hi, max(a, b))
		}
		if lo <= hi {
			return true
		}
	}
	return false
}

// Distant and huge coordinates are cut to the grid, not walked to.
func TestFarLines(t *testing.T) {
	t.Parallel()
	in := testInput(t, 5, 5)
	in.Barriers = []Obstacle{
		{Geometry: orb.LineString{{-4e12, 175}, {4e12, 175}}},
		{Geometry: orb.LineString{{-1e12, -1e12}, {-1e11, -1e12}}},
		{Geometry: orb.Polygon{{{-4e12, 4e12}, {-4e12, 4e12 - 1}, {-3e12, 4e12}}}},
		{Geometry: orb.Bound{Min: orb.Point{-3e12, -3e12}, Max: orb.Point{3e12, 152}}},
	}
	s, _ := build(t, in)
	if got := picture(s); got != "44444\n44444\n#####\n44444\n#####\n" {
		t.Errorf("surface\n%s", got)
	}
	in.Barriers = []Obstacle{{Geometry: orb.LineString{{1e300, 0}, {0, 0}}}}
	if _, _, err := BuildSurface(in); !fault.Is(err, fault.Invalid) {
		t.Errorf("error %v", err)
	}
}
