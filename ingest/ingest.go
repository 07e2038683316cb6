// Package ingest turns files into a published version of a dataset: inspect,
// convert, check, publish. Until the catalog says that a version is there no
// reader sees any of it, and whatever ends the program leaves the old version
// or the new one.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
)

// Options says what to make of the files. Only Dataset is needed.
type Options struct {
	Dataset                                  string
	Role                                     catalog.Role // "" = guess
	Title, Description, License, Attribution string
	About                                    catalog.About // of a dataset that is new
	Datetime                                 string        // RFC 3339 or a date; "" = read from the files
	Layer                                    string        // of a file with several; "" = each becomes a dataset
	// LayerTitles are the titles of the datasets that layers become, by layer.
	LayerTitles           map[string]string
	Append, Replace       bool
	Resampling            grid.Resampling // of overviews; "" = by role and content
	CodeField, NameField  string
	ParentFields          []string // nearest first
	LevelField, LevelName string
	PopulationField       string
	XField, YField        string // coordinate columns of a table
	CRS                   string // overrides, or supplies, that of the files
	Encoding              string
	Subdataset            string
	ZM                    string // heights and measures of vertices: "keep" (also "") or "drop"
	// Join adds the columns of a table to the rows of a dataset.
	Join *Join
	// Derived says what computed files were made from; nil for others.
	Derived *catalog.Derivation
	// Sources are the files with their digests, when these are known.
	Sources []catalog.SourceFile
	// Formats are those that may be read, by sniff.Format.Key; nil: all.
	Formats []string
	Limits  Limits
}

// Limits bounds what is taken in; zero fields are DefaultLimits.
type Limits struct {
	Files          int   // found in the paths given
	ArchiveBytes   int64 // unpacked
	ArchiveEntries int
	Cells          int64 // of one raster band
	Bands          int
	Items          int
	Features       int64
	Vertices       int64
	Fields         int
	TableRows      int64
	TableBytes     int64
}

// DefaultLimits are generous for a whole region.
var DefaultLimits = Limits{
	Files: 100_000, ArchiveBytes: 64 << 30, ArchiveEntries: 20_000, Cells: 20_000_000_000, Bands: 1000, Items: 100_000,
	Features: 50_000_000, Vertices: 2_000_000_000, Fields: 1900, TableRows: 20_000_000, TableBytes: 16 << 30,
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	set := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	set64 := func(v *int64, def int64) {
		if *v == 0 {
			*v = def
		}
	}
	set(&l.Files, d.Files)
	set(&l.ArchiveEntries, d.ArchiveEntries)
	set(&l.Bands, d.Bands)
	set(&l.Items, d.Items)
	set(&l.Fields, d.Fields)
	set64(&l.ArchiveBytes, d.ArchiveBytes)
	set64(&l.Cells, d.Cells)
	set64(&l.Features, d.Features)
	set64(&l.Vertices, d.Vertices)
	set64(&l.TableRows, d.TableRows)
	set64(&l.TableBytes, d.TableBytes)
	return l
}

// Stores is where versions are kept.
type Stores struct {
	Catalog catalog.Driver
	Blobs   blob.Driver
	Staging string // local folder, best on the same device as the blobs
	Program string // "contado 0.1.0"
	Who     string // on whose behalf, for the record; "" = at the command line
}

// Progress hears how an ingest goes, from one goroutine at a time. Step's
// total is 0 when it is not known; done is then bytes written.
type Progress interface {
	Stage(name string)
	Step(done, total int64)
}

// Quiet is a Progress that says nothing.
type Quiet struct{}

// Stage implements Progress.
func (Quiet) Stage(string) {}

// Step implements Progress.
func (Quiet) Step(int64, int64) {}

// Result is what an ingest published. Most files become one dataset; those of
// several layers (OpenStreetMap, timetables, a GeoPackage without --layer)
// become one each, and Dataset is the first. Notices are those of all
// versions.
type Result struct {
	Dataset  catalog.Dataset
	Datasets []catalog.Dataset
	Notices  []catalog.Notice
}

// Run ingests files and folders as a new version of a dataset, or of several
// whose ids are that of Options.Dataset, a hyphen and the name of a layer.
// progress may be nil.
//
// Errors: fault.Exist when the dataset is there and neither Append nor Replace
// was asked for; Invalid and Unsupported for what cannot be read; TooLarge
// over the limits; Conflict when another ingest was faster; Canceled. After an
// error nothing is left behind but, of several datasets, those published
// before it, which the result names.
func Run(ctx context.Context, st Stores, paths []string, o Options, progress Progress) (res Result, err error) {
	if progress == nil {
		progress = Quiet{}
	}
	o.Limits = o.Limits.withDefaults()
	r := &run{st: st, o: o, p: progress, sub: map[string]string{}}
	if err := r.check(ctx, paths); err != nil {
		return Result{}, err
	}
	if r.stage, err = newStage(st.Staging); err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, r.stage.close()) }()
	progress.Stage("inspect")
	in, err := r.collect(ctx, paths)
	if err != nil {
		return Result{}, err
	}
	jobs, err := r.convert(ctx, in)
	if err != nil {
		return Result{}, err
	}
	return r.publish(ctx, jobs)
}

