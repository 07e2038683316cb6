package postgis

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/jobs"
	"contado/geo/store/journal"
	"contado/geo/store/sqlstore"
)

var (
	_ catalog.Driver = (*Catalog)(nil)
	_ jobs.Driver    = (*Jobs)(nil)
	_ journal.Driver = (*Journal)(nil)
)

// Options says where an installation keeps its tables. nil means defaults.
type Options struct {
	// Schema holds the tables, and is made when it is not there. Several
	// installations can share a database, each with its own. Default "contado".
	Schema string
}

// Catalog is a catalog.Driver in a database, with its journal.
type Catalog struct {
	*sqlstore.Catalog
	backend *sqlstore.Backend
}

// Journal is a journal.Driver beside the catalog: it lives and ends with the
// versions there.
type Journal = sqlstore.Journal

// Journal is the journal of the catalog's datasets; it is closed with it.
func (c *Catalog) Journal() *Journal { return c.backend.Journal() }

// Jobs is a jobs.Driver in a database: River keeps the queue.
type Jobs struct{ *sqlstore.Jobs }

// JobsOptions tunes the queue.
type JobsOptions = sqlstore.JobsOptions

// OpenCatalog opens the catalog of a database, makes it when it is not there,
// and brings its schema up to date. One written by a newer program is
// fault.Unsupported; a server that does not answer is Unavailable.
func OpenCatalog(ctx context.Context, c Connection, o *Options) (*Catalog, error) {
	db, err := openStore(ctx, c, o, func(db *sql.DB) error { return migrate(ctx, db, "catalog") })
	if err != nil {
		return nil, err
	}
	b := backend(db)
	return &Catalog{b.Catalog(), b}, nil
}

// OpenJobs opens the queue of a database, makes it when it is not there, and
// brings its schema up to date. Nothing runs before Run.
func OpenJobs(ctx context.Context, c Connection, o *Options, jo *JobsOptions) (*Jobs, error) {
	db, err := openStore(ctx, c, o, func(db *sql.DB) error {
		if err := migrate(ctx, db, "jobs"); err != nil {
			return err
		}
		return sqlstore.MigrateRiver(ctx, db, riverdatabasesql.New(db), sqlHasRiver, jo.Log())
	})
	if err != nil {
		return nil, err
	}
	j, err := backend(db).Jobs(jo)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Jobs{j}, nil
}

const sqlHasRiver = `
SELECT count(*) FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = 'river_migration' AND column_name = 'line'`

//go:embed migrations
var migrationFiles embed.FS

func migrate(ctx context.Context, db *sql.DB, line string) error {
	folder, err := fs.Sub(migrationFiles, "migrations/"+line)
	if err != nil {
		return err
	}
	return sqlstore.Migrate(ctx, db, goose.DialectPostgres, line, folder)
}

// storeConnections is for catalog and jobs each; what is more waits.
const storeConnections = 8

// openStore opens a pool on the installation's schema and prepares it, one
// process at a time.
func openStore(ctx context.Context, c Connection, o *Options, prepare func(*sql.DB) error) (*sql.DB, error) {
	const op = "postgis.Open"
	schema := "contado"
	if o != nil && o.Schema != "" {
		schema = o.Schema
	}
	db, err := c.reach(ctx, session{searchPath: pq.QuoteIdentifier(schema), timeout: statementTimeout, size: storeConnections})
	if err != nil {
		return nil, err
	}
	err = alone(ctx, db, "contado:"+schema+":migrate", func() error {
		if err := ensureSchema(ctx, db, schema); err != nil {
			return err
		}
		return prepare(db)
	})
	if err != nil {
		err = translate(ctx, op, fmt.Errorf("schema %s of database %s: %w", schema, c.Name(), err))
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// ensureSchema makes the schema only where it is missing: that is a right
// which not every user has.
func ensureSchema(ctx context.Context, db *sql.DB, schema string) error {
	var there bool
	err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", schema).Scan(&there)
	if err != nil || there {
		return err
	}
	_, err = db.ExecContext(ctx, "CREATE SCHEMA "+pq.QuoteIdentifier(schema))
	return err
}

// alone runs fn while no other session runs one under the same key.
func alone(ctx context.Context, db *sql.DB, key string, fn func() error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", key); err != nil {
		return errors.Join(err, conn.Close())
	}
	err = fn()
	_, unlock := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(hashtextextended($1, 0))", key)
	return errors.Join(err, unlock, conn.Close())
}

// sqlWriting makes the writers of a kind follow one after the other, within
// one installation.
const sqlWriting = `SELECT pg_advisory_xact_lock(hashtextextended('contado:' || current_schema() || ':' || $1, 0))`

func backend(db *sql.DB) *sqlstore.Backend {
	return &sqlstore.Backend{
		Write: db, Read: db,
		Translate: translate,
		Close:     func() error { return fault.E("postgis.Close", fault.Other, db.Close()) },
		Dialect: sqlstore.Dialect{
			Dollar: true, Lock: " FOR UPDATE", LockOf: " FOR UPDATE OF {} SKIP LOCKED",
			Now: "now()", Milliseconds: "extract(epoch FROM {}) * 1000",
			ReadOnly: &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
			Writing: func(ctx context.Context, tx *sql.Tx, kind string) error {
				_, err := tx.ExecContext(ctx, sqlWriting, kind)
				return err
			},
		},
		River: func(db *sql.DB) riverdriver.Driver[*sql.Tx] { return riverdatabasesql.New(db) },
	}
}
