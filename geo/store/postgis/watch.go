package postgis

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"contado/geo"
	"contado/geo/fault"
)

// writerSetting is the session setting by which a transaction of ours tells
// the trigger which installation it belongs to.
const writerSetting = "contado.writer"

// allRows stands for ids that are too many to be told.
const allRows = "*"

// sqlNotify tells the ids of changed rows on a channel, as
// "<installation> 1,2,3" or "<installation> *". It is one function for all
// tables of a schema: a trigger hands it the id's column and the channel. A
// notification holds 8,000 bytes.
const sqlNotify = `CREATE OR REPLACE FUNCTION %s.contado_notify() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $contado$
DECLARE
    ids text := '*';
    source text := 'SELECT %%1$I AS id FROM contado_new';
BEGIN
    IF TG_OP = 'DELETE' THEN
        source := 'SELECT %%1$I AS id FROM contado_old';
    ELSIF TG_OP = 'UPDATE' THEN
        source := source || ' UNION SELECT %%1$I FROM contado_old';
    END IF;
    IF TG_OP <> 'TRUNCATE' THEN
        EXECUTE format('SELECT CASE WHEN count(*) > 350 THEN ''*'' ELSE string_agg(id::text, '','') END FROM (SELECT id FROM (' || source || ') AS a LIMIT 351) AS b',
            TG_ARGV[0]) INTO ids;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM pg_notify(TG_ARGV[1], coalesce(current_setting('contado.writer', true), '') || ' ' || ids);
    END IF;
    RETURN NULL;
END
$contado$`

// triggers are the four that call it; the name of each ends in what it is for.
var triggers = []struct{ name, on, tables string }{
	{"contado_insert", "INSERT", "REFERENCING NEW TABLE AS contado_new"},
	{"contado_update", "UPDATE", "REFERENCING OLD TABLE AS contado_old NEW TABLE AS contado_new"},
	{"contado_delete", "DELETE", "REFERENCING OLD TABLE AS contado_old"},
	{"contado_truncate", "TRUNCATE", ""},
}

// channel is where changes of the table are told.
func (t *Table) channel() string {
	sum := sha256.Sum256([]byte(t.rel.full()))
	return "contado_" + hex.EncodeToString(sum[:8])
}

// AddNotify puts triggers on the table, and a function for them into its
// schema, by which every change is told at once (see Changes). It is
// fault.Invalid where the database user may not, or with views.
func (t *Table) AddNotify(ctx context.Context) error {
	const op = "postgis.AddNotify"
	if !t.rel.rights.Trigger {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "the database user may not put a trigger on %s", t.rel),
			"GRANT TRIGGER ON TABLE and GRANT CREATE ON SCHEMA to the user; views cannot tell of their changes")
	}
	schema, table := pq.QuoteIdentifier(t.rel.schema), t.rel.full()
	err := inTx(ctx, t.server.db, nil, func(tx *sql.Tx) error {
		// Two installations may do the same at once.
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('contado:triggers', 0))"); err != nil {
			return err
		}
		there, err := texts(ctx, tx, "SELECT tgname FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal", t.rel.oid)
		if err != nil {
			return err
		}
		if err := addFunction(ctx, tx, schema); err != nil {
			return err
		}
		for _, tr := range triggers {
			if contains(there, tr.name) {
				continue
			}
			text := fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION %s.contado_notify(%s, %s)",
				tr.name, tr.on, table, tr.tables, schema, pq.QuoteLiteral(t.rel.id), pq.QuoteLiteral(t.channel()))
			if _, err := tx.ExecContext(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	return translate(ctx, op, err)
}

// addFunction makes the function, or leaves the one that is there: another
// user's cannot be replaced, and does the same.
func addFunction(ctx context.Context, tx *sql.Tx, schema string) error {
	var there bool
	err := tx.QueryRowContext(ctx, "SELECT to_regprocedure($1) IS NOT NULL", schema+".contado_notify()").Scan(&there)
	if err != nil || there {
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf(sqlNotify, schema))
	return err
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// HasNotify reports whether the table has the triggers.
func (t *Table) HasNotify(ctx context.Context) (bool, error) {
	var n int
	err := t.server.db.QueryRowContext(ctx,
		"SELECT count(*) FROM pg_trigger WHERE tgrelid = $1 AND tgname IN ('contado_insert', 'contado_update', 'contado_delete', 'contado_truncate') AND tgenabled <> 'D'",
		t.rel.oid).Scan(&n)
	return n == len(triggers), translate(ctx, "postgis.HasNotify", err)
}

// RemoveNotify takes the triggers from the table, and the function from its
// schema when no other table uses it.
func (t *Table) RemoveNotify(ctx context.Context) error {
	schema, table := pq.QuoteIdentifier(t.rel.schema), t.rel.full()
	err := inTx(ctx, t.server.db, nil, func(tx *sql.Tx) error {
		for _, tr := range triggers {
			if _, err := tx.ExecContext(ctx, "DROP TRIGGER IF EXISTS "+tr.name+" ON "+table); err != nil {
				return err
			}
		}
		var used bool
		err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgfoid = to_regprocedure($1))", schema+".contado_notify()").Scan(&used)
		if err != nil || used {
			return err
		}
		_, err = tx.ExecContext(ctx, "DROP FUNCTION IF EXISTS "+schema+".contado_notify()")
		return err
	})
	return translate(ctx, "postgis.RemoveNotify", err)
}

