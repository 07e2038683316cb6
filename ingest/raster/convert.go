package raster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// convert makes the COG and the metadata of one scene.
func (c *converter) convert(ctx context.Context, s *scene, n int) (*Item, error) {
	c.p.Stage("convert " + c.label)
	work := filepath.Join(c.o.Dir, fmt.Sprintf("work%d", n))
	if err := os.Mkdir(work, 0o755); err != nil {
		return nil, fault.E("raster.Convert", fault.Other, err)
	}
	defer os.RemoveAll(work)
	var err error
	for i, f := range s.files {
		if s.files[i], err = c.normalise(ctx, f, filepath.Join(work, fmt.Sprintf("north%d.tif", i))); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	src := s.files[0]
	if len(s.files) > 1 || c.dropsColours(src) || rescaled(src) {
		if src, err = c.stack(ctx, s, work); err != nil {
			return nil, err
		}
	}
	dst := filepath.Join(c.o.Dir, fmt.Sprintf("item%d.tif", n))
	if err := c.cog(ctx, dst, src, s); err != nil {
		return nil, err
	}
	c.p.Stage("check " + c.label)
	return c.describe(ctx, s, src, dst)
}

// rescaled reports a file whose cells lost their scale on the way.
func rescaled(f *file) bool {
	for i, b := range f.bands {
		if b.Scale != f.info.Bands[i].Scale || b.Offset != f.info.Bands[i].Offset {
			return true
		}
	}
	return false
}

// quantity reports whether the role says that cells are amounts, which may
// be averaged, whatever colours the file brings.
func (c *converter) quantity() bool {
	return c.o.Role == catalog.Elevation || c.o.Role == catalog.Population
}

// dropsColours: GDAL averages a band with a colour table by its colours, so a
// table on amounts has to go before overviews are made.
func (c *converter) dropsColours(f *file) bool {
	if !c.quantity() || len(f.bands[0].Colors) == 0 {
		return false
	}
	c.notes.Count(catalog.Info, "colour-table-dropped", "colour tables on amounts were dropped, so that overviews average values and not colours", f.name)
	return true
}

// overviews chooses how overviews are made: classes by the most frequent,
// bit fields and mixtures by the nearest, amounts by the mean.
func (c *converter) overviews(s *scene) grid.Resampling {
	if c.o.Resampling != "" {
		return c.o.Resampling
	}
	classes, bits, amounts := 0, 0, 0
	for _, f := range s.files {
		switch {
		case isBits(f.token):
			bits++
		case c.isClass(f):
			classes++
		default:
			amounts++
		}
	}
	switch {
	case amounts > 0 && classes+bits > 0:
		c.notes.Count(catalog.Info, "overviews-nearest", "overviews were made by the nearest cell, because classes and amounts share one file", s.id)
		return grid.Nearest
	case bits > 0:
		return grid.Nearest
	case classes > 0:
		return grid.Mode
	}
	return grid.Average
}

// isClass reports whether the cells of a file are classes.
func (c *converter) isClass(f *file) bool {
	if c.quantity() {
		return false
	}
	return f.token == "SCL" || isBits(f.token) || c.o.Role == catalog.LandCover || f.classed()
}

func isBits(token string) bool { return token == "BQA" || strings.Contains(token, "QA_") }

var cogResampling = map[grid.Resampling]string{
	grid.Nearest: "NEAREST", grid.Bilinear: "BILINEAR", grid.Cubic: "CUBIC", grid.Average: "AVERAGE", grid.Mode: "MODE",
}

// cog writes the COG: 512-cell tiles, DEFLATE, a predictor for amounts, and
// overviews of our own making (those of the source may be of any kind).
func (c *converter) cog(ctx context.Context, dst string, src *file, s *scene) error {
	if c.o.Resampling != "" && !c.o.Resampling.Valid() {
		return fault.Errorf("raster.Convert", fault.Invalid, "resampling %q is not known: use nearest, bilinear, cubic, average or mode", c.o.Resampling)
	}
	predictor := "YES"
	if c.isClass(src) || strings.HasSuffix(src.bands[0].DataType, "int8") {
		predictor = "NO"
	}
	overviews := "IGNORE_EXISTING"
	if max(src.grid.Width, src.grid.Height) <= tileSize {
		overviews = "NONE" // else those of the source would be copied
	}
	args := []string{"-of", "COG"}
	for _, o := range []string{
		"COMPRESS=DEFLATE", "LEVEL=6", "PREDICTOR=" + predictor, "BLOCKSIZE=512", "BIGTIFF=IF_SAFER",
		"OVERVIEWS=" + overviews, "OVERVIEW_RESAMPLING=" + cogResampling[c.overviews(s)], "NUM_THREADS=ALL_CPUS",
	} {
		args = append(args, "-co", o)
	}
	if src.grid.CRS != src.info.Grid.CRS {
		args = append(args, "-a_srs", string(src.grid.CRS))
	}
	if c.strayNodata(src) {
		args = append(args, "-a_nodata", "none")
	}
	if src.mask > 0 {
		for i := 1; i < src.mask; i++ {
			args = append(args, "-b", fmt.Sprint(i))
		}
		args = append(args, "-mask", fmt.Sprint(src.mask))
	}
	r, err := src.open()
	if err != nil {
		return err
	}
	defer r.Close()
	err = c.watch(ctx, dst, func() error { return r.Translate(ctx, dst, args) })
	if err != nil {
		return damaged(src.name, err)
	}
	// GDAL keeps here what GeoTIFF has no place for; the catalog has it.
	if err := os.Remove(dst + ".aux.xml"); err != nil && !os.IsNotExist(err) {
		return fault.E("raster.Convert", fault.Other, err)
	}
	return nil
}

const tileSize = 512

// strayNodata reports a nodata value that the cell type cannot hold, which no
// cell can ever have.
func (c *converter) strayNodata(f *file) bool {
	b := f.bands[0]
	if b.Nodata == nil {
		return false
	}
	lo, hi := 0.0, 0.0
	switch b.DataType {
	case "uint8":
		hi = math.MaxUint8
	case "uint16":
		hi = math.MaxUint16
	case "uint32":
		hi = math.MaxUint32
	case "int16":
		lo, hi = math.MinInt16, math.MaxInt16
	case "int32":
		lo, hi = math.MinInt32, math.MaxInt32
	default:
		return false
	}
	if *b.Nodata >= lo && *b.Nodata <= hi {
		return false
	}
	c.notes.Count(catalog.Warning, "nodata-dropped", "nodata values that the cells cannot hold were dropped", fmt.Sprintf("%s: %g in %s cells", f.name, *b.Nodata, b.DataType))
	return true
}

// damaged words an error of GDAL's for people: without the paths of the
// staging folder, on one line.
func damaged(name string, err error) error {
	var g *gdal.Error
	if !errors.As(err, &g) {
		return fmt.Errorf("%s: %w", name, err)
	}
	kind := fault.KindOf(err)
	if kind == fault.Other {
		kind = fault.Invalid
	}
	msg, _, _ := strings.Cut(g.Message, "\n")
	return fault.WithHint(fault.Errorf("raster.Convert", kind, "%s cannot be converted: %s", name, msg), "the file may be damaged or cut short: fetch it again")
}

// watch runs a GDAL call that tells nothing of itself and reports the bytes
// it has written. The call cannot be stopped half way: a canceled context is
// answered when it ends.
func (c *converter) watch(ctx context.Context, dst string, call func() error) error {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				c.p.Step(written(dst), 0)
			}
		}
	}()
	err := call()
	close(stop)
	<-done
	if ctx.Err() != nil {
		return fault.E("raster.Convert", fault.Canceled, ctx.Err())
	}
	return err
}

