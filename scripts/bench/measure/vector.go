package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	fewTiles  = 120 // are asked for at least, by filters that differ
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
	if b.part("pages") {
		if err := b.pages(ctx, v); err != nil {
			return err
		}
	}
	var live []*tileRow
	if b.part("live") {
		if live, err = b.liveTiles(ctx, v); err != nil {
			return err
		}
		b.printTiles("Vector tiles, drawn when asked for", v, live, live)
	}
	if b.part("pyramid") {
		rows, err := b.pyramids(ctx, v)
		if err != nil {
			return err
		}
		b.printTiles("Vector tiles from a pyramid", v, rows, live)
	}
	if b.part("archive") {
		return b.archives(ctx, v)
	}
	return nil
}

// part tells whether a part of vector is wanted.
func (b *bench) part(name string) bool {
	return b.parts == "" || slices.Contains(strings.Split(b.parts, ","), name)
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
	for _, name := range []string{"roads", "points"} { // which the server would build beside the first tiles
		if err := b.contado(ctx, "pyramid", name); err != nil {
			return nil, err
		}
	}
	return b.pyramidTiles(ctx, v, filepath.Dir(archive))
}

func size(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "–"
	}
	return num(float64(info.Size()) / (1 << 20))
}
