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

// convert makes the COGs and the metadata of one scene: an item, or one for
// each of its steps in time.
func (c *converter) convert(ctx context.Context, s *scene, n int) ([]Item, error) {
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
	if src := s.files[0]; s.steps() > 0 {
		return c.convertSteps(ctx, s, src, n)
	}
	parts, err := c.parts(ctx, s, work)
	if err != nil {
		return nil, err
	}
	it, err := c.write(ctx, s, parts, filepath.Join(c.o.Dir, fmt.Sprintf("item%d", n)))
	if err != nil {
		return nil, err
	}
	return []Item{*it}, nil
}

// write makes the COGs of an item, at paths that begin with base.
func (c *converter) write(ctx context.Context, s *scene, parts []*part, base string) (*Item, error) {
	it, err := c.item(s, parts)
	if err != nil {
		return nil, err
	}
	for k, p := range parts {
		if len(parts) > 1 {
			c.p.Stage(fmt.Sprintf("convert %s: %s", c.label, p.key))
		}
		dst := fmt.Sprintf("%s-%d.tif", base, k)
		if err := c.cog(ctx, dst, p); err != nil {
			return nil, err
		}
		c.p.Stage("check " + c.label)
		if err := c.finish(ctx, it, p, k, dst); err != nil {
			return nil, err
		}
	}
	it.settle()
	return it, nil
}

// settle repeats the first file in the item's own fields, and says no more
// where it is the only one.
func (it *Item) settle() {
	first := it.Assets[0]
	it.Grid, it.Overviews = first.Grid, first.Overviews
	if len(it.Assets) > 1 {
		return
	}
	it.Assets = nil
	for i := range it.Bands {
		it.Bands[i].Asset, it.Bands[i].Number = 0, 0
	}
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

// uniformScale reports whether all bands have one scale, which then needs no
// rewriting of the cells.
func (f *file) uniformScale() bool {
	for _, b := range f.bands {
		if b.Scale != f.bands[0].Scale || b.Offset != f.bands[0].Offset {
			return false
		}
	}
	return true
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
func (c *converter) overviews(p *part) grid.Resampling {
	if c.o.Resampling != "" {
		return c.o.Resampling
	}
	classes, bits := 0, 0
	for _, b := range p.names {
		switch {
		case b.bits:
			bits++
		case b.classes:
			classes++
		}
	}
	switch {
	case classes+bits > 0 && classes+bits < len(p.names):
		c.notes.Count(catalog.Info, "overviews-nearest", "overviews were made by the nearest cell, because classes and amounts share one file", p.src.name)
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

// cog writes the COG, with overviews of our own making (those of the source
// may be of any kind).
func (c *converter) cog(ctx context.Context, dst string, p *part) error {
	if c.o.Resampling != "" && !c.o.Resampling.Valid() {
		return fault.Errorf("raster.Convert", fault.Invalid, "resampling %q is not known: use nearest, bilinear, cubic, average or mode", c.o.Resampling)
	}
	src, l := p.src, layoutOf(c.content(p))
	overviews := "IGNORE_EXISTING"
	if max(src.grid.Width, src.grid.Height) <= l.side {
		overviews = "NONE" // else those of the source would be copied
	}
	args := []string{"-of", "COG"}
	for _, o := range append(l.options, "OVERVIEWS="+overviews, "OVERVIEW_RESAMPLING="+cogResampling[c.overviews(p)], "NUM_THREADS=ALL_CPUS") {
		args = append(args, "-co", o)
	}
	args = append(args, c.sourceArgs(p)...)
	r, err := src.open()
	if err != nil {
		return err
	}
	defer r.Close()
	err = c.watch(ctx, dst, func() error { return l.write(ctx, r, dst, args) })
	if err != nil {
		return damaged(src.name, err)
	}
	// GDAL keeps here what GeoTIFF has no place for; the catalog has it.
	if err := os.Remove(dst + ".aux.xml"); err != nil && !os.IsNotExist(err) {
		return fault.E("raster.Convert", fault.Other, err)
	}
	return nil
}

// sourceArgs are the switches of gdal_translate that say what is to be taken
// of the source, and what it does not say itself.
func (c *converter) sourceArgs(p *part) []string {
	var args []string
	src := p.src
	if src.grid.CRS != src.info.Grid.CRS {
		args = append(args, "-a_srs", string(src.grid.CRS))
	}
	if c.strayNodata(src) {
		args = append(args, "-a_nodata", "none")
	} else if src.nodata != nil {
		args = append(args, "-a_nodata", num(*src.nodata))
	}
	if rescaled(src) {
		args = append(args, "-a_scale", num(src.bands[0].Scale), "-a_offset", num(src.bands[0].Offset))
	}
	if p.band > 0 {
		args = append(args, "-b", fmt.Sprint(p.band))
	}
	if src.mask > 0 {
		for i := 1; i < src.mask && p.band == 0; i++ {
			args = append(args, "-b", fmt.Sprint(i))
		}
		args = append(args, "-mask", fmt.Sprint(src.mask))
	}
	return args
}

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
