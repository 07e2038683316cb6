// Package attach makes datasets of tables and views that others keep in
// PostGIS: their rows are mirrored into a packed file, and what changes
// outside afterwards becomes entries of the dataset's journal.
package attach

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/gdal"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/postgis"
	"contado/ingest"
)

// The ways in which outside edits are noticed (catalog.External.Watch).
const (
	// Notify is at once, by triggers that the table is given.
	Notify = "notify"
	// Column is by a column that grows with every change, looked at every few
	// seconds; what is deleted is noticed by comparing from time to time.
	Column = "column"
	// Compare is by comparing all rows from time to time.
	Compare = "compare"
)

// Options says what to make of a table. Only Dataset is needed.
type Options struct {
	Dataset                                  string
	Role                                     catalog.Role // "" = other
	Title, Description, License, Attribution string
	// ID is the column that identifies rows; "" = the primary key. A view
	// needs it.
	ID string
	// Geometry is the column to show when there are several; "" = the first.
	Geometry string
	// CRS says what coordinates without a reference system are in.
	CRS string
	// Writable lets edits made here be written to the table.
	Writable bool
	// Watch is Notify, Column (with WatchColumn) or Compare. "" chooses:
	// triggers where the table is attached writable and the database user may
	// put them there, comparing otherwise. A table that is only read is given
	// triggers when Notify is asked for by name.
	Watch, WatchColumn string
	// Replace mirrors a dataset anew that is there already.
	Replace bool
	// Attributes of territories and of tables of people.
	CodeField, NameField, LevelField, LevelName string
	ParentFields                                []string
	PopulationField                             string
	// Limit is the most rows that are mirrored; 0 = 50 million.
	Limit int64
}

const defaultLimit = 50_000_000

// Attach makes a dataset of a table or view ("name" or "schema.name") in the
// database at an address. A password in the address is put into passwords
// (nil: it is an error to give one), never into the catalog. progress may be
// nil.
//
// Errors: those of ingest.Run and of postgis.Server.Table.
func Attach(ctx context.Context, st ingest.Stores, driver *postgis.Driver, passwords *Passwords,
	address, table string, o Options, progress ingest.Progress,
) (ingest.Result, error) {
	if progress == nil {
		progress = ingest.Quiet{}
	}
	a := &attaching{o: o, st: st, p: progress}
	if err := o.check(); err != nil {
		return ingest.Result{}, err
	}
	if err := a.open(ctx, driver, address, table); err != nil {
		return ingest.Result{}, err
	}
	res, err := ingest.RunPrepared(ctx, st, o.Dataset, o.Replace, a.prepare)
	if err != nil {
		return ingest.Result{}, err
	}
	if a.password != "" {
		if passwords == nil {
			return res, fault.Errorf("attach.Attach", fault.Invalid, "there is no place to keep the password of %s", a.conn.Name())
		}
		if err := passwords.Put(a.conn, a.password); err != nil {
			return res, err
		}
	}
	driver.Forget(*res.Dataset.Version.Vector.External)
	return res, nil
}

func (o *Options) check() error {
	const op = "attach.Attach"
	switch {
	case o.Role != "" && !slices.Contains(catalog.Roles, o.Role):
		return fault.Errorf(op, fault.Invalid, "role %q is not known; roles are %q", o.Role, catalog.Roles)
	case slices.Contains([]catalog.Role{catalog.Imagery, catalog.Elevation, catalog.LandCover, catalog.TimetableRole}, o.Role):
		return fault.Errorf(op, fault.Invalid, "a table cannot have the role %s", o.Role)
	case !slices.Contains([]string{"", Notify, Column, Compare}, o.Watch):
		return fault.Errorf(op, fault.Invalid, "%q is no way to watch a table: use notify, column or compare", o.Watch)
	case (o.Watch == Column) != (o.WatchColumn != ""):
		return fault.Errorf(op, fault.Invalid, "watching by a column needs its name, and only that does")
	case o.Role == catalog.TerritoryRole && (o.CodeField == "" || o.NameField == ""):
		return fault.Errorf(op, fault.Invalid, "territories need the columns of their code and name: --code-field, --name-field")
	case o.Role == catalog.Population && (o.CodeField == "" || o.PopulationField == ""):
		return fault.Errorf(op, fault.Invalid, "a table of people needs the columns of territory code and people: --code-field, --population-field")
	}
	return nil
}

// attaching is one Attach.
type attaching struct {
	o        Options
	st       ingest.Stores
	p        ingest.Progress
	conn     postgis.Connection
	password string // of the address
	table    *postgis.Table
	schema   geo.Schema
	notes    notice.List
	watch    string

	count, bare int64 // rows, those without geometry
	box         geo.BBox
}

