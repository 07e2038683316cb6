package analysis

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// Map is a computed raster on disk, with what has to be known of it. Publish
// it with ingest to make it a dataset that everything else can use.
type Map struct {
	Process string `json:"process"`
	Title   string `json:"title"`
	// Files are GeoTIFFs in the folder of the request, one an item.
	Files []MapFile    `json:"-"`
	Role  catalog.Role `json:"role"`
	Grid  grid.Grid    `json:"grid"`
	// Figures are numbers that the computation found, such as a threshold.
	Figures map[string]float64 `json:"figures,omitempty"`
	// Classes and Areas are the hectares by class within each area, with the
	// exact share of each cell; of a map of amounts Areas hold their mean.
	Classes []catalog.Class   `json:"classes,omitempty"`
	Unit    string            `json:"unit,omitempty"`
	Areas   []MapArea         `json:"areas"`
	Inputs  []coverage.Input  `json:"inputs"`
	Method  string            `json:"method"`
	Notices []coverage.Notice `json:"notices"`
	Program coverage.Program  `json:"program"`

	Derivation catalog.Derivation `json:"-"`
	// Details is what only one kind of map has, such as an accuracy report.
	Details any `json:"details,omitempty"`
}

// MapFile is one raster of a map.
type MapFile struct {
	Path     string
	Datetime *time.Time
}

// MapArea is a map within one area.
type MapArea struct {
	Code string `json:"code"`
	Name string `json:"name"`
	// Hectares are those of each of Map.Classes, in their order.
	Hectares []float64 `json:"hectares,omitempty"`
	// Mean, Min and Max are those of a map of amounts; nil where nothing was seen.
	Mean *float64 `json:"mean,omitempty"`
	Min  *float64 `json:"min,omitempty"`
	Max  *float64 `json:"max,omitempty"`
	// Unseen are hectares without a value: clouds, or no picture.
	Unseen float64 `json:"unseen_ha"`
}

// MapWhere says what a map covers and for which areas hectares are given.
type MapWhere struct {
	// Areas are optional; the map then covers the box round them.
	Areas ZonalAreas
	// BBox (WGS 84) narrows a map without areas; nil = all there is.
	BBox *geo.BBox
	Dir  string // existing folder to write into
}

// layer is pictures that a map reads.
type layer struct {
	sources []mosaic.Source
	query   mosaic.Query
}

func (r *run) layerOf(p *pictures) layer {
	items := append([]catalog.Item(nil), p.items...)
	mosaic.Order(items, p.query.Select)
	return layer{sources: r.sources(items), query: p.query}
}

// plan is how a map is made, cell by cell.
type plan struct {
	grid   grid.Grid
	dtype  string // uint8, uint16 or float32
	nodata float64
	bands  []gdal.BandSpec
	layers []layer
	// cells fills out[band][cell] from the values of the layers; NaN is
	// nodata. It is called for several windows at once.
	cells func(in []*mosaic.Result, out [][]float32)
	// inside tells which cells of a window to keep; nil keeps all.
	inside func(grid.Window) []bool
}

// window is the side of the squares that maps are computed in.
const window = 1024

