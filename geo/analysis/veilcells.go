package analysis

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"

	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// veiling is one raster of people being put into blocks.
type veiling struct {
	*run
	d         *catalog.Dataset
	it        *catalog.Item
	threshold float64

	src   *gdal.Source
	first int // number in the file of the item's first band
	grid  grid.Grid
	bands []int // of the item, as in values
	total int   // index of bands of all people; −1: the sum of the others
	sexes []int // bands of women or men of an age, of which cells tell nothing
	// Inhabited cells, in the order of rows: their numbers, areas and values by
	// band.
	cells  []int32
	area   []int32
	values [][]float64
	shown  [][]float64 // what is shown instead
}

// stripRows are read and written at a time.
const stripRows = 256

// read finds the inhabited cells and their blocks.
func (w *veiling) read(ctx context.Context) error {
	total, ages, _, err := bandsOf(*w.it)
	if err != nil {
		return err
	}
	w.total = -1
	if total > 0 {
		w.total, w.bands = 0, append(w.bands, total)
	}
	w.bands = append(w.bands, ages...)
	for i, b := range w.it.Bands {
		if ofSexAndAge(b.Name) {
			w.sexes = append(w.sexes, i+1)
		}
	}
	if len(w.bands)+len(w.sexes) != len(w.it.Bands) {
		return errNoPeople(w.d) // other bands might be parts of the same people
	}
	if w.src, w.first, err = w.source(ctx, *w.it, 1); err != nil {
		return err
	}
	if w.grid = w.src.Grid(); w.grid.Cells() > math.MaxInt32 {
		return fault.Errorf("analysis.Veil", fault.TooLarge, "%d cells of people", w.grid.Cells())
	}
	tree, err := w.treeOf(ctx, *w.d, w.it, w.threshold)
	if err != nil {
		return err
	}
	areaOf, err := areaOfCells(tree.leaves, w.grid)
	if err != nil {
		return err
	}
	if err := w.collect(ctx, areaOf, len(tree.leaves)); err != nil {
		return err
	}
	return w.group(ctx, tree)
}

// collect reads the inhabited cells; outside of all territories they are of
// one more area.
func (w *veiling) collect(ctx context.Context, areaOf []int32, outside int) error {
	w.values = make([][]float64, len(w.bands))
	rows := make([][]float64, len(w.bands))
	for from := 0; from < w.grid.Height; from += stripRows {
		win := grid.Window{Row: from, Width: w.grid.Width, Height: min(stripRows, w.grid.Height-from)}
		for b, number := range w.bands {
			rows[b] = slices.Grow(rows[b][:0], int(win.Cells()))[:win.Cells()]
			if err := w.src.ReadFloat64(ctx, w.number(number), win, rows[b]); err != nil {
				return err
			}
		}
		for k := range int(win.Cells()) {
			some := false
			for b := range rows {
				some = some || positive(rows[b][k]) > 0
			}
			if !some {
				continue
			}
			cell := from*w.grid.Width + k
			a := areaOf[cell]
			if a == noArea {
				a = int32(outside)
			}
			w.cells, w.area = append(w.cells, int32(cell)), append(w.area, a)
			for b := range rows {
				w.values[b] = append(w.values[b], positive(rows[b][k]))
			}
		}
	}
	return nil
}

// number is that of an item's band in the file.
func (w *veiling) number(band int) int {
	_, n := w.it.Locate(band)
	return n
}

// group puts the cells into blocks and deals their people out.
func (w *veiling) group(ctx context.Context, tree *peopleTree) error {
	lonLat, err := newLonLat(w.grid)
	if err != nil {
		return err
	}
	p := disclosure.Places{Area: w.area, Areas: len(tree.leaves) + 1}
	for _, cell := range w.cells {
		lon, lat, err := lonLat.of(int(cell)%w.grid.Width, int(cell)/w.grid.Width)
		if err != nil {
			return err
		}
		p.X, p.Y = append(p.X, lon), append(p.Y, lat)
	}
	// hides tells of the bands of the raster what the tables of territories hide.
	hides := func(a, b int) bool {
		if a >= len(tree.leaves) {
			return false
		}
		code := tree.leaves[a].Code
		if b == w.total {
			_, hidden, _ := tree.Total(code)
			return hidden
		}
		if w.total >= 0 {
			b--
		}
		_, hidden := tree.Band(code, b)
		return hidden
	}
	w.columns(&p, tree, hides)
	g, err := disclosure.NewGroups(ctx, p, w.threshold)
	if err != nil {
		return err
	}
	whole, told := w.everybody(tree, hides)
	p.Whole = whole
	fine, err := disclosure.NewGroups(ctx, p, w.threshold)
	if err != nil {
		return err
	}
	everybody := fine.Even(whole, math.NaN())
	weights := slices.Clone(everybody)
	for i := range weights {
		if !told[i] || math.IsNaN(weights[i]) {
			weights[i] = 0
		}
	}
	w.shown = make([][]float64, len(w.bands))
	for b := range w.bands {
		if w.shown[b] = g.Along(w.values[b], weights, math.NaN()); b == w.total || len(w.bands) == 1 {
			w.shown[b] = slices.Clone(everybody)
		}
		for i, a := range w.area {
			if hides(int(a), b) {
				w.shown[b][i] = math.NaN()
			}
		}
	}
	return nil
}

