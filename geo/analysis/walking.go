package analysis

import (
	"context"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/travel"
)

// maxWalkingCells bounds the surface that one report walks over: some 60
// bytes a cell are in use at the peak.
const maxWalkingCells = 100 << 20

// snapMetres is how far a facility that stands in a cell nobody can walk is
// moved to the nearest one that can be walked; the report says so.
const snapMetres = 150.0

// walk is walking over the ground: land cover, slope, roads and barriers. It
// is a mover, and the ground from which people reach roads and stops.
type walk struct {
	*way
	*ground
	table   *travel.SpeedTable
	walker  travel.Profile
	surface *travel.Surface
	engine  *travel.Engine

	roadCount, barrierCount int
	refused                 int // roads that the walker keeps off
	closed                  int // roads that people on foot may not use
	notes                   travel.SurfaceNotes
}

// newWalk puts a walker on the ground.
func (w *way) newWalk(ctx context.Context, cover catalog.Dataset, walker travel.Profile, p Progress) (*walk, error) {
	g, err := w.readGround(ctx, cover, p.part(0, 0.5))
	if err != nil {
		return nil, err
	}
	k := &walk{way: w, ground: g, walker: walker}
	p.tell(0.5, "roads and barriers")
	if err := k.build(ctx); err != nil {
		return nil, err
	}
	k.engine, err = travel.Prepare(k.surface)
	return k, err
}

func (w *walk) grid() grid.Grid               { return w.lattice }
func (w *walk) passable(cell int) bool        { return w.surface.Speed[cell] > 0 }
func (w *walk) reach(seconds float64) float64 { return reachMetres(seconds, walkSpeed) }

// times walks from every facility at once.
func (w *walk) times(ctx context.Context, list []facility, o moveOptions, p Progress) (*movement, error) {
	out := &movement{}
	sources, err := w.sources(list, out)
	if err != nil {
		return nil, err
	}
	total, options := float64(w.lattice.Cells()), w.options(o)
	options.Progress = func(settled int64) { p.tell(float64(settled)/total, "walking times") }
	res, err := w.engine.Compute(ctx, sources, options)
	if err != nil {
		return nil, err
	}
	out.seconds, out.nearest = res.Seconds, res.Nearest
	return out, nil
}

// options are those of a search.
func (w *walk) options(o moveOptions) travel.Options {
	out := w.walker.Options()
	out.Direction, out.Neighbours, out.MaxSeconds = o.direction, o.neighbours, o.maxSeconds
	if o.anyWay {
		out.Solver = travel.FastMarching
	}
	return out
}

// onFoot is walking all the way. What it adds to walk is true of walking
// alone, not of what is built on a walk.
type onFoot struct{ *walk }

// nearest gives the k nearest facilities of every cell.
func (w onFoot) nearest(ctx context.Context, list []facility, k int, o moveOptions) (*travel.Nearest, error) {
	sources, err := w.sources(list, &movement{})
	if err != nil {
		return nil, err
	}
	return w.engine.KNearest(ctx, sources, k, w.options(o))
}

// catchments walks from each facility alone.
func (w onFoot) catchments(ctx context.Context, list []facility, o moveOptions, do func(int32, []int32, []float32) error) error {
	sources, err := w.sources(list, &movement{})
	if err != nil {
		return err
	}
	return w.engine.Catchments(ctx, sources, w.options(o), func(f int32, r *travel.Reach) error { return do(f, r.Cells, r.Seconds) })
}

// build puts speeds on the ground.
func (w *walk) build(ctx context.Context) error {
	if err := w.speeds(); err != nil {
		return err
	}
	info, err := gdal.DescribeCRS(w.lattice.CRS)
	if err != nil {
		return err
	}
	nodata := int32(noClass)
	in := travel.SurfaceInput{
		Grid: w.lattice, Geographic: info.Geographic, MetresPerUnit: info.MetresPerUnit,
		LandCover: w.classes, NoData: &nodata, Elevation: w.heights, Speeds: w.table, Profile: w.walker, Season: w.ground.season,
	}
	if in.Roads, err = w.roads(ctx); err != nil {
		return err
	}
	if in.Barriers, err = w.barriers(ctx); err != nil {
		return err
	}
	w.roadCount, w.barrierCount = len(in.Roads), len(in.Barriers)
	w.surface, w.notes, err = travel.BuildSurface(in)
	if err == nil {
		w.remark(&w.notes)
	}
	return err
}