// draw computes a map into a GeoTIFF.
func (r *run) draw(ctx context.Context, path string, pl *plan, p Progress) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	for i := range pl.bands {
		pl.bands[i].Nodata = &pl.nodata
	}
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: pl.grid, DataType: pl.dtype, Bands: pl.bands, Compress: "ZSTD", BlockSize: 512})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := w.Close(); err == nil {
			err = cerr
		}
	}()
	windows := tilesOf(pl.grid)
	batch := runtime.GOMAXPROCS(0)
	for from := 0; from < len(windows); from += batch {
		part := windows[from:min(from+batch, len(windows))]
		p.tell(float64(from)/float64(len(windows)), "cells")
		values := make([][][]float32, len(part))
		g, gctx := errgroup.WithContext(ctx)
		for i, win := range part {
			g.Go(func() (err error) {
				values[i], err = r.compute(gctx, pl, win)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for i, win := range part {
			for b := range values[i] {
				if err := w.Write(b+1, win, stored(values[i][b], pl)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// tilesOf cuts a grid into squares.
func tilesOf(g grid.Grid) []grid.Window {
	var out []grid.Window
	for row := 0; row < g.Height; row += window {
		for col := 0; col < g.Width; col += window {
			out = append(out, grid.Window{Col: col, Row: row, Width: min(window, g.Width-col), Height: min(window, g.Height-row)})
		}
	}
	return out
}

func (r *run) compute(ctx context.Context, pl *plan, win grid.Window) ([][]float32, error) {
	in, err := r.readLayers(ctx, pl, win)
	if err != nil {
		return nil, err
	}
	out := make([][]float32, len(pl.bands))
	for b := range out {
		out[b] = make([]float32, win.Cells())
	}
	pl.cells(in, out)
	if pl.inside != nil {
		for i, in := range pl.inside(win) {
			if !in {
				for b := range out {
					out[b][i] = missing
				}
			}
		}
	}
	for _, res := range in {
		r.reader.Release(res)
	}
	return out, nil
}

func (r *run) readLayers(ctx context.Context, pl *plan, win grid.Window) ([]*mosaic.Result, error) {
	in := make([]*mosaic.Result, len(pl.layers))
	for i, l := range pl.layers {
		res, err := r.reader.Read(ctx, l.sources, l.query, pl.grid.Sub(win))
		if err != nil {
			return nil, err
		}
		if !res.Complete {
			r.leftOut(res.Skipped)
		}
		in[i] = res
	}
	return in, nil
}

// stored turns values into what the file holds.
func stored(v []float32, pl *plan) any {
	nodata := float32(pl.nodata)
	switch pl.dtype {
	case "uint8":
		out := make([]uint8, len(v))
		for i, x := range v {
			if x != x {
				x = nodata
			}
			out[i] = uint8(x)
		}
		return out
	case "uint16":
		out := make([]uint16, len(v))
		for i, x := range v {
			if x != x {
				x = nodata
			}
			out[i] = uint16(x)
		}
		return out
	}
	if !math.IsNaN(pl.nodata) {
		for i, x := range v {
			if x != x {
				v[i] = nodata
			}
		}
	}
	return v
}

var missing = float32(math.NaN())

// beginMap begins a run that makes a map.
func (e *Engine) beginMap(ctx context.Context, w MapWhere) (r *run, areas []ZonalFeature, box *geo.BBox, err error) {
	if r, err = e.begin(ctx); err != nil {
		return nil, nil, nil, err
	}
	areas, box, err = r.mapAreas(ctx, w)
	return r, areas, box, err
}

// mapAreas resolves the areas of a map; box is nil when it covers all.
func (r *run) mapAreas(ctx context.Context, w MapWhere) (areas []ZonalFeature, box *geo.BBox, err error) {
	if a := w.Areas; a.Dataset == "" && len(a.Territories) == 0 && a.Below == "" && len(a.Features) == 0 {
		return nil, w.BBox, nil
	}
	if areas, err = r.zonalAreas(ctx, &ZonalRequest{Areas: w.Areas}); err != nil {
		return nil, nil, err
	}
	b := boxOf(areas)
	if w.BBox != nil {
		if b = b.Intersect(*w.BBox); b.IsEmpty() {
			return nil, nil, fault.Errorf("analysis.map", fault.Invalid, "the areas do not meet the bounding box")
		}
	}
	return areas, &b, nil
}

// measure adds hectares by area, or means of amounts, read back from the
// finished file.
func (r *run) measure(ctx context.Context, m *Map, areas []ZonalFeature, p Progress) error {
	src, err := r.pool.Source(ctx, m.Files[len(m.Files)-1].Path)
	if err != nil {
		return err
	}
	defer r.pool.Forget(m.Files[len(m.Files)-1].Path)
	g := src.Grid()
	m.Grid = g
	var native []zonal.Area
	if areas == nil { // the whole map, by its own outline
		areas = []ZonalFeature{{Name: "all"}}
		native = []zonal.Area{{Geometry: g.Bounds().Bound()}}
	} else if native, err = reproject(areas, g.CRS); err != nil {
		return err
	}
	o := zonal.Options{Stats: []zonal.Stat{zonal.Cells, zonal.Count}, Classes: len(m.Classes) > 0}
	if !o.Classes {
		o.Stats = append(o.Stats, zonal.Mean, zonal.Min, zonal.Max)
	}
	if o.CellArea, err = crs.CellAreas(g); err != nil {
		return err
	}
	o.Progress = func(done, total int) { p.tell(float64(done)/float64(total), "areas") }
	results, err := zonal.Compute(ctx, src, native, o)
	if err != nil {
		return err
	}
	for i := range results {
		m.Areas = append(m.Areas, m.area(areas[i], &results[i], cellHa(g, native[i], o.CellArea)))
	}
	return nil
}

// cellHa is the hectares of a cell in the middle of an area: cells that were
// not seen have no better weight.
func cellHa(g grid.Grid, a zonal.Area, cell func(row int) float64) float64 {
	inv, ok := g.Transform.Invert()
	if !ok {
		return 0
	}
	c := a.Geometry.Bound().Center()
	_, row := inv.Apply(c[0], c[1])
	return cell(int(math.Max(0, math.Min(row, float64(g.Height-1))))) / 1e4
}

func (m *Map) area(f ZonalFeature, res *zonal.Result, cellHa float64) MapArea {
	a := MapArea{Code: f.Code, Name: f.Name}
	get := func(s zonal.Stat) *float64 {
		if v, ok := res.Get(string(s)); ok {
			return &v
		}
		return nil
	}
	if count, cells := get(zonal.Count), get(zonal.Cells); count != nil && cells != nil {
		a.Unseen = max(0, *cells-*count) * cellHa
	}
	if len(m.Classes) == 0 {
		a.Mean, a.Min, a.Max = get(zonal.Mean), get(zonal.Min), get(zonal.Max)
		return a
	}
	a.Hectares = make([]float64, len(m.Classes))
	for _, c := range res.Classes {
		if k := slices.IndexFunc(m.Classes, func(cl catalog.Class) bool { return float64(cl.Value) == c.Value }); k >= 0 {
			a.Hectares[k] = c.Ha
		}
	}
	return a
}

// seal writes down what the map was made from.
func (r *run) seal(m *Map, parameters any, used map[string][]string) error {
	m.Inputs, m.Notices, m.Program = r.inputs, r.said(), r.programOf()
	raw, err := json.Marshal(parameters)
	if err != nil {
		return fmt.Errorf("parameters of %s: %w", m.Process, err)
	}
	m.Derivation = catalog.Derivation{Process: m.Process, Parameters: raw}
	for id, items := range used {
		d, err := r.snapshot.Dataset(id)
		if err != nil {
			return err
		}
		slices.Sort(items)
		m.Derivation.Inputs = append(m.Derivation.Inputs, catalog.Input{
			Dataset: d.ID, Version: d.Version.Number, SHA256: d.Version.SHA256, Items: slices.Compact(items),
		})
	}
	slices.SortFunc(m.Derivation.Inputs, func(a, b catalog.Input) int { return cmp.Compare(a.Dataset, b.Dataset) })
	return nil
}

// categories are the names and colours of classes as a GeoTIFF takes them.
func categories(b *gdal.BandSpec, classes []catalog.Class) {
	for _, c := range classes {
		for len(b.Categories) <= c.Value {
			b.Categories = append(b.Categories, "")
		}
		b.Categories[c.Value] = c.Name
		e := gdal.ColorEntry{Value: c.Value, A: 255}
		if n, err := fmt.Sscanf(c.Color, "#%02x%02x%02x", &e.R, &e.G, &e.B); err == nil && n == 3 {
			b.Colors = append(b.Colors, e)
		}
	}
}

// mapPath names the file of a map; the date in it is read at ingest.
func mapPath(dir, name string, p *pictures) string {
	if t := newest(p); t != nil {
		name += "_" + t.UTC().Format("20060102")
	}
	return filepath.Join(dir, name+".tif")
}

// newest is the time of the last picture, nil when none has one.
func newest(p *pictures) *time.Time { return p.items[len(p.items)-1].Datetime }

// part maps the progress of a stage to a part of the whole.
func (p Progress) part(from, to float64) Progress {
	if p == nil {
		return nil
	}
	return func(done float64, stage string) { p(from+done*(to-from), stage) }
}

// Credit is the credit lines of all inputs, each once.
func (m *Map) Credit() string {
	var out []string
	for _, in := range m.Inputs {
		if in.Attribution != "" && !slices.Contains(out, in.Attribution) {
			out = append(out, in.Attribution)
		}
	}
	return strings.Join(out, "; ")
}
