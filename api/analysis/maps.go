package analysis

import (
	"bytes"
	"context"
	"encoding/json"
	"os"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/series"
	"contado/geo/store/catalog"
	"contado/geo/table"
	"contado/geo/zonal"
)

// mapInputs are what all processes that make maps take.
type mapInputs struct {
	Areas  *areasInput `json:"areas"`
	BBox   []float64   `json:"bbox"`
	Into   string      `json:"into"`
	Title  string      `json:"title"`
	Locale string      `json:"locale"`
}

// mapWork is a map to be made.
type mapWork struct {
	place    place
	where    analysis.MapWhere
	into     string
	title    string
	locale   table.Locale
	datasets []string
	compute  func(ctx context.Context, e *analysis.Engine, w analysis.MapWhere, p analysis.Progress) (*analysis.Map, error)
}

func (in *mapInputs) work(datasets ...string) (*mapWork, error) {
	w := &mapWork{into: in.Into, title: in.Title}
	for _, d := range datasets {
		if d != "" {
			w.datasets = append(w.datasets, d)
		}
	}
	var err error
	if w.locale, err = table.ParseLocale(in.Locale); err != nil {
		return nil, invalid("locale: %w", err)
	}
	if in.Areas != nil {
		if w.place, err = in.Areas.place(); err != nil {
			return nil, err
		}
	}
	if in.Into != "" && !catalog.ValidID(in.Into) {
		return nil, invalid("into: %.80q; want 1 to 63 of a-z, 0-9 and hyphen", in.Into)
	}
	if len(in.Title) > 300 {
		return nil, invalid("title: longer than 300 bytes")
	}
	w.where.BBox, err = boxIn(in.BBox)
	return w, err
}

// mapOf is the work of a question: where is the place in it that says where
// the map goes, make answers it, and datasets are what it names.
func mapOf[Q any](in *mapInputs, q *Q, where *analysis.MapWhere, make func(*analysis.Engine, context.Context, Q, analysis.Progress) (*analysis.Map, error), datasets ...string) (work, error) {
	w, err := in.work(datasets...)
	if err != nil {
		return nil, err
	}
	w.compute = func(ctx context.Context, e *analysis.Engine, to analysis.MapWhere, p analysis.Progress) (*analysis.Map, error) {
		*where = to
		return make(e, ctx, *q, p)
	}
	return w, nil
}

func (w *mapWork) check(ctx context.Context, h *Handler) error {
	state := h.Atlas.Current()
	for _, d := range w.datasets {
		if _, err := state.Dataset(d); err != nil {
			return asInvalid("dataset", err)
		}
	}
	if w.into != "" {
		if h.Publish == nil {
			return fault.WithHint(fault.Errorf("processes", fault.Unsupported, "into: this server makes no datasets"),
				"leave it out, use the command line, or start the server with --publish")
		}
		if _, err := state.Dataset(w.into); err == nil {
			return fault.WithHint(fault.Errorf("processes", fault.Exist, "into: there is a dataset %s already", w.into), "choose another id")
		}
	}
	return w.place.check(ctx, h)
}

func (w *mapWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	where := w.where
	var err error
	if where.Areas, err = w.place.resolve(ctx, h); err != nil {
		return nil, err
	}
	if where.Dir, err = os.MkdirTemp(h.Work, "map-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(where.Dir)
	m, err := w.compute(ctx, h.Engine, where, p)
	if err != nil {
		return nil, err
	}
	if w.into != "" {
		if err := h.Publish(ctx, m, w.into, w.title); err != nil {
			return nil, err
		}
	}
	doc := struct {
		*analysis.Map
		Dataset string `json:"dataset,omitempty"`
	}{m, w.into}
	return tabled(doc, m.Table(w.locale), w.locale)
}

// boxIn reads west, south, east, north in degrees; none is nil.
func boxIn(v []float64) (*geo.BBox, error) {
	if len(v) == 0 {
		return nil, nil
	}
	if len(v) != 4 || !(v[0] >= -180 && v[2] <= 180 && v[1] >= -90 && v[3] <= 90 && v[0] < v[2] && v[1] < v[3]) {
		return nil, invalid("bbox: want west, south, east, north in degrees")
	}
	return &geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[2], MaxY: v[3]}, nil
}

// tabled is an output with a table beside the document.
func tabled(doc any, t *table.Table, l table.Locale) (*output, error) {
	out := &output{}
	var err error
	if out.document, err = json.Marshal(doc); err != nil {
		return nil, err
	}
	var csv, xlsx bytes.Buffer
	if err := t.CSV(&csv, l); err != nil {
		return nil, err
	}
	if err := t.XLSX(&xlsx, l); err != nil && !fault.Is(err, fault.TooLarge) {
		return nil, err
	}
	out.csv, out.xlsx = csv.Bytes(), xlsx.Bytes()
	return out, nil
}

// differenceInputs are those of difference and burned-area.
type differenceInputs struct {
	mapInputs
	Before picturesInput `json:"before"`
	After  picturesInput `json:"after"`
}

func parseDifference(burned bool) func(json.RawMessage) (work, error) {
	return func(raw json.RawMessage) (work, error) {
		var in differenceInputs
		if err := inputsOf(raw, &in); err != nil {
			return nil, err
		}
		q := analysis.DifferenceRequest{Burned: burned}
		var err error
		if q.Before, err = in.Before.pictures("before"); err != nil {
			return nil, err
		}
		if q.After, err = in.After.pictures("after"); err != nil {
			return nil, err
		}
		return mapOf(&in.mapInputs, &q, &q.MapWhere, (*analysis.Engine).Difference, q.Before.Dataset, q.After.Dataset)
	}
}

