package postgis

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
	"contado/geo/store/journal"
)

var (
	_ features.Writer   = (*Table)(nil)
	_ features.Numberer = (*Table)(nil)
)

// Write implements features.Writer. It puts the rows as they are stored, with
// what defaults, triggers and computed columns made of them, in place of the
// After of the changes; what is given for computed columns is not looked at.
func (t *Table) Write(ctx context.Context, changes []journal.Change) error {
	const op = "postgis.Write"
	if err := t.rel.checkWritable(); err != nil {
		return err
	}
	for i := range changes {
		if err := t.fits(&changes[i]); err != nil {
			return err
		}
	}
	stored := make([]*geo.Feature, len(changes))
	err := inTx(ctx, t.server.db, nil, func(tx *sql.Tx) error {
		// Triggers of ours tell by it that the change is in the journal.
		if _, err := tx.ExecContext(ctx, "SELECT set_config('"+writerSetting+"', $1, true)", t.server.installation); err != nil {
			return err
		}
		for i := range changes {
			var err error
			if stored[i], err = t.writeOne(ctx, tx, &changes[i]); err != nil {
				return fmt.Errorf("feature %d: %w", changes[i].Feature, err)
			}
		}
		return nil
	})
	if err != nil {
		return refused(ctx, op, err)
	}
	for i := range changes {
		if stored[i] != nil {
			changes[i].After = stored[i]
		}
	}
	return nil
}

// fits makes sure that rows have the columns that the table has now.
func (t *Table) fits(c *journal.Change) error {
	for _, f := range []*geo.Feature{c.Before, c.After} {
		if f != nil && len(f.Values) != len(t.rel.columns) {
			return fault.WithHint(fault.Errorf("postgis.Write", fault.Unsupported, "table %s has %d columns now, and rows have %d values", t.rel, len(t.rel.columns), len(f.Values)),
				"attach the table again (--replace)")
		}
	}
	return nil
}

// refused gives what the database has against a change the kind Invalid, with
// all that it says.
func refused(ctx context.Context, op string, err error) error {
	var e *pq.Error
	if errors.As(err, &e) && ctx.Err() == nil && (e.Code == pqerror.UniqueViolation || e.Code.Class() == pqerror.ClassPLpgSQLError) {
		err = fault.E(op, fault.Invalid, err)
		if e.Detail != "" {
			err = fault.WithHint(err, e.Detail)
		}
		return err
	}
	return translate(ctx, op, err)
}

func (t *Table) writeOne(ctx context.Context, tx *sql.Tx, c *journal.Change) (*geo.Feature, error) {
	const op = "postgis.Write"
	now, err := t.hold(ctx, tx, c.Feature)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Op == journal.Create && now != nil:
		return nil, fault.Errorf(op, fault.Conflict, "table %s has such a row already", t.rel)
	case c.Op == journal.Create:
		return t.insert(ctx, tx, c.After)
	case now == nil:
		return nil, fault.Errorf(op, fault.Conflict, "table %s has no such row any more", t.rel)
	case c.Before == nil || !Same(now, c.Before):
		return nil, fault.WithHint(fault.Errorf(op, fault.Conflict, "the row was changed in table %s meanwhile", t.rel),
			"read it again and repeat the edit on what it is now")
	case c.Op == journal.Delete:
		return nil, t.remove(ctx, tx, c.Feature)
	}
	return t.update(ctx, tx, now, c.After)
}

// returning are the columns of a whole row, as plan.page reads them.
func (t *Table) returning() string {
	out := pq.QuoteIdentifier(t.rel.id) + "::bigint"
	if g := t.rel.geometry; g != nil {
		out += ", ST_AsBinary(" + g.read + ")"
	}
	for _, c := range t.rel.columns {
		out += ", " + c.read
	}
	return out
}

// readOne runs a statement that gives a row, or none (nil).
func (t *Table) readOne(ctx context.Context, tx *sql.Tx, query string, a args) (*geo.Feature, error) {
	var out *geo.Feature
	r := newRow(&plan{table: t, columns: t.rel.columns, geometry: t.rel.geometry != nil})
	err := each(ctx, tx, func(rows *sql.Rows) error {
		f, _, err := r.read(rows)
		out = &f
		return err
	}, query, a...)
	return out, err
}

// hold reads a row and keeps others from changing it; nil when there is none.
func (t *Table) hold(ctx context.Context, tx *sql.Tx, id int64) (*geo.Feature, error) {
	return t.readOne(ctx, tx, fmt.Sprintf("SELECT %s FROM %s WHERE %s = $1 FOR UPDATE", t.returning(), t.rel.full(), pq.QuoteIdentifier(t.rel.id)), args{id})
}

