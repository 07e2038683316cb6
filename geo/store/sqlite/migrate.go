package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"contado/geo/fault"
	"contado/geo/store/sqlstore"
)

//go:embed migrations
var migrationFiles embed.FS

// maxMigrateTries bounds the races of processes that open a new file at once:
// all but one find the tables made already and look again.
const maxMigrateTries = 5

// migrate brings the schema in the folder migrations/<line> up to date.
func migrate(ctx context.Context, db *sql.DB, line string) error {
	folder, err := fs.Sub(migrationFiles, "migrations/"+line)
	if err != nil {
		return fault.E("sqlite.Migrate", fault.Other, err)
	}
	return tryMigrate(ctx, func() error { return sqlstore.Migrate(ctx, db, goose.DialectSQLite3, line, folder) })
}

const sqlHasRiver = `SELECT count(*) FROM pragma_table_info('river_migration') WHERE name = 'line'`

func migrateRiver(ctx context.Context, db *sql.DB, logger *slog.Logger) error {
	return tryMigrate(ctx, func() error {
		return sqlstore.MigrateRiver(ctx, db, riversqlite.New(db), sqlHasRiver, logger)
	})
}

func tryMigrate(ctx context.Context, fn func() error) error {
	for try := 1; ; try++ {
		err := whileBusy(ctx, fn)
		if err == nil || try == maxMigrateTries || fault.Is(err, fault.Unsupported) || ctx.Err() != nil {
			return translate("sqlite.Migrate", err)
		}
	}
}
