package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// pageRows is the size of a page.
const pageRows = 1000

// parcelColumns are the attributes of a parcel, as every program gives them.
const parcelColumns = "crop, use, owner, area_m2, since"

// pages measures pages of rows as GeoJSON: the first, deep ones, filtered.
func (b *bench) pages(ctx context.Context, v *vectorBench) error {
	var rows [][]string
	add := func(name string, l load, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		rows = append(rows, []string{name, num(l.rate()), num(median(l.ms)), num(quantile(l.ms, 0.95)), fmt.Sprint(len(l.ms)), num(float64(l.bytes) / float64(len(l.ms)) / 1024)})
		return nil
	}
	s, err := b.serveContado(ctx, "--no-worker")
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	a := newAsker(s.url)
	links, err := walk(ctx, a, "/collections/parcels/items?f=json&limit=1000")
	if err != nil {
		return err
	}
	n := len(links)
	mix(links)
	l, err := drive(ctx, n, 2, pageTime, func(ctx context.Context, i int) (int, error) { return a.tile(ctx, links[i]) })
	if err := add("contado, any page, gzip", l, err); err != nil {
		return err
	}
	plain := newAsker(s.url)
	plain.header = http.Header{}
	l, err = drive(ctx, n, 2, pageTime, func(ctx context.Context, i int) (int, error) { return plain.tile(ctx, links[n-1-i]) })
	if err := add("contado, any page, not compressed", l, err); err != nil {
		return err
	}
	filter := "&filter-lang=cql2-text&filter=crop%3D%27vineyard%27"
	few, err := walk(ctx, a, "/collections/parcels/items?f=json&limit=1000"+filter)
	if err != nil {
		return err
	}
	mix(few)
	l, err = drive(ctx, len(few), 2, pageTime, func(ctx context.Context, i int) (int, error) { return a.tile(ctx, few[i]) })
	if err := add("contado, any page of crop = 'vineyard', gzip", l, err); err != nil {
		return err
	}
	if err := b.sqlPages(ctx, v, add); err != nil {
		return err
	}
	if b.peer("pg_featureserv") != "" {
		if err := b.featureservPages(ctx, v, add); err != nil {
			return err
		}
	}
	table(b.out, fmt.Sprintf("Pages of %d parcels as GeoJSON with all attributes, none twice, 2 clients", pageRows),
		[]string{"", "pages/s", "p50 ms", "p95 ms", "pages", "KiB a page"}, rows)
	return nil
}

const pageTime = 10 * time.Second

var nextLink = regexp.MustCompile(`<([^>]+)>;[^,]*rel="?next"?`)

// walk follows the next links and gives the address of every page.
func walk(ctx context.Context, a *asker, first string) ([]string, error) {
	out := []string{first}
	for len(out) < 1500 {
		_, h, err := a.get(ctx, out[len(out)-1])
		if err != nil {
			return nil, err
		}
		m := nextLink.FindStringSubmatch(strings.Join(h.Values("Link"), ", "))
		if m == nil {
			return out, nil
		}
		out = append(out, strings.TrimPrefix(m[1], a.base))
	}
	return out, nil
}

func mix(list []string) {
	r := rand.New(rand.NewPCG(3, 3))
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// sqlPages reads the same pages by keyset, as text that the database makes.
func (b *bench) sqlPages(ctx context.Context, v *vectorBench, add func(string, load, error) error) error {
	text := "SELECT id, " + parcelColumns + ", ST_AsGeoJSON(ST_Transform(geom, 4326)) FROM parcels WHERE id > $1 %s ORDER BY id LIMIT 1000"
	for _, c := range []struct{ name, where string }{
		{"PostGIS, plain SQL, any page", ""}, {"PostGIS, plain SQL, any page of crop = 'vineyard'", "AND crop = 'vineyard'"},
	} {
		stmt, err := v.floor.db.PrepareContext(ctx, fmt.Sprintf(text, c.where))
		if err != nil {
			return err
		}
		starts := make([]int, 0, v.parcels/pageRows)
		for id := 0; id < v.parcels; id += pageRows {
			starts = append(starts, id)
		}
		r := rand.New(rand.NewPCG(4, 4))
		r.Shuffle(len(starts), func(i, j int) { starts[i], starts[j] = starts[j], starts[i] })
		l, err := drive(ctx, len(starts), 2, pageTime, func(ctx context.Context, i int) (int, error) {
			rows, err := stmt.QueryContext(ctx, starts[i])
			if err != nil {
				return 0, err
			}
			defer rows.Close()
			return drain(rows)
		})
		_ = stmt.Close()
		if err := add(c.name, l, err); err != nil {
			return err
		}
	}
	return nil
}

// drain reads rows of any columns and counts their bytes.
func drain(rows *sql.Rows) (int, error) {
	names, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	cells, at := make([]sql.RawBytes, len(names)), make([]any, len(names))
	for i := range cells {
		at[i] = &cells[i]
	}
	n := 0
	for rows.Next() {
		if err := rows.Scan(at...); err != nil {
			return 0, err
		}
		for _, c := range cells {
			n += len(c)
		}
	}
	return n, rows.Err()
}

// featureservPages asks pg_featureserv for pages by offset, its only way.
func (b *bench) featureservPages(ctx context.Context, v *vectorBench, add func(string, load, error) error) error {
	s, err := b.serveFeatureserv(ctx, v.floor)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	a := newAsker(s.url)
	r := rand.New(rand.NewPCG(5, 5))
	for _, c := range []struct {
		name string
		from int
	}{{"pg_featureserv, first pages", 0}, {"pg_featureserv, deep pages", v.parcels / 2}} {
		order := r.Perm(40)
		l, err := drive(ctx, len(order), 2, pageTime, func(ctx context.Context, i int) (int, error) {
			return a.tile(ctx, fmt.Sprintf("/collections/public.parcels/items.json?limit=1000&offset=%d", c.from+order[i]*pageRows))
		})
		if err := add(c.name, l, err); err != nil {
			return err
		}
	}
	return nil
}