// speeds settles the table.
func (w *walk) speeds() error {
	if w.q.Speeds != nil {
		w.table = w.q.Speeds
		return nil
	}
	name, err := w.walker.Speeds, error(nil)
	switch {
	case w.cover.ID == "":
		name = openSpeeds
	case name == "":
		name, err = builtinFor(w.classes, w.cover.ID)
	}
	if err != nil {
		return err
	}
	w.table, err = travel.BuiltinSpeeds(name)
	return err
}

// builtinFor finds the built-in speed table that knows every class there is.
func builtinFor(classes []int32, dataset string) (string, error) {
	seen := map[int32]bool{}
	for _, c := range classes {
		if c != noClass {
			seen[c] = true
		}
	}
	for _, name := range travel.BuiltinSpeedNames() {
		t, err := travel.BuiltinSpeeds(name)
		if err != nil {
			return "", err
		}
		knows := true
		for c := range seen {
			if _, listed, _ := t.LandCover(c); !listed {
				knows = false
				break
			}
		}
		if knows {
			return name, nil
		}
	}
	list := make([]int, 0, len(seen))
	for c := range seen {
		list = append(list, int(c))
	}
	sort.Ints(list)
	return "", fault.WithHint(
		fault.Errorf("analysis.speeds", fault.Invalid, "no built-in speed table knows the classes of land cover %q: %v", dataset, list[:min(40, len(list))]),
		"write one and give it with --speeds; the built-in ones ("+strings.Join(travel.BuiltinSpeedNames(), ", ")+") show the form")
}

// remark turns what became of the input into notices.
func (w *walk) remark(n *travel.SurfaceNotes) {
	if n.NoData > 0 {
		w.notice("landcover-nodata",
			notice.Text("%d [cell has|cells have] no land cover and cannot be walked, unless by a road.", n.NoData),
			notice.Italian("%d [cella non ha copertura del suolo e non è percorribile|celle non hanno copertura del suolo e non sono percorribili], se non su strada.", n.NoData))
	}
	if list := n.Unlisted(); len(list) > 0 {
		w.notice("landcover-unlisted",
			notice.Text("%d land-cover [class is not in the speed table and takes|classes are not in the speed table and take] its default row.", len(list)),
			notice.Italian("%d [classe di copertura del suolo non è nella tabella delle velocità e prende|classi di copertura del suolo non sono nella tabella delle velocità e prendono] la riga predefinita.", len(list)))
	}
	if w.refused > 0 {
		w.notice("roads-refused",
			notice.Text("%d [road is|roads are] left out: the profile %s keeps off steps, tracks and rough surfaces.", w.refused, w.walker.Name),
			notice.Italian("%d [strada è esclusa|strade sono escluse]: il profilo %s non passa su scale, piste e superfici sconnesse.", w.refused, w.walker.Name))
	}
	if w.closed > 0 {
		w.notice("roads-closed-on-foot",
			notice.Text("%d [road is|roads are] closed to people on foot by what the data say of access (no, private): neither a way nor a bridge for them.", w.closed),
			notice.Italian("%d [strada è chiusa|strade sono chiuse] ai pedoni secondo quanto i dati dicono dell'accesso (no, privato): per loro non [è|sono] né via né ponte.", w.closed))
	}
	for _, class := range slices.Sorted(maps.Keys(n.UnlistedRoads)) {
		count := n.UnlistedRoads[class]
		w.notice("road-class-unlisted",
			notice.Text("%d [road|roads] of class %q [is not in the speed table and was|are not in the speed table and were] left out.", count, class),
			notice.Italian("%d [strada|strade] di classe %q non [è nella tabella delle velocità ed è stata esclusa|sono nella tabella delle velocità e sono state escluse].", count, class))
	}
}

