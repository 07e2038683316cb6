package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

var _ catalog.Driver = (*Catalog)(nil)

// Catalog is a catalog.Driver.
type Catalog struct {
	b *Backend
}

// Catalog is the catalog in the database, whose schema has the tables.
func (b *Backend) Catalog() *Catalog { return &Catalog{b: b} }

// Journal is the journal of the catalog's datasets: it lives and ends with
// the versions there.
func (b *Backend) Journal() *Journal { return &Journal{b: b} }

// Close closes the database.
func (c *Catalog) Close() error { return c.b.Close() }

// Publish implements catalog.Driver.
func (c *Catalog) Publish(ctx context.Context, p catalog.Publication) (catalog.Dataset, error) {
	const op = "sqlstore.Publish"
	if err := p.Check(); err != nil {
		return catalog.Dataset{}, err
	}
	row, err := newPublicationRow(p, time.Now())
	if err != nil {
		return catalog.Dataset{}, fault.E(op, fault.Invalid, err)
	}
	err = c.b.write(ctx, "catalog", func(tx tx) error { return row.insert(ctx, tx, p.Expect) })
	if err != nil {
		return catalog.Dataset{}, c.b.Translate(ctx, op, fmt.Errorf("publish dataset %s: %w", p.Dataset.ID, err))
	}
	return row.dataset, nil
}

// Enrich implements catalog.Driver.
func (c *Catalog) Enrich(ctx context.Context, dataset string, version int, e catalog.Extra) ([]string, error) {
	const op = "sqlstore.Enrich"
	if err := e.Check(); err != nil {
		return nil, err
	}
	orphans := []string{}
	err := c.b.write(ctx, "catalog", func(tx tx) error {
		var text string
		err := tx.QueryRowContext(ctx, sqlVersionDetail, dataset, version).Scan(&text)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.Errorf(op, fault.NotExist, "there is no version %d of dataset %.80q", version, dataset)
		}
		if err != nil {
			return err
		}
		var v catalog.Version
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return fmt.Errorf("version %d of dataset %s: %w", version, dataset, err)
		}
		old, had := v.SetExtra(e)
		if had {
			if orphans, err = forget(ctx, tx, old.File.Key, dataset, version); err != nil {
				return err
			}
		}
		if err := putFile(ctx, tx, e.File, dataset, version); err != nil {
			return err
		}
		orphans = slices.DeleteFunc(orphans, func(k string) bool { return k == e.File.Key })
		detail, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, sqlSetVersionDetail, string(detail), dataset, version); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlBumpRevision)
		return err
	})
	if err != nil {
		return nil, c.b.Translate(ctx, op, err)
	}
	return orphans, nil
}

// forget takes a file from a version; it is an orphan when no other has it.
func forget(ctx context.Context, tx tx, key, dataset string, version int) ([]string, error) {
	if _, err := tx.ExecContext(ctx, sqlDeleteFile, key, dataset, version); err != nil {
		return nil, err
	}
	var n int
	if err := tx.QueryRowContext(ctx, sqlHasKey, key).Scan(&n); err != nil || n > 0 {
		return nil, err
	}
	return []string{key}, nil
}

// Datasets implements catalog.Driver.
func (c *Catalog) Datasets(ctx context.Context) ([]catalog.Dataset, error) {
	out := []catalog.Dataset{}
	if err := each(ctx, c.b.reader(), scanDatasets(&out), sqlDatasets); err != nil {
		return nil, c.b.Translate(ctx, "sqlstore.Datasets", err)
	}
	return out, nil
}

func scanDatasets(out *[]catalog.Dataset) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var d catalog.Dataset
		var created, about string
		var v versionScan
		err := rows.Scan(append([]any{
			&d.ID, &d.Kind, &d.Role, &d.Title, &d.Description,
			&d.License, &d.Attribution, &created, &about,
		}, v.targets()...)...)
		if err != nil {
			return err
		}
		if d.CreatedAt, err = parseTime(created); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(about), &d.About); err != nil {
			return fmt.Errorf("dataset %s: %w", d.ID, err)
		}
		if d.Version, err = v.version(); err != nil {
			return fmt.Errorf("dataset %s: %w", d.ID, err)
		}
		*out = append(*out, d)
		return nil
	}
}

// Items implements catalog.Driver.
func (c *Catalog) Items(ctx context.Context, dataset string) ([]catalog.Item, error) {
	const op = "sqlstore.Items"
	var out []catalog.Item
	// One transaction, so that the version is still the current one when its
	// items are read.
	err := c.b.reader().inTx(ctx, c.b.Dialect.ReadOnly, func(tx tx) error {
		current, _, err := currentVersion(ctx, tx, sqlCurrent, dataset)
		if err != nil {
			return err
		}
		if current == 0 {
			return noDataset(op, dataset)
		}
		out, err = itemsOf(ctx, tx, dataset, current)
		return err
	})
	if err != nil {
		return nil, c.b.Translate(ctx, op, err)
	}
	return out, nil
}

