package raster

import (
	"context"
	"fmt"
	"math"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// stack writes the bands of files into one GeoTIFF, dst, on the finest grid.
func (c *converter) stack(ctx context.Context, s *scene, dst string) (*file, error) {
	target := finest(s.files)
	for i, f := range s.files {
		if sameGrid(f.grid, target.grid) {
			continue
		}
		if c.o.Role == catalog.Population {
			return nil, fault.WithHint(fault.Errorf("raster.Convert", fault.Invalid,
				"%s has another grid than %s: people cannot be resampled without losing count", f.name, target.name), "bring all bands to one grid first")
		}
		var err error
		if s.files[i], err = c.regrid(ctx, f, target.grid, fmt.Sprintf("%s.regrid%d.tif", dst, i)); err != nil {
			return nil, err
		}
	}
	spec, err := stackSpec(s.files, target.grid, c.quantity())
	if err != nil {
		return nil, err
	}
	w, err := gdal.CreateGeoTIFF(dst, spec)
	if err != nil {
		return nil, err
	}
	err = c.fill(ctx, w, s, spec)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	one := *s.files[0]
	one.name = s.id
	out, err := reopen(&one, dst, false)
	if err == nil && len(s.files) > 1 {
		out.token = ""
	}
	return out, err
}

// finest is the file with the smallest cells.
func finest(files []*file) *file {
	best := files[0]
	for _, f := range files[1:] {
		if math.Abs(f.grid.Transform.Det()) < math.Abs(best.grid.Transform.Det())*(1-1e-9) {
			best = f
		}
	}
	return best
}

func sameGrid(a, b grid.Grid) bool {
	if a.CRS != b.CRS || a.Width != b.Width || a.Height != b.Height {
		return false
	}
	for i := range a.Transform {
		if math.Abs(a.Transform[i]-b.Transform[i]) > 1e-6*math.Abs(b.Transform[1]) {
			return false
		}
	}
	return true
}

func (c *converter) regrid(ctx context.Context, f *file, g grid.Grid, dst string) (*file, error) {
	method, how := "bilinear", "bilinear interpolation"
	if c.isClass(f) {
		method, how = "near", "the nearest cell"
	}
	b := g.Bounds()
	c.notes.Count(catalog.Info, "band-resampled", "bands of coarser cells were brought to the finest grid of their scene", f.name+": by "+how)
	args := []string{
		"-r", method, "-s_srs", string(f.grid.CRS), "-t_srs", string(g.CRS), "-te", num(b.MinX), num(b.MinY), num(b.MaxX), num(b.MaxY),
		"-ts", fmt.Sprint(g.Width), fmt.Sprint(g.Height), "-co", "TILED=YES", "-co", "BIGTIFF=IF_SAFER",
	}
	masked := f.bands[0].NodataText == "" && !f.hasAlpha() && !covers(f.grid, g)
	if masked {
		args = append(args, "-dstalpha")
	}
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := c.watch(ctx, dst, func() error { return gdal.WarpRasters(ctx, dst, []*gdal.Raster{r}, args) }); err != nil {
		return nil, err
	}
	return reopen(f, dst, masked)
}

func covers(a, b grid.Grid) bool {
	x, y := a.Bounds(), b.Bounds()
	e := 1e-6 * b.Transform[1]
	return a.CRS == b.CRS && x.MinX <= y.MinX+e && x.MinY <= y.MinY+e && x.MaxX >= y.MaxX-e && x.MaxY >= y.MaxY-e
}

// wider is the type that holds the values of two types.
func wider(a, b string) string {
	if a == b {
		return a
	}
	bits := map[string]int{"uint8": 8, "int8": 7, "uint16": 16, "int16": 15, "uint32": 32, "int32": 31, "float32": 24, "float64": 53}
	need, signed, float := max(bits[a], bits[b]), a[0] == 'i' || b[0] == 'i', a[0] == 'f' || b[0] == 'f'
	switch {
	case bits[a] == 0 || bits[b] == 0 || (float && need > 24):
		return "float64"
	case float:
		return "float32"
	case !signed && need <= 16:
		return map[bool]string{true: "uint8", false: "uint16"}[need <= 8]
	case need <= 15:
		return "int16"
	case need <= 31:
		return "int32"
	case !signed:
		return "uint32"
	}
	return "float64"
}

// stackSpec settles the one cell type and the one nodata value that a GeoTIFF
// has for all bands.
func stackSpec(files []*file, g grid.Grid, plain bool) (gdal.RasterSpec, error) {
	spec := gdal.RasterSpec{Grid: g, Compress: "NONE", BlockSize: 512, DataType: writable(files[0].bands[0].DataType)}
	holes := false
	for _, f := range files {
		for _, b := range f.bands {
			spec.DataType = wider(spec.DataType, writable(b.DataType))
			holes = holes || b.HasMask && !f.hasAlpha() || f.mask > 0
		}
	}
	var nodata *float64
	for _, f := range files {
		for _, b := range f.bands {
			if v := declared(b); v != nil && (nodata == nil || (b.DataType == spec.DataType && files[0].bands[0].DataType != spec.DataType)) {
				nodata = v
			}
		}
	}
	if nodata == nil && holes {
		nodata = roomFor(&spec)
	}
	for _, f := range files {
		for i, b := range f.bands {
			bs := gdal.BandSpec{Name: b.Name, Nodata: nodata, Unit: b.Unit, Scale: b.Scale, Offset: b.Offset}
			if b.Alpha {
				bs.ColorInterp = "alpha"
			}
			if f.token != "" && len(f.bands) == 1 {
				bs.Name = f.token
			}
			if !plain && len(files) == 1 && i == 0 {
				bs.Colors = b.Colors
			}
			spec.Bands = append(spec.Bands, bs)
		}
	}
	return spec, nil
}

func declared(b gdal.BandInfo) *float64 {
	if b.NaN {
		nan := math.NaN()
		return &nan
	}
	return b.Nodata
}

func writable(t string) string {
	switch t {
	case "int8":
		return "int16"
	case "int64", "uint64":
		return "float64"
	}
	return t
}

// roomFor widens an integer type to make room for a nodata value.
func roomFor(spec *gdal.RasterSpec) *float64 {
	v := math.NaN()
	switch spec.DataType {
	case "uint8":
		spec.DataType, v = "int16", math.MinInt16
	case "uint16", "int16":
		spec.DataType, v = "int32", math.MinInt32
	case "uint32", "int32":
		spec.DataType = "float64"
	}
	return &v
}

const chunkCells = 4 << 20

// chunks cuts a grid into windows of whole 512-cell tiles.
func chunks(g grid.Grid) []grid.Window {
	const tile = 512
	cols := max(tile, chunkCells/tile/tile*tile)
	var out []grid.Window
	for row := 0; row < g.Height; row += tile {
		for col := 0; col < g.Width; col += cols {
			out = append(out, grid.Window{Col: col, Row: row, Width: cols, Height: tile}.Intersect(g.Full()))
		}
	}
	return out
}

// fill copies the cells, band by band, block by block.
func (c *converter) fill(ctx context.Context, w *gdal.RasterWriter, s *scene, spec gdal.RasterSpec) error {
	windows := chunks(spec.Grid)
	total, done, to := int64(len(windows)*len(spec.Bands)), int64(0), 0
	for _, f := range s.files {
		r, err := f.open()
		if err != nil {
			return err
		}
		for i, own := range r.Info().Bands[:len(f.bands)] {
			to++
			cp := copier{r: r, w: w, from: i + 1, to: to, band: own, nodata: spec.Bands[to-1].Nodata, mask: f.mask}
			for _, win := range windows {
				if ctx.Err() != nil {
					r.Close()
					return fault.E("raster.Convert", fault.Canceled, ctx.Err())
				}
				if err := cp.copy(win); err != nil {
					r.Close()
					return fmt.Errorf("%s: %w", f.name, err)
				}
				done++
				c.p.Step(done, total)
			}
			if cp.collided > 0 {
				c.notes.Count(catalog.Warning, "nodata-collision", "valid cells that equal the nodata value of the other bands count as empty from now on",
					fmt.Sprintf("%s: %d cells of %g", f.name, cp.collided, *cp.nodata))
			}
		}
		if err := r.Close(); err != nil {
			return err
		}
	}
	return nil
}

// copier copies one band.
type copier struct {
	r        *gdal.Raster
	w        *gdal.RasterWriter
	from, to int
	band     gdal.BandInfo
	nodata   *float64
	mask     int
	collided int64
	buf, msk []float64
}

func (cp *copier) copy(win grid.Window) error {
	n := int(win.Cells())
	if cap(cp.buf) < n {
		cp.buf = make([]float64, n)
	}
	buf := cp.buf[:n]
	if err := cp.r.ReadFloat64(cp.from, win, buf); err != nil {
		return err
	}
	own := declared(cp.band)
	check := cp.nodata != nil && (own == nil || *own != *cp.nodata)
	for i, v := range buf {
		if math.IsNaN(v) {
			if cp.nodata == nil {
				buf[i] = 0 // under a transparent cell
			}
			continue
		}
		raw := (v - cp.band.Offset) / cp.band.Scale
		buf[i] = raw
		if check && raw == *cp.nodata {
			cp.collided++
		}
	}
	if cp.mask > 0 {
		if err := cp.blank(win, buf); err != nil {
			return err
		}
	}
	return cp.w.Write(cp.to, win, buf)
}

// blank makes cells nodata where the mask band is 0.
func (cp *copier) blank(win grid.Window, buf []float64) error {
	if cap(cp.msk) < len(buf) {
		cp.msk = make([]float64, len(buf))
	}
	m := cp.msk[:len(buf)]
	if err := cp.r.ReadFloat64(cp.mask, win, m); err != nil {
		return err
	}
	for i, v := range m {
		if v == 0 {
			buf[i] = math.NaN()
		}
	}
	return nil
}
