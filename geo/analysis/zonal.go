package analysis

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/grid"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// ZonalRequest asks for statistics of a raster within areas.
type ZonalRequest struct {
	Dataset        string // raster dataset
	Band           string // band, index or expression, as Pictures.Value; "" = the first band; "slope" of elevation
	Mask           string // cells to leave out, as Pictures.Mask
	Item, Datetime string // which picture; "" = those of the newest day over the areas

	Areas ZonalAreas

	Stats     []string // names of zonal.Stat; empty = its defaults
	Quantiles []float64
	Classes   bool // table of hectares by class

	Weights, WeightBand string // second raster, for weighted statistics

	MaxAreas int // 0 = DefaultMaxAreas
}

// ZonalAreas says which areas: exactly one of the fields is set.
type ZonalAreas struct {
	Dataset     string         // every polygon of a vector dataset
	Territories []string       // these codes
	Below       string         // the lowest territories below a code
	Features    []ZonalFeature // given in longitude and latitude
}

// ZonalFeature is one area that comes with the request.
type ZonalFeature struct {
	Code, Name string
	Geometry   orb.Geometry
}

// DefaultMaxAreas bounds the areas of one request.
const DefaultMaxAreas = 200_000

// ZonalResult is the answer.
type ZonalResult struct {
	Dataset string            `json:"dataset"`
	Version int               `json:"version"`
	Item    string            `json:"item"` // the only one, or the newest of Items
	Items   []string          `json:"items"`
	Band    string            `json:"band"`
	Mask    string            `json:"mask,omitempty"`
	Stats   []string          `json:"stats"` // the columns after code and name
	Areas   []ZonalArea       `json:"areas"`
	Inputs  []coverage.Input  `json:"inputs"`
	Method  string            `json:"method"`
	Notices []coverage.Notice `json:"notices"`
	Program coverage.Program  `json:"program"`
}

// ZonalArea is the statistics of one area.
type ZonalArea struct {
	Code    string
	Name    string
	Result  zonal.Result
	Classes []ZonalClass
}

// ZonalClass is one class of the class table with its name.
type ZonalClass struct {
	Value    float64 `json:"value"`
	Name     string  `json:"name,omitempty"`
	Color    string  `json:"color,omitempty"`
	Hectares float64 `json:"hectares"`
	Share    float64 `json:"share"`
}

const zonalMethod = "exact fraction of every cell within the area; edges of reprojected areas densified; cell areas ellipsoidal on geographic grids; nodata cells left out"

// Zonal computes the statistics.
func (e *Engine) Zonal(ctx context.Context, q ZonalRequest, p Progress) (*ZonalResult, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	d, err := r.snapshot.Dataset(q.Dataset)
	if err != nil {
		return nil, err
	}
	areas, err := r.zonalAreas(ctx, &q)
	if err != nil {
		return nil, err
	}
	box := boxOf(areas)
	steep := d.Role == catalog.Elevation && strings.EqualFold(q.Band, slopeBand)
	if steep {
		q.Band = ""
	}
	pics, err := r.zonalPictures(&q, &box)
	if err != nil {
		return nil, err
	}
	r.used(d)
	r.saidOfPeople(d)
	src, number, blocks, err := r.cells(ctx, pics, &box)
	if err != nil {
		return nil, err
	}
	if steep {
		if src, err = newSlope(src, number); err != nil {
			return nil, err
		}
		pics.label, pics.unit, number, blocks = slopeBand, "°", 1, nil
	}
	o, err := r.zonalOptions(ctx, &q, src.Grid(), box)
	if err != nil {
		return nil, err
	}
	o.Band, o.Blocks = number, blocks
	o.Progress = func(done, total int) { p.tell(float64(done)/float64(total), "statistics") }
	native, err := reproject(areas, src.Grid().CRS)
	if err != nil {
		return nil, err
	}
	results, err := r.measureAreas(ctx, src, native, o)
	if err != nil {
		return nil, err
	}
	return r.zonalResult(pics, areas, results, zonal.Columns(o)[1:]), nil
}

// measureAreas computes the statistics, from kept shares of cells when there
// are many areas.
func (r *run) measureAreas(ctx context.Context, src zonal.Raster, areas []zonal.Area, o zonal.Options) ([]zonal.Result, error) {
	if len(areas) < manyAreas || o.Weights != nil {
		return zonal.Compute(ctx, src, areas, o)
	}
	w, err := r.weightsOf(ctx, src.Grid(), areas)
	if err != nil {
		return nil, err
	}
	if w == nil {
		return zonal.Compute(ctx, src, areas, o)
	}
	layers, err := w.Apply(ctx, []zonal.Layer{{Raster: src, Band: o.Band, Blocks: o.Blocks}}, o)
	if err != nil {
		return nil, err
	}
	return layers[0], nil
}

