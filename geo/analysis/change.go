package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
)

// DifferenceRequest asks how much a value changed between two times.
type DifferenceRequest struct {
	MapWhere
	Before, After Pictures
	// Burned turns dNBR into classes of burn severity.
	Burned bool
}

// severity are the classes of dNBR in the order of their lower ends
// (Key and Benson 2006, FIREMON landscape assessment, table LA-1).
var severity = []struct {
	from float64
	catalog.Class
}{
	{math.Inf(-1), catalog.Class{Value: 1, Name: "high regrowth", Color: "#1a6b3c"}},
	{-0.25, catalog.Class{Value: 2, Name: "low regrowth", Color: "#8cc084"}},
	{-0.1, catalog.Class{Value: 3, Name: "unburned", Color: "#eeece4"}},
	{0.1, catalog.Class{Value: 4, Name: "low severity", Color: "#f6d55c"}},
	{0.27, catalog.Class{Value: 5, Name: "moderate-low severity", Color: "#f49e4c"}},
	{0.44, catalog.Class{Value: 6, Name: "moderate-high severity", Color: "#d95d39"}},
	{0.66, catalog.Class{Value: 7, Name: "high severity", Color: "#8b1e3f"}},
}

// Difference makes a map of after − before; with Burned one of severity from
// before − after of NBR.
func (e *Engine) Difference(ctx context.Context, q DifferenceRequest, p Progress) (*Map, error) {
	if q.Burned {
		for _, side := range []*Pictures{&q.Before, &q.After} {
			if side.Value == "" {
				side.Value = "nbr"
			}
		}
	}
	r, areas, box, err := e.beginMap(ctx, q.MapWhere)
	if err != nil {
		return nil, err
	}
	before, err := r.found(q.Before, box)
	if err != nil {
		return nil, fmt.Errorf("before: %w", err)
	}
	after, err := r.found(q.After, box)
	if err != nil {
		return nil, fmt.Errorf("after: %w", err)
	}
	if before.classes != nil || after.classes != nil {
		return nil, fault.WithHint(fault.Errorf("analysis.Difference", fault.Invalid, "%s holds classes, which have no difference", before.dataset.ID), "use a transition")
	}
	g, err := after.over(box)
	if err != nil {
		return nil, err
	}
	pl := &plan{grid: g, layers: []layer{r.layerOf(after), r.layerOf(before)}}
	m := &Map{Process: "difference", Title: fmt.Sprintf("%s, %s minus %s", after.label, after.when(), before.when()), Role: catalog.OtherRole, Unit: after.unit}
	m.Method = fmt.Sprintf("%s after minus %s before, cell by cell where both were seen", after.label, before.label)
	name := "difference"
	if q.Burned {
		name = "burned-area"
		burnedPlan(m, pl)
		m.Title = fmt.Sprintf("Burn severity, %s / %s", before.when(), after.when())
	} else {
		pl.dtype, pl.nodata, pl.bands = "float32", math.NaN(), []gdal.BandSpec{{Name: after.label, Unit: after.unit}}
		pl.cells = func(in []*mosaic.Result, out [][]float32) { subtract(in, out[0]) }
	}
	m.Files = []MapFile{{Path: mapPath(q.Dir, name, after), Datetime: newest(after)}}
	if err := r.draw(ctx, m.Files[0].Path, pl, p.part(0, 0.9)); err != nil {
		return nil, err
	}
	if err := r.measure(ctx, m, areas, p.part(0.9, 1)); err != nil {
		return nil, err
	}
	used := map[string][]string{before.dataset.ID: ids(before.items)}
	used[after.dataset.ID] = append(used[after.dataset.ID], ids(after.items)...)
	return m, r.seal(m, map[string]any{"before": q.Before.parameters(), "after": q.After.parameters(), "burned": q.Burned}, used)
}

// subtract is the first layer minus the second.
func subtract(in []*mosaic.Result, out []float32) {
	a, b := in[0].Bands[0], in[1].Bands[0]
	for i := range out {
		if in[0].Mask[i] == 0 || in[1].Mask[i] == 0 {
			out[i] = missing
		} else {
			out[i] = a[i] - b[i]
		}
	}
}

