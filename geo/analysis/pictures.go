package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// Pictures says which rasters of a dataset take part, and what is read of them.
type Pictures struct {
	Dataset string
	// Value is what a cell is worth: the name of an index (ndvi), a band, or
	// an expression of bands; "" is the first band.
	Value string
	// Mask leaves cells out, such as "clouds"; see expr.ParseMask.
	Mask string
	// Cloud is the most cloud cover of a picture in percent; pictures that do
	// not say theirs are left out. nil takes all.
	Cloud *float64
	// From and To bound the time, both inclusive; zero is open.
	From, To time.Time
	Items    []string // only these; empty means all
	Select   mosaic.Selection
}

// pictures are Pictures found in the catalog.
type pictures struct {
	dataset catalog.Dataset
	items   []catalog.Item // oldest first, those without a time before all
	query   mosaic.Query
	label   string // of the value: "NDVI", "B04"
	unit    string
	classes []catalog.Class // when the value is one band of classes
	left    int             // pictures left out for their clouds
}

// find looks the pictures up that meet a box (WGS 84).
func (r *run) find(p Pictures, box *geo.BBox) (*pictures, error) {
	const op = "analysis.pictures"
	d, err := r.snapshot.Dataset(p.Dataset)
	if err != nil {
		return nil, err
	}
	if d.Kind != catalog.Raster {
		return nil, fault.Errorf(op, fault.Invalid, "dataset %q is a %s dataset, not a raster", d.ID, d.Kind)
	}
	out := &pictures{dataset: d}
	for _, it := range r.snapshot.Items(d.ID, box) {
		switch {
		case len(p.Items) > 0 && !slices.Contains(p.Items, it.ID), !within(it.Datetime, p.From, p.To):
		case p.Cloud != nil && (it.CloudCover == nil || *it.CloudCover > *p.Cloud):
			out.left++
		default:
			out.items = append(out.items, it)
		}
	}
	slices.SortStableFunc(out.items, oldestFirst)
	for _, id := range p.Items {
		if !slices.ContainsFunc(out.items, func(it catalog.Item) bool { return it.ID == id }) {
			return nil, fault.Errorf(op, fault.NotExist, "dataset %q has no raster %.80q%s (it has %s)", d.ID, id, p.limits(box), itemIDs(r.snapshot.Items(d.ID, nil)))
		}
	}
	if len(out.items) == 0 {
		return nil, fault.Errorf(op, fault.NotExist, "dataset %q has no raster%s (it has %s)", d.ID, p.limits(box), itemIDs(r.snapshot.Items(d.ID, nil)))
	}
	if err := out.value(p); err != nil {
		return nil, fmt.Errorf("dataset %s: %w", d.ID, err)
	}
	return out, nil
}

// limits words what pictures were asked for, to say that there is none.
func (p *Pictures) limits(box *geo.BBox) string {
	var out string
	if box != nil {
		out += " over the area asked for"
	}
	if !p.From.IsZero() || !p.To.IsZero() {
		out += " of that time"
	}
	if p.Cloud != nil {
		out += fmt.Sprintf(" with at most %g %% of clouds", *p.Cloud)
	}
	return out
}

func within(t *time.Time, from, to time.Time) bool {
	if from.IsZero() && to.IsZero() {
		return true
	}
	return t != nil && (from.IsZero() || !t.Before(from)) && (to.IsZero() || !t.After(to))
}