func (a *attaching) open(ctx context.Context, driver *postgis.Driver, address, name string) error {
	var err error
	if a.conn, err = postgis.ParseConnection(address); err != nil {
		return err
	}
	a.password = passwordOf(address)
	server, err := driver.Connect(ctx, address)
	if err != nil {
		return err
	}
	schema, table, err := postgis.ParseName(name)
	if err != nil {
		return err
	}
	a.p.Stage("inspect")
	a.table, err = server.Table(ctx, postgis.TableOptions{
		Schema: schema, Table: table, ID: a.o.ID, Geometry: a.o.Geometry, Writable: a.o.Writable,
	})
	if err != nil {
		return err
	}
	a.schema = a.table.Schema()
	if err := a.place(); err != nil {
		return err
	}
	if err := a.checkFields(); err != nil {
		return err
	}
	return a.chooseWatch(ctx)
}

// place settles the reference system.
func (a *attaching) place() error {
	if a.schema.GeometryType == "" {
		return nil
	}
	text := string(a.schema.CRS)
	if text == "" {
		text = a.o.CRS
	}
	if text == "" {
		return fault.WithHint(fault.Errorf("attach.Attach", fault.Invalid, "the geometries of %s have no reference system", a.name()),
			"say it with --crs, or in the database with UpdateGeometrySRID")
	}
	c, err := gdal.ParseCRS(text)
	a.schema.CRS = c
	return err
}

func (a *attaching) name() string { return postgis.FormatName(a.table.Name()) }

func (a *attaching) checkFields() error {
	o := &a.o
	for _, name := range append([]string{o.CodeField, o.NameField, o.LevelField, o.PopulationField}, o.ParentFields...) {
		if name != "" && a.schema.FieldIndex(name) < 0 {
			var known []string
			for _, f := range a.schema.Fields {
				known = append(known, f.Name)
			}
			return fault.WithHint(fault.Errorf("attach.Attach", fault.Invalid, "%s has no column %q", a.name(), name), "its columns are: "+strings.Join(known, ", "))
		}
	}
	if o.WatchColumn != "" {
		return a.table.CheckChangeColumn(o.WatchColumn)
	}
	return nil
}

// chooseWatch settles how edits are noticed, and prepares the table for it.
func (a *attaching) chooseWatch(ctx context.Context) error {
	a.watch = a.o.Watch
	if a.watch == "" {
		a.watch = Compare
		if _, _, _, trigger := a.table.Rights(); a.o.Writable && trigger {
			a.watch = Notify
		}
	}
	if a.watch != Notify {
		return nil
	}
	there, err := a.table.HasNotify(ctx)
	if err != nil || there {
		return err
	}
	err = a.table.AddNotify(ctx)
	if fault.Is(err, fault.Invalid) {
		a.watch = Compare
		a.notes.Add(catalog.Warning, "watch-fallback", "%v: edits made elsewhere are noticed by comparing rows from time to time", err)
		return nil
	}
	return err
}

// prepare mirrors the rows as they are at one moment.
func (a *attaching) prepare(ctx context.Context, dir string, old *catalog.Dataset) (*ingest.Prepared, error) {
	path := filepath.Join(dir, "rows.fgb")
	a.p.Stage("copy")
	if err := a.table.Snapshot(ctx, func(s *postgis.Snapshot) error { return a.mirror(ctx, s, path) }); err != nil {
		return nil, err
	}
	a.remark()
	d, err := a.dataset(old)
	if err != nil {
		return nil, err
	}
	return &ingest.Prepared{
		Dataset: d, Files: map[string]string{"rows.fgb": path},
		Finish: func(v *catalog.Version, keys map[string]string) { v.Vector.Packed = keys["rows.fgb"] },
	}, nil
}

func (a *attaching) mirror(ctx context.Context, s *postgis.Snapshot, path string) error {
	if err := s.CheckID(ctx); err != nil {
		return err
	}
	w, err := fgb.Create(path, a.schema, &fgb.Options{Name: a.o.Dataset, Title: a.o.Title, Description: a.o.Description})
	if err != nil {
		return err
	}
	a.box = geo.EmptyBBox()
	limit := cmp.Or(a.o.Limit, defaultLimit)
	var failed error
	err = s.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		if a.count++; a.count > limit {
			failed = fault.Errorf("attach.Attach", fault.TooLarge, "%s has more than %d rows", a.name(), limit)
			return false
		}
		if f.Geometry != nil {
			a.box = a.box.Union(geo.BBoxOf(f.Geometry.Bound()))
		} else {
			a.bare++
		}
		if failed = w.Write(f); failed != nil {
			failed = fmt.Errorf("row %d of %s: %w", f.ID, a.name(), failed)
		}
		if a.count%1000 == 0 {
			a.p.Step(a.count, 0)
		}
		return failed == nil
	})
	if err = cmp.Or(failed, err); err != nil {
		w.Abort()
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return a.inspect(ctx, s)
}

