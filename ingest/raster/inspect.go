package raster

import (
	"fmt"
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

// file is one raster as found.
type file struct {
	path   string // what GDAL opens: a path or a subdataset name
	name   string // base name for people
	base   string // name without extension, for scenes and items
	dir    string
	opt    gdal.RasterOptions
	driver string
	grid   grid.Grid
	info   gdal.RasterInfo
	bands  []gdal.BandInfo
	// prefix and token split base into scene and band; token "" is none.
	prefix, token string
	metres        int      // resolution that the name states; 0 = none
	mask          int      // band that is the mask rather than data; 0 = none
	rat           []string // class names by value, from an attribute table
	ratColours    []gdal.ColorEntry
	steps         []time.Time // of its bands; nil = they are no steps in time
	product       *Product
	cal           *calibration // what the product says of its band
	nodata        *float64     // what the product says where the file does not
}

func (f *file) open() (*gdal.Raster, error) { return gdal.OpenRasterWith(f.path, &f.opt) }

// classed reports whether the cells are classes: a colour table or names.
func (f *file) classed() bool {
	b := f.bands[0]
	return len(b.Categories) > 0 || len(f.rat) > 0 || (len(b.Colors) > 0 && b.DataType == "uint8")
}

// hasMask reports a mask of the whole file that is no alpha band.
func (f *file) hasMask() bool { return f.bands[0].HasMask && !f.hasAlpha() }

func (f *file) hasAlpha() bool { return f.bands[len(f.bands)-1].Alpha }

// inspect opens a file and checks that it can become an item.
func (c *converter) inspect(s Source) (*file, error) {
	f := &file{path: s.Path, name: filepath.Base(s.Path), dir: filepath.Dir(s.Path)}
	f.base = strings.TrimSuffix(f.name, filepath.Ext(f.name))
	f.opt = gdal.RasterOptions{Drivers: s.Drivers, Subdataset: true}
	r, err := f.open()
	if err != nil {
		if err = c.chooseSubdataset(f, err); err != nil {
			return nil, err
		}
		if r, err = f.open(); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	f.info = r.Info()
	if err := r.Close(); err != nil {
		return nil, err
	}
	if len(f.info.Subdatasets) > 1 && f.path == s.Path {
		if err := c.pick(f, f.info.Subdatasets); err != nil {
			return nil, err
		}
		if r, err = f.open(); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		f.info = r.Info()
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	f.grid, f.bands, f.driver = f.info.Grid, f.info.Bands, f.info.Driver
	if err := c.checkSize(f, s.Path); err != nil {
		return nil, err
	}
	if err := c.checkGeoreference(f); err != nil {
		return nil, err
	}
	if f.prefix, f.token, f.metres = splitBand(f.base); s.Product != nil {
		f.product, f.token = s.Product, s.Band
	}
	f.rat, f.ratColours = attributes(s.Path)
	c.readSteps(f)
	return f, nil
}

// chooseSubdataset handles a container that holds no bands itself.
func (c *converter) chooseSubdataset(f *file, cause error) error {
	subs, err := gdal.Subdatasets(f.path, f.opt.Drivers)
	if err != nil || len(subs) == 0 {
		return fmt.Errorf("%s: %w", f.name, cause)
	}
	return c.pick(f, subs)
}

// pick makes f the subdataset that the options name, by GDAL's full name or
// by the name of the variable.
func (c *converter) pick(f *file, subs []gdal.Subdataset) error {
	var names []string
	for _, s := range subs {
		v := variable(s.Name)
		if c.o.Subdataset != "" && (v == c.o.Subdataset || s.Name == c.o.Subdataset) {
			f.path, f.base = s.Name, f.base+"_"+strings.Map(slugRune, v)
			return nil
		}
		names = append(names, fmt.Sprintf("%s (%s)", v, s.Description))
	}
	err := fault.Errorf("raster.Convert", fault.Invalid, "%s holds %d rasters", f.name, len(subs))
	if c.o.Subdataset != "" {
		err = fault.Errorf("raster.Convert", fault.Invalid, "%s holds no raster %q", f.name, c.o.Subdataset)
	}
	return fault.WithHint(err, "choose one with --subdataset: "+strings.Join(names, ", "))
}

// variable is the last part of a subdataset name.
func variable(name string) string {
	return strings.TrimLeft(name[strings.LastIndexByte(name, ':')+1:], "/")
}

func slugRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
		return r
	}
	return '-'
}

var cellBytes = map[string]int64{
	"uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "uint32": 4, "int32": 4, "float32": 4, "float64": 8, "uint64": 8, "int64": 8,
}

// checkSize refuses what is over the limits and headers that claim more cells
// than the file can hold, before anything is allocated for them.
func (c *converter) checkSize(f *file, path string) error {
	const op = "raster.Convert"
	cells, lim := f.grid.Cells(), c.o.Limits
	switch {
	case cells > lim.Cells:
		return fault.Errorf(op, fault.TooLarge, "%s has %d x %d cells, more than the limit of %d million", f.name, f.grid.Width, f.grid.Height, lim.Cells/1e6)
	case len(f.bands) > lim.Bands:
		return fault.Errorf(op, fault.TooLarge, "%s has %d bands, more than the limit of %d", f.name, len(f.bands), lim.Bands)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	bytes := int64(0)
	for _, b := range f.bands {
		size, ok := cellBytes[b.DataType]
		if !ok {
			return fault.Errorf(op, fault.Unsupported, "%s holds %s cells, which cannot be kept", f.name, b.DataType)
		}
		bytes += size * cells
	}
	if bytes > 256<<20 && bytes/max(info.Size(), 1) > lim.Expansion {
		return fault.Errorf(op, fault.TooLarge, "%s claims %d x %d cells in %d bands and has only %d bytes: its header is not believed",
			f.name, f.grid.Width, f.grid.Height, len(f.bands), info.Size())
	}
	return nil
}

// checkGeoreference demands a transform or control points, and a CRS.
func (c *converter) checkGeoreference(f *file) error {
	const op = "raster.Convert"
	if !f.info.HasTransform && f.info.GCPs < 3 {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%s does not say where it lies", f.name),
			"put a world file beside it (.tfw, .pgw, .jgw: six lines) and name the reference system with --crs")
	}
	if c.o.CRS != "" {
		if f.grid.CRS != "" && f.grid.CRS != c.o.CRS {
			c.notes.Count(catalog.Warning, "crs-overridden", "the reference system of the file was overridden by --crs "+c.o.CRS.Short(), f.name+": "+f.grid.CRS.Short())
		}
		f.grid.CRS = c.o.CRS
	}
	if f.grid.CRS == "" {
		why := "does not say its reference system"
		if f.info.CRSError != "" {
			why = "has a reference system that cannot be used: " + f.info.CRSError
		}
		hint := "name it with --crs, for example --crs EPSG:32632"
		if b := f.grid.Bounds(); f.info.HasTransform && b.MinX >= -180 && b.MaxX <= 360 && b.MinY >= -90.5 && b.MaxY <= 90.5 {
			hint = "its coordinates look like degrees: say so with --crs EPSG:4326 if they are"
		}
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%s %s", f.name, why), hint)
	}
	if !f.info.HasTransform {
		return nil
	}
	return checkPlausible(f)
}

// checkPlausible refuses coordinates that cannot be of the CRS.
func checkPlausible(f *file) error {
	const op = "raster.Convert"
	d, err := gdal.DescribeCRS(f.grid.CRS)
	if err != nil {
		return err
	}
	b := f.grid.Bounds()
	if d.Geographic && d.RadiansPerUnit > 0.017 && (b.MinX < -361 || b.MaxX > 541 || b.MinY < -91 || b.MaxY > 91) {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%s claims degrees (%s) and lies at %s", f.name, f.grid.CRS.Short(), trim(b)),
			"name the right reference system with --crs")
	}
	return nil
}

func trim(b geo.BBox) string {
	return fmt.Sprintf("%.6g, %.6g to %.6g, %.6g", b.MinX, b.MinY, b.MaxX, b.MaxY)
}
