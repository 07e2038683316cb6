package analysis

import (
	"context"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/travel"
	"contado/geo/travel/accessmod"
)

// AccessModRequest asks for coverage and capacity as AccessMod 5 has them.
type AccessModRequest struct {
	Territory string // its lowest territories are the zones
	Service   string
	Scenario  *accessmod.Scenario
	// Datasets; by role when empty, elevation "none" for level ground.
	LandCover, Elevation, Population string
	Roads, Barriers                  []string
	// Stack lists datasets, the first on top; empty: roads, barriers, land cover.
	Stack []string
	// Minutes are the limits of the table by zone.
	Minutes     []int
	Strict      bool // minutes < limit, as AccessMod 5.8 counted
	KeepBridges bool // leave one-cell diagonal leaks of roads over barriers
	accessmod.Options
	// Capacity, when set, takes the facilities one by one.
	Capacity *AccessModCapacity
	// TimesFile, when set, gets the minutes as a GeoTIFF (int16, −1 not reached).
	TimesFile string
}

// AccessModCapacity asks for a capacity analysis.
type AccessModCapacity struct {
	Field      string // attribute that holds the capacity
	OrderField string // attribute to rank by, for accessmod.ByField
	accessmod.CapacityOptions
}

// AccessModSchema names the form of an AccessModResult.
const AccessModSchema = "contado/accessmod/1"

// AccessModResult is the answer; names of columns as in AccessMod.
type AccessModResult struct {
	Schema    string                      `json:"schema"`
	Territory coverage.Territory          `json:"territory"`
	Service   string                      `json:"service"`
	Method    AccessModMethod             `json:"method"`
	People    AccessModPeople             `json:"people"`
	Zones     []AccessModZone             `json:"zones"`
	Capacity  []AccessModFacility         `json:"capacity,omitempty"`
	Unplaced  []coverage.UnplacedFacility `json:"unplaced"`
	Inputs    []coverage.Input            `json:"inputs"`
	Notices   []coverage.Notice           `json:"notices"`
	Program   coverage.Program            `json:"program"`
}

// AccessModMethod says how the times were made.
type AccessModMethod struct {
	Scenario      string   `json:"scenario"`
	Stack         []string `json:"stack"`
	BridgesClosed int      `json:"bridges_closed"`
	Towards       bool     `json:"towards_facilities"`
	Knight        bool     `json:"knights_move"`
	Isotropic     bool     `json:"isotropic"`
	Rounding      string   `json:"rounding"`  // up, down
	Threshold     string   `json:"threshold"` // inclusive, strict
	OrderBound    string   `json:"order,omitempty"`
}

// AccessModPeople counts everyone in the zones.
type AccessModPeople struct {
	Total     float64 `json:"total"`
	OnBarrier float64 `json:"on_barrier"`
	Timeless  float64 `json:"unreachable"` // those on barriers among them
}

// AccessModZone is a row of the table by zone.
type AccessModZone struct {
	Code              string   `json:"code"`
	Name              string   `json:"name"`
	TimeM             int      `json:"time_m"`
	PopTotal          float64  `json:"popTotal"`
	PopTravelTime     float64  `json:"popTravelTime"`
	PopCoveredPercent *float64 `json:"popCoveredPercent"` // null without people
}

// AccessModFacility is a row of the capacity table.
type AccessModFacility struct {
	ID                  string   `json:"id"`
	Name                string   `json:"name"`
	RankComputed        int      `json:"amRankComputed"`
	RankValues          float64  `json:"amRankValues"`
	TravelTimeMax       int      `json:"amTravelTimeMax"`
	PopTravelTimeMax    float64  `json:"amPopTravelTimeMax"`
	CorrPopTime         *float64 `json:"amCorrPopTime"`
	Capacity            float64  `json:"capacity"`
	TravelTimeCatchment int      `json:"amTravelTimeCatchment"`
	PopCatchmentTotal   float64  `json:"amPopCatchmentTotal"`
	CapacityRealised    float64  `json:"amCapacityRealised"`
	CapacityResidual    float64  `json:"amCapacityResidual"`
	PopCatchmentDiff    float64  `json:"amPopCatchmentDiff"`
	PopCoveredPercent   *float64 `json:"amPopCoveredPercent"`
	OnBarrier           bool     `json:"on_barrier"`
}

const opAccessMod = "analysis.AccessMod"

// accessMod is one such question being answered.
type accessMod struct {
	*run
	q      *AccessModRequest
	areas  []area
	box    geo.BBox
	grid   grid.Grid
	ground accessmod.Ground
	people []float64
	zone   []int32
	out    *AccessModResult
}

