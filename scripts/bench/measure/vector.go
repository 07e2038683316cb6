package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// vectorBench is a made land in every program that is compared.
type vectorBench struct {
	parcels int
	box     [4]float64 // degrees
	files   map[string]string
	floor   *database
}

// Bounds of the measurement of tiles: of each program and class.
const (
	mostTiles = 400
	tileTime  = 10 * time.Second
	tileAsk   = 4 // clients
	// tippecanoeTime bounds its pyramid.
	tippecanoeTime = 6 * time.Minute
)

// vector measures a made cadastre: tiles from the pyramid and drawn live,
// against tiles that PostGIS draws; pages of rows; an edit; the pyramid.
func (b *bench) vector(ctx context.Context) (err error) {
	v := &vectorBench{parcels: b.parcels}
	if err := b.makeCadastre(ctx, v); err != nil {
		return err
	}
	if v.floor, err = openDatabase(ctx, v.files, b.say); err != nil {
		return err
	}
	defer v.floor.close()
	if err := b.pages(ctx, v); err != nil {
		return err
	}
	rows, err := b.liveTiles(ctx, v)
	if err != nil {
		return err
	}
	b.printTiles("Vector tiles, drawn when asked for", v, rows)
	if rows, err = b.pyramids(ctx, v); err != nil {
		return err
	}
	b.printTiles("Vector tiles from a pyramid", v, rows)
	return nil
}

func (b *bench) printTiles(title string, v *vectorBench, rows []*tileRow) {
	for _, class := range zoomClasses {
		var cells [][]string
		for _, r := range rows {
			if r.class == class.name {
				cells = append(cells, r.cells())
			}
		}
		if len(cells) > 0 {
			table(b.out, fmt.Sprintf("%s: %s of %d parcels, no address twice in a process, %d clients", title, class.name, v.parcels, tileAsk),
				[]string{"", "tiles/s", "p50 ms", "p95 ms", "tiles", "KiB a tile", "largest KiB", "peak MiB"}, cells)
		}
	}
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.log, "measure: "+format+"\n", args...)
}

// makeCadastre makes the files, brings them into Contado, and says what that cost.
func (b *bench) makeCadastre(ctx context.Context, v *vectorBench) error {
	var err error
	if v.files, v.box, err = writeCadastre(ctx, b.dir, v.parcels); err != nil {
		return err
	}
	for _, name := range sortedKeys(v.files) {
		c, err := measured(ctx, b.bin, "--data", b.data, "-q", "ingest", v.files[name], "-d", name, "--role", map[string]string{"roads": "road"}[name]+map[bool]string{true: "other"}[name != "roads"])
		if err != nil {
			return err
		}
		b.say("contado ingest %s: %.1f s, peak %.0f MiB", name, c.wall, c.peak)
	}
	return nil
}

// tileRow is one program on one class of zooms.
type tileRow struct {
	name, class string
	load        load
	largest     int
	peak        float64
}

func (r *tileRow) cells() []string {
	return []string{
		r.name, num(r.load.rate()), num(median(r.load.ms)), num(quantile(r.load.ms, 0.95)), fmt.Sprint(len(r.load.ms)),
		num(float64(r.load.bytes) / float64(max(len(r.load.ms), 1)) / 1024), num(float64(r.largest) / 1024), num(r.peak),
	}
}

// measureTiles drives one class.
func (b *bench) measureTiles(ctx context.Context, name string, class zoomClass, list []address, do func(ctx context.Context, i int) (int, error)) (*tileRow, error) {
	r := &tileRow{name: name, class: class.name}
	sizes := make([]int, len(list))
	var err error
	r.load, err = drive(ctx, len(list), tileAsk, tileTime, func(ctx context.Context, i int) (int, error) {
		n, err := do(ctx, i)
		sizes[i] = n
		return n, err
	})
	for _, n := range sizes {
		r.largest = max(r.largest, n)
	}
	if err != nil {
		err = fmt.Errorf("%s, %s: %w", name, class.name, err)
	}
	return r, err
}

// filters are conditions in CQL2 and SQL, with the share of the rows that
// they let through; none is asked for twice with the same number.
var filters = []struct{ name, cql, sql string }{
	{"one crop", "crop='vineyard' AND area_m2>%d.5", "crop = 'vineyard' AND area_m2 > %d.5"},
	{"half the rows", "area_m2>%d.5", "area_m2 > %d.5"},
}

// liveTiles measures tiles that nobody drew before: unfiltered before there
// is a pyramid, and filtered.
func (b *bench) liveTiles(ctx context.Context, v *vectorBench) ([]*tileRow, error) {
	var out []*tileRow
	for _, class := range zoomClasses {
		list := class.tilesOf(v.box, mostTiles, 1)
		s, err := b.serveContado(ctx, "--no-worker") // which would build the pyramid meanwhile
		if err != nil {
			return nil, err
		}
		a := newAsker(s.url)
		one := func(name string, path func(i int) string) error {
			r, err := b.measureTiles(ctx, name, class, list, func(ctx context.Context, i int) (int, error) { return a.tile(ctx, path(i)) })
			if err != nil {
				return err
			}
			u, err := s.usage()
			r.peak = u.peak
			out = append(out, r)
			return err
		}
		at := func(i int) string {
			return fmt.Sprintf("/xyz/parcels/%d/%d/%d.mvt", list[i][0], list[i][1], list[i][2])
		}
		err = one("contado, live", at)
		for k, f := range filters {
			if err == nil {
				// The number of each request differs by thousandths of a square metre at most.
				err = one("contado, live, "+f.name, func(i int) string {
					return at(i) + "?filter-lang=cql2-text&filter=" + url.QueryEscape(fmt.Sprintf(f.cql, 500+k))
				})
			}
		}
		if err := errors.Join(err, s.stop()); err != nil {
			return nil, err
		}
		floor, err := b.floorTiles(ctx, v, class, list)
		if err != nil {
			return nil, err
		}
		out = append(out, floor...)
	}
	return out, nil
}

