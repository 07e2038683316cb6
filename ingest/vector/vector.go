// Package vector turns rows of vector files and tables into one GeoPackage
// layer: valid geometries, clean field names, UTF-8, the native CRS. What it
// repaired, dropped or refused is named in the notices.
package vector

import (
	"context"
	"errors"
	"fmt"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/gdal"
	"contado/geo/notice"
	"contado/geo/store/catalog"

	"github.com/paulmach/orb"
)

// Rows is a source of features of one schema that can be read repeatedly.
type Rows interface {
	Name() string // for people: the base name of the file
	Schema() geo.Schema
	// Count is the number of rows, −1 when not known without reading.
	Count() int64
	// Scan yields the rows in order. problem hears of rows that could not be
	// decoded wholly; nil ends the scan on them.
	Scan(ctx context.Context, problem func(id int64, err error) error, yield func(geo.Feature) (bool, error)) error
}

// Options steers Write.
type Options struct {
	Dataset string
	Role    catalog.Role // "" = guess
	Fields  Fields
	// Path is the GeoPackage to write; Layer its table name. Packed is the
	// FlatGeobuf file of the same rows; "" = none.
	Path, Layer, Packed string
	// Flat drops heights and measures.
	Flat        bool
	Description string
	Limits      Limits
}

// Fields names attributes by hand; what is empty is guessed.
type Fields struct {
	Code, Name string
	Parents    []string
	Level      string
	LevelName  string
	Population string
}

// Limits bounds what is written.
type Limits struct {
	Features, Vertices int64
	Fields             int
}

// DefaultLimits are those of zero fields. SQLite takes 2000 columns.
var DefaultLimits = Limits{Features: 50_000_000, Vertices: 2_000_000_000, Fields: 1900}

func (l Limits) withDefaults() Limits {
	if l.Features == 0 {
		l.Features = DefaultLimits.Features
	}
	if l.Vertices == 0 {
		l.Vertices = DefaultLimits.Vertices
	}
	if l.Fields == 0 {
		l.Fields = DefaultLimits.Fields
	}
	return l
}

// Progress hears how the work goes; total is 0 when not known.
type Progress interface {
	Stage(name string)
	Step(done, total int64)
}

// Result describes the layer written.
type Result struct {
	Role      catalog.Role
	Schema    geo.Schema
	Count     int64
	BBox      geo.BBox // zero when no row has a geometry
	BBoxWGS84 geo.BBox
	Territory *catalog.TerritoryFields
	Table     *catalog.PopulationFields
	Notices   []catalog.Notice
}

// Write looks through all rows, settles the schema and the roles of fields,
// and writes the cleaned rows to o.Path.
//
// Errors: Invalid for rows that cannot be placed, wrong field names, and
// territory codes that are missing or not unique; TooLarge over the limits.
func Write(ctx context.Context, sources []Rows, o Options, p Progress) (*Result, error) {
	o.Limits = o.Limits.withDefaults()
	w := &writer{o: o, p: p, notes: &notice.List{}, box: geo.EmptyBBox()}
	if err := w.merge(sources); err != nil {
		return nil, err
	}
	p.Stage("inspect")
	if err := w.survey(ctx); err != nil {
		return nil, err
	}
	if err := w.assignRoles(); err != nil {
		return nil, err
	}
	p.Stage("convert")
	if err := w.write(ctx); err != nil {
		return nil, err
	}
	return w.result()
}

type writer struct {
	o       Options
	p       Progress
	notes   *notice.List
	schema  geo.Schema
	sources []feed
	naming  int // field that names rows in notices, or −1

	total     int64 // rows, 0 = not known
	rows      int64
	vertices  int64
	kinds     map[string]bool // geometry types seen
	located   int64
	z, m      bool  // seen heights, measures
	outside   int64 // located outside what the CRS can hold
	geodetic  bool
	sample    orb.Point
	box       geo.BBox
	written   int64
	columns   []*columnStats
	territory *catalog.TerritoryFields
	table     *catalog.PopulationFields
	role      catalog.Role
	asText    map[int]bool // fields that become text
	pad       map[int]int  // digits that codes are padded to
	merging   *merger
}