// extentInputs are those of extent.
type extentInputs struct {
	mapInputs
	Subject          string         `json:"subject"`
	Pictures         picturesInput  `json:"pictures"`
	Before           *picturesInput `json:"before"`
	Threshold        *float64       `json:"threshold"`
	Otsu             bool           `json:"otsu"`
	Permanent        string         `json:"permanent"`
	PermanentClasses []int          `json:"permanent_classes"`
}

func parseExtent(raw json.RawMessage) (work, error) {
	var in extentInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	q := analysis.ExtentRequest{Subject: in.Subject, Threshold: in.Threshold, Otsu: in.Otsu, Permanent: in.Permanent, PermanentClasses: in.PermanentClasses}
	var err error
	if q.Pictures, err = in.Pictures.pictures("pictures"); err != nil {
		return nil, err
	}
	if in.Before != nil {
		if q.Before, err = in.Before.pictures("before"); err != nil {
			return nil, err
		}
	}
	if in.Permanent != "" && !catalog.ValidID(in.Permanent) {
		return nil, invalid("permanent: %.80q is no dataset id", in.Permanent)
	}
	return mapOf(&in.mapInputs, &q, &q.MapWhere, (*analysis.Engine).Extent, q.Dataset, q.Before.Dataset, q.Permanent)
}

// transitionInputs are those of land-change.
type transitionInputs struct {
	mapInputs
	From picturesInput `json:"from"`
	To   picturesInput `json:"to"`
}

func parseTransition(raw json.RawMessage) (work, error) {
	var in transitionInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	var q analysis.TransitionRequest
	var err error
	if q.From, err = in.From.pictures("from"); err != nil {
		return nil, err
	}
	if q.To, err = in.To.pictures("to"); err != nil {
		return nil, err
	}
	return mapOf(&in.mapInputs, &q, &q.MapWhere, (*analysis.Engine).Transitions, q.From.Dataset, q.To.Dataset)
}

// compositeInputs are those of composite.
type compositeInputs struct {
	mapInputs
	Pictures picturesInput `json:"pictures"`
	Bands    []string      `json:"bands"`
	Period   string        `json:"period"`
}

func parseComposite(raw json.RawMessage) (work, error) {
	var in compositeInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	q := analysis.CompositeRequest{Bands: in.Bands, Period: series.Step(in.Period)}
	if in.Period != "" && q.Period.Cycle() == 0 {
		return nil, invalid("period: %.40q; there are month, season and year", in.Period)
	}
	var err error
	if q.Pictures, err = in.Pictures.pictures("pictures"); err != nil {
		return nil, err
	}
	if in.Into == "" {
		return nil, invalid("into: a composite is a dataset; name it")
	}
	return mapOf(&in.mapInputs, &q, &q.MapWhere, (*analysis.Engine).Composite, q.Dataset)
}

// seriesInputs are those of time-series.
type seriesInputs struct {
	Pictures picturesInput `json:"pictures"`
	Areas    areasInput    `json:"areas"`
	Stat     string        `json:"stat"`
	MinValid float64       `json:"min_valid"`
	Period   string        `json:"period"`
	Baseline string        `json:"baseline"`
	Trend    bool          `json:"trend"`
	Locale   string        `json:"locale"`
}

// seriesWork is a series to be made.
type seriesWork struct {
	q      analysis.SeriesRequest
	place  place
	locale table.Locale
}

func parseSeries(raw json.RawMessage) (work, error) {
	var in seriesInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	w := &seriesWork{q: analysis.SeriesRequest{Stat: zonal.Stat(in.Stat), MinValid: in.MinValid, Period: series.Step(in.Period), Trend: in.Trend}}
	var err error
	if w.q.Pictures, err = in.Pictures.pictures("pictures"); err != nil {
		return nil, err
	}
	if w.place, err = in.Areas.place(); err != nil {
		return nil, err
	}
	if w.locale, err = table.ParseLocale(in.Locale); err != nil {
		return nil, invalid("locale: %w", err)
	}
	if w.q.BaselineFrom, w.q.BaselineTo, err = analysis.Interval(in.Baseline); err != nil {
		return nil, invalid("baseline: %w", err)
	}
	return w, nil
}

func (w *seriesWork) check(ctx context.Context, h *Handler) error {
	if _, err := h.Atlas.Current().Dataset(w.q.Dataset); err != nil {
		return asInvalid("dataset", err)
	}
	return w.place.check(ctx, h)
}

func (w *seriesWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	var err error
	if w.q.Areas, err = w.place.resolve(ctx, h); err != nil {
		return nil, err
	}
	res, err := h.Engine.TimeSeries(ctx, w.q, p)
	if err != nil {
		return nil, err
	}
	return h.tabledAreas(res, res.Table(w.locale), w.locale, w.q.Areas)
}

// inputsOf reads the inputs of a process.
func inputsOf(raw json.RawMessage, into any) error {
	raw, err := plain(raw)
	if err != nil {
		return err
	}
	if err := strict(raw, into); err != nil {
		return invalid("inputs: %w", err)
	}
	return nil
}
