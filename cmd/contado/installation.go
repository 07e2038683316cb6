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
	"contado/geo/store/sqlite"
	"contado/ingest"
	"contado/ingest/stac"
)

// installation is the embedded store, opened: this is the one place that
// chooses drivers.
type installation struct {
	data    string
	catalog catalog.Driver
	blobs   blob.Driver
	atlas   *atlas.Atlas
	pool    *gdal.Pool
	engine  *analysis.Engine
	jobs    jobs.Driver // nil until openJobs
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
	cat, err := sqlite.OpenCatalog(a.ctx, filepath.Join(data, "catalog.db"))
	if err != nil {
		return nil, err
	}
	at, err := atlas.Open(a.ctx, atlas.Stores{Catalog: cat, Features: gpkg.New(), Blobs: blobs})
	if err != nil {
		return nil, errors.Join(err, cat.Close())
	}
	in := &installation{data: data, catalog: cat, blobs: blobs, atlas: at, pool: gdal.NewPool(nil)}
	if err := stac.Serve(a.fetcher(), 0); err != nil {
		return nil, errors.Join(err, in.close())
	}
	in.engine = analysis.New(at, in.pool, program())
	return in, nil
}

// openJobs opens the queue too: only the server and its worker need it.
func (in *installation) openJobs(ctx context.Context) error {
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
	errs = append(errs, in.catalog.Close())
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
