package ingest

import (
	"context"
	"fmt"
	"path/filepath"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/ingest/table"
	"contado/ingest/vector"
)

// open opens all sources of rows; done closes them.
func (r *run) open(ctx context.Context, in *input) (rows []vector.Rows, done func(), err error) {
	var layers []*vector.Layer
	done = func() {
		for _, l := range layers {
			l.Close() // read only: nothing to lose
		}
	}
	add := func(path, label string, drivers []string, o vector.OpenOptions) error {
		l, err := vector.Open(ctx, path, label, drivers, o, &in.notes)
		if err != nil {
			return err
		}
		layers = append(layers, l)
		rows = append(rows, l)
		return l.NeedsCRS(ctx)
	}
	if r.appending() && r.old.Version.Vector != nil {
		if r.old.Version.Vector.External != nil {
			return nil, done, fault.WithHint(fault.Errorf("ingest.Run", fault.Unsupported, "dataset %s is attached to a table: nothing can be appended here", r.old.ID),
				"add the rows to the table, or detach the dataset first")
		}
		path, err := r.st.Blobs.Path(r.old.Version.Vector.File)
		if err != nil {
			return nil, done, err
		}
		if err := add(path, fmt.Sprintf("version %d", r.old.Version.Number), []string{"GPKG"}, vector.OpenOptions{Layer: r.old.Version.Vector.Layer}); err != nil {
			return nil, done, err
		}
	}
	for _, f := range in.vectors {
		if err := add(f.path, f.label, f.format.Drivers, vector.OpenOptions{Layer: r.o.Layer, CRS: r.crs, Encoding: r.o.Encoding, Dir: r.stage.dir}); err != nil {
			return nil, done, err
		}
	}
	for _, f := range in.tables {
		t, err := r.table(ctx, f, &in.notes)
		if err != nil && f.label != filepath.Base(f.path) { // else the error names the file itself
			err = fmt.Errorf("%s: %w", f.label, err)
		}
		if err != nil {
			return nil, done, err
		}
		rows = append(rows, t)
	}
	if r.o.Join != nil {
		base, closeBase, err := r.joinBase(ctx)
		if err != nil {
			return nil, done, err
		}
		inner := done
		done = func() { inner(); closeBase() }
		rows, err = r.join(ctx, base, rows, &in.notes)
		return rows, done, err
	}
	return rows, done, nil
}

// table opens a table of text, or a sheet, as a source of rows.
func (r *run) table(ctx context.Context, f found, notes *notice.List) (vector.Rows, error) {
	path, encoding := f.path, r.o.Encoding
	var written []string
	if len(f.format.Drivers) > 0 && f.format.Drivers[0] == "XLSX" {
		path = r.stage.path(fmt.Sprintf("sheet-%x.csv", len(r.sub)))
		r.sub[path] = f.label
		sheet, err := vector.SheetToCSV(ctx, f.path, f.label, r.o.Layer, path, r.o.Limits.ArchiveBytes)
		if err != nil {
			return nil, err
		}
		if sheet.Header > 1 {
			notes.Add(catalog.Info, "header-found", "the names of the columns were found in row %d; what stands above was left out", sheet.Header)
		}
		encoding, written = "utf-8", sheet.Texts
	}
	t, err := table.Open(ctx, path, table.Options{
		XField: r.o.XField, YField: r.o.YField, CRS: r.crs, Encoding: encoding, Near: r.known(ctx), Text: r.codes(), Written: written, Code: vector.IsCode, Label: f.label, NoGeometry: r.o.Join != nil,
		Limits: table.Limits{Rows: r.o.Limits.TableRows, Fields: r.o.Limits.Fields, FileBytes: r.o.Limits.TableBytes},
	})
	if err != nil {
		return nil, err
	}
	notes.Append(t.Notices)
	return &tableRows{t, f.label}, nil
}

// codes are the columns named by hand that hold codes: they stay text.
func (r *run) codes() []string {
	out := []string{r.o.CodeField}
	if r.o.Join != nil {
		out = append(out, r.o.Join.Key)
	}
	return append(out, r.o.ParentFields...)
}

// known is the box of the territories in the catalog; nil when there are
// none. It only helps to judge positions: an error here is as none.
func (r *run) known(ctx context.Context) *geo.BBox {
	all, err := r.st.Catalog.Datasets(ctx)
	if err != nil {
		return nil
	}
	var box *geo.BBox
	for _, d := range all {
		if d.Role != catalog.TerritoryRole || d.ID == r.o.Dataset {
			continue
		}
		b := d.Version.BBoxWGS84
		if box != nil {
			b = box.Union(b)
		}
		box = &b
	}
	return box
}

// tableRows is a table as vector.Rows.
type tableRows struct {
	t    *table.Table
	name string
}

func (t *tableRows) Name() string       { return t.name }
func (t *tableRows) Schema() geo.Schema { return t.t.Schema }
func (t *tableRows) Count() int64       { return t.t.Rows }

func (t *tableRows) Scan(ctx context.Context, _ func(int64, error) error, yield func(geo.Feature) (bool, error)) error {
	return t.t.Scan(ctx, yield)
}