// written is the size of a file and of GDAL's temporary files beside it.
func written(dst string) int64 {
	names, err := filepath.Glob(dst + "*")
	if err != nil {
		return 0
	}
	var n int64
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			n += info.Size()
		}
	}
	return n
}

// describe opens the finished COG and reads all of it: what is published has
// been read back once.
func (c *converter) describe(ctx context.Context, s *scene, src *file, dst string) (*Item, error) {
	r, err := gdal.OpenRaster(dst, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	info := r.Info()
	if info.Grid.Width != src.grid.Width || info.Grid.Height != src.grid.Height || !info.NorthUp {
		return nil, fault.Errorf("raster.Convert", fault.Other, "%s came out as %d x %d cells instead of %d x %d",
			src.name, info.Grid.Width, info.Grid.Height, src.grid.Width, src.grid.Height)
	}
	it := &Item{Path: dst}
	it.ID, it.Dataset, it.Datetime, it.CloudCover = s.id, c.o.Dataset, s.time, s.cloud
	it.Grid, it.Overviews = info.Grid, info.Bands[0].Overviews
	if it.Footprint, it.BBox, err = footprint(info.Grid); err != nil {
		return nil, err
	}
	c.checkArea(it.BBox, info.Grid.CRS, s.id)
	named := c.nameBands(s, src, info)
	for i := range info.Bands {
		b, err := c.band(ctx, r, i, named[i], it)
		if err != nil {
			return nil, fmt.Errorf("read back %s: %w", src.name, err)
		}
		it.Bands = append(it.Bands, *b)
		c.p.Step(int64(i+1), int64(len(info.Bands)))
	}
	return it, nil
}

// checkArea warns of data that lie outside what their CRS is meant for: the
// CRS is then likely the wrong one.
func (c *converter) checkArea(box geo.BBox, crs geo.CRS, name string) {
	d, err := gdal.DescribeCRS(crs)
	if err != nil || d.AreaOfUse == nil || box.MinX > box.MaxX || d.AreaOfUse.MinX > d.AreaOfUse.MaxX {
		return
	}
	if !d.AreaOfUse.Buffer(1).Intersects(box) {
		c.notes.Count(catalog.Warning, "outside-area-of-use", "data lie outside the area that their reference system is meant for: check it",
			fmt.Sprintf("%s: %s is for %s", name, crs.Short(), d.AreaOfUseName))
	}
}
