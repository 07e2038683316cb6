package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

// tileRow is one program on one class of zooms.
type tileRow struct {
	name, class string
	clients     int
	load        load
	largest     int
	held        held    // MiB; of the database nothing is told
	cpu         float64 // ms a tile, of the server
}

func (r *tileRow) cells(floor float64) []string {
	times := "–"
	if floor > 0 {
		times = num(r.load.rate() / floor)
	}
	known := func(v float64) string {
		if v == 0 {
			return "–"
		}
		return num(v)
	}
	return []string{
		r.name, fmt.Sprint(r.clients), num(r.load.rate()), times, num(median(r.load.ms)), num(quantile(r.load.ms, 0.95)), known(r.cpu), fmt.Sprint(len(r.load.ms)),
		num(float64(r.load.bytes) / float64(max(len(r.load.ms), 1)) / 1024), num(float64(r.largest) / 1024), known(r.held.rss), known(r.held.own),
	}
}

// floorName is the row that others are measured by: tiles of all rows that the
// database makes.
const floorName = "ST_AsMVT"

func (b *bench) printTiles(title string, v *vectorBench, rows, floors []*tileRow) {
	for _, class := range zoomClasses {
		floor := 0.0
		for _, r := range floors {
			if r.class == class.name && r.name == floorName {
				floor = r.load.rate()
			}
		}
		var cells [][]string
		for _, r := range rows {
			if r.class == class.name {
				cells = append(cells, r.cells(floor))
			}
		}
		if len(cells) > 0 {
			table(b.out, fmt.Sprintf("%s: %s of %d parcels, none twice in a process", title, class.name, v.parcels),
				[]string{"", "clients", "tiles/s", "× " + floorName, "p50 ms", "p95 ms", "CPU ms a tile", "tiles", "KiB a tile", "largest KiB", "peak RSS MiB", "of it not of files"}, cells)
		}
	}
}

// asking says how tiles are asked for.
type asking struct {
	name       string
	class      zoomClass
	n, clients int
}

// measureTiles drives one class.
func (b *bench) measureTiles(ctx context.Context, a asking, do func(ctx context.Context, i int) (int, error)) (*tileRow, error) {
	r := &tileRow{name: a.name, class: a.class.name, clients: a.clients}
	sizes := make([]int, a.n)
	var err error
	r.load, err = drive(ctx, a.n, a.clients, tileTime, func(ctx context.Context, i int) (int, error) {
		n, err := do(ctx, i)
		sizes[i] = n
		return n, err
	})
	for _, n := range sizes {
		r.largest = max(r.largest, n)
	}
	if err != nil {
		err = fmt.Errorf("%s, %s: %w", a.name, a.class.name, err)
	}
	return r, err
}

// filters are conditions in CQL2 and SQL, with the share of the rows that
// they let through. Each comes with a number that takes off thousandths of a
// square metre at most: a list that has few tiles is gone through again with
// another one, so that no request is like one before.
var filters = []struct{ name, cql, sql string }{
	{"one crop", "crop='vineyard' AND area_m2>500.%06d", "crop = 'vineyard' AND area_m2 > 500.%06d"},
	{"half the rows", "area_m2>500.%06d", "area_m2 > 500.%06d"},
	{"all rows by a filter", "area_m2>-1.%06d", ""},
}

// liveTiles measures tiles that nobody drew before: unfiltered before there
// is a pyramid, and filtered; with several clients, then with one.
func (b *bench) liveTiles(ctx context.Context, v *vectorBench) ([]*tileRow, error) {
	var out []*tileRow
	for _, class := range zoomClasses {
		list := class.tilesOf(v.box, mostTiles, 1)
		own, err := b.ownTiles(ctx, class, list)
		if err != nil {
			return nil, err
		}
		floor, err := b.floorTiles(ctx, v, class, list)
		if err != nil {
			return nil, err
		}
		out = append(append(out, own...), floor...)
	}
	return out, nil
}

// ownTiles are Contado's live tiles of a class, of one process.
func (b *bench) ownTiles(ctx context.Context, class zoomClass, list []address) (out []*tileRow, err error) {
	s, err := b.serveContado(ctx, "--no-worker") // which would build the pyramid meanwhile
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	w := holds(ctx, s.cmd.Process.Pid)
	defer w.stop()
	a := newAsker(s.url)
	at := func(i int) string {
		t := list[i%len(list)]
		return fmt.Sprintf("/xyz/parcels/%d/%d/%d.mvt", t[0], t[1], t[2])
	}
	one := func(how asking, path func(i int) string) error {
		before, err := s.usage()
		if err != nil {
			return err
		}
		r, err := b.measureTiles(ctx, how, func(ctx context.Context, i int) (int, error) { return a.tile(ctx, path(i)) })
		if err != nil {
			return err
		}
		after, err := s.usage()
		if err != nil {
			return err
		}
		r.cpu = 1000 * (after.cpu - before.cpu) / float64(max(len(r.load.ms), 1))
		r.held = w.peak()
		out = append(out, r)
		return nil
	}
	if err := one(asking{"contado, live", class, len(list), tileAsk}, at); err != nil {
		return nil, err
	}
	number := 0
	for _, clients := range []int{tileAsk, 1} {
		for k, f := range filters {
			if k == 0 && clients == 1 || k == 2 && clients > 1 {
				continue
			}
			n := max(len(list), fewTiles)
			first := number
			number += n/len(list) + 1
			err := one(asking{"contado, live, " + f.name, class, n, clients}, func(i int) string {
				return at(i) + "?filter-lang=cql2-text&filter=" + url.QueryEscape(fmt.Sprintf(f.cql, first+i/len(list)))
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// floorTiles is what the database gives without any server before it, and
// with Tegola.
func (b *bench) floorTiles(ctx context.Context, v *vectorBench, class zoomClass, list []address) ([]*tileRow, error) {
	var out []*tileRow
	for _, f := range append(filters[:2:2], struct{ name, cql, sql string }{}) {
		name, where := floorName, ""
		if f.name != "" {
			name, where = name+", "+f.name, fmt.Sprintf(f.sql, 0)
		}
		r, err := b.sqlTiles(ctx, v, asking{name, class, len(list), tileAsk}, where, list)
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
	r, err := b.measureTiles(ctx, asking{"Tegola", class, len(list), tileAsk}, func(ctx context.Context, i int) (int, error) {
		return a.tile(ctx, fmt.Sprintf("/maps/floor/%d/%d/%d.pbf", list[i][0], list[i][1], list[i][2]))
	})
	return append(out, r), errors.Join(err, s.stop())
}

// sqlTiles asks the database itself, with one statement prepared.
func (b *bench) sqlTiles(ctx context.Context, v *vectorBench, how asking, where string, list []address) (*tileRow, error) {
	stmt, err := v.floor.db.PrepareContext(ctx, tileQuery("parcels", parcelColumns, where)) //nolint:sqlclosecheck // closed by defer, used in a closure
	if err != nil {
		return nil, err
	}
	defer stmt.Close()
	return b.measureTiles(ctx, how, func(ctx context.Context, i int) (int, error) {
		var tile []byte
		err := stmt.QueryRowContext(ctx, list[i][0], list[i][1], list[i][2]).Scan(&tile)
		return len(tile), err
	})
}
