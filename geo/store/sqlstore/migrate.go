package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"

	"contado/geo/fault"
)

// Migrate brings one line of the schema ("catalog", "jobs") up to date with
// the files of a folder, each step in a transaction of its own. There is no
// way back: an older program refuses a newer schema. The caller keeps other
// processes from doing the same at the same time, or tries again.
func Migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, line string, folder fs.FS) error {
	const op = "sqlstore.Migrate"
	provider, err := goose.NewProvider(dialect, db, folder,
		goose.WithTableName("schema_version_"+line),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema version of the %s: %w", line, err)
	}
	if current > target {
		return Newer(line, current, target)
	}
	if current == target {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the %s from schema version %d to %d: %w", line, current, target, err)
	}
	return nil
}

const sqlRiverVersion = `SELECT coalesce(max(version), 0) FROM river_migration WHERE line = 'main'`

// MigrateRiver brings River's own tables up to date. tables is a query for
// the number of columns "line" in the table river_migration: before its
// version 5, which follows at once, that table has none.
func MigrateRiver(ctx context.Context, db *sql.DB, driver riverdriver.Driver[*sql.Tx], tables string, logger *slog.Logger) error {
	const op = "sqlstore.Migrate"
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	// Asked in SQL because River's migrator has no answer for a version that
	// it does not know.
	var has, current int
	if err := db.QueryRowContext(ctx, tables).Scan(&has); err != nil {
		return err
	}
	if has > 0 {
		if err := db.QueryRowContext(ctx, sqlRiverVersion).Scan(&current); err != nil {
			return err
		}
	}
	switch known := len(migrator.AllVersions()); {
	case current > known:
		return Newer("job queue", int64(current), int64(known))
	case current == known:
		return nil
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}