// AccessMod computes travel times, coverage by zone and, when asked, capacity
// as AccessMod 5 does, on the cells of the land cover.
func (e *Engine) AccessMod(ctx context.Context, q AccessModRequest, p Progress) (*AccessModResult, error) {
	if q.Scenario == nil || len(q.Minutes) == 0 {
		return nil, fault.Errorf(opAccessMod, fault.Invalid, "accessmod: a scenario of speeds and at least one limit in minutes are needed")
	}
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	m := &accessMod{run: r, q: &q, out: &AccessModResult{Schema: AccessModSchema, Unplaced: []coverage.UnplacedFacility{}}}
	t, err := r.territory(q.Territory)
	if err != nil {
		return nil, err
	}
	if m.areas, m.box, err = r.leaves(ctx, q.Territory); err != nil {
		return nil, err
	}
	service, err := r.service(q.Service)
	if err != nil {
		return nil, err
	}
	m.out.Territory, m.out.Service = coverage.Territory{Code: t.Code, Name: t.Name}, service.String()
	for _, step := range []struct {
		share float64
		stage string
		do    func(context.Context) error
	}{{0.05, "land cover", m.merge}, {0.3, "elevation", m.relief}, {0.4, "people", m.count}} {
		p.tell(step.share, step.stage)
		if err := step.do(ctx); err != nil {
			return nil, err
		}
	}
	if err := m.answer(ctx, service, p); err != nil {
		return nil, err
	}
	m.out.Inputs, m.out.Notices, m.out.Program = inputsOf(r), noticesOf(r), r.programOf()
	return m.out, nil
}

// merge stacks land cover, roads and barriers into codes.
func (m *accessMod) merge(ctx context.Context) error {
	cover, found, err := m.pick(catalog.LandCover, m.q.LandCover, "--landcover", m.box)
	if err != nil {
		return err
	}
	if !found {
		return fault.Errorf(opAccessMod, fault.Invalid, "no dataset of role landcover covers the territory")
	}
	item, err := m.oneItem(cover, "", "", &m.box)
	if err != nil {
		return err
	}
	if item.Grid.Cells() > maxWalkingCells {
		return fault.Errorf(opAccessMod, fault.TooLarge, "land cover %q has %d cells, the limit is %d", cover.ID, item.Grid.Cells(), maxWalkingCells)
	}
	m.grid = item.Grid
	m.ground.Width, m.ground.Height = m.grid.Width, m.grid.Height
	if m.ground.CellW, m.ground.CellH, err = metricCells(m.grid); err != nil {
		return err
	}
	stack, err := m.stack(ctx, cover, item)
	if err != nil {
		return err
	}
	merged, err := accessmod.Merge(stack)
	if err != nil {
		return err
	}
	method := &m.out.Method
	for _, l := range stack {
		method.Stack = append(method.Stack, l.Name)
	}
	if !m.q.KeepBridges {
		method.BridgesClosed = accessmod.CloseBridges(merged, m.grid.Width, stack)
	}
	codes, unlisted := m.q.Scenario.Codes(merged)
	for _, class := range slices.Sorted(maps.Keys(unlisted)) {
		n := unlisted[class]
		return fault.WithHint(fault.Errorf(opAccessMod, fault.Invalid, "scenario %s does not list class %d (%d cells)", m.q.Scenario.Name, class, n),
			"add a row for it; speed 0 is a barrier")
	}
	m.ground.Codes = codes
	return nil
}

// metricCells is the size of cells of a projected grid in metres.
func metricCells(g grid.Grid) (w, h float64, err error) {
	info, err := gdal.DescribeCRS(g.CRS)
	if err != nil {
		return 0, 0, err
	}
	if info.Geographic || g.Transform[2] != 0 || g.Transform[4] != 0 {
		return 0, 0, fault.WithHint(fault.Errorf(opAccessMod, fault.Unsupported, "AccessMod works on projected grids that are not rotated; the land cover's is in %s", g.CRS.Short()),
			"warp the land cover to the UTM zone of the territory")
	}
	unit := info.MetresPerUnit
	if unit == 0 {
		unit = 1
	}
	return math.Abs(g.Transform[1]) * unit, math.Abs(g.Transform[5]) * unit, nil
}

