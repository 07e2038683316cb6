package analysis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/classify"
	"contado/geo/crs"
	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// ClassifyRequest asks for a map of land cover learnt from training areas.
type ClassifyRequest struct {
	MapWhere
	Pictures // Value is not used
	// Features are the bands, indices and expressions that classes are told
	// apart by; empty means every band of amounts.
	Features []string
	// Training is a dataset of polygons, ClassField its attribute that names
	// the class: a text, or a whole number from 1 to 255.
	Training   string
	ClassField string
	// ClassColors are #rrggbb by class name; others get colours of ours.
	ClassColors map[string]string
	Method      classify.Method // "" = maximum likelihood
	Neighbours  int
	Folds       int // of the cross-validation; 0 = 5, or as many as there are areas
}

// LandCoverReport is the details of a classified map: how well it does on
// training areas that it has not seen.
type LandCoverReport struct {
	Method   classify.Method `json:"method"`
	Features []string        `json:"features"`
	// Areas and Samples are those of training.
	Areas   int `json:"areas"`
	Samples int `json:"samples"`
	// Overall is the share of samples mapped right, with its 95 % interval;
	// Kappa is Cohen's, null where it has no meaning.
	Overall    float64         `json:"overall"`
	Low        float64         `json:"low"`
	High       float64         `json:"high"`
	Kappa      *float64        `json:"kappa"`
	Classes    []ClassAccuracy `json:"classes"`
	Confusion  [][]int64       `json:"confusion"` // [mapped][true], in the order of Classes
	Validation string          `json:"validation"`
}

// ClassAccuracy is how well one class is told; nil where there is nothing to
// take a share of.
type ClassAccuracy struct {
	catalog.Class
	Producers *float64 `json:"producers"`
	Users     *float64 `json:"users"`
	F1        *float64 `json:"f1"`
}

// Bounds of training data.
const (
	maxTraining     = 20_000 // areas
	samplesOfArea   = 2_000  // cells of one area, taken evenly
	maxTotalSamples = 2_000_000
)

// Classify learns classes from the cells within training areas and makes a
// map of them.
func (e *Engine) Classify(ctx context.Context, q ClassifyRequest, p Progress) (*Map, error) {
	r, areas, box, err := e.beginMap(ctx, q.MapWhere)
	if err != nil {
		return nil, err
	}
	q.Value = ""
	pics, err := r.found(q.Pictures, box)
	if err != nil {
		return nil, err
	}
	names, err := q.features(pics)
	if err != nil {
		return nil, err
	}
	t, err := r.training(ctx, &q)
	if err != nil {
		return nil, err
	}
	samples, err := r.samples(ctx, &q, t, pics.query, p.part(0, 0.3))
	if err != nil {
		return nil, err
	}
	o := &classify.Options{Method: q.Method, Neighbours: q.Neighbours}
	p.tell(0.3, "cross-validation")
	v, err := classify.CrossValidate(ctx, samples, o, &classify.Validation{Folds: q.Folds})
	if err != nil {
		return nil, err
	}
	model, err := classify.Train(samples, o)
	if err != nil {
		return nil, err
	}
	m := &Map{
		Process: "classify", Title: "Land cover, " + pics.when(), Role: catalog.LandCover, Classes: t.classes,
		Method: notice.Text("%s on %s, learnt from %d [cell|cells] of %d [area|areas] of %s", model.Method(), strings.Join(names, ", "), samples.Len(), len(t.areas), q.Training),
	}
	m.Details = landCoverReport(model, v, t, names, samples)
	m.Figures = map[string]float64{"overall_accuracy": v.Accuracy.Overall}
	pl := &plan{dtype: "uint8", nodata: 0, layers: []layer{r.layerOf(pics)}, cells: func(in []*mosaic.Result, out [][]float32) { predict(model, in[0], out[0]) }}
	if pl.grid, err = pics.over(box); err != nil {
		return nil, err
	}
	band := gdal.BandSpec{Name: "class"}
	categories(&band, m.Classes)
	pl.bands = []gdal.BandSpec{band}
	m.Files = []MapFile{{Path: mapPath(q.Dir, "land-cover", pics), Datetime: newest(pics)}}
	if err := r.draw(ctx, m.Files[0].Path, pl, p.part(0.4, 0.9)); err != nil {
		return nil, err
	}
	if err := r.measure(ctx, m, areas, p.part(0.9, 1)); err != nil {
		return nil, err
	}
	params := map[string]any{"pictures": q.parameters(), "features": names, "training": q.Training, "class_field": q.ClassField, "method": model.Method()}
	return m, r.seal(m, params, map[string][]string{pics.dataset.ID: ids(pics.items), q.Training: nil})
}

// features settles what is read of each cell in the query, and names it.
func (q *ClassifyRequest) features(p *pictures) ([]string, error) {
	if len(q.Features) == 0 {
		c := CompositeRequest{}
		return c.bandsOf(p)
	}
	last := &p.items[len(p.items)-1]
	var parts []string
	for _, f := range q.Features {
		one := *p
		if err := one.value(Pictures{Value: f}); err != nil {
			return nil, err
		}
		if e := one.query.Expr; e != nil {
			parts = append(parts, e.String())
			continue
		}
		n, err := bandOf(*last, f)
		if err != nil {
			return nil, err
		}
		parts = append(parts, "b"+strconv.Itoa(n))
	}
	e, err := expr.Parse(strings.Join(parts, "; "))
	if err != nil {
		return nil, err
	}
	p.query.Bands, p.query.Expr = nil, e
	return q.Features, nil
}

