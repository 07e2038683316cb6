package draw

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/tiles"
	"contado/tiles/encode"
	"contado/tiles/raster"
	"contado/tiles/tms"
)

// Renderer draws; *tiles.Service is one.
type Renderer interface {
	Style(src tiles.RasterSource, p tiles.RasterParams) (*raster.Style, error)
	RasterTile(ctx context.Context, src tiles.RasterSource, p tiles.RasterParams, set *tms.TileMatrixSet, t tms.Tile) (tiles.Tile, error)
	Picture(ctx context.Context, src tiles.RasterSource, p tiles.RasterParams, g grid.Grid, clip orb.Geometry) (tiles.Tile, error)
	Values(ctx context.Context, src tiles.RasterSource, p tiles.RasterParams, lon, lat float64) (tiles.PointValues, error)
}

// Bounds of a picture.
const (
	MaxSide   = 3072 // pixels
	MaxLayers = 8
)

// Painter draws datasets of an atlas. It is safe for concurrent use.
type Painter struct {
	Atlas    *atlas.Atlas
	Renderer Renderer

	encoder encode.Encoder

	ways   sync.Map // [2]geo.CRS → *crs.Transformer
	styles memo[[]Style]
	limits memo[[]Limit]
}

// memo keeps what was computed of versions of datasets, and forgets all of it
// when it becomes too much.
type memo[T any] struct {
	mu   sync.Mutex
	kept map[string]T
}

func (m *memo[T]) get(key string, compute func() T) T {
	m.mu.Lock()
	v, ok := m.kept[key]
	m.mu.Unlock()
	if ok {
		return v
	}
	v = compute()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) >= 4096 {
		m.kept = map[string]T{}
	}
	m.kept[key] = v
	return v
}

// stamp names a state of a dataset.
func stamp(d catalog.Dataset) string {
	return d.ID + "\n" + strconv.Itoa(d.Version.Number) + "\n" + d.Version.SHA256 + "\n" + d.Version.PublishedAt.UTC().Format(time.RFC3339Nano)
}

// Layers lists the datasets that can be drawn as pictures: rasters.
func Layers(state *atlas.Snapshot) []catalog.Dataset {
	return slices.DeleteFunc(slices.Clone(state.Datasets()), func(d catalog.Dataset) bool {
		return d.Kind != catalog.Raster || d.Version.BBoxWGS84 == (geo.BBox{})
	})
}

// Layer finds a dataset by its id and makes sure that it can be drawn.
func Layer(state *atlas.Snapshot, id string) (catalog.Dataset, error) {
	if !catalog.ValidID(id) {
		return catalog.Dataset{}, fault.Errorf("draw", fault.NotExist, "there is no dataset %.80q", id)
	}
	d, err := state.Dataset(id)
	if err != nil {
		return d, err
	}
	if d.Kind != catalog.Raster {
		return d, fault.WithHint(fault.Errorf("draw", fault.Invalid, "dataset %s is %s: there are no pictures of it", d.ID, d.Kind),
			"ask for its vector tiles or its items")
	}
	return d, nil
}

// Source gives a raster dataset to the renderer, narrowed to one item when
// item is not "".
func (p *Painter) Source(state *atlas.Snapshot, d catalog.Dataset, item string) (tiles.RasterSource, error) {
	items := func(within *geo.BBox) []catalog.Item { return state.Items(d.ID, within) }
	if item != "" {
		all := items
		items = func(within *geo.BBox) []catalog.Item {
			return slices.DeleteFunc(all(within), func(it catalog.Item) bool { return it.ID != item })
		}
		if len(items(nil)) == 0 {
			return nil, fault.WithHint(fault.Errorf("draw", fault.NotExist, "dataset %s has no item %.80q", d.ID, item),
				"its items are listed at /collections/"+d.ID+"/items")
		}
		// What is drawn from one item must not be kept under the name of the whole.
		d.Version.SHA256 += "#" + item
	}
	return tiles.NewRasterSource(d, items, p.Atlas.Locate), nil
}

