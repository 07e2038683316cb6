// Package vector turns rows of vector files and tables into one GeoPackage
// layer: valid geometries, clean field names, UTF-8, the native CRS. What it
// repaired, dropped or refused is named in the notices.
package vector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
	"contado/ingest/notice"

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
	// Path is the GeoPackage to write; Layer its table name.
	Path, Layer string
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
	sources []source
	naming  int // field that names rows in notices, or −1

	total     int64 // rows, 0 = not known
	rows      int64
	vertices  int64
	kinds     map[string]bool // geometry types seen
	located   int64
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

// source is one Rows with where its fields go.
type source struct {
	rows Rows
	to   []int            // field i goes to column to[i]
	tr   *crs.Transformer // nil: same CRS
}

// merge settles the schema that holds the rows of all sources.
func (w *writer) merge(sources []Rows) error {
	const op = "vector.Write"
	for i, r := range sources {
		s := r.Schema()
		if i == 0 {
			w.schema.CRS, w.schema.GeometryType = s.CRS, s.GeometryType
		}
		src := source{rows: r}
		switch {
		case (s.GeometryType == "") != (w.schema.GeometryType == ""):
			return fault.Errorf(op, fault.Invalid, "%s and %s cannot be one dataset: one has positions and the other has not", sources[0].Name(), r.Name())
		case s.CRS != w.schema.CRS && s.GeometryType != "":
			tr, err := crs.New(s.CRS, w.schema.CRS)
			if err != nil {
				return fmt.Errorf("%s: %w", r.Name(), err)
			}
			src.tr = tr
			w.notes.Count(catalog.Info, "reprojected", "files in another reference system were brought to "+w.schema.CRS.Short(), r.Name()+": from "+s.CRS.Short())
		}
		src.to = w.place(s.Fields, i == 0)
		w.sources = append(w.sources, src)
		if n := r.Count(); n >= 0 && w.total >= 0 {
			w.total += n
		} else {
			w.total = -1
		}
	}
	w.total = max(w.total, 0)
	if len(w.schema.Fields) > w.o.Limits.Fields {
		return fault.Errorf(op, fault.TooLarge, "%d attributes are more than the limit of %d", len(w.schema.Fields), w.o.Limits.Fields)
	}
	if w.schema.GeometryType != "" {
		d, err := gdal.DescribeCRS(w.schema.CRS)
		if err != nil {
			return err
		}
		w.geodetic = d.Geographic && d.RadiansPerUnit > 0.017 && d.RadiansPerUnit < 0.018
	}
	w.naming = namingField(&w.schema)
	for _, f := range w.schema.Fields {
		w.columns = append(w.columns, &columnStats{dense: !w.mayBeCode(f.Name)})
	}
	return nil
}

// reserved are the columns that the GeoPackage needs for itself.
var reserved = map[string]bool{"fid": true, "geom": true}

// place gives the fields of a source columns: new ones in the first, else
// those of the same name.
func (w *writer) place(fields []geo.Field, first bool) []int {
	mine := map[int]bool{}
	to := make([]int, len(fields))
	for i, f := range fields {
		at := -1
		for j := range w.schema.Fields {
			if !first && !mine[j] && strings.EqualFold(w.schema.Fields[j].Name, f.Name) {
				at = j
				break
			}
		}
		if at < 0 {
			at = len(w.schema.Fields)
			w.schema.Fields = append(w.schema.Fields, geo.Field{Name: w.freeName(f.Name, i), Type: f.Type})
		} else if t := commonType(w.schema.Fields[at].Type, f.Type); t != w.schema.Fields[at].Type {
			w.schema.Fields[at].Type = t
		}
		mine[at], to[i] = true, at
	}
	return to
}

// freeName is a column name that is not taken; SQL does not tell upper from
// lower case.
func (w *writer) freeName(name string, i int) string {
	taken := func(s string) bool {
		if reserved[strings.ToLower(s)] {
			return true
		}
		for _, f := range w.schema.Fields {
			if strings.EqualFold(f.Name, s) {
				return true
			}
		}
		return false
	}
	out := strings.TrimSpace(strings.ReplaceAll(name, "\x00", ""))
	if out == "" {
		out = fmt.Sprintf("field_%d", i+1)
	}
	base := out
	for n := 2; taken(out); n++ {
		out = fmt.Sprintf("%s_%d", base, n)
	}
	if out != name {
		w.notes.Count(catalog.Warning, "field-renamed", "attributes were renamed: a name may occur once, and fid and geom are taken", fmt.Sprintf("%q is now %q", name, out))
	}
	return out
}

func commonType(a, b geo.FieldType) geo.FieldType {
	switch {
	case a == b:
		return a
	case (a == geo.Integer || a == geo.Real) && (b == geo.Integer || b == geo.Real):
		return geo.Real
	}
	return geo.String
}

func namingField(s *geo.Schema) int {
	for _, want := range []string{"name", "nome", "comune", "denominazione", "den_com", "nom", "zone", "area"} {
		for i, f := range s.Fields {
			if strings.EqualFold(f.Name, want) {
				return i
			}
		}
	}
	for i, f := range s.Fields {
		if strings.Contains(strings.ToLower(f.Name), "name") && f.Type == geo.String {
			return i
		}
	}
	return -1
}

// label names a row for people.
func (w *writer) label(row int64, f *geo.Feature) string {
	out := fmt.Sprintf("feature %d", row)
	if w.territory != nil {
		if i := w.schema.FieldIndex(w.territory.Code); i >= 0 && f.Values[i] != nil {
			out = fmt.Sprint(f.Values[i])
		}
	}
	if w.naming >= 0 && f.Values[w.naming] != nil {
		out += fmt.Sprintf(" %v", f.Values[w.naming])
	}
	return out
}