func burnedPlan(m *Map, pl *plan) {
	m.Process, m.Role, m.Unit = "burned-area", catalog.Hazard, ""
	m.Method = "dNBR = NBR before − NBR after, in the classes of Key and Benson (2006, FIREMON)"
	for _, s := range severity {
		m.Classes = append(m.Classes, s.Class)
	}
	band := gdal.BandSpec{Name: "severity"}
	categories(&band, m.Classes)
	pl.dtype, pl.nodata, pl.bands = "uint8", 0, []gdal.BandSpec{band}
	pl.cells = func(in []*mosaic.Result, out [][]float32) {
		subtract(in, out[0])
		for i, v := range out[0] {
			if v == v {
				out[0][i] = severityOf(-float64(v))
			}
		}
	}
}

func severityOf(dnbr float64) float32 {
	k := 0
	for k+1 < len(severity) && dnbr >= severity[k+1].from {
		k++
	}
	return float32(severity[k].Value)
}

// TransitionRequest asks what became of each class between two maps.
type TransitionRequest struct {
	MapWhere
	From, To Pictures // one band of classes each
}

// Transition is the details of a transition map: hectares from each class to
// each other, over all areas and by area.
type Transition struct {
	From  []catalog.Class    `json:"from"`
	To    []catalog.Class    `json:"to"`
	Total [][]float64        `json:"total"` // [from][to] hectares
	Areas []TransitionMatrix `json:"areas"`
}

// TransitionMatrix is that of one area.
type TransitionMatrix struct {
	Code     string      `json:"code"`
	Name     string      `json:"name"`
	Hectares [][]float64 `json:"hectares"` // [from][to]
}

// maxTransitionClasses bounds the classes of each of the two maps.
const maxTransitionClasses = 64

// Transitions makes a map of the class before and after in each cell.
func (e *Engine) Transitions(ctx context.Context, q TransitionRequest, p Progress) (*Map, error) {
	r, areas, box, err := e.beginMap(ctx, q.MapWhere)
	if err != nil {
		return nil, err
	}
	from, err := r.classesOf(q.From, box)
	if err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	to, err := r.classesOf(q.To, box)
	if err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	pl := &plan{dtype: "uint16", nodata: 0, layers: []layer{r.layerOf(from), r.layerOf(to)}}
	if pl.grid, err = finer(from, to, box); err != nil {
		return nil, err
	}
	m := &Map{
		Process: "land-change", Title: fmt.Sprintf("Land change, %s / %s", from.when(), to.when()), Role: catalog.OtherRole,
		Method: "class of each cell before and after on the grid of the finer map, by the nearest cell of the other; hectares with the exact share of each cell",
	}
	n := len(to.classes)
	for i, a := range from.classes {
		for k, b := range to.classes {
			m.Classes = append(m.Classes, catalog.Class{Value: 1 + i*n + k, Name: className(a) + " → " + className(b), Color: transitionColour(a, b)})
		}
	}
	// Colours stand beside the file: a palette of 16 bits would be larger than
	// the map, in each of its overviews.
	pl.bands = []gdal.BandSpec{{Name: "transition"}}
	for _, c := range m.Classes {
		for len(pl.bands[0].Categories) <= c.Value {
			pl.bands[0].Categories = append(pl.bands[0].Categories, "")
		}
		pl.bands[0].Categories[c.Value] = c.Name
	}
	pl.cells = transitionCells(from.classes, to.classes)
	m.Files = []MapFile{{Path: mapPath(q.Dir, "land-change", to), Datetime: newest(to)}}
	if err := r.draw(ctx, m.Files[0].Path, pl, p.part(0, 0.8)); err != nil {
		return nil, err
	}
	if err := r.measure(ctx, m, areas, p.part(0.8, 1)); err != nil {
		return nil, err
	}
	if err := writeAttributes(m.Files[0].Path, m.Classes); err != nil {
		return nil, err
	}
	m.Details = transitionOf(from.classes, to.classes, m.Areas)
	used := map[string][]string{from.dataset.ID: ids(from.items)}
	used[to.dataset.ID] = append(used[to.dataset.ID], ids(to.items)...)
	return m, r.seal(m, map[string]any{"from": q.From.parameters(), "to": q.To.parameters()}, used)
}