// everybody are all people of each cell, and whether they are told: there they
// are shown by smaller blocks than bands are.
func (w *veiling) everybody(tree *peopleTree, hides func(a, b int) bool) (whole []float64, told []bool) {
	whole, told = make([]float64, len(w.cells)), make([]bool, len(w.cells))
	hidden := make([]bool, len(tree.leaves)+1)
	for a := range hidden {
		switch {
		case w.total >= 0:
			hidden[a] = hides(a, w.total)
		case a < len(tree.leaves):
			_, hidden[a], _ = tree.Total(tree.leaves[a].Code)
		}
		for b := range w.bands { // everybody is their sum
			hidden[a] = hidden[a] || w.total < 0 && hides(a, b)
		}
	}
	for i, a := range w.area {
		told[i] = !hidden[a]
		if w.total >= 0 {
			whole[i] = w.values[w.total][i]
			continue
		}
		for b := range w.bands {
			whole[i] += w.values[b][i]
		}
	}
	return whole, told
}

// columns are the bands as people that exclude each other, as far as they do.
func (w *veiling) columns(p *disclosure.Places, tree *peopleTree, hides func(a, b int) bool) {
	p.Columns = w.values
	if w.total < 0 || len(w.bands) == 1 {
		p.Hidden = func(a, column int) bool {
			if column == len(p.Columns) {
				column = w.total
			}
			return column >= 0 && hides(a, column)
		}
		return
	}
	rest, some := slices.Clone(w.values[0]), false
	for _, v := range w.values[1:] {
		for i := range rest {
			rest[i] -= v[i]
		}
	}
	for i, v := range rest {
		if v < -1e-6 {
			p.Apart = true
			p.Hidden = func(a, column int) bool { return column < len(p.Columns) && hides(a, column) }
			return
		}
		rest[i] = math.Max(0, v)
		some = some || v > 1e-6
	}
	p.Columns = slices.Clone(w.values[1:])
	if some {
		p.Columns = append(p.Columns, rest)
	}
	p.Hidden = func(a, column int) bool {
		switch {
		case column == len(p.Columns):
			return hides(a, 0)
		case column+1 < len(w.bands):
			return hides(a, column+1)
		}
		i, ok := 0, a < len(tree.leaves)
		if ok {
			i, ok = tree.at[tree.leaves[a].Code]
		}
		return ok && tree.ages == nil && tree.hidden.Band(i, len(tree.bands))
	}
}

// veilNoData stands for cells of which nothing is told.
const veilNoData = -1.0

// write writes the blocks as a raster like the item's.
func (w *veiling) write(ctx context.Context, dir, path string) error {
	nodata := veilNoData
	bands := make([]gdal.BandSpec, len(w.it.Bands))
	for k, b := range w.it.Bands {
		bands[k] = gdal.BandSpec{Name: b.Name, Unit: b.Unit, Nodata: &nodata}
	}
	flat := filepath.Join(dir, "flat.tif")
	out, err := gdal.CreateGeoTIFF(flat, gdal.RasterSpec{Grid: w.grid, DataType: "float32", Bands: bands, Compress: "ZSTD", BlockSize: 256})
	if err != nil {
		return err
	}
	if err := errors.Join(w.writeStrips(ctx, out), out.Close()); err != nil {
		return err
	}
	args := []string{"-of", "COG"}
	for _, o := range []string{"COMPRESS=ZSTD", "LEVEL=1", "PREDICTOR=YES", "BLOCKSIZE=128", "BIGTIFF=IF_SAFER", "OVERVIEW_RESAMPLING=AVERAGE", "NUM_THREADS=ALL_CPUS"} {
		args = append(args, "-co", o)
	}
	return gdal.Translate(ctx, path, flat, args)
}

func (w *veiling) writeStrips(ctx context.Context, out *gdal.RasterWriter) error {
	var row []float64
	at := 0 // first of the cells of the strip
	for from := 0; from < w.grid.Height; from += stripRows {
		win := grid.Window{Row: from, Width: w.grid.Width, Height: min(stripRows, w.grid.Height-from)}
		first, end := at, int32((from+win.Height)*w.grid.Width)
		for at < len(w.cells) && w.cells[at] < end {
			at++
		}
		row = slices.Grow(row[:0], int(win.Cells()))[:win.Cells()]
		values := make([]float32, win.Cells())
		for b, band := range w.bands {
			if err := w.src.ReadFloat64(ctx, w.number(band), win, row); err != nil {
				return err
			}
			for k, v := range row { // where nobody lives, and no data
				values[k] = float32(positive(v) * 0)
				if math.IsNaN(v) {
					values[k] = veilNoData
				}
			}
			for i := first; i < at; i++ {
				v := w.shown[b][i]
				if math.IsNaN(v) {
					v = veilNoData
				}
				values[int(w.cells[i])-from*w.grid.Width] = float32(v)
			}
			if err := out.Write(w.number(band), win, values); err != nil {
				return err
			}
		}
		if len(w.sexes) == 0 {
			continue
		}
		nothing := slices.Repeat([]float32{veilNoData}, int(win.Cells()))
		for _, band := range w.sexes {
			if err := out.Write(w.number(band), win, nothing); err != nil {
				return err
			}
		}
	}
	return nil
}