// each calls fn with every row in the merged schema. Decoding problems are
// counted when report is set.
func (w *writer) each(ctx context.Context, report bool, fn func(row int64, f geo.Feature) error) error {
	row := int64(0)
	for i := range w.sources {
		s := &w.sources[i]
		problem := func(id int64, err error) error {
			if report {
				w.problem(s.rows.Name(), id, err)
			}
			return nil
		}
		err := s.rows.Scan(ctx, problem, func(f geo.Feature) (bool, error) {
			if row++; row > w.o.Limits.Features {
				return false, fault.Errorf("vector.Write", fault.TooLarge, "there are more than %d features, the limit", w.o.Limits.Features)
			}
			out := geo.Feature{ID: row, Geometry: f.Geometry, Values: make([]any, len(w.schema.Fields))}
			for i, v := range f.Values {
				out.Values[s.to[i]] = w.convert(s.to[i], v)
			}
			if s.tr != nil && out.Geometry != nil {
				g, err := s.tr.Geometry(out.Geometry, nil)
				if err != nil {
					return false, fmt.Errorf("%s, feature %d: %w", s.rows.Name(), f.ID, err)
				}
				out.Geometry = g
			}
			if row%512 == 0 {
				w.p.Step(row, w.total)
			}
			return true, fn(row, out)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.rows.Name(), err)
		}
	}
	w.p.Step(row, max(w.total, row))
	return nil
}

func (w *writer) problem(name string, id int64, err error) {
	if strings.Contains(err.Error(), "UTF-8") {
		w.notes.Count(catalog.Warning, "text-not-utf8", "text that is not UTF-8 has replacement characters: name the right one with --encoding", fmt.Sprintf("%s, feature %d", name, id))
		return
	}
	w.notes.Count(catalog.Warning, "geometry-refused", "geometries that cannot be used were dropped; their rows were kept", fmt.Sprintf("%s, feature %d: %v", name, id, err))
}

// survey reads all rows once: geometry types, extent, plausibility, and what
// the columns hold.
func (w *writer) survey(ctx context.Context) error {
	const op = "vector.Write"
	w.kinds = map[string]bool{}
	err := w.each(ctx, true, func(row int64, f geo.Feature) error {
		w.rows++
		for i, v := range f.Values {
			w.columns[i].see(v)
		}
		if f.Geometry == nil {
			return nil
		}
		w.located++
		w.kinds[f.Geometry.GeoJSONType()] = true
		if w.vertices += vertices(f.Geometry); w.vertices > w.o.Limits.Vertices {
			return fault.Errorf(op, fault.TooLarge, "the geometries have more than %d vertices, the limit", w.o.Limits.Vertices)
		}
		if w.impossible(f.Geometry) {
			if w.outside++; w.outside == 1 {
				w.sample = f.Geometry.Bound().Min
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if w.rows == 0 {
		return fault.Errorf(op, fault.Invalid, "%s holds no feature", w.sources[0].rows.Name())
	}
	if w.outside*2 > w.located {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%s says %s, and has coordinates like %.8g, %.8g, which are no degrees",
			w.sources[0].rows.Name(), w.schema.CRS.Short(), w.sample[0], w.sample[1]), "name the right reference system with --crs")
	}
	if w.schema.GeometryType != "" {
		w.schema.GeometryType = w.geometryType()
	}
	return nil
}

// impossible reports coordinates that the CRS cannot hold. Longitudes up to
// 360 are let through: layers around the 180th meridian use them.
func (w *writer) impossible(g orb.Geometry) bool {
	b := g.Bound()
	if w.geodetic {
		const e = 1e-6
		return b.Min[0] < -360-e || b.Max[0] > 360+e || b.Min[1] < -90-e || b.Max[1] > 90+e
	}
	for _, v := range []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
		if math.Abs(v) > 1e9 {
			return true
		}
	}
	return false
}

// geometryType is the type of the layer: polygons are always Multi, since
// repairing may split them.
func (w *writer) geometryType() string {
	has := func(names ...string) bool {
		n := 0
		for _, k := range names {
			if w.kinds[k] {
				n++
			}
		}
		return n > 0 && n == len(w.kinds)
	}
	switch {
	case len(w.kinds) == 0:
		return w.schema.GeometryType
	case has("Point"):
		return "Point"
	case has("Point", "MultiPoint"):
		return "MultiPoint"
	case has("LineString"):
		return "LineString"
	case has("LineString", "MultiLineString"):
		return "MultiLineString"
	case has("Polygon", "MultiPolygon"):
		return "MultiPolygon"
	}
	return "Geometry"
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
	err := gdal.WriteVectorWith(ctx, w.o.Path, "GPKG", w.o.Layer, w.schema, &gdal.VectorWriteOptions{Description: w.o.Description},
		func() (geo.Feature, bool, error) {
			f, ok := <-feed
			if ok {
				w.written++
			}
			return f, ok, nil
		})
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

func vertices(g orb.Geometry) int64 {
	n := int64(0)
	switch g := g.(type) {
	case orb.Point:
		return 1
	case orb.MultiPoint:
		return int64(len(g))
	case orb.LineString:
		return int64(len(g))
	case orb.Ring:
		return int64(len(g))
	case orb.Polygon:
		for _, r := range g {
			n += int64(len(r))
		}
	case orb.MultiLineString:
		for _, l := range g {
			n += int64(len(l))
		}
	case orb.MultiPolygon:
		for _, p := range g {
			n += vertices(p)
		}
	case orb.Collection:
		for _, m := range g {
			n += vertices(m)
		}
	}
	return n
}