func oldestFirst(a, b catalog.Item) int {
	switch {
	case a.Datetime == nil && b.Datetime == nil:
		return strings.Compare(a.ID, b.ID)
	case a.Datetime == nil:
		return -1
	case b.Datetime == nil:
		return 1
	}
	if c := a.Datetime.Compare(*b.Datetime); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

// value settles what is read, on the bands of the newest picture.
func (p *pictures) value(q Pictures) error {
	last := &p.items[len(p.items)-1]
	p.query = mosaic.Query{Mask: q.Mask, Select: q.Select}
	if q.Mask != "" {
		if _, err := expr.ParseMask(q.Mask, last.Bands); err != nil {
			return err
		}
	}
	if q.Value == "" {
		p.query.Bands = []string{last.Bands[0].Name}
	} else if n, err := bandOf(*last, q.Value); err == nil {
		p.query.Bands = []string{last.Bands[n-1].Name}
	}
	if len(p.query.Bands) == 1 {
		n, err := bandOf(*last, p.query.Bands[0])
		if err != nil {
			return err
		}
		b := last.Bands[n-1]
		p.label, p.unit, p.classes = b.Name, b.Unit, b.Classes
		return nil
	}
	return p.expression(q.Value, last)
}

func (p *pictures) expression(text string, on *catalog.Item) error {
	p.label = text
	formula := text
	if ix, ok := expr.FindIndex(text); ok {
		p.label, formula = ix.Name, ix.Formula
		if ix.Reflectance {
			if err := needReflectance(ix, on); err != nil {
				return err
			}
		}
	}
	e, err := expr.Parse(formula)
	if err != nil {
		return err
	}
	if n := e.Outputs(); n != 1 {
		return fault.Errorf("analysis.pictures", fault.Invalid, "%q has %d results; one value a cell is needed", text, n)
	}
	for _, ref := range e.Bands() {
		if _, err := bandOf(*on, ref); err != nil {
			return fault.WithHint(err, "besides bands and expressions there are the indices "+strings.Join(indexNames(), ", "))
		}
	}
	p.query.Expr = e
	return nil
}

func indexNames() []string {
	var out []string
	for _, ix := range expr.Indices() {
		out = append(out, ix.Name)
	}
	return out
}

// needReflectance refuses an index whose constants mean something for
// reflectance alone, when the bands are plain numbers.
func needReflectance(ix expr.Index, it *catalog.Item) error {
	for _, ref := range ix.Bands {
		n, err := bandOf(*it, ref)
		if err != nil {
			return err
		}
		if b := it.Bands[n-1]; b.Quantity != catalog.Reflectance && b.Scale == 1 {
			return fault.WithHint(
				fault.Errorf("analysis.pictures", fault.Invalid, "%s needs reflectance, and band %s of %s holds plain numbers", ix.Name, b.Name, it.ID),
				"bring the scene in with its metadata (MTL, SAFE, STAC), or write the formula yourself with the scale in it")
		}
	}
	return nil
}

// references are the bands that the value and the mask read.
func (p *pictures) references() []string {
	if p.query.Expr != nil {
		return p.query.Expr.Bands()
	}
	return p.query.Bands
}

// lattice is the grid of the finest band that the value reads, in a picture.
func (p *pictures) lattice(it catalog.Item) (grid.Grid, error) {
	best := grid.Grid{}
	for _, ref := range p.references() {
		n, err := bandOf(it, ref)
		if err != nil {
			return best, err
		}
		a, _ := it.Locate(n)
		if best.Width == 0 || math.Abs(a.Grid.Transform.Det()) < math.Abs(best.Transform.Det()) {
			best = a.Grid
		}
	}
	return best, nil
}

// maxGridCells bounds a grid of computation; it is read block by block.
const maxGridCells = 1 << 30

// over is the lattice of a picture over a box (WGS 84), which may reach
// beyond the picture. A nil box is that of all pictures.
func (p *pictures) over(box *geo.BBox) (grid.Grid, error) {
	const op = "analysis.pictures"
	base, err := p.lattice(p.items[len(p.items)-1])
	if err != nil {
		return base, err
	}
	native := geo.EmptyBBox()
	for i := range p.items {
		b, err := boxIn(p.items[i].Grid, base.CRS)
		if err != nil {
			return base, err
		}
		native = native.Union(b)
	}
	if box != nil {
		b, err := fromLonLat(*box, base.CRS)
		if err != nil {
			return base, err
		}
		if native = native.Intersect(b); native.IsEmpty() {
			return base, fault.Errorf(op, fault.NotExist, "dataset %q has no raster over the area asked for", p.dataset.ID)
		}
	}
	inv, ok := base.Transform.Invert()
	if !ok || !base.Transform.NorthUp() {
		return base, fault.Errorf(op, fault.Invalid, "the pictures of dataset %q do not lie north up", p.dataset.ID)
	}
	c0, r0 := inv.Apply(native.MinX, native.MaxY)
	c1, r1 := inv.Apply(native.MaxX, native.MinY)
	const eps = 1e-6
	left, top := math.Floor(c0+eps), math.Floor(r0+eps)
	w, h := math.Ceil(c1-eps)-left, math.Ceil(r1-eps)-top
	if w < 1 || h < 1 || w > math.MaxInt32 || h > math.MaxInt32 || w*h > maxGridCells {
		return base, fault.WithHint(fault.Errorf(op, fault.TooLarge, "%.0f × %.0f cells; the limit is %d", w, h, maxGridCells), "take a smaller area")
	}
	t := base.Transform
	t[0], t[3] = base.Transform.Apply(left, top)
	return grid.Grid{CRS: base.CRS, Transform: t, Width: int(w), Height: int(h)}, nil
}

// sources makes items readable.
func (r *run) sources(items []catalog.Item) []mosaic.Source {
	out := make([]mosaic.Source, len(items))
	for i, it := range items {
		out[i] = mosaic.Source{Item: it, Path: r.atlas.Locate}
	}
	return out
}

// valueRaster shows pictures as one raster of values for zonal statistics:
// its cells are read, masked and computed when they are asked for.
type valueRaster struct {
	reader  *mosaic.Reader
	sources []mosaic.Source
	query   mosaic.Query
	grid    grid.Grid
	// leftOut is told what was left out.
	leftOut func([]mosaic.Skip)
}

// Grid implements zonal.Raster.
func (v *valueRaster) Grid() grid.Grid { return v.grid }

// BlockSize makes zonal statistics read in windows that suit our COGs.
func (v *valueRaster) BlockSize() (cols, rows int) { return 512, 512 }

// ReadFloat64 implements zonal.Raster.
func (v *valueRaster) ReadFloat64(ctx context.Context, _ int, w grid.Window, dst []float64) error {
	res, err := v.reader.Read(ctx, v.sources, v.query, v.grid.Sub(w))
	if err != nil {
		return err
	}
	if !res.Complete {
		v.leftOut(res.Skipped)
	}
	for i, x := range res.Bands[0] {
		if res.Mask[i] == 0 {
			dst[i] = math.NaN()
		} else {
			dst[i] = float64(x)
		}
	}
	v.reader.Release(res)
	return nil
}

// boxOf is the box (WGS 84) that holds all areas.
func boxOf(areas []ZonalFeature) geo.BBox {
	box := geo.EmptyBBox()
	for _, a := range areas {
		box = box.Union(geo.BBoxOf(a.Geometry.Bound()))
	}
	return box
}

// days groups pictures by the day (UTC) they were taken: the strips and
// tiles of one overpass are one picture. Pictures without a time are refused.
func (p *pictures) days() ([]day, error) {
	var out []day
	for _, it := range p.items {
		if it.Datetime == nil {
			return nil, fault.WithHint(fault.Errorf("analysis.pictures", fault.Invalid, "picture %s of dataset %s has no time", it.ID, p.dataset.ID),
				"bring it in again with --datetime")
		}
		at := it.Datetime.UTC().Truncate(24 * time.Hour)
		if n := len(out); n > 0 && out[n-1].date.Equal(at) {
			out[n-1].items = append(out[n-1].items, it)
		} else {
			out = append(out, day{at, []catalog.Item{it}})
		}
	}
	return out, nil
}

// day is the pictures of one day.
type day struct {
	date  time.Time
	items []catalog.Item
}

// when words the days of the pictures: "2024-06-10", or the first and the last.
func (p *pictures) when() string {
	var days []string
	for _, it := range p.items {
		if it.Datetime != nil {
			days = append(days, it.Datetime.UTC().Format(time.DateOnly))
		}
	}
	switch {
	case len(days) == 0:
		return p.dataset.ID
	case days[0] == days[len(days)-1]:
		return days[0]
	}
	return days[0] + " – " + days[len(days)-1]
}

func ids(items []catalog.Item) []string {
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = it.ID
	}
	return out
}