// floorTiles is what the database gives without any server before it, and
// with Tegola.
func (b *bench) floorTiles(ctx context.Context, v *vectorBench, class zoomClass, list []address) ([]*tileRow, error) {
	var out []*tileRow
	for _, f := range append(filters[:len(filters):len(filters)], struct{ name, cql, sql string }{}) {
		name, where := "ST_AsMVT", ""
		if f.name != "" {
			name, where = name+", "+f.name, fmt.Sprintf(f.sql, 500)
		}
		r, err := b.sqlTiles(ctx, v, name, where, class, list)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if b.peer("tegola") == "" {
		return out, nil
	}
	s, err := b.serveTegola(ctx, v.floor, parcelColumns)
	if err != nil {
		return nil, err
	}
	a := newAsker(s.url)
	r, err := b.measureTiles(ctx, "Tegola", class, list, func(ctx context.Context, i int) (int, error) {
		return a.tile(ctx, fmt.Sprintf("/maps/floor/%d/%d/%d.pbf", list[i][0], list[i][1], list[i][2]))
	})
	return append(out, r), errors.Join(err, s.stop())
}

// sqlTiles asks the database itself, with one statement prepared.
func (b *bench) sqlTiles(ctx context.Context, v *vectorBench, name, where string, class zoomClass, list []address) (*tileRow, error) {
	stmt, err := v.floor.db.PrepareContext(ctx, tileQuery("parcels", parcelColumns, where)) //nolint:sqlclosecheck // closed by defer, used in a closure
	if err != nil {
		return nil, err
	}
	defer stmt.Close()
	return b.measureTiles(ctx, name, class, list, func(ctx context.Context, i int) (int, error) {
		var tile []byte
		err := stmt.QueryRowContext(ctx, list[i][0], list[i][1], list[i][2]).Scan(&tile)
		return len(tile), err
	})
}

// pyramids builds them, and measures tiles out of them.
func (b *bench) pyramids(ctx context.Context, v *vectorBench) ([]*tileRow, error) {
	c, err := measured(ctx, b.bin, "--data", b.data, "-q", "pyramid", "parcels")
	if err != nil {
		return nil, err
	}
	archive := filepath.Join(b.dir, "archives", "parcels.pmtiles")
	if err := os.MkdirAll(filepath.Dir(archive), 0o755); err != nil {
		return nil, err
	}
	if err := b.contado(ctx, "export", "parcels", "-o", archive); err != nil {
		return nil, err
	}
	rows := [][]string{{"contado pyramid", num(c.wall), num(c.cpu), num(c.peak), size(archive)}}
	if b.peer("tippecanoe") != "" {
		geojson, theirs := filepath.Join(b.dir, "parcels.geojsonl"), filepath.Join(b.dir, "tippecanoe.pmtiles")
		if err := b.must(ctx, "ogr2ogr", "-f", "GeoJSONSeq", "-t_srs", "EPSG:4326", geojson, v.files["parcels"]); err != nil {
			return nil, err
		}
		bounded, cancel := context.WithTimeout(ctx, tippecanoeTime)
		c, err := b.tippecanoe(bounded, geojson, theirs, 14)
		late := bounded.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case late:
			rows = append(rows, []string{fmt.Sprintf("tippecanoe --drop-smallest-as-needed: not done after %v", tippecanoeTime), num(c.wall), "–", "–", "–"})
		case err != nil:
			return nil, err
		default:
			rows = append(rows, []string{"tippecanoe --drop-smallest-as-needed", num(c.wall), num(c.cpu), num(c.peak), size(theirs)})
		}
	}
	table(b.out, fmt.Sprintf("Pyramid of %d parcels to zoom 14", v.parcels), []string{"", "s", "CPU s", "peak MiB", "MiB"}, rows)
	return b.pyramidTiles(ctx, v, filepath.Dir(archive))
}

func size(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "–"
	}
	return num(float64(info.Size()) / (1 << 20))
}

func (b *bench) pyramidTiles(ctx context.Context, v *vectorBench, archives string) ([]*tileRow, error) {
	var out []*tileRow
	for _, class := range zoomClasses {
		if class.min > 14 {
			continue
		}
		class.max = min(class.max, 14)
		list := class.tilesOf(v.box, 5000, 2)
		for _, p := range []struct {
			name, path string
			start      func() (*server, error)
		}{
			{"contado, pyramid", "/xyz/parcels/%d/%d/%d.mvt", func() (*server, error) { return b.serveContado(ctx) }},
			{"go-pmtiles, the same archive", "/parcels/%d/%d/%d.mvt", func() (*server, error) { return b.servePMTiles(ctx, archives) }},
		} {
			if p.name != "contado, pyramid" && b.peer("pmtiles") == "" {
				continue
			}
			s, err := p.start()
			if err != nil {
				return nil, err
			}
			a := newAsker(s.url)
			r, err := b.measureTiles(ctx, p.name, class, list, func(ctx context.Context, i int) (int, error) {
				return a.tile(ctx, fmt.Sprintf(p.path, list[i][0], list[i][1], list[i][2]))
			})
			if err == nil {
				var u cost
				u, err = s.usage()
				r.peak = u.peak
			}
			if err := errors.Join(err, s.stop()); err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, nil
}
