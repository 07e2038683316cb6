package analysis

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/mosaic"
	"contado/geo/series"
	"contado/geo/store/catalog"
)

// CompositeRequest asks for one picture out of many: of the whole time, or of
// each month, season or year.
type CompositeRequest struct {
	MapWhere
	Pictures // Select "" means median
	// Bands are those to keep; with a Value that alone is kept. Empty means
	// every band that holds amounts.
	Bands  []string
	Period series.Step // "" = the whole time
}

// maxComposites bounds the pictures that one request makes.
const maxComposites = 600

// Composite makes the pictures, one file a period, dated by its first day.
func (e *Engine) Composite(ctx context.Context, q CompositeRequest, p Progress) (*Map, error) {
	if q.Select == "" {
		q.Select = "median"
	}
	r, areas, box, err := e.beginMap(ctx, q.MapWhere)
	if err != nil {
		return nil, err
	}
	pics, err := r.found(q.Pictures, box)
	if err != nil {
		return nil, err
	}
	names, err := q.bandsOf(pics)
	if err != nil {
		return nil, err
	}
	g, err := pics.over(box)
	if err != nil {
		return nil, err
	}
	groups, err := pics.periods(q.Period)
	if err != nil {
		return nil, err
	}
	m := &Map{Process: "composite", Title: fmt.Sprintf("%s: %s of pictures", pics.dataset.Title, q.Select), Role: pics.dataset.Role, Unit: pics.unit}
	m.Method = fmt.Sprintf("%s of the cells seen in the pictures of the period, after masking", q.Select)
	for i, gr := range groups {
		path := filepath.Join(q.Dir, fmt.Sprintf("composite_%s.tif", gr.start.Format("20060102")))
		pl := &plan{grid: g, dtype: "float32", nodata: math.NaN(), layers: []layer{{sources: r.sources(gr.items), query: pics.query}}}
		for _, n := range names {
			pl.bands = append(pl.bands, gdal.BandSpec{Name: n})
		}
		pl.cells = copyCells
		part := p.part(float64(i)/float64(len(groups)), float64(i+1)/float64(len(groups)))
		if err := r.draw(ctx, path, pl, part); err != nil {
			return nil, fmt.Errorf("composite from %s: %w", gr.start.Format(time.DateOnly), err)
		}
		m.Files = append(m.Files, MapFile{Path: path, Datetime: &gr.start})
	}
	if err := r.measure(ctx, m, areas, nil); err != nil {
		return nil, err
	}
	return m, r.seal(m, map[string]any{"pictures": q.parameters(), "bands": names, "period": q.Period}, map[string][]string{pics.dataset.ID: ids(pics.items)})
}

// bandsOf settles the bands of the composite in the query and names them.
func (q *CompositeRequest) bandsOf(p *pictures) ([]string, error) {
	if q.Value != "" {
		if len(q.Bands) > 0 {
			return nil, fault.Errorf("analysis.Composite", fault.Invalid, "a value and bands exclude each other")
		}
		return []string{p.label}, nil
	}
	last := p.items[len(p.items)-1]
	var out []string
	for _, ref := range q.Bands {
		n, err := bandOf(last, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, last.Bands[n-1].Name)
	}
	if len(out) == 0 {
		for _, b := range last.Bands {
			if len(b.Classes) == 0 && b.Flags == "" && b.Quantity != catalog.Classes && b.Quantity != catalog.BitField {
				out = append(out, b.Name)
			}
		}
	}
	if len(out) == 0 {
		return nil, fault.Errorf("analysis.Composite", fault.Invalid, "dataset %s has no band of amounts", p.dataset.ID)
	}
	p.query.Bands = out
	return out, nil
}

// group is the pictures of one period.
type group struct {
	start time.Time
	items []catalog.Item
}

// periods groups the pictures, each group in the order of the selection.
func (p *pictures) periods(by series.Step) ([]group, error) {
	days, err := p.days()
	if err != nil {
		return nil, err
	}
	var out []group
	for _, d := range days {
		start := days[0].date
		if by != "" {
			start = series.PeriodOf(by, d.date).Start()
		}
		if n := len(out); n > 0 && out[n-1].start.Equal(start) {
			out[n-1].items = append(out[n-1].items, d.items...)
		} else {
			out = append(out, group{start, append([]catalog.Item(nil), d.items...)})
		}
	}
	if len(out) > maxComposites {
		return nil, fault.Errorf("analysis.Composite", fault.TooLarge, "%d periods; the limit is %d", len(out), maxComposites)
	}
	for i := range out {
		mosaic.Order(out[i].items, p.query.Select)
	}
	return out, nil
}

// copyCells takes the values as they are.
func copyCells(in []*mosaic.Result, out [][]float32) {
	for b := range out {
		copy(out[b], in[0].Bands[b])
		for i, ok := range in[0].Mask {
			if ok == 0 {
				out[b][i] = missing
			}
		}
	}
}