// write writes the cleaned rows.
func (w *writer) write(ctx context.Context) error {
	for i, text := range w.asText {
		if text {
			w.schema.Fields[i].Type = geo.String
		}
	}
	feed := make(chan geo.Feature, 64)
	var scanErr error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(feed)
		scanErr = w.each(ctx, false, func(row int64, f geo.Feature) error { return w.emit(ctx, row, f, feed) })
		if scanErr == nil {
			scanErr = w.flush(ctx, feed)
		}
	}()
	err := w.files(ctx, feed)
	if err != nil {
		cancel()
	}
	for range feed { // lets the reader end
	}
	if scanErr != nil && (err == nil || !errors.Is(scanErr, context.Canceled)) {
		return scanErr
	}
	return err
}

// files writes the rows of the feed to the GeoPackage and the packed file.
func (w *writer) files(ctx context.Context, feed <-chan geo.Feature) (err error) {
	var packed *fgb.Writer
	if w.o.Packed != "" {
		packed, err = fgb.Create(w.o.Packed, w.schema, &fgb.Options{Name: w.o.Layer, Description: w.o.Description})
		if err != nil {
			return err
		}
		defer packed.Abort() // nothing once it is closed
	}
	err = gdal.WriteVectorWith(ctx, w.o.Path, "GPKG", w.o.Layer, w.schema, &gdal.VectorWriteOptions{Description: w.o.Description},
		func() (geo.Feature, bool, error) {
			f, ok := <-feed
			if !ok {
				return f, false, nil
			}
			w.written++
			if packed == nil {
				return f, true, nil
			}
			return f, true, packed.Write(f)
		})
	if err != nil || packed == nil {
		return err
	}
	return packed.Close()
}

func (w *writer) emit(ctx context.Context, row int64, f geo.Feature, feed chan<- geo.Feature) error {
	for i, text := range w.asText {
		if text {
			f.Values[i] = w.text(i, f.Values[i])
		}
	}
	w.clean(row, &f)
	if w.merging != nil {
		var ok bool
		if f, ok = w.merging.take(f); !ok {
			return nil
		}
	}
	return send(ctx, feed, f)
}

func send(ctx context.Context, feed chan<- geo.Feature, f geo.Feature) error {
	select {
	case feed <- f:
		return nil
	case <-ctx.Done():
		return fault.E("vector.Write", fault.Canceled, ctx.Err())
	}
}

// flush writes the rows that were merged from several.
func (w *writer) flush(ctx context.Context, feed chan<- geo.Feature) error {
	if w.merging == nil {
		return nil
	}
	merged, err := w.merging.finish(w)
	if err != nil {
		return err
	}
	for _, f := range merged {
		if err := send(ctx, feed, f); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) result() (*Result, error) {
	out := &Result{Role: w.role, Schema: w.schema, Count: w.written, Territory: w.territory, Table: w.table, Notices: w.notes.All()}
	if w.box.IsEmpty() {
		return out, nil
	}
	out.BBox = w.box
	tr, err := crs.New(w.schema.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	if out.BBoxWGS84, err = tr.BBox(w.box); err != nil {
		return nil, fmt.Errorf("place the layer on the globe: %w", err)
	}
	w.checkArea(out.BBoxWGS84)
	out.Notices = w.notes.All()
	return out, nil
}

// checkArea warns of data that lie outside what their CRS is meant for: the
// CRS is then likely the wrong one.
func (w *writer) checkArea(box geo.BBox) {
	d, err := gdal.DescribeCRS(w.schema.CRS)
	if err != nil || d.AreaOfUse == nil || box.MinX > box.MaxX || d.AreaOfUse.MinX > d.AreaOfUse.MaxX {
		return
	}
	if !d.AreaOfUse.Buffer(1).Intersects(box) {
		w.notes.Add(catalog.Warning, "outside-area-of-use", "the data lie outside the area that %s is meant for (%s): check the reference system", w.schema.CRS.Short(), d.AreaOfUseName)
	}
}
