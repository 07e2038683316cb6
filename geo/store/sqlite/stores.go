package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"contado/geo/store/sqlstore"
)

// Catalog is a catalog.Driver on a SQLite file, with its journal.
type Catalog struct {
	*sqlstore.Catalog
	db      *database
	backend *sqlstore.Backend
}

// Journal is a journal.Driver in the file of the catalog: it lives and ends
// with the versions there.
type Journal = sqlstore.Journal

// Journal is the journal of the catalog's datasets; it is closed with it.
func (c *Catalog) Journal() *Journal { return c.backend.Journal() }

// Jobs is a jobs.Driver on a SQLite file, which may be the catalog's.
type Jobs struct {
	*sqlstore.Jobs
	db *database
}

// JobsOptions tunes the queue.
type JobsOptions = sqlstore.JobsOptions

// OpenCatalog opens the catalog at path, makes it when it is not there, and
// brings its schema up to date. A catalog written by a newer program is
// fault.Unsupported, a file that is something else fault.Invalid.
func OpenCatalog(ctx context.Context, path string) (*Catalog, error) {
	db, err := openDatabase(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db.write, "catalog"); err != nil {
		return nil, errors.Join(err, db.close())
	}
	b := db.backend()
	return &Catalog{Catalog: b.Catalog(), db: db, backend: b}, nil
}

// OpenJobs opens the queue at path, makes it when it is not there, and brings
// its schema up to date. Nothing runs before Run.
func OpenJobs(ctx context.Context, path string, o *JobsOptions) (*Jobs, error) {
	db, err := openDatabase(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db.write, "jobs"); err != nil {
		return nil, errors.Join(err, db.close())
	}
	if err := migrateRiver(ctx, db.write, o.Log()); err != nil {
		return nil, errors.Join(err, db.close())
	}
	j, err := db.backend().Jobs(o)
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	return &Jobs{Jobs: j, db: db}, nil
}

func (d *database) backend() *sqlstore.Backend {
	return &sqlstore.Backend{
		Write: d.write, Read: d.read, Translate: canceled, Close: d.close,
		// One writer at a time: nothing is to be locked.
		Dialect: sqlstore.Dialect{Now: "datetime('now', 'subsec')", Milliseconds: "unixepoch({}, 'subsec') * 1000"},
		River:   func(db *sql.DB) riverdriver.Driver[*sql.Tx] { return riversqlite.New(db) },
	}
}
