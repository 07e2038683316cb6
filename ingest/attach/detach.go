package attach

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/gdal"
	"contado/geo/layer"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/store/postgis"
	"contado/ingest"
)

// Detach makes an ordinary dataset of an attached one: its next version has
// the rows as the layer shows them now, which nobody follows any more. The
// triggers are taken from the table where the database can be reached and
// allows it; a notice says so where not.
//
// Errors: fault.Invalid for a dataset that is not attached; those of
// ingest.Run.
func Detach(ctx context.Context, st ingest.Stores, driver *postgis.Driver, l *layer.Layer) (ingest.Result, error) {
	d := l.Dataset()
	if d.Version.Vector == nil || d.Version.Vector.External == nil {
		return ingest.Result{}, fault.Errorf("attach.Detach", fault.Invalid, "dataset %s is not attached to a table", d.ID)
	}
	x := *d.Version.Vector.External
	var notes notice.List
	notes.Add(catalog.Info, "detached", "the rows are those that %s had when it was detached", postgis.FormatName(x.Schema, x.Table))
	res, err := ingest.RunPrepared(ctx, st, d.ID, true, func(ctx context.Context, dir string, old *catalog.Dataset) (*ingest.Prepared, error) {
		if old == nil || old.Version.Number != d.Version.Number {
			return nil, fault.WithHint(fault.Errorf("attach.Detach", fault.Conflict, "dataset %s has another version now", d.ID), "try again")
		}
		if x.Watch == Notify {
			if err := removeNotify(ctx, driver, x); err != nil {
				notes.Add(catalog.Warning, "triggers-left", "%v: the triggers contado_… stay on the table", err)
			}
		}
		return detached(ctx, l, dir, &notes)
	})
	driver.Forget(x)
	return res, err
}

func removeNotify(ctx context.Context, driver *postgis.Driver, x catalog.External) error {
	t, err := driver.External(ctx, x)
	if err != nil {
		return err
	}
	return t.RemoveNotify(ctx)
}

// detached writes the layer's rows as the files of a version.
func detached(ctx context.Context, l *layer.Layer, dir string, notes *notice.List) (*ingest.Prepared, error) {
	d := l.Dataset()
	schema := l.Schema()
	packed, book := filepath.Join(dir, "rows.fgb"), filepath.Join(dir, "rows.gpkg")
	count, err := copyRows(ctx, l, schema, d, packed, book)
	if err != nil {
		return nil, err
	}
	v := &d.Version
	v.Vector = &catalog.VectorInfo{Schema: schema, Count: count, Layer: d.ID}
	v.Notices, v.Extras, v.Number = notes.All(), nil, 0
	v.PublishedAt = time.Time{} // now
	return &ingest.Prepared{
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
