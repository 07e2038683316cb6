package sqlite

import (
	"context"
	"database/sql"
	"errors"

	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"contado/geo/fault"
)

// translate gives errors of SQLite their kind, by result code. Errors that
// have a kind keep it.
func translate(op string, err error) error {
	if err == nil || fault.KindOf(err) != fault.Other {
		return err
	}
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) {
		return fault.E(op, fault.Unavailable, err)
	}
	var e *sqlitedriver.Error
	if !errors.As(err, &e) {
		return fault.E(op, fault.Other, err)
	}
	kind, hint := kindOf(e.Code())
	return fault.WithHint(fault.E(op, kind, err), hint)
}

func kindOf(code int) (kind fault.Kind, hint string) {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return fault.Exist, ""
	}
	switch code & 0xff { // the primary result code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fault.Unavailable, "another process is writing to the database: try again"
	case sqlite3.SQLITE_FULL:
		return fault.Unavailable, "the disk is full: free some space"
	case sqlite3.SQLITE_INTERRUPT:
		return fault.Canceled, ""
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH:
		return fault.Invalid, ""
	case sqlite3.SQLITE_TOOBIG:
		return fault.TooLarge, ""
	case sqlite3.SQLITE_NOTADB:
		return fault.Invalid, "the file is not a SQLite database"
	case sqlite3.SQLITE_CORRUPT:
		return fault.Other, "the database is damaged: restore a backup"
	case sqlite3.SQLITE_CANTOPEN:
		return fault.NotExist, "check that the folder is there and may be written to"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return fault.Invalid, "the database may not be written to: check the permissions of the file and its folder"
	}
	return fault.Other, ""
}

// canceled tells our own end of a context from a failure of the database.
func canceled(ctx context.Context, op string, err error) error {
	if err != nil && ctx.Err() != nil {
		return fault.E(op, fault.Canceled, errors.Join(ctx.Err(), err))
	}
	return translate(op, err)
}