// inspect says what is wrong with geometries; they are left as they are,
// since they are not ours.
func (a *attaching) inspect(ctx context.Context, s *postgis.Snapshot) error {
	n, ids, err := s.Invalid(ctx, notice.MaxExamples)
	if err != nil || n == 0 {
		return err
	}
	var examples []string
	for _, id := range ids {
		examples = append(examples, strconv.FormatInt(id, 10))
	}
	a.notes.Append([]catalog.Notice{{
		Severity: catalog.Warning, Code: "geometry-invalid", Count: n, Examples: examples,
		Message: "geometries are not valid and are shown as they are: repair them in the table (ST_MakeValid)",
	}})
	return nil
}

// remark notes what is particular to the table.
func (a *attaching) remark() {
	if skipped := a.table.Skipped(); len(skipped) > 0 {
		a.notes.Add(catalog.Warning, "columns-skipped", "columns are not read, being rasters or not readable by the database user: %s", strings.Join(skipped, ", "))
	}
	if mixed := a.table.Mixed(); len(mixed) > 0 {
		var names []string
		for _, srid := range mixed {
			if srid == 0 {
				names = append(names, "none, taken for the same")
			} else {
				names = append(names, strconv.FormatInt(srid, 10))
			}
		}
		a.notes.Add(catalog.Warning, "reference-systems-mixed", "rows in other reference systems (%s) are transformed to %s", strings.Join(names, ", "), a.schema.CRS.Short())
	}
	if a.schema.GeometryType != "" && a.bare > 0 {
		a.notes.Append([]catalog.Notice{{Severity: catalog.Info, Code: "geometry-missing", Count: a.bare, Message: "rows have no geometry"}})
	}
	a.notes.Add(catalog.Info, "attached", "the rows are those of %s on %s; edits made there are noticed by %s", a.name(), a.conn.Name(), watchText(a.watch, a.o.WatchColumn))
}

func watchText(watch, column string) string {
	switch watch {
	case Notify:
		return "triggers, at once"
	case Column:
		return "its column " + column
	}
	return "comparing from time to time"
}

func (a *attaching) dataset(old *catalog.Dataset) (catalog.Dataset, error) {
	o := &a.o
	d := catalog.Dataset{ID: o.Dataset, Title: a.name(), Description: a.table.Comment(), CreatedAt: time.Now().UTC(), Role: catalog.OtherRole}
	if old != nil {
		d = *old
	}
	d.Kind = catalog.Vector
	d.Role = cmp.Or(o.Role, d.Role)
	d.Title, d.Description = cmp.Or(o.Title, d.Title), cmp.Or(o.Description, d.Description)
	d.License, d.Attribution = cmp.Or(o.License, d.License), cmp.Or(o.Attribution, d.Attribution)
	id, geometry := a.table.Columns()
	schema, table := a.table.Name()
	v := catalog.Version{
		Source: []string{a.name()}, CRS: a.schema.CRS, Notices: a.notes.All(),
		Vector: &catalog.VectorInfo{
			Schema: a.schema, Count: a.count, Layer: table,
			External: &catalog.External{
				Connection: a.conn.String(), Schema: schema, Table: table, ID: id, Geometry: geometry,
				Writable: o.Writable, Watch: a.watch, Column: o.WatchColumn,
			},
		},
	}
	if d.Role == catalog.TerritoryRole {
		v.Territory = &catalog.TerritoryFields{Code: o.CodeField, Name: o.NameField, Parents: o.ParentFields, Level: o.LevelField, LevelName: o.LevelName}
	}
	if d.Role == catalog.Population {
		v.Table = &catalog.PopulationFields{Code: o.CodeField, Total: o.PopulationField}
	}
	if a.schema.GeometryType != "" && !a.box.IsEmpty() {
		tr, err := crs.New(a.schema.CRS, geo.WGS84)
		if err != nil {
			return d, err
		}
		v.BBox = a.box
		if v.BBoxWGS84, err = tr.BBox(a.box); err != nil {
			return d, fmt.Errorf("place %s on the globe: %w", a.name(), err)
		}
	}
	d.Version = v
	return d, nil
}