// Transformer gives the way from one system to another, made once.
func (p *Painter) Transformer(src, dst geo.CRS) (*crs.Transformer, error) {
	key := [2]geo.CRS{src, dst}
	if t, ok := p.ways.Load(key); ok {
		return t.(*crs.Transformer), nil
	}
	t, err := crs.New(src, dst)
	if err != nil {
		return nil, err
	}
	p.ways.Store(key, t)
	return t, nil
}

// Bounds is the box of a dataset in a system, x first; ok is false when it
// lies outside the system's domain. A dataset across the antimeridian has all
// longitudes.
func (p *Painter) Bounds(d catalog.Dataset, c geo.CRS, domain geo.BBox) (b geo.BBox, ok bool) {
	w := d.Version.BBoxWGS84
	if w.MinX > w.MaxX {
		w.MinX, w.MaxX = -180, 180
	}
	if w = w.Intersect(domain); w.IsEmpty() {
		return w, false
	}
	if c == geo.WGS84 {
		return w, true
	}
	if c == d.Version.CRS {
		return d.Version.BBox, true
	}
	t, err := p.Transformer(geo.WGS84, c)
	if err != nil {
		return w, false
	}
	b, err = t.BBox(w)
	return b, err == nil && !b.IsEmpty()
}

// Limit is the tiles of one matrix that a dataset lies in.
type Limit struct {
	Matrix *tms.Matrix
	tms.Range
}

// Limits lists the tiles of a grid that a raster dataset lies in, from the
// coarsest matrix to the one that shows its finest cells; none when the grid
// does not serve there.
func (p *Painter) Limits(state *atlas.Snapshot, d catalog.Dataset, set *tms.TileMatrixSet) []Limit {
	return p.limits.get(stamp(d)+"\n"+set.ID, func() []Limit {
		return p.LimitsTo(d, set, set.ZoomFor(finest(state.Items(d.ID, nil))))
	})
}

// LimitsTo lists the tiles of a grid that a dataset lies in, down to a zoom.
func (p *Painter) LimitsTo(d catalog.Dataset, set *tms.TileMatrixSet, last int) []Limit {
	b, ok := p.Bounds(d, set.CRS, set.Domain)
	if !ok {
		return nil
	}
	var out []Limit
	for z := range last + 1 {
		r, ok := set.Limits(z, b)
		if !ok {
			return nil
		}
		out = append(out, Limit{Matrix: &set.Matrices[z], Range: r})
	}
	return out
}

// Finest is the smallest cell of a dataset in metres.
func (p *Painter) Finest(state *atlas.Snapshot, d catalog.Dataset) float64 {
	return finest(state.Items(d.ID, nil))
}

// finest is the smallest cell of the items in metres, by their height in
// degrees; a tenth is added, as a scene that is turned in its box needs no
// matrix of its own.
func finest(items []catalog.Item) float64 {
	const metresPerDegree = 111319.49
	least := 1e9
	for i := range items {
		if it := &items[i]; it.Grid.Height > 0 {
			least = min(least, it.BBox.Height()*metresPerDegree/float64(it.Grid.Height)*1.1)
		}
	}
	return least
}

// Params reads the parameters of drawing, those of /xyz. Time is read as
// everywhere in the API, durations included.
func Params(q url.Values) (tiles.RasterParams, error) {
	when, err := Time(q.Get("datetime"))
	if err != nil {
		return tiles.RasterParams{}, err
	}
	own := url.Values{}
	for _, name := range Names {
		if v := q[name]; len(v) > 0 && name != "datetime" && name != "item" {
			own[name] = v
		}
	}
	p, err := tiles.ParseRasterParams(own)
	if when != nil {
		p.From, p.To = when.From, when.To
	}
	return p, err
}

// Names are the parameters of drawing: those of /xyz without the size.
var Names = append(slices.DeleteFunc(slices.Clone(tiles.RasterNames), func(n string) bool { return n == "size" }), "item")