// insert leaves out what has no value: the table's defaults apply.
func (t *Table) insert(ctx context.Context, tx *sql.Tx, f *geo.Feature) (*geo.Feature, error) {
	var a args
	columns, values := []string{pq.QuoteIdentifier(t.rel.id)}, []string{a.add(f.ID)}
	if g := t.rel.geometry; g != nil && f.Geometry != nil {
		v, err := g.written(f, &a)
		if err != nil {
			return nil, err
		}
		columns, values = append(columns, g.quoted()), append(values, v)
	}
	for i := range t.rel.columns {
		c := &t.rel.columns[i]
		if f.Values[i] == nil || c.generated {
			continue
		}
		v, err := c.written(f.Values[i], &a)
		if err != nil {
			return nil, err
		}
		columns, values = append(columns, c.quoted()), append(values, v)
	}
	overriding := ""
	if t.rel.idAlways {
		overriding = " OVERRIDING SYSTEM VALUE"
	}
	return t.stored(t.readOne(ctx, tx, fmt.Sprintf("INSERT INTO %s (%s)%s VALUES (%s) RETURNING %s",
		t.rel.full(), strings.Join(columns, ", "), overriding, strings.Join(values, ", "), t.returning()), a))
}

// update writes the columns in which the rows differ.
func (t *Table) update(ctx context.Context, tx *sql.Tx, now, next *geo.Feature) (*geo.Feature, error) {
	var a args
	var set []string
	if g := t.rel.geometry; g != nil && !sameGeometry(now, next) {
		v, err := g.written(next, &a)
		if err != nil {
			return nil, err
		}
		set = append(set, g.quoted()+" = "+v)
	}
	for i := range t.rel.columns {
		c := &t.rel.columns[i]
		if c.generated || sameValue(now.Values[i], next.Values[i]) {
			continue
		}
		v, err := c.written(next.Values[i], &a)
		if err != nil {
			return nil, err
		}
		set = append(set, c.quoted()+" = "+v)
	}
	if len(set) == 0 {
		return now, nil
	}
	return t.stored(t.readOne(ctx, tx, fmt.Sprintf("UPDATE %s SET %s WHERE %s = %s RETURNING %s",
		t.rel.full(), strings.Join(set, ", "), pq.QuoteIdentifier(t.rel.id), a.add(now.ID), t.returning()), a))
}

func (t *Table) stored(f *geo.Feature, err error) (*geo.Feature, error) {
	if err == nil && f == nil {
		return nil, fault.Errorf("postgis.Write", fault.Invalid, "table %s did not take the row: a trigger, a rule or row-level security dropped it", t.rel)
	}
	return f, err
}

func (t *Table) remove(ctx context.Context, tx *sql.Tx, id int64) error {
	res, err := tx.ExecContext(ctx, fmt.Sprintf("DELETE FROM %s WHERE %s = $1", t.rel.full(), pq.QuoteIdentifier(t.rel.id)), id)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fault.Errorf("postgis.Write", fault.Invalid, "table %s did not let the row go: a trigger, a rule or row-level security kept it", t.rel))
	}
	return nil
}

const sqlDefault = `
SELECT coalesce((SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.adrelid = $1 AND a.attname = $2 AND a.attgenerated = ''), ''),
    CASE WHEN $3 THEN coalesce(pg_get_serial_sequence($4, $2), '') ELSE '' END`

// NewIDs implements features.Numberer: by the sequence or the default of the
// id's column; without either they follow the greatest id, and are not kept
// from others.
func (t *Table) NewIDs(ctx context.Context, n int) ([]int64, error) {
	const op = "postgis.NewIDs"
	var expr, sequence string
	err := t.server.db.QueryRowContext(ctx, sqlDefault, t.rel.oid, t.rel.id, !t.IsView(), t.rel.full()).Scan(&expr, &sequence)
	if err != nil {
		return nil, translate(ctx, op, err)
	}
	id := pq.QuoteIdentifier(t.rel.id)
	query, a := "SELECT ("+expr+")::bigint FROM generate_series(1, $1)", args{n}
	switch {
	case sequence != "":
		query, a = "SELECT nextval($2::regclass) FROM generate_series(1, $1)", args{n, sequence}
	case expr == "":
		query = "SELECT greatest(coalesce((SELECT max(" + id + ") FROM " + t.rel.full() + "), 0), 0) + g FROM generate_series(1, $1) AS g"
	}
	var ids []int64
	err = each(ctx, t.server.db, func(rows *sql.Rows) error {
		var v int64
		err := rows.Scan(&v)
		ids = append(ids, v)
		return err
	}, query, a...)
	return ids, translate(ctx, op, err)
}
