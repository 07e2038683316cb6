package raster

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// normalise returns a file whose rows run north to south and columns west to
// east, within −180 to 180 degrees where that can be: the file itself, or one
// written to dst.
func (c *converter) normalise(ctx context.Context, f *file, dst string) (*file, error) {
	switch {
	case f.cal != nil && f.cal.lut != nil:
		return c.sigma(ctx, f, dst)
	case (!f.info.HasTransform || f.info.Rotated) && c.conserves(f):
		return c.spread(ctx, f, dst)
	case !f.info.HasTransform:
		c.notes.Count(catalog.Warning, "warped-from-gcps", "rasters placed by control points were resampled to a north-up grid", f.name)
		return c.warp(ctx, f, dst, nil)
	case f.info.Rotated:
		c.notes.Count(catalog.Warning, "warped-from-rotated", "rotated rasters were resampled to a north-up grid", f.name)
		return c.warp(ctx, f, dst, nil)
	case !f.info.NorthUp:
		c.notes.Count(catalog.Info, "flipped", "rasters with rows from south to north (or columns from east to west) were turned, cell by cell", f.name)
		return c.warp(ctx, f, dst, exact(f.grid, f.grid.Bounds().MinX))
	}
	d, err := gdal.DescribeCRS(f.grid.CRS)
	if err != nil {
		return nil, err
	}
	if d.Geographic && d.RadiansPerUnit > 0.017 && d.RadiansPerUnit < 0.018 {
		return c.wrap(ctx, f, dst)
	}
	return f, nil
}

// exact are the switches for a warp that moves whole cells.
func exact(g grid.Grid, minX float64) []string {
	b := g.Bounds()
	return []string{
		"-r", "near", "-te", num(minX), num(b.MinY), num(minX + b.Width()), num(b.MaxY),
		"-ts", strconv.Itoa(g.Width), strconv.Itoa(g.Height),
	}
}

func num(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// warp resamples into the same CRS, north up. Where the source says nothing
// of validity, cells that it does not reach are marked by a mask.
func (c *converter) warp(ctx context.Context, f *file, dst string, args []string) (*file, error) {
	if args == nil {
		method := "bilinear"
		if c.isClass(f) {
			method = "near"
		}
		args = []string{"-r", method}
	}
	crs := string(f.grid.CRS)
	args = append(args, "-of", "GTiff", "-co", "TILED=YES", "-co", "BIGTIFF=IF_SAFER", "-s_srs", crs, "-t_srs", crs)
	b := f.bands[0]
	masked := !f.info.NorthUp && !f.hasAlpha() && b.NodataText == "" || f.hasMask()
	if f.info.HasTransform && !f.info.Rotated && !f.hasMask() {
		masked = false // a turned raster covers its grid
	}
	if masked {
		args = append(args, "-dstalpha")
	}
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	err = c.watch(ctx, dst, func() error { return gdal.WarpRasters(ctx, dst, []*gdal.Raster{r}, args) })
	if err != nil {
		return nil, err
	}
	return reopen(f, dst, masked)
}

// reopen describes the file that took the place of f. Names, units, scale and
// classes, which resampling loses, are those of f.
func reopen(f *file, dst string, masked bool) (*file, error) {
	r, err := gdal.OpenRaster(dst, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	out := *f
	out.path, out.opt, out.info = dst, gdal.RasterOptions{}, r.Info()
	out.grid = out.info.Grid
	out.bands = slices.Clone(out.info.Bands)
	for i := range min(len(f.bands), len(out.bands)) {
		b, was := &out.bands[i], f.bands[i]
		b.Categories, b.Colors, b.Name, b.Unit, b.Scale, b.Offset = was.Categories, was.Colors, was.Name, was.Unit, was.Scale, was.Offset
	}
	if masked {
		out.mask = len(out.bands)
		out.bands = out.bands[:out.mask-1]
	}
	return &out, nil
}

// wrap brings longitudes above 180 back: a raster wholly beyond is moved by
// 360 degrees, one around the whole earth is cut at 180 and joined at 0. One
// that just crosses 180 stays whole, and its box is said to cross.
func (c *converter) wrap(ctx context.Context, f *file, dst string) (*file, error) {
	b := f.grid.Bounds()
	res := f.grid.Transform[1]
	if b.MaxX <= 180+res {
		return f, nil
	}
	whole := b.Width() > 360-res/2
	if !whole && b.MinX < 180 {
		c.notes.Count(catalog.Info, "crosses-antimeridian", "rasters that cross the 180th meridian were kept whole", f.name)
		return f, nil
	}
	if !whole {
		c.notes.Count(catalog.Info, "longitudes-shifted", "rasters with longitudes above 180 were moved by 360 degrees", f.name)
		return c.shift(ctx, f, dst, 0, f.grid.Width, 360)
	}
	c.notes.Count(catalog.Info, "longitudes-shifted", "rasters from 0 to 360 degrees were cut at 180 and joined at 0", f.name)
	cut := int(math.Ceil((180-b.MinX)/res - 1e-9))
	west, err := c.shift(ctx, f, dst+".west.tif", cut, f.grid.Width-cut, 360)
	if err != nil {
		return nil, err
	}
	east, err := c.shift(ctx, f, dst+".east.tif", 0, cut, 0)
	if err != nil {
		return nil, err
	}
	return c.join(ctx, f, dst, west, east)
}

// shift copies columns and moves them west by some degrees.
func (c *converter) shift(ctx context.Context, f *file, dst string, col, width int, degrees float64) (*file, error) {
	g := f.grid.Sub(grid.Window{Col: col, Width: width, Height: f.grid.Height})
	b := g.Bounds()
	args := []string{
		"-srcwin", fmt.Sprint(col), "0", fmt.Sprint(width), fmt.Sprint(f.grid.Height), "-a_srs", string(f.grid.CRS),
		"-a_ullr", num(b.MinX - degrees), num(b.MaxY), num(b.MaxX - degrees), num(b.MinY), "-co", "TILED=YES", "-co", "BIGTIFF=IF_SAFER",
	}
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := c.watch(ctx, dst, func() error { return r.Translate(ctx, dst, args) }); err != nil {
		return nil, err
	}
	return reopen(f, dst, false)
}

// join puts two halves side by side, cell by cell.
func (c *converter) join(ctx context.Context, f *file, dst string, halves ...*file) (*file, error) {
	var rs []*gdal.Raster
	defer func() {
		for _, r := range rs {
			r.Close()
		}
	}()
	for _, h := range halves {
		r, err := h.open()
		if err != nil {
			return nil, err
		}
		rs = append(rs, r)
	}
	args := append(exact(f.grid, halves[0].grid.Bounds().MinX), "-of", "GTiff", "-co", "TILED=YES", "-co", "BIGTIFF=IF_SAFER")
	if err := c.watch(ctx, dst, func() error { return gdal.WarpRasters(ctx, dst, rs, args) }); err != nil {
		return nil, err
	}
	return reopen(f, dst, false)
}