// stack reads the layers, the first on top.
func (m *accessMod) stack(ctx context.Context, cover catalog.Dataset, item catalog.Item) ([]accessmod.Layer, error) {
	roads, err := m.all(catalog.Road, m.q.Roads, m.box)
	if err != nil {
		return nil, err
	}
	barriers, err := m.all(catalog.Barrier, m.q.Barriers, m.box)
	if err != nil {
		return nil, err
	}
	layers := slices.Concat(roads, barriers, []catalog.Dataset{cover})
	if len(m.q.Stack) > 0 {
		layers = nil
		for _, id := range m.q.Stack {
			d, err := m.snapshot.Dataset(id)
			if err != nil {
				return nil, err
			}
			layers = append(layers, d)
		}
	}
	var out []accessmod.Layer
	for _, d := range layers {
		l := accessmod.Layer{Name: d.ID, Road: d.Role == catalog.Road, Barrier: d.Role == catalog.Barrier}
		if d.ID == cover.ID {
			l.Classes, err = m.classes(ctx, d, item)
		} else {
			l.Classes, err = m.burn(ctx, d, l.Barrier)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

func (m *accessMod) classes(ctx context.Context, d catalog.Dataset, item catalog.Item) ([]int32, error) {
	m.used(d)
	values := make([]float32, m.grid.Cells())
	if _, err := m.resample(ctx, []catalog.Item{item}, 1, m.grid, false, values); err != nil {
		return nil, err
	}
	out := make([]int32, len(values))
	for i, v := range values {
		out[i] = accessmod.NoClass
		if v == v && math.Abs(float64(v)) < math.MaxInt32 {
			out[i] = int32(v)
		}
	}
	return out, nil
}

// burn gives a vector layer's classes: roads by their whole-number class into
// every cell that they pass, barriers as 1; areas by the cells' centres. Where
// several features meet, the last one stands.
func (m *accessMod) burn(ctx context.Context, d catalog.Dataset, barrier bool) ([]int32, error) {
	if d.Kind != catalog.Vector {
		return nil, fault.Errorf(opAccessMod, fault.Unsupported, "layer %q of the stack is no vector dataset", d.ID)
	}
	out := slices.Repeat([]int32{accessmod.NoClass}, int(m.grid.Cells()))
	reader := &walk{way: &way{setting: &setting{run: m.run}, run: m.run}, ground: &ground{lattice: m.grid}}
	var failed error
	err := reader.each(ctx, d, roadClassFields, func(_ geo.Feature, g orb.Geometry, class string) {
		n := int64(1)
		var err error
		if !barrier {
			if n, err = strconv.ParseInt(class, 10, 32); err != nil {
				err = fault.WithHint(fault.Errorf(opAccessMod, fault.Invalid, "a road of %s has class %q, AccessMod's are whole numbers", d.ID, class), "give roads a numeric attribute named class")
			}
		}
		if err == nil {
			err = travel.Cells(m.grid, g, travel.Centre, func(cell int) { out[cell] = int32(n) })
		}
		if failed == nil {
			failed = err
		}
	})
	return out, firstError(failed, err)
}

func (m *accessMod) relief(ctx context.Context) error {
	if m.q.Elevation == "none" {
		return nil
	}
	d, found, err := m.pick(catalog.Elevation, m.q.Elevation, "--elevation", m.box)
	if err != nil || !found {
		return err
	}
	m.used(d)
	m.ground.Elevation = make([]float32, m.grid.Cells())
	return m.read(ctx, d, m.ground.Elevation)
}

// read resamples a raster to the grid by the nearest cell, as GRASS does.
func (m *accessMod) read(ctx context.Context, d catalog.Dataset, dst []float32) error {
	box, err := boxIn(m.grid, geo.WGS84)
	if err != nil {
		return err
	}
	_, err = m.resample(ctx, m.snapshot.Items(d.ID, &box), 1, m.grid, false, dst)
	return err
}

// count reads people and zones.
func (m *accessMod) count(ctx context.Context) error {
	d, found, err := m.pick(catalog.Population, m.q.Population, "--population", m.box)
	if err != nil {
		return err
	}
	if !found || d.Kind != catalog.Raster {
		return fault.Errorf(opAccessMod, fault.Invalid, "AccessMod needs a population raster over the territory")
	}
	item, err := m.oneItem(d, "", "", &m.box)
	if err != nil {
		return err
	}
	if item.Grid.Transform != m.grid.Transform || item.Grid.Width != m.grid.Width || item.Grid.Height != m.grid.Height {
		return fault.WithHint(fault.Errorf(opAccessMod, fault.Invalid, "population %q is not on the cells of the land cover: people would be lost or counted twice", d.ID),
			"warp it to the same grid with gdalwarp -r sum")
	}
	m.used(d)
	values := make([]float32, m.grid.Cells())
	if err := m.read(ctx, d, values); err != nil {
		return err
	}
	m.people = make([]float64, len(values))
	for i, v := range values {
		m.people[i] = float64(v)
	}
	m.zone, err = areaOfCells(m.areas, m.grid)
	return err
}

// cells places the facilities; those off the grid are listed as unplaced.
func (m *accessMod) cells(list []facility) (placed []facility, cells []int, err error) {
	tr, err := crs.New(geo.WGS84, m.grid.CRS)
	if err != nil {
		return nil, nil, err
	}
	inv, ok := m.grid.Transform.Invert()
	if !ok {
		return nil, nil, fault.Errorf(opAccessMod, fault.Invalid, "the land cover's georeference is degenerate")
	}
	for _, f := range list {
		xs, ys := []float64{f.lon}, []float64{f.lat}
		if err := tr.Points(xs, ys); err != nil {
			return nil, nil, err
		}
		c, r := inv.Apply(xs[0], ys[0])
		col, row := int(math.Floor(c)), int(math.Floor(r))
		if col < 0 || row < 0 || col >= m.grid.Width || row >= m.grid.Height {
			m.leaveOut(f, "outside the land cover")
			continue
		}
		placed, cells = append(placed, f), append(cells, row*m.grid.Width+col)
	}
	return placed, cells, nil
}

func (m *accessMod) leaveOut(f facility, reason string) {
	lon, lat := f.lon, f.lat
	m.out.Unplaced = append(m.out.Unplaced, coverage.UnplacedFacility{ID: f.id, Name: f.name, Names: f.names, Reason: reason, Lon: &lon, Lat: &lat})
}
