package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/journal"
)

var _ journal.Driver = (*Journal)(nil)

// Journal is a journal.Driver in the database of the catalog.
type Journal struct {
	b *Backend
}

// Append implements journal.Driver.
func (j *Journal) Append(ctx context.Context, dataset string, version int, changes []journal.Change) ([]journal.Change, error) {
	const op = "sqlstore.Append"
	if err := journal.Check(changes); err != nil {
		return nil, err
	}
	rows := make([]journalRow, len(changes))
	for i := range changes {
		if err := rows[i].encode(&changes[i]); err != nil {
			return nil, fault.E(op, fault.Invalid, err)
		}
	}
	out := slices.Clone(changes)
	err := j.b.write(ctx, "", func(tx tx) error {
		current, _, err := currentVersion(ctx, tx, sqlHoldCurrent, dataset)
		switch {
		case err != nil:
			return err
		case current == 0:
			return noDataset(op, dataset)
		case current != version:
			return fault.WithHint(fault.Errorf(op, fault.Conflict, "version %d of dataset %s is not the current one, which is %d", version, dataset, current),
				"a new version was published meanwhile: read the feature again and repeat the edit")
		}
		return appendChanges(ctx, tx, dataset, version, out, rows)
	})
	if err != nil {
		return nil, j.b.Translate(ctx, op, err)
	}
	return out, nil
}

// appendChanges numbers, dates and writes changes that fit.
func appendChanges(ctx context.Context, tx tx, dataset string, version int, out []journal.Change, rows []journalRow) error {
	var seq int64
	if err := tx.QueryRowContext(ctx, sqlJournalLast, dataset, version).Scan(&seq); err != nil {
		return err
	}
	now, err := journalClock(ctx, tx, dataset, version, seq)
	if err != nil {
		return err
	}
	last, err := tx.PrepareContext(ctx, sqlJournalOfFeature)
	if err != nil {
		return err
	}
	defer last.Close()
	insert, err := tx.PrepareContext(ctx, sqlJournalInsert)
	if err != nil {
		return err
	}
	defer insert.Close()
	for i := range out {
		c, r := &out[i], &rows[i]
		var newest journal.Last
		err := last.QueryRowContext(ctx, dataset, version, c.Feature).Scan(&newest.Seq, &newest.Op)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := c.Fits(newest); err != nil {
			return err
		}
		seq++
		c.Dataset, c.Version, c.Seq, c.At, c.Expect = dataset, version, seq, timeOr(c.At, now), 0
		_, err = insert.ExecContext(ctx, dataset, version, seq, c.Feature, string(c.Op), formatTime(&c.At), c.Who, c.Origin,
			r.beforeGeometry, r.beforeValues, r.afterGeometry, r.afterValues)
		if err != nil {
			return fmt.Errorf("change of feature %d: %w", c.Feature, err)
		}
	}
	return nil
}

// journalClock is the time of new changes: now, or that of the newest change
// when another machine's clock was ahead, so that a journal read up to a time
// is one read up to a Seq.
func journalClock(ctx context.Context, tx tx, dataset string, version int, last int64) (time.Time, error) {
	now := time.Now().UTC().Round(0)
	if last == 0 {
		return now, nil
	}
	var text string
	if err := tx.QueryRowContext(ctx, sqlJournalLastAt, dataset, version, last).Scan(&text); err != nil {
		return now, err
	}
	newest, err := parseTime(text)
	if err == nil && newest.After(now) {
		now = newest
	}
	return now, err
}

// Changes implements journal.Driver.
func (j *Journal) Changes(ctx context.Context, dataset string, version int, after int64, limit int) ([]journal.Change, error) {
	if limit <= 0 {
		limit = math.MaxInt
	}
	out := []journal.Change{}
	err := each(ctx, j.b.reader(), func(rows *sql.Rows) error {
		c := journal.Change{Dataset: dataset, Version: version}
		var at string
		var r journalRow
		err := rows.Scan(&c.Seq, &c.Feature, &c.Op, &at, &c.Who, &c.Origin,
			&r.beforeGeometry, &r.beforeValues, &r.afterGeometry, &r.afterValues)
		if err != nil {
			return err
		}
		if c.At, err = parseTime(at); err == nil {
			err = r.decode(&c)
		}
		if err != nil {
			return fmt.Errorf("change %d of dataset %s: %w", c.Seq, dataset, err)
		}
		out = append(out, c)
		return nil
	}, sqlJournalChanges, dataset, version, after, limit)
	if err != nil {
		return nil, j.b.Translate(ctx, "sqlstore.Changes", err)
	}
	return out, nil
}

// Heads implements journal.Driver.
func (j *Journal) Heads(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
	err := each(ctx, j.b.reader(), func(rows *sql.Rows) error {
		var id string
		var head int64
		err := rows.Scan(&id, &head)
		out[id] = head
		return err
	}, sqlJournalHeads)
	if err != nil {
		return nil, j.b.Translate(ctx, "sqlstore.Heads", err)
	}
	return out, nil
}

// journalRow is a change's rows in the shape of the table; values that are
// nil say that there is no row.
type journalRow struct {
	beforeGeometry, beforeValues, afterGeometry, afterValues []byte
}

func (r *journalRow) encode(c *journal.Change) (err error) {
	if c.Before != nil {
		if r.beforeGeometry, r.beforeValues, err = journal.EncodeRow(c.Before); err != nil {
			return err
		}
	}
	if c.After != nil {
		r.afterGeometry, r.afterValues, err = journal.EncodeRow(c.After)
	}
	return err
}

func (r *journalRow) decode(c *journal.Change) (err error) {
	row := func(geometry, values []byte) (*geo.Feature, error) {
		if values == nil {
			return nil, nil
		}
		return journal.DecodeRow(c.Feature, geometry, values)
	}
	if c.Before, err = row(r.beforeGeometry, r.beforeValues); err != nil {
		return err
	}
	c.After, err = row(r.afterGeometry, r.afterValues)
	return err
}
