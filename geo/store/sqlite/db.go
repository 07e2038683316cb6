// Package sqlite keeps the catalog and the job queue in SQLite files, for
// installations on one machine. Several processes may have the same file open.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"contado/geo/fault"
)

// database is one SQLite file: SQLite allows one writer at a time, so writes
// share one connection and queue in Go, where a context can end the wait.
// Readers have a pool of their own and never wait for the writer (WAL).
type database struct {
	write, read *sql.DB
}

const readers = 4

// PRAGMAs stand in the DSN because a pool opens connections at any time, and
// a PRAGMA run by Exec would reach one of them only.
var pragmas = []string{
	"busy_timeout(5000)", // milliseconds, for writers in other processes
	"foreign_keys(1)",
	"journal_mode(WAL)",
	"synchronous(FULL)", // a published version survives a power cut
	"temp_store(MEMORY)",
	"trusted_schema(0)",
}

func openDatabase(ctx context.Context, path string) (*database, error) {
	const op = "sqlite.Open"
	write, err := openPool(path, "immediate", 1)
	if err != nil {
		return nil, translate(op, err)
	}
	if err := whileBusy(ctx, func() error { return checkApplication(ctx, write) }); err != nil {
		return nil, errors.Join(translate(op, fmt.Errorf("open %s: %w", path, err)), write.Close())
	}
	read, err := openPool(path, "deferred", readers, "query_only(1)")
	if err != nil {
		return nil, errors.Join(translate(op, err), write.Close())
	}
	return &database{write: write, read: read}, nil
}

func openPool(path, txlock string, size int, more ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"_txlock": {txlock}, "_dqs": {"0"}, "_pragma": append(more, pragmas...)}
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(abs)}).EscapedPath() + "?" + q.Encode()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

// busyLimit and busyPause bound the tries of whileBusy.
const (
	busyLimit = 10 * time.Second
	busyPause = 10 * time.Millisecond
)

// whileBusy tries again as long as another process has the file locked.
// busy_timeout does that for most statements, yet not for the change to WAL
// mode, where SQLite would fear a deadlock: that happens when several
// processes open a new file.
func whileBusy(ctx context.Context, fn func() error) error {
	for end := time.Now().Add(busyLimit); ; {
		err := fn()
		if !fault.Is(translate("", err), fault.Unavailable) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(busyPause):
		}
	}
}

// applicationID is 'CNTD' in SQLite's header.
const applicationID = 0x434E5444

// checkApplication marks a new file as ours, and keeps us from writing tables
// into someone else's. It looks and marks in one transaction, since other
// processes may open the same new file.
func checkApplication(ctx context.Context, db *sql.DB) error {
	var id, tables int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil || id == applicationID {
		return err
	}
	return inTx(ctx, db, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil || id == applicationID {
			return err
		}
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
			return err
		}
		if tables > 0 || id != 0 {
			return fault.Errorf("sqlite.Open", fault.Invalid, "this database was not made by Contado (application id %#x)", id)
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
		return err
	})
}

func (d *database) close() error {
	return translate("sqlite.Close", errors.Join(d.read.Close(), d.write.Close()))
}

// inTx runs fn in a transaction: all of it happens, or nothing.
func inTx(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// After a commit this does nothing; before, the first error is the cause.
	defer func() { _ = tx.Rollback() }()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}
