// Package sqlstore keeps catalog, journal and jobs in a SQL database, alike in
// SQLite and PostgreSQL. The packages sqlite and postgis open such databases
// and say what is particular to each (Backend).
package sqlstore

import (
	"context"
	"database/sql"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"

	"contado/geo/fault"
)

// Backend is an open database, whose schema has the tables that are used.
type Backend struct {
	// Write is for transactions that write, Read for what only reads; they may
	// be the same.
	Write, Read *sql.DB
	Dialect     Dialect
	// Translate gives errors of the database their kind, and tells the end of
	// the caller's context from a failure.
	Translate func(ctx context.Context, op string, err error) error
	// Close closes both.
	Close func() error
	// River is the job queue's driver; nil when there are no jobs.
	River func(*sql.DB) riverdriver.Driver[*sql.Tx]

	texts sync.Map // statements in the dialect
}

// Dialect is how a database spells what the two say differently.
type Dialect struct {
	// Dollar says that parameters are $1 instead of ?1.
	Dollar bool
	// Lock is what follows a SELECT so that its rows stay as they are until
	// the transaction ends; "" where there is one writer at a time.
	Lock string
	// LockOf is Lock for one table of several, in place of {} its name.
	LockOf string
	// Now is the time of a column of River's; Milliseconds, with {} for the
	// column, is one as Unix milliseconds.
	Now, Milliseconds string
	// ReadOnly are the options of a transaction that sees one moment.
	ReadOnly *sql.TxOptions
	// Writing, when there can be several writers, makes the others of a kind
	// ("catalog", "rescue") wait until the transaction ends.
	Writing func(ctx context.Context, tx *sql.Tx, kind string) error
}

var marked = regexp.MustCompile(`\?(\d+)|\{(\w+)(?: ([\w.]+))?\}`)

// q spells a statement in the dialect.
func (b *Backend) q(text string) string {
	if t, ok := b.texts.Load(text); ok {
		return t.(string)
	}
	d := &b.Dialect
	out := marked.ReplaceAllStringFunc(text, func(m string) string {
		switch name, of, _ := strings.Cut(strings.Trim(m, "{}"), " "); {
		case m[0] == '?' && d.Dollar:
			return "$" + m[1:]
		case name == "now":
			return d.Now
		case name == "ms":
			return strings.ReplaceAll(d.Milliseconds, "{}", of)
		case name == "lock" && of == "":
			return d.Lock
		case name == "lock":
			return strings.ReplaceAll(d.LockOf, "{}", of)
		}
		return m
	})
	b.texts.Store(text, out)
	return out
}

// placeholder is that of the nth parameter, from 1.
func (b *Backend) placeholder(n int) string {
	if b.Dialect.Dollar {
		return "$" + strconv.Itoa(n)
	}
	return "?" + strconv.Itoa(n)
}

// pool is a pool of connections that speaks the dialect.
type pool struct {
	*sql.DB
	b *Backend
}

func (b *Backend) writer() pool { return pool{b.Write, b} }
func (b *Backend) reader() pool { return pool{b.Read, b} }

func (p pool) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return p.DB.ExecContext(ctx, p.b.q(text), args...)
}

func (p pool) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return p.DB.QueryContext(ctx, p.b.q(text), args...)
}

func (p pool) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	return p.DB.QueryRowContext(ctx, p.b.q(text), args...)
}

// tx is a transaction that speaks the dialect.
type tx struct {
	*sql.Tx
	b *Backend
}

func (t tx) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(ctx, t.b.q(text), args...)
}

func (t tx) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return t.Tx.QueryContext(ctx, t.b.q(text), args...)
}

func (t tx) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	return t.Tx.QueryRowContext(ctx, t.b.q(text), args...)
}

func (t tx) PrepareContext(ctx context.Context, text string) (*sql.Stmt, error) {
	return t.Tx.PrepareContext(ctx, t.b.q(text))
}

// inTx runs fn in a transaction: all of it happens, or nothing.
func (p pool) inTx(ctx context.Context, o *sql.TxOptions, fn func(tx) error) error {
	t, err := p.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	// After a commit this does nothing; before, the first error is the cause.
	defer func() { _ = t.Rollback() }()
	if err := fn(tx{t, p.b}); err != nil {
		return err
	}
	return t.Commit()
}

// write runs fn in a transaction that writes; those of a kind, unless it is
// "", follow one after the other.
func (b *Backend) write(ctx context.Context, kind string, fn func(tx) error) error {
	return b.writer().inTx(ctx, nil, func(t tx) error {
		if b.Dialect.Writing != nil && kind != "" {
			if err := b.Dialect.Writing(ctx, t.Tx, kind); err != nil {
				return err
			}
		}
		return fn(t)
	})
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each calls fn on every row of a query.
func each(ctx context.Context, q querier, fn func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// timeLayout has a fixed width, so that text order is time order.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// formatTime gives NULL for no time.
func formatTime(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format(timeLayout)
}

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// timeOr is t, or now when t is not set, in UTC without a monotonic reading.
func timeOr(t, now time.Time) time.Time {
	if t.IsZero() {
		t = now
	}
	return t.UTC().Round(0)
}

// Newer is the error about a schema that this program does not know yet.
func Newer(what string, current, known int64) error {
	return fault.WithHint(
		fault.Errorf("sqlstore.Migrate", fault.Unsupported,
			"the %s has schema version %d, and this program knows versions up to %d", what, current, known),
		"it was written by a newer Contado: update this one")
}
