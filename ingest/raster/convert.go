package raster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

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
	if len(s.files) > 1 || c.dropsColours(src) {
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
	args := []string{"-of", "COG"}
	for _, o := range []string{
		"COMPRESS=DEFLATE", "LEVEL=6", "PREDICTOR=" + predictor, "BLOCKSIZE=512", "BIGTIFF=IF_SAFER",
		"OVERVIEWS=IGNORE_EXISTING", "OVERVIEW_RESAMPLING=" + cogResampling[c.overviews(s)], "NUM_THREADS=ALL_CPUS",
	} {
		args = append(args, "-co", o)
	}
	if src.grid.CRS != src.info.Grid.CRS {
		args = append(args, "-a_srs", string(src.grid.CRS))
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
		return fmt.Errorf("%s: %w", src.name, err)
	}
	// GDAL keeps here what GeoTIFF has no place for; the catalog has it.
	if err := os.Remove(dst + ".aux.xml"); err != nil && !os.IsNotExist(err) {
		return fault.E("raster.Convert", fault.Other, err)
	}
	return nil
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