// zonalPictures finds the pictures to measure: the one named, those of the
// time asked for, or those of the newest day; all of them when none has a
// time, as the sheets of a map.
func (r *run) zonalPictures(q *ZonalRequest, box *geo.BBox) (*pictures, error) {
	p := Pictures{Dataset: q.Dataset, Value: q.Band, Mask: q.Mask}
	if q.Item != "" {
		p.Items = []string{q.Item}
		box = nil // areas off the picture are for the answer to tell of
	}
	var err error
	if p.From, p.To, err = Interval(q.Datetime); err != nil {
		return nil, err
	}
	pics, err := r.find(p, box)
	if err != nil {
		return nil, err
	}
	last := pics.items[len(pics.items)-1]
	if q.Item != "" || q.Datetime != "" || last.Datetime == nil {
		return pics, nil
	}
	all := len(pics.items)
	first := last.Datetime.UTC().Truncate(24 * time.Hour)
	pics.items = slices.DeleteFunc(pics.items, func(it catalog.Item) bool { return it.Datetime == nil || it.Datetime.Before(first) })
	if n := all - len(pics.items); n > 0 {
		r.notice("item-chosen",
			notice.Text("Dataset %s has %d pictures here; those of the newest day are used: %s.", q.Dataset, all, itemIDs(pics.items)),
			notice.Italian("Il dataset %s ha qui %d immagini; si usano quelle del giorno più recente: %s.", q.Dataset, all, itemIDs(pics.items)))
	}
	return pics, nil
}

// cells shows pictures as one raster for zonal statistics, with the number of
// the band to read and the sums of its blocks. A band of a single picture is
// read from its file; all else is computed when it is read.
func (r *run) cells(ctx context.Context, pics *pictures, box *geo.BBox) (zonal.Raster, int, zonal.Blocks, error) {
	if len(pics.items) == 1 && pics.query.Expr == nil && pics.query.Mask == "" {
		it := pics.items[0]
		n, err := bandOf(it, pics.query.Bands[0])
		if err != nil {
			return nil, 0, nil, err
		}
		src, number, err := r.source(ctx, it, n)
		if err != nil {
			return nil, 0, nil, err
		}
		asset, _ := it.Locate(n)
		blocks, err := r.blocksOf(ctx, asset)
		return src, number, blocks, err
	}
	g, err := pics.over(box)
	if err != nil {
		return nil, 0, nil, err
	}
	return &valueRaster{reader: r.reader, sources: r.sources(pics.items), query: pics.query, grid: g, leftOut: r.leftOut}, 1, nil, nil
}

func (r *run) zonalOptions(ctx context.Context, q *ZonalRequest, g grid.Grid, box geo.BBox) (zonal.Options, error) {
	o := zonal.Options{Quantiles: q.Quantiles, Classes: q.Classes}
	for _, s := range q.Stats {
		o.Stats = append(o.Stats, zonal.Stat(strings.TrimSpace(strings.ToLower(s))))
	}
	var err error
	if o.CellArea, err = crs.CellAreas(g); err != nil {
		return o, err
	}
	if q.Weights == "" {
		return o, nil
	}
	d, err := r.snapshot.Dataset(q.Weights)
	if err != nil {
		return o, err
	}
	w, err := r.oneItem(d, "", "", &box)
	if err != nil {
		return o, err
	}
	r.used(d)
	r.saidOfPeople(d)
	number, err := bandOf(w, q.WeightBand)
	if err != nil {
		return o, err
	}
	o.Weights, o.WeightBand, err = r.source(ctx, w, number)
	return o, err
}

func (r *run) zonalResult(pics *pictures, areas []ZonalFeature, results []zonal.Result, stats []string) *ZonalResult {
	out := &ZonalResult{
		Dataset: pics.dataset.ID, Version: pics.dataset.Version.Number, Item: pics.items[len(pics.items)-1].ID, Items: ids(pics.items),
		Band: pics.label, Mask: pics.query.Mask, Stats: stats,
		Inputs: r.inputs, Method: zonalMethod, Notices: r.said(), Program: r.programOf(),
	}
	if len(pics.items) > 1 {
		out.Method += "; several pictures are one mosaic with the newest on top, on the grid of the newest"
	}
	classes := map[int]catalog.Class{}
	for _, c := range pics.classes {
		classes[c.Value] = c
	}
	for i, res := range results {
		a := ZonalArea{Code: areas[i].Code, Name: areas[i].Name, Result: res}
		for _, c := range res.Classes {
			k := classes[int(c.Value)]
			a.Classes = append(a.Classes, ZonalClass{Value: c.Value, Name: k.Name, Color: k.Color, Hectares: c.Ha, Share: c.Share})
		}
		out.Areas = append(out.Areas, a)
	}
	return out
}
