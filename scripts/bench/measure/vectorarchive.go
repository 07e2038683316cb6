package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"contado/geo"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/tiles/pyramid"
)

// tileServer is a program that serves tiles of an archive.
type tileServer struct {
	name, path string
	start      func() (*server, error)
}

func (b *bench) tileServers(ctx context.Context, dataset, archives string) []tileServer {
	out := []tileServer{{"contado, pyramid", "/xyz/" + dataset + "/%d/%d/%d.mvt", func() (*server, error) { return b.serveContado(ctx) }}}
	if b.peer("pmtiles") != "" {
		out = append(out, tileServer{"go-pmtiles, the same archive", "/" + dataset + "/%d/%d/%d.mvt", func() (*server, error) { return b.servePMTiles(ctx, archives) }})
	}
	return out
}

// pyramidTiles asks for tiles of the dataset's own pyramid, from processes
// just started.
func (b *bench) pyramidTiles(ctx context.Context, v *vectorBench, archives string) ([]*tileRow, error) {
	var out []*tileRow
	for _, class := range zoomClasses {
		if class.min > 14 {
			continue
		}
		class.max = min(class.max, 14)
		list := class.tilesOf(v.box, 5000, 2)
		for _, p := range b.tileServers(ctx, "parcels", archives) {
			r, err := b.served(ctx, p, class, nil, list)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// served asks a program just started for the tiles of warm, and then measures
// those of list.
func (b *bench) served(ctx context.Context, p tileServer, class zoomClass, warm, list []address) (r *tileRow, err error) {
	s, err := p.start()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	w := holds(ctx, s.cmd.Process.Pid)
	defer w.stop()
	a, err := newLightAsker(s.url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	ask := func(list []address) func(context.Context, int) (int, error) {
		return func(ctx context.Context, i int) (int, error) {
			return a.tile(ctx, fmt.Sprintf(p.path, list[i][0], list[i][1], list[i][2]))
		}
	}
	if _, err := drive(ctx, len(warm), tileAsk, tileTime, ask(warm)); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	before, err := s.usage()
	if err != nil {
		return nil, err
	}
	if r, err = b.measureTiles(ctx, asking{p.name, class, len(list), tileAsk}, ask(list)); err != nil {
		return nil, err
	}
	after, err := s.usage()
	if err != nil {
		return nil, err
	}
	r.cpu = 1000 * (after.cpu - before.cpu) / float64(max(len(r.load.ms), 1))
	w.look(s.cmd.Process.Pid)
	r.held = w.peak()
	return r, nil
}

// Of the comparison of servers of archives: the finest zoom, so that there are
// thousands of tiles; rounds; tiles of a round.
const (
	tallZoom    = 17
	tallRounds  = 3
	tallTiles   = 20000
	warmingUp   = 1500
	tallDataset = "tall"
)

// archives measures servers of one archive that both hold: warm, by a long
// list without repeats, in turn.
func (b *bench) archives(ctx context.Context, v *vectorBench) error {
	if b.peer("pmtiles") == "" {
		return nil
	}
	folder := filepath.Join(b.dir, "tall")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	archive := filepath.Join(folder, tallDataset+".pmtiles")
	if err := b.tallArchive(ctx, v, archive); err != nil {
		return err
	}
	if err := b.contado(ctx, "ingest", archive, "-d", tallDataset); err != nil {
		return err
	}
	class := zoomClass{"z12–17", 12, tallZoom}
	all := class.tilesOf(v.box, warmingUp+tallTiles, 3)
	warm, list := all[:min(warmingUp, len(all)/4)], all[min(warmingUp, len(all)/4):]
	servers := b.tileServers(ctx, tallDataset, folder)
	rows := make([]*tileRow, len(servers))
	rates, cpus := make([][]float64, len(servers)), make([][]float64, len(servers))
	for range tallRounds {
		for i, p := range servers {
			r, err := b.served(ctx, p, class, warm, list)
			if err != nil {
				return err
			}
			rates[i], cpus[i] = append(rates[i], r.load.rate()), append(cpus[i], 1000*r.cpu)
			if rows[i] == nil {
				rows[i] = r
				continue
			}
			rows[i].load.ms = append(rows[i].load.ms, r.load.ms...)
			rows[i].load.bytes += r.load.bytes
			rows[i].held.rss, rows[i].held.own = max(rows[i].held.rss, r.held.rss), max(rows[i].held.own, r.held.own)
		}
	}
	var cells [][]string
	for i, r := range rows {
		rate := median(rates[i])
		cells = append(cells, []string{
			r.name, num(rate), num(rate / median(rates[len(rates)-1])), num(median(r.load.ms)), num(quantile(r.load.ms, 0.95)), num(median(cpus[i])), fmt.Sprint(len(list)),
			num(float64(r.load.bytes) / float64(max(len(r.load.ms), 1)) / 1024), num(r.held.rss), num(r.held.own),
		})
	}
	table(b.out, fmt.Sprintf("One archive of %d parcels to zoom %d, %s, after %d other tiles, none twice in a process, %d clients, %d rounds in turn", v.parcels, tallZoom, class.name, len(warm), tileAsk, tallRounds),
		[]string{"", "tiles/s", "× " + rows[len(rows)-1].name, "p50 ms", "p95 ms", "CPU µs a tile", "tiles a round", "KiB a tile", "peak RSS MiB", "of it not of files"}, cells)
	return nil
}

// tallArchive draws the parcels to a zoom that their own pyramid does not
// need: for the length of the list.
func (b *bench) tallArchive(ctx context.Context, v *vectorBench, path string) (err error) {
	f, err := fgb.Open(v.files["parcels"])
	if err != nil {
		return err
	}
	d := catalog.Dataset{ID: tallDataset, Kind: catalog.Vector}
	d.Version.Number, d.Version.Vector = 1, &catalog.VectorInfo{Schema: f.Schema(), Count: int64(f.Len())}
	d.Version.BBoxWGS84 = geo.BBox{MinX: v.box[0], MinY: v.box[1], MaxX: v.box[2], MaxY: v.box[3]}
	l, err := layer.Open(d, f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	_, err = pyramid.Build(ctx, l, path, pyramid.Options{MaxZoom: tallZoom}, nil)
	return err
}