// classesOf finds pictures whose value is a band of classes.
func (r *run) classesOf(q Pictures, box *geo.BBox) (*pictures, error) {
	const op = "analysis.Transitions"
	p, err := r.found(q, box)
	if err != nil {
		return nil, err
	}
	if len(p.classes) == 0 {
		return nil, fault.Errorf(op, fault.Invalid, "%s of dataset %s holds no classes", p.label, p.dataset.ID)
	}
	// Each picture lists the classes that it has; a map has those of all.
	seen := map[int]bool{}
	var all []catalog.Class
	for _, it := range p.items {
		n, err := bandOf(it, p.query.Bands[0])
		if err != nil {
			return nil, err
		}
		for _, c := range it.Bands[n-1].Classes {
			if !seen[c.Value] {
				seen[c.Value] = true
				all = append(all, c)
			}
		}
	}
	slices.SortFunc(all, func(a, b catalog.Class) int { return a.Value - b.Value })
	if len(all) > maxTransitionClasses {
		return nil, fault.Errorf(op, fault.TooLarge, "%d classes in %s; the limit is %d", len(all), p.dataset.ID, maxTransitionClasses)
	}
	p.classes = all
	return p, nil
}

// finer is the grid of whichever map has the smaller cells.
func finer(a, b *pictures, box *geo.BBox) (grid.Grid, error) {
	ga, err := a.over(box)
	if err != nil {
		return ga, err
	}
	gb, err := b.over(box)
	if err != nil {
		return gb, err
	}
	sa, err := crs.CellAreas(ga)
	if err != nil {
		return ga, err
	}
	sb, err := crs.CellAreas(gb)
	if err != nil {
		return gb, err
	}
	if sb(gb.Height/2) < sa(ga.Height/2)*0.999 {
		return gb, nil
	}
	return ga, nil
}

func transitionCells(from, to []catalog.Class) func([]*mosaic.Result, [][]float32) {
	rank := func(classes []catalog.Class) map[float32]int {
		out := make(map[float32]int, len(classes))
		for i, c := range classes {
			out[float32(c.Value)] = i + 1
		}
		return out
	}
	fromAt, toAt, n := rank(from), rank(to), len(to)
	return func(in []*mosaic.Result, out [][]float32) {
		a, b := in[0], in[1]
		lastA, lastB := missing, missing
		i1, k1 := 0, 0
		for i := range out[0] {
			if a.Mask[i] == 0 || b.Mask[i] == 0 {
				out[0][i] = missing
				continue
			}
			if v := a.Bands[0][i]; v != lastA { // runs of one class are the rule
				lastA, i1 = v, fromAt[v]
			}
			if v := b.Bands[0][i]; v != lastB {
				lastB, k1 = v, toAt[v]
			}
			if i1 == 0 || k1 == 0 {
				out[0][i] = missing
				continue
			}
			out[0][i] = float32(1 + (i1-1)*n + k1 - 1)
		}
	}
}

func transitionOf(from, to []catalog.Class, areas []MapArea) *Transition {
	t := &Transition{From: from, To: to, Total: matrix(len(from), len(to))}
	for _, a := range areas {
		m := TransitionMatrix{Code: a.Code, Name: a.Name, Hectares: matrix(len(from), len(to))}
		for i := range from {
			for k := range to {
				ha := a.Hectares[i*len(to)+k]
				m.Hectares[i][k] = ha
				t.Total[i][k] += ha
			}
		}
		t.Areas = append(t.Areas, m)
	}
	return t
}

func matrix(rows, cols int) [][]float64 {
	out := make([][]float64, rows)
	for i := range out {
		out[i] = make([]float64, cols)
	}
	return out
}

func className(c catalog.Class) string {
	if c.Name != "" {
		return c.Name
	}
	return fmt.Sprint(c.Value)
}

// transitionColour shows what a cell became; where nothing changed it is pale.
func transitionColour(from, to catalog.Class) string {
	if strings.EqualFold(className(from), className(to)) {
		return "#e9e7e0"
	}
	return to.Color
}
