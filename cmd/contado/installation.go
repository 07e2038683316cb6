package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/gdal"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
	"contado/geo/store/dir"
	"contado/geo/store/gpkg"
	"contado/geo/store/jobs"
	"contado/geo/store/journal"
	"contado/geo/store/postgis"
	"contado/geo/store/sqlite"
	"contado/ingest"
	"contado/ingest/attach"
	"contado/ingest/gtfs"
	"contado/ingest/stac"
)

// installation is the stores, opened: this is the one place that chooses
// drivers.
type installation struct {
	data string
	// database is the address of the PostgreSQL database with the catalog, the
	// journal and the queue; "" = files in data.
	database string

	catalog catalog.Driver
	journal journal.Driver
	// tables opens those of others, which datasets are attached to.
	tables    *postgis.Driver
	passwords *attach.Passwords
	blobs     blob.Driver
	atlas     *atlas.Atlas
	pool      *gdal.Pool
	engine    *analysis.Engine
	jobs      jobs.Driver // nil until openJobs
}

// open opens the data folder, making it when absent.
func (a *app) open() (*installation, error) {
	data, err := filepath.Abs(a.globals.Data)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, err
	}
	blobs, err := dir.Open(data)
	if err != nil {
		return nil, err
	}
	in := &installation{data: data, blobs: blobs, database: a.globals.DatabaseURL}
	in.passwords = attach.OpenPasswords(filepath.Join(data, attach.PasswordsName))
	in.tables = postgis.New(&postgis.DriverOptions{Password: in.passwords.Get, Installation: in.name()})
	book, err := in.openCatalog(a.ctx)
	if err != nil {
		return nil, err
	}
	in.atlas, err = atlas.Open(a.ctx, atlas.Stores{
		Catalog: in.catalog, Features: gpkg.New(), Blobs: blobs, Journal: book, Temporary: filepath.Join(data, "tmp"),
		Attached: in.tables.Attached,
	})
	if err != nil {
		return nil, errors.Join(err, in.catalog.Close())
	}
	in.journal = book
	in.pool = gdal.NewPool(nil)
	if err := stac.Serve(a.fetcher(), 0); err != nil {
		return nil, errors.Join(err, in.close())
	}
	in.engine = analysis.New(in.atlas, in.pool, program()).WithTimetables(gtfs.OpenTimetable)
	return in, nil
}

// name tells this installation from others that write to the same tables; all
// of its processes have the same.
func (in *installation) name() string {
	if c, err := postgis.ParseConnection(in.database); err == nil && in.database != "" {
		return c.Key()
	}
	host, hostErr := os.Hostname()
	folder, err := filepath.Abs(in.data)
	if hostErr != nil || err != nil {
		return in.data
	}
	return host + ":" + folder // two machines may have a folder of one name
}

// openCatalog opens the catalog, and the journal of edits beside it.
func (in *installation) openCatalog(ctx context.Context) (journal.Driver, error) {
	if in.database != "" {
		c, err := postgis.ParseConnection(in.database)
		if err != nil {
			return nil, err
		}
		cat, err := postgis.OpenCatalog(ctx, c, nil)
		if err != nil {
			return nil, err
		}
		in.catalog = cat
		return cat.Journal(), nil
	}
	cat, err := sqlite.OpenCatalog(ctx, filepath.Join(in.data, "catalog.db"))
	if err != nil {
		return nil, err
	}
	in.catalog = cat
	return cat.Journal(), nil
}

// openJobs opens the queue too: only the server and its worker need it.
func (in *installation) openJobs(ctx context.Context) error {
	if in.database != "" {
		c, err := postgis.ParseConnection(in.database)
		if err != nil {
			return err
		}
		q, err := postgis.OpenJobs(ctx, c, nil, nil)
		if err != nil {
			return err
		}
		in.jobs = q
		return nil
	}
	q, err := sqlite.OpenJobs(ctx, filepath.Join(in.data, "jobs.db"), nil)
	if err != nil {
		return err
	}
	in.jobs = q
	return nil
}

// ingestStores is what ingest writes through.
func (in *installation) ingestStores() ingest.Stores {
	return ingest.Stores{
		Catalog: in.catalog, Blobs: in.blobs,
		Staging: filepath.Join(in.data, "staging"), Program: program(),
	}
}

// close releases everything; the first error counts.
func (in *installation) close() error {
	var errs []error
	if in.jobs != nil {
		errs = append(errs, in.jobs.Close())
	}
	errs = append(errs, in.atlas.Close())
	in.pool.Close()
	errs = append(errs, in.catalog.Close(), in.tables.Close())
	return errors.Join(errs...)
}

// with opens the installation for one command.
func (a *app) with(do func(in *installation) error) error {
	in, err := a.open()
	if err != nil {
		return err
	}
	return errors.Join(do(in), in.close())
}
