package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"contado/geo/fault"
)

//go:embed migrations
var migrationFiles embed.FS

// maxMigrateTries bounds the races of processes that open a new file at once:
// all but one find the tables made already and look again.
const maxMigrateTries = 5

// migrate brings the schema in the folder migrations/<line> up to date, each
// step in a transaction of its own. There is no way back: an older program
// refuses a newer schema.
func migrate(ctx context.Context, db *sql.DB, line string) error {
	const op = "sqlite.Migrate"
	folder, err := fs.Sub(migrationFiles, "migrations/"+line)
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder,
		goose.WithTableName("schema_version_"+line),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	for try := 1; ; try++ {
		err := whileBusy(ctx, func() error { return migrateOnce(ctx, provider, line) })
		if err == nil || try == maxMigrateTries || fault.Is(err, fault.Unsupported) || ctx.Err() != nil {
			return translate(op, err)
		}
	}
}

func migrateOnce(ctx context.Context, provider *goose.Provider, line string) error {
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema version of the %s: %w", line, err)
	}
	if current > target {
		return fault.WithHint(
			fault.Errorf("sqlite.Migrate", fault.Unsupported,
				"the %s has schema version %d, and this program knows versions up to %d", line, current, target),
			"it was written by a newer Contado: update this one")
	}
	if current == target {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the %s from schema version %d to %d: %w", line, current, target, err)
	}
	return nil
}