// noteClouds says how many pictures the limit on clouds left out.
func (r *run) noteClouds(p *pictures) {
	if p.left > 0 {
		r.notice("cloudy-pictures",
			notice.Text("%d [picture|pictures] of %s [was left out for its cloud cover, or because it does|were left out for their cloud cover, or because they do] not state it.", p.left, p.dataset.ID),
			notice.Italian("%d [immagine|immagini] di %s [è stata esclusa per la copertura nuvolosa, o perché non la dichiara|sono state escluse per la copertura nuvolosa, o perché non la dichiarano].", p.left, p.dataset.ID))
	}
}

// found finds pictures and notes their dataset.
func (r *run) found(q Pictures, box *geo.BBox) (*pictures, error) {
	p, err := r.find(q, box)
	if err != nil {
		return nil, err
	}
	r.used(p.dataset)
	r.noteClouds(p)
	return p, nil
}

// parameters are what the lineage keeps of pictures.
func (p *Pictures) parameters() map[string]any {
	out := map[string]any{"dataset": p.Dataset}
	set := func(name string, v any, is bool) {
		if is {
			out[name] = v
		}
	}
	set("value", p.Value, p.Value != "")
	set("mask", p.Mask, p.Mask != "")
	set("select", p.Select, p.Select != "")
	set("items", p.Items, len(p.Items) > 0)
	set("from", p.From, !p.From.IsZero())
	set("to", p.To, !p.To.IsZero())
	if p.Cloud != nil {
		out["cloud"] = *p.Cloud
	}
	return out
}
