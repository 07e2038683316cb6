package raster

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// Product is a satellite product: a folder of files with its producer's
// metadata.
type Product struct {
	// ID names the item.
	ID string
	// Sources are the files to read.
	Sources []Source

	dir    string
	sensor string // as in sensors
	time   *time.Time
	cloud  *float64 // percent
	scene  catalog.Scene
	bands  map[string]calibration // by token
	// remark tells what people should know of a scene of it; nil = nothing.
	remark func(c *converter, s *scene)
	byName bool // names are all that it was read from
	// described are the bands by token, when a catalogue says what they are.
	described map[string][]catalog.Band
}

// calibration says what the cells of a band mean: value = cell · scale + offset.
type calibration struct {
	quantity      catalog.Quantity
	flags         string  // scheme of classes or bits
	scale, offset float64 // scale 0: as the file says
	nodata        *float64
	unit          string
	saturated     *float64 // the cell of a detector that was dazzled
	// lut turns amplitudes into backscatter.
	lut *sigmaTable
}

var (
	reSentinel2Root = regexp.MustCompile(`^MTD_MSIL(1C|2A)\.xml$`)
	reOldSentinel2  = regexp.MustCompile(`^S2[A-D]_OPER_MTD_SAFL(1C|2A)_.*\.xml$`)
)

const manifest = "manifest.safe"

// IsProduct reports whether a file, by its name and what is beside it, is the
// main metadata of a satellite product: its folder is then one whole, which
// OpenProduct opens.
func IsProduct(path string) bool {
	base := filepath.Base(path)
	switch {
	case reSentinel2Root.MatchString(base), reOldSentinel2.MatchString(base):
		return true
	case base == manifest:
		info, err := os.Stat(filepath.Join(filepath.Dir(path), "measurement"))
		return err == nil && info.IsDir()
	}
	return false
}

// OpenProduct reads the metadata of the product that a file of IsProduct
// leads. files are the regular files below its folder.
//
// Errors: Invalid for metadata that are broken or lack what is needed,
// Unsupported for products of another kind.
func OpenProduct(path string, files []string) (*Product, error) {
	const op = "raster.OpenProduct"
	dir, base := filepath.Dir(path), filepath.Base(path)
	switch {
	case reSentinel2Root.MatchString(base):
		return openSentinel2(path, files)
	case reOldSentinel2.MatchString(base):
		return nil, fault.WithHint(fault.Errorf(op, fault.Unsupported, "%s is a Sentinel-2 product of the format before December 2016", base),
			"get the product as it was processed anew, in the format of today")
	case base == manifest:
		return openSentinel1(dir, files)
	}
	return nil, fault.Errorf(op, fault.Invalid, "%s does not lead a satellite product", base)
}

// productID is the id of a product by the name that its metadata or its
// folder bear.
func productID(name, dir string) string {
	if name == "" {
		name = filepath.Base(dir)
	}
	return slug(strings.TrimSuffix(strings.TrimSuffix(name, ".zip"), ".SAFE"), "")
}

// number reads a finite number.
func number(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// within reads a number from lo to hi; nil when it is none.
func within(s string, lo, hi float64) *float64 {
	if v, ok := number(s); ok && v >= lo && v <= hi {
		return &v
	}
	return nil
}

func instant(s string) *time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil && t.Year() > 1960 && t.Year() < 9999 {
			t = t.UTC().Truncate(time.Millisecond)
			return &t
		}
	}
	return nil
}

func zero() *float64 { return new(float64) }

// describe gives a scene what its product says.
func (s *scene) describe(p *Product, timeGiven bool) {
	s.product = p
	if p.cloud != nil {
		s.cloud = p.cloud
	}
	if !timeGiven && p.time != nil {
		s.time = p.time
	}
}

func (s *scene) has(token string) bool {
	return slices.ContainsFunc(s.files, func(f *file) bool { return f.token == token })
}

// calibrate gives the files of a scene the scale, nodata value and meaning
// that its product says. A file that has a scale of its own keeps it.
func (c *converter) calibrate(s *scene) {
	p := s.product
	if p == nil {
		return
	}
	for _, f := range s.files {
		if f.rat == nil {
			f.rat = p.describedClasses(f.token)
		}
		k, ok := p.bands[f.token]
		if !ok {
			continue
		}
		f.cal = &k
		if f.bands[0].NodataText == "" && !f.hasMask() {
			f.nodata = k.nodata
		}
		f.bands = slices.Clone(f.bands) // f.info keeps what the file says
		for i := range f.bands {
			b := &f.bands[i]
			if k.scale != 0 && b.Scale == 1 && b.Offset == 0 {
				b.Scale, b.Offset = k.scale, k.offset
			}
			b.Unit = first(k.unit, b.Unit)
		}
	}
	if p.remark != nil {
		p.remark(c, s)
	}
}
