// Package raster turns raster files into items: Cloud-Optimized GeoTIFFs,
// north up, with overviews that suit what the cells mean, and the metadata of
// a STAC item. A satellite scene of a file a band keeps a file a band, each at
// its own resolution; other rasters become one file each.
package raster

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// Options steers Convert.
type Options struct {
	Dataset string // id, for naming items without a name of their own
	Role    catalog.Role
	// Datetime overrides what files and metadata say; nil reads it from them.
	Datetime *time.Time
	// CRS overrides, or supplies, the reference system of the files.
	CRS geo.CRS
	// Resampling of overviews; "" goes by role and content.
	Resampling grid.Resampling
	Subdataset string
	Dir        string // existing folder to write into
	Limits     Limits
}

// Limits bounds the rasters taken in.
type Limits struct {
	Cells int64 // of one band
	Bands int
	Items int
	// Expansion is the most bytes of cells that a byte of file may stand for;
	// more means a header that lies.
	Expansion int64
	// Exact is the most cells of a band that statistics are exact for; of
	// more an even sample is looked at. Totals of people are always exact.
	Exact int64
}

// DefaultLimits are those of zero fields.
var DefaultLimits = Limits{Cells: 20_000_000_000, Bands: 1000, Items: 100_000, Expansion: 20_000, Exact: 64 << 20}

func (l Limits) withDefaults() Limits {
	if l.Cells == 0 {
		l.Cells = DefaultLimits.Cells
	}
	if l.Bands == 0 {
		l.Bands = DefaultLimits.Bands
	}
	if l.Items == 0 {
		l.Items = DefaultLimits.Items
	}
	if l.Expansion == 0 {
		l.Expansion = DefaultLimits.Expansion
	}
	if l.Exact == 0 {
		l.Exact = DefaultLimits.Exact
	}
	return l
}

// Progress hears how the work goes. Step's total is 0 when it is not known:
// done is then the number of bytes written so far.
type Progress interface {
	Stage(name string)
	Step(done, total int64)
}

// Source is a checked local file and the drivers that may open it.
type Source struct {
	Path    string
	Drivers []string
	// Product is the product that it belongs to, with the band that it holds;
	// nil for others.
	Product *Product
	Band    string
}

// Item is a catalog item whose files have no blob keys yet, and the finished
// files: one for each of Item.Parts(), in that order.
type Item struct {
	catalog.Item
	Files []Part
}

// Result is what Convert made.
type Result struct {
	Role    catalog.Role
	Items   []Item
	Notices []catalog.Notice
}

// Convert writes the COGs of items into o.Dir. Files of one scene become the
// bands of one item, each at its own resolution. mtl are Landsat metadata files found beside them.
//
// Errors: Invalid for rasters without georeference or CRS, damaged ones, and
// wrong choices; TooLarge over the limits; Unsupported for complex numbers.
func Convert(ctx context.Context, sources []Source, mtl []string, o Options, p Progress) (*Result, error) {
	o.Limits = o.Limits.withDefaults()
	c := &converter{o: o, p: p, notes: &notice.List{}}
	p.Stage("inspect")
	files := make([]*file, 0, len(sources))
	for i, s := range sources {
		if err := ctx.Err(); err != nil {
			return nil, fault.E("raster.Convert", fault.Canceled, err)
		}
		f, err := c.inspect(s)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		p.Step(int64(i+1), int64(len(sources)))
	}
	if c.o.Role == "" {
		c.o.Role = guessRole(files)
		c.notes.Add(catalog.Info, "role-guessed", "the role was guessed to be %q: name it with --role if it is not", c.o.Role)
	}
	scenes, err := c.group(files)
	if err != nil {
		return nil, err
	}
	items := 0
	for _, s := range scenes {
		items += max(1, s.steps())
	}
	if items > o.Limits.Items {
		return nil, fault.Errorf("raster.Convert", fault.TooLarge, "%d scenes and steps in time are more than the limit of %d", items, o.Limits.Items)
	}
	if err := c.readMTL(scenes, mtl); err != nil {
		return nil, err
	}
	for _, s := range scenes {
		c.calibrate(s)
	}
	out := &Result{Role: c.o.Role}
	for i, s := range scenes {
		c.label = fmt.Sprintf("%s (%d of %d)", s.id, i+1, len(scenes))
		items, err := c.convert(ctx, s, i)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, items...)
	}
	out.Notices = c.notes.All()
	return out, nil
}

type converter struct {
	o     Options
	p     Progress
	notes *notice.List
	label string
}

var (
	elevationWords  = regexp.MustCompile(`(^|_)(dem|dtm|dgm|dsm|srtm|hgt|aster|elev[a-z]*|altitud[a-z]*|quot[ae])(_|$)`)
	populationWords = regexp.MustCompile(`(^|_)(pop|population|popolazione|gpw|ghs_pop|worldpop|ppp|inhabitants|abitanti)(_|$)`)
	landcoverWords  = regexp.MustCompile(`(^|_)(clc|corine|land_?cover|land_?use|worldcover|lulc|uso_suolo)(_|$)`)
	densityWords    = regexp.MustCompile(`(^|_)(dens|density|densita|pd)(_|$)`)
	notLetters      = regexp.MustCompile(`[^a-z]+`)
)

// nameWords is a file name with nothing but letters and _ between them.
func nameWords(base string) string { return notLetters.ReplaceAllString(strings.ToLower(base), "_") }

// series are the formats whose bands are mostly steps in time.
var series = map[string]bool{"netCDF": true, "HDF5Image": true, "HDF5": true, "GRIB": true}

// guessRole goes by the files' names, then by what they hold.
func guessRole(files []*file) catalog.Role {
	f := files[0]
	name := nameWords(f.base)
	tokens := 0
	for _, o := range files {
		if o.token != "" {
			tokens++
		}
	}
	radar := isPolarization(f.token) // "dtm_hh" is no radar picture, but one of Hamburg
	switch {
	case f.product != nil:
		return catalog.Imagery
	case reAge.MatchString(f.base) && populationWords.MatchString(name):
		return catalog.Population
	case f.token != "" && !radar && (f.prefix != "" || tokens > 1 || timeFromName(filepath.Base(f.dir)) != nil) || len(f.bands) >= 3 && !series[f.driver]:
		return catalog.Imagery
	case f.driver == "SRTMHGT" || elevationWords.MatchString(name):
		return catalog.Elevation
	case populationWords.MatchString(name):
		return catalog.Population
	case landcoverWords.MatchString(name) || (f.classed() && len(f.bands) == 1):
		return catalog.LandCover
	case radar:
		return catalog.Imagery
	}
	return catalog.OtherRole
}