// Told is what a listener hears.
type Told struct {
	// IDs are those of changed rows; nil says that any may have changed, as
	// after a gap in the connection.
	IDs []int64
	// Installation is whose transaction it was, "" when none of ours.
	Installation string
	// Err is set when the connection was lost; it is being made again, and a
	// Told without IDs follows when it is.
	Err error
}

// The pauses between attempts to connect again.
const (
	reconnectSoon = 100 * time.Millisecond
	reconnectLate = 10 * time.Second
	// silence is after how long without a word the connection is tried.
	silence = 20 * time.Second
)

// Listen calls hear with every change of the table until the context ends.
// The first call, without IDs, says that from then on nothing is missed.
func (t *Table) Listen(ctx context.Context, hear func(Told)) error {
	lost := make(chan error, 1)
	l := pq.NewListener(t.server.conn.dsn(), reconnectSoon, reconnectLate, func(e pq.ListenerEventType, err error) {
		if e == pq.ListenerEventDisconnected || e == pq.ListenerEventConnectionAttemptFailed {
			select {
			case lost <- translate(ctx, "postgis.Listen", err):
			default: // what was not heard yet says the same
			}
		}
	})
	defer l.Close() //nolint:errcheck // it only says that it is closed
	listening := make(chan error, 1)
	go func() { listening <- l.Listen(t.channel()) }() // waits for the connection
	tick := time.NewTicker(silence)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-listening:
			if err != nil {
				return translate(ctx, "postgis.Listen", err)
			}
			hear(Told{})
		case err := <-lost:
			hear(Told{Err: err})
		case n := <-l.Notify:
			hear(told(n))
		case <-tick.C:
			go l.Ping() //nolint:errcheck // a dead connection is told as lost
		}
	}
}

// told reads a notification; what cannot be read may mean any row.
func told(n *pq.Notification) Told {
	if n == nil { // the connection was made again
		return Told{}
	}
	installation, list, ok := strings.Cut(n.Extra, " ")
	out := Told{Installation: installation}
	if !ok || list == allRows {
		return out
	}
	for _, s := range strings.Split(list, ",") {
		id, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return Told{Installation: installation}
		}
		out.IDs = append(out.IDs, id)
	}
	return out
}

// overlap is how far behind the newest time rows are read again: a
// transaction that began earlier may end later.
const overlap = "30 seconds"

// CheckChangeColumn makes sure that a column can tell which rows changed
// last: a time, or a number that grows.
func (t *Table) CheckChangeColumn(name string) error {
	c, err := t.column(name)
	if err != nil {
		return err
	}
	if !c.isWhole() && c.class != geo.DateTime {
		return fault.WithHint(fault.Errorf("postgis.Watch", fault.Invalid, "column %q of %s cannot tell which rows changed last", name, t.rel),
			"name one of type timestamp, timestamptz, or a whole number that grows with every change")
	}
	return nil
}

// Newest is the greatest value of a change column, "" without any.
func (s *Snapshot) Newest(ctx context.Context, column string) (string, error) {
	c, err := s.table.column(column)
	if err != nil {
		return "", err
	}
	var v sql.NullString
	err = s.tx.QueryRowContext(ctx, fmt.Sprintf("SELECT max(%s)::text FROM %s", c.quoted(), s.table.rel.full())).Scan(&v)
	return v.String, translate(ctx, "postgis.Newest", err)
}

// ChangedSince yields the ids of rows whose change column is at or after a
// value that Newest gave, and somewhat before: rows may come again.
func (s *Snapshot) ChangedSince(ctx context.Context, column, since string) ([]int64, error) {
	c, err := s.table.column(column)
	if err != nil {
		return nil, err
	}
	from := "$1::" + c.base
	if c.class == geo.DateTime {
		from += " - interval '" + overlap + "'"
	}
	var ids []int64
	err = each(ctx, s.tx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, fmt.Sprintf("SELECT %s FROM %s WHERE %s >= %s", pq.QuoteIdentifier(s.table.rel.id), s.table.rel.full(), c.quoted(), from), since)
	return ids, translate(ctx, "postgis.ChangedSince", err)
}