// VersionItems implements catalog.Driver.
func (c *Catalog) VersionItems(ctx context.Context, dataset string, version int) ([]catalog.Item, error) {
	const op = "sqlstore.VersionItems"
	var out []catalog.Item
	err := c.b.reader().inTx(ctx, c.b.Dialect.ReadOnly, func(tx tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, sqlHasVersion, dataset, version).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return fault.Errorf(op, fault.NotExist, "there is no version %d of dataset %.80q", version, dataset)
		}
		var err error
		out, err = itemsOf(ctx, tx, dataset, version)
		return err
	})
	if err != nil {
		return nil, c.b.Translate(ctx, op, err)
	}
	return out, nil
}

func itemsOf(ctx context.Context, tx tx, dataset string, version int) ([]catalog.Item, error) {
	out := []catalog.Item{}
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var b geo.BBox
		var detail string
		if err := rows.Scan(&b.MinX, &b.MinY, &b.MaxX, &b.MaxY, &detail); err != nil {
			return err
		}
		var it catalog.Item
		if err := json.Unmarshal([]byte(detail), &it); err != nil {
			return fmt.Errorf("item of dataset %s: %w", dataset, err)
		}
		it.BBox = b
		out = append(out, it)
		return nil
	}, sqlItems, dataset, version)
	return out, err
}

// Versions implements catalog.Driver.
func (c *Catalog) Versions(ctx context.Context, dataset string) ([]catalog.Version, error) {
	const op = "sqlstore.Versions"
	var out []catalog.Version
	err := each(ctx, c.b.reader(), func(rows *sql.Rows) error {
		var s versionScan
		if err := rows.Scan(s.targets()...); err != nil {
			return err
		}
		v, err := s.version()
		out = append(out, v)
		return err
	}, sqlVersions, dataset)
	if err != nil {
		return nil, c.b.Translate(ctx, op, err)
	}
	if len(out) == 0 { // a dataset has at least one version
		return nil, noDataset(op, dataset)
	}
	return out, nil
}

// Remove implements catalog.Driver.
func (c *Catalog) Remove(ctx context.Context, dataset, who string) ([]string, error) {
	const op = "sqlstore.Remove"
	orphans := []string{}
	err := c.b.write(ctx, "catalog", func(tx tx) error {
		last, _, err := currentVersion(ctx, tx, sqlHoldCurrent, dataset)
		if err != nil {
			return err
		}
		err = each(ctx, tx, func(rows *sql.Rows) error {
			var key string
			err := rows.Scan(&key)
			orphans = append(orphans, key)
			return err
		}, sqlOrphanedBy, dataset)
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, sqlRemoveDataset, dataset)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, noDataset(op, dataset))
		}
		if err := record(ctx, tx, catalog.Act{Who: who, Deed: catalog.Removed, Dataset: dataset, Version: last}); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlBumpRevision)
		return err
	})
	if err != nil {
		return nil, c.b.Translate(ctx, op, err)
	}
	return orphans, nil
}

// Revision implements catalog.Driver.
func (c *Catalog) Revision(ctx context.Context) (int64, error) {
	var n int64
	err := c.b.reader().QueryRowContext(ctx, sqlRevision).Scan(&n)
	return n, c.b.Translate(ctx, "sqlstore.Revision", err)
}

// Keys implements catalog.Driver.
func (c *Catalog) Keys(ctx context.Context) (map[string]catalog.File, error) {
	out := map[string]catalog.File{}
	err := each(ctx, c.b.reader(), func(rows *sql.Rows) error {
		var f catalog.File
		err := rows.Scan(&f.Key, &f.Size, &f.SHA256)
		out[f.Key] = f
		return err
	}, sqlKeys)
	if err != nil {
		return nil, c.b.Translate(ctx, "sqlstore.Keys", err)
	}
	return out, nil
}

func noDataset(op, dataset string) error {
	return fault.Errorf(op, fault.NotExist, "there is no dataset %.80q", dataset)
}

// currentVersion is 0 when there is no such dataset; query is sqlCurrent or
// sqlHoldCurrent.
func currentVersion(ctx context.Context, tx tx, query, dataset string) (number int, createdAt string, err error) {
	err = tx.QueryRowContext(ctx, query, dataset).Scan(&number, &createdAt)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", nil
	}
	return number, createdAt, err
}
