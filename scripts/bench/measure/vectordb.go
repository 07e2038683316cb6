package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"time"

	_ "github.com/lib/pq" // the floor is measured through our own driver

	"contado/geo/store/postgis/pgtest"
)

// database is PostGIS with the same rows: the floor of every server that asks
// it for each tile.
type database struct {
	server *pgtest.Server
	url    string
	db     *sql.DB
}

// openDatabase starts a private server with settings that suit reading on a
// small machine, and brings in the rows of a file.
func openDatabase(ctx context.Context, layers map[string]string, log func(format string, args ...any)) (*database, error) {
	s, err := pgtest.Open(ctx, "shared_buffers = '2GB'", "work_mem = '64MB'", "maintenance_work_mem = '512MB'", "jit = off",
		"max_parallel_workers_per_gather = 2", "random_page_cost = 1.1", "effective_cache_size = '8GB'", "max_wal_size = '4GB'")
	if err != nil {
		return nil, err
	}
	d := &database{server: s}
	if d.url, err = s.Create(ctx); err == nil {
		d.db, err = sql.Open("postgres", d.url)
	}
	for _, name := range sortedKeys(layers) {
		if err != nil {
			break
		}
		began := time.Now()
		err = d.bring(ctx, name, layers[name])
		log("PostGIS holds %s after %.0f s", name, time.Since(began).Seconds())
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// bring loads a layer, with its geometry in Web Mercator too, clustered along
// its index: a tile then asks for no projection and few pages.
func (d *database) bring(ctx context.Context, name, file string) error {
	u, err := url.Parse(d.url)
	if err != nil {
		return err
	}
	password, _ := u.User.Password()
	// In words: GDAL puts options of its own behind them.
	address := fmt.Sprintf("host=%s port=%s user=%s password=%s dbname=%s sslmode=disable", u.Hostname(), u.Port(), u.User.Username(), password, strings.TrimPrefix(u.Path, "/"))
	cmd := exec.CommandContext(ctx, "ogr2ogr", "-q", "-f", "PostgreSQL", "PG:"+address, file, "-nln", name, "-lco", "GEOMETRY_NAME=geom", "-lco", "FID=id",
		"-lco", "SPATIAL_INDEX=NONE", "-nlt", "PROMOTE_TO_MULTI", "--config", "PG_USE_COPY", "YES", "--config", "OGR_TRUNCATE", "NO")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ogr2ogr of %s: %w: %s", name, err, strings.ReplaceAll(string(out), address, "…"))
	}
	for _, text := range []string{
		"ALTER TABLE %s ADD COLUMN merc geometry",
		"UPDATE %s SET merc = ST_Transform(geom, 3857)",
		"CREATE INDEX %s_geom ON %[1]s USING gist (geom)",
		"CREATE INDEX %s_merc ON %[1]s USING gist (merc)",
		"CLUSTER %s USING %[1]s_merc",
		"VACUUM ANALYZE %s",
	} {
		if _, err := d.db.ExecContext(ctx, fmt.Sprintf(text, name)); err != nil {
			return fmt.Errorf(text+": %w", name, err)
		}
	}
	return nil
}

func (d *database) close() {
	if d.db != nil {
		_ = d.db.Close() // only read from
	}
	d.server.Close()
}

// tileQuery is a tuned ST_AsMVT of one layer; where is a condition or "".
func tileQuery(layer, columns, where string) string {
	if where != "" {
		where = " AND (" + where + ")"
	}
	return fmt.Sprintf(`SELECT ST_AsMVT(t, '%[1]s', 4096, 'g', 'id') FROM (
  SELECT id, %[2]s, ST_AsMVTGeom(merc, ST_TileEnvelope($1, $2, $3), 4096, 64, true) g
  FROM %[1]s WHERE merc && ST_TileEnvelope($1, $2, $3, margin => 64.0 / 4096)%[3]s) t WHERE g IS NOT NULL`, layer, columns, where)
}