// noOne and several mark cells of no training area, and of areas that
// contradict each other.
const (
	noOne   = -1
	several = -2
)

// samples reads the cells whose centres lie in training areas.
func (r *run) samples(ctx context.Context, q *ClassifyRequest, t *training, query mosaic.Query, p Progress) (*classify.Samples, error) {
	pics, err := r.find(q.Pictures, &t.box)
	if err != nil {
		return nil, fmt.Errorf("training areas: %w", err)
	}
	pics.query = query
	g, err := pics.over(&t.box)
	if err != nil {
		return nil, err
	}
	native := make([]orb.MultiPolygon, len(t.areas))
	tr, err := crs.New(geo.WGS84, g.CRS)
	if err != nil {
		return nil, err
	}
	for i, a := range t.areas {
		m, err := tr.Geometry(a.lonLat, nil)
		if err != nil {
			return nil, fault.Errorf("analysis.Classify", fault.Invalid, "training area %d: %w", i+1, err)
		}
		native[i] = polygonsOf(m)
	}
	outputs := len(query.Bands)
	if query.Expr != nil {
		outputs = query.Expr.Outputs()
	}
	out := &classify.Samples{Bands: outputs}
	pl := &plan{grid: g, layers: []layer{r.layerOf(pics)}}
	contradicting := 0
	windows := tilesOf(g)
	for i, win := range windows {
		p.tell(float64(i)/float64(len(windows)), "training")
		owner, any := owners(t, native, g.Sub(win), &contradicting)
		if !any {
			continue
		}
		in, err := r.readLayers(ctx, pl, win)
		if err != nil {
			return nil, err
		}
		t.take(out, owner, in[0])
		r.reader.Release(in[0])
		if out.Len() > maxTotalSamples {
			return nil, fault.Errorf("analysis.Classify", fault.TooLarge, "more than %d training cells; take fewer or smaller areas", maxTotalSamples)
		}
	}
	if contradicting > 0 {
		r.notice("training-contradicts",
			notice.Text("%d [cell lies in training areas of different classes and was|cells lie in training areas of different classes and were] left out.", contradicting),
			notice.Italian("%d [cella sta in aree di addestramento di classi diverse ed è stata esclusa|celle stanno in aree di addestramento di classi diverse e sono state escluse].", contradicting))
	}
	return out, nil
}

// owners tells of each cell in which training area its centre lies.
func owners(t *training, native []orb.MultiPolygon, g grid.Grid, contradicting *int) (owner []int32, any bool) {
	box := g.Bounds().Bound()
	for i, mp := range native {
		if !mp.Bound().Intersects(box) {
			continue
		}
		g.Fill(mp, func(row, from, to int) {
			if owner == nil {
				owner = slices.Repeat([]int32{noOne}, int(g.Cells()))
			}
			for k := row*g.Width + from; k < row*g.Width+to; k++ {
				switch o := owner[k]; {
				case o == noOne:
					owner[k] = int32(i)
				case o >= 0 && t.areas[o].class != t.areas[i].class:
					owner[k] = several
					*contradicting++
				}
			}
		})
	}
	return owner, owner != nil
}

// take adds the cells of a window to the samples, evenly of large areas.
func (t *training) take(out *classify.Samples, owner []int32, in *mosaic.Result) {
	counts := map[int32]int{}
	for _, o := range owner {
		if o >= 0 {
			counts[o]++
		}
	}
	seen := map[int32]int{}
	values := make([]float32, len(in.Bands))
	for k, o := range owner {
		if o < 0 || in.Mask[k] == 0 {
			continue
		}
		step := (counts[o] + samplesOfArea - 1) / samplesOfArea
		seen[o]++
		if seen[o]%step != 0 {
			continue
		}
		for b := range values {
			values[b] = in.Bands[b][k]
		}
		x, y := in.Grid.Center(k%in.Grid.Width, k/in.Grid.Width)
		out.Add(t.areas[o].class, int(o), x, y, values)
	}
}

// predict classifies the cells of a window.
func predict(model *classify.Model, in *mosaic.Result, out []float32) {
	classes := make([]uint8, len(out))
	model.Predict(classes, nil, in.Mask, in.Bands)
	for i, c := range classes {
		out[i] = float32(c) // 0 is nodata
	}
}

func landCoverReport(model *classify.Model, v *classify.Report, t *training, names []string, s *classify.Samples) *LandCoverReport {
	out := &LandCoverReport{
		Method: model.Method(), Features: names, Areas: len(t.areas), Samples: s.Len(),
		Overall: v.Accuracy.Overall, Low: v.Accuracy.Low, High: v.Accuracy.High, Kappa: finite(v.Accuracy.Kappa), Confusion: v.Confusion.Counts,
		Validation: fmt.Sprintf("%d-fold cross-validation by training area: every cell was tested by a model that had seen nothing of its area", len(v.Folds)),
	}
	for _, a := range v.Accuracy.Classes {
		c := ClassAccuracy{Producers: finite(a.Producers), Users: finite(a.Users), F1: finite(a.F1)}
		k := slices.IndexFunc(t.classes, func(cl catalog.Class) bool { return cl.Value == int(a.Class) })
		c.Class = t.classes[k]
		out.Classes = append(out.Classes, c)
	}
	return out
}
