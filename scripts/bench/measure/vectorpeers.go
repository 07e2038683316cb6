package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// peer is the path of a peer's program, "" when it is not at hand.
func (b *bench) peer(name string) string {
	if b.peers == "" {
		return ""
	}
	path := filepath.Join(b.peers, name)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

func freePort(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), l.Close()
}

// serve starts a peer that answers on a port, and waits until it does.
func (b *bench) serve(ctx context.Context, cmd *exec.Cmd, port, path string) (*server, error) {
	s, err := b.start(cmd)
	if err != nil {
		return nil, err
	}
	s.url = "http://127.0.0.1:" + port
	for time.Since(s.began) < startTimeout && ctx.Err() == nil {
		if _, _, err := fetch(ctx, &http.Client{}, s.url+path); err == nil {
			return s, nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("%s does not answer", filepath.Base(cmd.Path)), s.failure(), s.stop())
}

// servePMTiles starts go-pmtiles over a folder of archives.
func (b *bench) servePMTiles(ctx context.Context, folder string) (*server, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	return b.serve(ctx, exec.CommandContext(ctx, b.peer("pmtiles"), "serve", folder, "--port", port), port, "/")
}

// serveTegola starts Tegola over the database; it draws with ST_AsMVT, its
// cache is off.
func (b *bench) serveTegola(ctx context.Context, d *database, columns string) (*server, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(d.url)
	if err != nil {
		return nil, err
	}
	conf := fmt.Sprintf(`
[webserver]
port = "127.0.0.1:%s"

[[providers]]
name = "floor"
type = "mvt_postgis"
uri = "%s"
srid = 3857

  [[providers.layers]]
  name = "parcels"
  geometry_fieldname = "merc"
  geometry_type = "multipolygon"
  id_fieldname = "id"
  sql = "SELECT ST_AsMVTGeom(merc, !BBOX!) AS merc, id, %s FROM parcels WHERE merc && !BBOX!"

[[maps]]
name = "floor"

  [[maps.layers]]
  provider_layer = "floor.parcels"
  min_zoom = 0
  max_zoom = 20
`, port, u, columns)
	path := filepath.Join(b.dir, "tegola.toml")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		return nil, err
	}
	return b.serve(ctx, exec.CommandContext(ctx, b.peer("tegola"), "serve", "--config", path, "--no-cache"), port, "/capabilities")
}

// serveFeatureserv starts pg_featureserv over the database.
func (b *bench) serveFeatureserv(ctx context.Context, d *database) (*server, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(b.dir, "featureserv.toml")
	text := fmt.Sprintf("[Server]\nHttpHost = \"127.0.0.1\"\nHttpPort = %s\n[Database]\nTableIncludes = [\"public\"]\n[Paging]\nLimitDefault = 1000\nLimitMax = 10000\n", port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, b.peer("pg_featureserv"), "--config", conf)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+d.url)
	return b.serve(ctx, cmd, port, "/collections.json")
}

// tippecanoe builds its pyramid of the parcels, keeping within the size of
// tiles by the option for polygons that cover the ground.
func (b *bench) tippecanoe(ctx context.Context, geojson, out string, maxzoom int) (cost, error) {
	return measured(ctx, b.peer("tippecanoe"), "-q", "-f", "-o", out, "-l", "parcels", "-z", strconv.Itoa(maxzoom), "-P",
		"--drop-smallest-as-needed", "-t", b.dir, geojson)
}
