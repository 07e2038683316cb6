package ingest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"contado/geo"
	projection "contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/gdal"
	"contado/geo/layer"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// Settle publishes the rows of a dataset as its layer shows them as its next
// version: what was edited becomes part of it, and its journal begins anew.
// Edits made meanwhile are not in it: carry them over (atlas.CarryOver).
//
// Errors: fault.Invalid for a dataset that is attached to a table; Conflict
// when it has another version by now; those of Run.
func Settle(ctx context.Context, st Stores, l *layer.Layer) (Result, error) {
	const op = "ingest.Settle"
	d := l.Dataset()
	if d.Version.Vector == nil || d.Version.Vector.External != nil {
		return Result{}, fault.Errorf(op, fault.Invalid, "the rows of dataset %s are kept elsewhere", d.ID)
	}
	var notes notice.List
	notes.Add(catalog.Info, "edits-settled", "version %d with its %d edits", d.Version.Number, l.Head())
	return RunPrepared(ctx, st, d.ID, true, func(ctx context.Context, dir string, old *catalog.Dataset) (*Prepared, error) {
		if old == nil || old.Version.Number != d.Version.Number {
			return nil, fault.WithHint(fault.Errorf(op, fault.Conflict, "dataset %s has another version now", d.ID), "try again")
		}
		p, err := RowsNow(ctx, l, dir, &notes)
		if err == nil {
			p.Dataset.Version.Made = &catalog.Making{Command: "contado settle " + d.ID, Who: st.Who}
		}
		return p, err
	})
}

// RowsNow writes the rows of a dataset as its layer shows them, edits and all,
// as the files of a next version, which is attached to nothing.
func RowsNow(ctx context.Context, l *layer.Layer, dir string, notes *notice.List) (*Prepared, error) {
	d := l.Dataset()
	schema := l.Schema()
	packed, book := filepath.Join(dir, "rows.fgb"), filepath.Join(dir, "rows.gpkg")
	count, err := copyRows(ctx, l, schema, d, packed, book)
	if err != nil {
		return nil, err
	}
	v := &d.Version
	if v.BBox = l.Bounds(); schema.CRS.Known() && !v.BBox.IsEmpty() {
		tr, err := projection.New(schema.CRS, geo.WGS84)
		if err != nil {
			return nil, err
		}
		if v.BBoxWGS84, err = tr.BBox(v.BBox); err != nil {
			return nil, err
		}
	}
	v.Vector = &catalog.VectorInfo{Schema: schema, Count: count, Layer: d.ID}
	v.Notices, v.Extras, v.Made, v.Number = notes.All(), nil, nil, 0
	v.PublishedAt = time.Time{} // now
	return &Prepared{
		Dataset: d, Files: map[string]string{"rows.fgb": packed, "rows.gpkg": book},
		Finish: func(v *catalog.Version, keys map[string]string) {
			v.Vector.Packed, v.Vector.File = keys["rows.fgb"], keys["rows.gpkg"]
		},
	}, nil
}

// copyRows writes all rows to a packed file and to a GeoPackage.
func copyRows(ctx context.Context, l *layer.Layer, schema geo.Schema, d catalog.Dataset, packed, book string) (count int64, err error) {
	p, err := fgb.Create(packed, schema, &fgb.Options{Name: d.ID, Title: d.Title, Description: d.Description})
	if err != nil {
		return 0, err
	}
	g, err := gdal.CreateVector(book, "GPKG", d.ID, schema, &gdal.VectorWriteOptions{Description: d.Description})
	if err != nil {
		p.Abort()
		return 0, err
	}
	var failed error
	err = l.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		count++
		if failed = errors.Join(p.Write(f), g.Write(ctx, f)); failed != nil {
			failed = fmt.Errorf("row %d of dataset %s: %w", f.ID, d.ID, failed)
		}
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil {
		p.Abort()
		return 0, errors.Join(err, g.Abort())
	}
	return count, errors.Join(p.Close(), g.Close())
}
