package ingest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// Restore publishes the content of an earlier version as the next one: nothing
// is taken away, and it can be taken back likewise. rows are those of a vector
// dataset as that version last showed them (atlas.LayerAsOf); nil for others.
// Its edits become part of the new version.
//
// Errors: fault.NotExist for a version that never was; Invalid for the current
// one without edits, and for what is attached to a table; Conflict when
// another was published meanwhile.
func Restore(ctx context.Context, st Stores, id string, version int, rows *layer.Layer) (Result, error) {
	const op = "ingest.Restore"
	now, ok, err := current(ctx, st.Catalog, id)
	if err != nil {
		return Result{}, err
	}
	if !ok {
		return Result{}, fault.Errorf(op, fault.NotExist, "there is no dataset %.80q", id)
	}
	all, err := st.Catalog.Versions(ctx, id)
	if err != nil {
		return Result{}, err
	}
	i := slices.IndexFunc(all, func(v catalog.Version) bool { return v.Number == version })
	if i < 0 {
		return Result{}, fault.Errorf(op, fault.NotExist, "dataset %s has no version %d", id, version)
	}
	v := all[i]
	switch {
	case v.Vector != nil && v.Vector.External != nil || now.Version.Vector != nil && now.Version.Vector.External != nil:
		return Result{}, fault.WithHint(fault.Errorf(op, fault.Invalid, "the rows of dataset %s are kept in a table elsewhere", id), "detach it first")
	case version == now.Version.Number && (rows == nil || rows.Head() == 0):
		return Result{}, fault.Errorf(op, fault.Invalid, "version %d of %s is the current one", version, id)
	}
	made := &catalog.Making{Command: fmt.Sprintf("contado restore %s --to %d", id, version), Who: st.Who, Restores: version}
	if rows != nil && rows.Head() > 0 {
		return restoreRows(ctx, st, rows, made)
	}
	items, err := st.Catalog.VersionItems(ctx, id, version)
	if err != nil {
		return Result{}, err
	}
	pub := catalog.Publication{Dataset: now, Items: items, Expect: now.Version.Number}
	v.Extras, v.Made = nil, made
	v.PublishedAt = time.Time{} // now
	pub.Dataset.Version = v
	pub.Dataset.Kind, pub.Dataset.Role = playedBy(&v, len(items), &now)
	d, err := publish(ctx, st, pub, nil)
	if err != nil {
		return Result{}, err
	}
	return Result{Dataset: d, Datasets: []catalog.Dataset{d}, Notices: d.Version.Notices}, nil
}

// playedBy are the kind and the role of a dataset with the content of a
// version: it may have been of another kind then.
func playedBy(v *catalog.Version, items int, now *catalog.Dataset) (catalog.Kind, catalog.Role) {
	was := *now
	was.Version = *v
	switch {
	case v.Vector != nil:
		was.Kind = catalog.Vector
	case v.Tiles != nil:
		was.Kind = catalog.TileArchive
	case items > 0:
		was.Kind = catalog.Raster
	default:
		was.Kind = catalog.Timetable
	}
	if was.CheckDescription() != nil {
		was.Role = catalog.OtherRole
		if v.Territory != nil {
			was.Role = catalog.TerritoryRole
		}
	}
	return was.Kind, was.Role
}

// restoreRows publishes the rows of an edited version.
func restoreRows(ctx context.Context, st Stores, rows *layer.Layer, made *catalog.Making) (Result, error) {
	d := rows.Dataset()
	var notes notice.List
	notes.Append(d.Version.Notices)
	notes.Add(catalog.Info, "edits-settled", "version %d with its %d edits", d.Version.Number, rows.Head())
	res, err := RunPrepared(ctx, st, d.ID, true, func(ctx context.Context, dir string, old *catalog.Dataset) (*Prepared, error) {
		p, err := RowsNow(ctx, rows, dir, &notes)
		if err != nil {
			return nil, err
		}
		v := p.Dataset.Version
		v.Made = made
		p.Dataset = *old
		p.Dataset.Version = v
		p.Dataset.Kind, p.Dataset.Role = playedBy(&v, 0, old)
		return p, nil
	})
	res.Datasets = []catalog.Dataset{res.Dataset}
	return res, err
}