// job is a version that is ready to be published.
type job struct {
	pub   catalog.Publication
	files []staged
}

func (r *run) publish(ctx context.Context, jobs []job) (res Result, err error) {
	r.p.Stage("publish")
	for _, j := range jobs {
		d, err := publish(ctx, r.st, j.pub, j.files)
		if err != nil {
			return res, err
		}
		res.Datasets = append(res.Datasets, d)
		res.Notices = append(res.Notices, d.Version.Notices...)
	}
	res.Dataset = res.Datasets[0]
	return res, nil
}

type run struct {
	st    Stores
	o     Options
	p     Progress
	stage *stage
	crs   geo.CRS
	time  *time.Time
	old   catalog.Dataset   // zero when there is none
	sub   map[string]string // original name of an unpacked file
}

// reserved are ids that mean something else where a dataset can be named:
// the style of the whole catalog, and no dataset at all in a report.
var reserved = []string{"map", "none"}

var encodings = regexp.MustCompile(`(?i)^(utf-?(8|16)|latin-?1|windows-125\d|iso-8859-\d{1,2}|cp\d{3,5})$`)

// check settles the options before any file is touched.
func (r *run) check(ctx context.Context, paths []string) error {
	const op = "ingest.Run"
	o := &r.o
	switch {
	case len(paths) == 0:
		return fault.Errorf(op, fault.Invalid, "no file to ingest")
	case !catalog.ValidID(o.Dataset):
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%q cannot name a dataset", o.Dataset), "use 1 to 63 of a-z, 0-9 and -, not beginning with -")
	case o.Append && o.Replace:
		return fault.Errorf(op, fault.Invalid, "append and replace exclude each other")
	case o.Role != "" && !slices.Contains(catalog.Roles, o.Role):
		return fault.Errorf(op, fault.Invalid, "role %q is not known: use one of %s", o.Role, roleNames())
	case o.Resampling != "" && !o.Resampling.Valid():
		return fault.Errorf(op, fault.Invalid, "resampling %q is not known: use nearest, bilinear, cubic, average or mode", o.Resampling)
	case o.Encoding != "" && !encodings.MatchString(o.Encoding):
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "encoding %q is not known", o.Encoding), "use utf-8, latin1, windows-1252, utf-16, ISO-8859-n or CPn")
	case o.ZM != "" && o.ZM != "keep" && o.ZM != "drop":
		return fault.Errorf(op, fault.Invalid, "heights and measures are kept or dropped: %q is neither keep nor drop", o.ZM)
	}
	var err error
	if o.CRS != "" {
		if r.crs, err = gdal.ParseCRS(o.CRS); err != nil {
			return fmt.Errorf("--crs: %w", err)
		}
	}
	if r.time, err = parseTime(o.Datetime); err != nil {
		return err
	}
	return r.target(ctx)
}

// target finds the dataset as it is, and whether it may be written.
func (r *run) target(ctx context.Context) error {
	const op = "ingest.Run"
	o := &r.o
	d, exists, err := current(ctx, r.st.Catalog, o.Dataset)
	if err != nil {
		return err
	}
	if !exists && slices.Contains(reserved, o.Dataset) {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%q cannot name a dataset: it has a meaning of its own", o.Dataset), "use another id")
	}
	if exists && !o.Append && !o.Replace {
		return fault.WithHint(fault.Errorf(op, fault.Exist, "dataset %s is there already, at version %d", o.Dataset, d.Version.Number),
			"use --append to add to it, --replace to start over, or another id")
	}
	r.old = d
	return nil
}

func roleNames() string {
	names := make([]string, len(catalog.Roles))
	for i, r := range catalog.Roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

// Check tells what is wrong with options before any file is looked at; the
// errors are those of Run.
func Check(ctx context.Context, st Stores, o Options) error {
	r := &run{st: st, o: o, p: Quiet{}}
	return r.check(ctx, []string{"files"})
}

// parseTime reads --datetime; "" is nil. Without a zone it is UTC.
func parseTime(s string) (*time.Time, error) {
	if s == "" {
		return nil, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			t = t.UTC()
			return &t, nil
		}
	}
	return nil, fault.Errorf("ingest.Run", fault.Invalid, "--datetime %q is no date or time: write it like 2023-07-14 or 2023-07-14T10:15:59Z", s)
}