// method tells how the times are made.
func (w *walk) method() (string, []coverage.Parameter, []coverage.Formula) {
	q := w.q
	direction := "to-facility"
	if q.Direction == travel.FromFacility {
		direction = "from-facility"
	}
	neighbours := q.Neighbours
	if neighbours == 0 {
		neighbours = 16
	}
	label := func(en, it string) map[string]string { return map[string]string{"en": en, "it": it} }
	return "walking over land cover, roads and slope: shortest times by Dijkstra's algorithm on the grid, from every inhabited cell, with no limit",
		append(w.seasonParameters(), []coverage.Parameter{
			{Name: "direction", Value: direction},
			{Name: "neighbours", Value: neighbours},
			{Name: "crs", Value: w.lattice.CRS.Short()},
			{Name: "cell-size", Value: math.Abs(w.lattice.Transform[1]), Unit: unitOf(w.lattice.CRS)},
			{Name: "grid-cells", Value: w.lattice.Cells(), Label: label("Cells of ground taken in", "Celle di terreno considerate")},
			{Name: "speed-table", Value: w.table.Name + " sha256 " + w.table.SHA256()[:16], Label: label("Speed table", "Tabella delle velocità"), Source: "see the table's source column"},
			{Name: "speed-factor", Value: w.walker.SpeedFactor, Label: label("Factor on walking speeds", "Fattore sulle velocità a piedi"), Source: w.walker.Assumption},
			{Name: "roads", Value: w.roadCount, Label: label("Roads and paths", "Strade e sentieri")},
			{Name: "barriers", Value: w.barrierCount, Label: label("Barriers", "Barriere")},
			{Name: "passable-cells", Value: w.notes.Passable, Label: label("Cells that can be walked", "Celle percorribili")},
			{Name: "bridges", Value: w.notes.RoadOpened, Label: label("Closed cells that a road opens (bridges)", "Celle chiuse aperte da una strada (ponti)")},
		}...),
		[]coverage.Formula{
			{Name: "slope", Text: "v = v_class · exp(−3.5·(|S + 0.05| − 0.05)), S = rise / run in the direction of walking", Source: "Tobler 1993, normalised to level ground"},
			{Name: "step", Text: "t = Σ d_i / v_i over the parts of a step (harmonic: speeds are never averaged)", Source: "AccessMod 5, GRASS r.walk"},
		}
}

// seasonParameters say what snow and water do to the ground.
func (w *walk) seasonParameters() []coverage.Parameter {
	s := w.ground.season
	if s == nil {
		return nil
	}
	return []coverage.Parameter{
		{Name: "season", Value: s.Title["en"], Label: words("Season", "Stagione"), Source: s.Name},
		{Name: "season-closed", Value: w.notes.SeasonClosed, Label: words("Cells closed by the season", "Celle chiuse dalla stagione")},
		{Name: "season-slowed", Value: w.notes.SeasonSlowed, Label: words("Cells slowed by the season", "Celle rallentate dalla stagione")},
	}
}

func unitOf(c geo.CRS) string {
	if info, err := gdal.DescribeCRS(c); err == nil && !info.Geographic {
		return "m"
	}
	return "°"
}

// sources places the facilities on the surface. Those outside are left out
// and named; those in a cell nobody can walk move to the nearest that can be.
func (w *walk) sources(list []facility, m *movement) ([]travel.Source, error) {
	s := w.surface
	tr, err := crs.New(geo.WGS84, w.lattice.CRS)
	if err != nil {
		return nil, err
	}
	inv, ok := w.lattice.Transform.Invert()
	if !ok {
		return nil, fault.Errorf("analysis.walking", fault.Invalid, "the land cover's georeference is degenerate")
	}
	reach := max(1, int(math.Ceil(snapMetres/s.CellW[len(s.CellW)/2])))
	var out []travel.Source
	moved := 0
	for i, f := range list {
		xs, ys := []float64{f.lon}, []float64{f.lat}
		if err := tr.Points(xs, ys); err != nil {
			return nil, err
		}
		c, r := inv.Apply(xs[0], ys[0])
		col, row := int(math.Floor(c)), int(math.Floor(r))
		if s.Cell(col, row) < 0 {
			m.leaveOut(f, "outside the land cover", "fuori dalla copertura del suolo")
			continue
		}
		if !s.Passable(col, row) {
			near, ok := travel.NearestPassable(s, col, row, reach)
			if !ok || near.Metres > snapMetres {
				m.leaveOut(f, notice.Text("no ground that can be walked within %g m", snapMetres), notice.Italian("nessun terreno percorribile entro %g m", snapMetres))
				continue
			}
			col, row = near.Col, near.Row
			moved++
		}
		out = append(out, travel.Source{Col: col, Row: row, Facility: int32(i)})
	}
	if moved > 0 {
		w.notice("facilities-moved",
			notice.Text("%d [facility stands in a cell that cannot be walked and was|facilities stand in cells that cannot be walked and were] moved to the nearest that can, at most %g m away.", moved, snapMetres),
			notice.Italian("%d [punto di servizio sta in una cella non percorribile ed è stato spostato|punti di servizio stanno in celle non percorribili e sono stati spostati] alla più vicina percorribile, a non più di %g m.", moved, snapMetres))
	}
	return out, nil
}

// leaveOut lists a facility that cannot be placed.
func (m *movement) leaveOut(f facility, reason, motivo string) {
	lon, lat := f.lon, f.lat
	m.unplaced = append(m.unplaced, coverage.UnplacedFacility{ID: f.id, Name: f.name, Names: f.names, Reason: reason, Reasons: map[string]string{"it": motivo}, Lon: &lon, Lat: &lat})
}
