package attach

import (
	"context"

	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/notice"
	"contado/geo/store/catalog"
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
		return ingest.RowsNow(ctx, l, dir, &notes)
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
