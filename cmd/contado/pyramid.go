package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/cql2/rows"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/tiles"
	"contado/tiles/pyramid"
)

type pyramidCmd struct {
	Datasets []string `arg:"" optional:"" help:"Vector datasets; all whose pyramid is missing or out of date when left out." name:"dataset"`
}

// Help shows examples under the flags.
func (c *pyramidCmd) Help() string {
	return `All tiles of a vector dataset, drawn ahead of time. "contado serve" does so by itself after an
ingest; until then, and for filtered requests, tiles are drawn when they are asked for.

Examples:
  contado pyramid parcels
  contado pyramid`
}

// Run builds the pyramids one after the other.
func (c *pyramidCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		service, err := in.tiles()
		if err != nil {
			return err
		}
		w, err := in.pyramids(service)
		if err != nil {
			return err
		}
		work, err := c.work(a, in, w)
		if err != nil {
			return err
		}
		for _, args := range work {
			if err := a.buildPyramid(w, args); err != nil {
				return fmt.Errorf("pyramid of %s: %w", args.Dataset, err)
			}
		}
		if len(work) == 0 {
			fmt.Fprintln(a.stdout, "all pyramids are up to date")
		}
		return nil
	})
}

func (c *pyramidCmd) work(a *app, in *installation, w *tiles.PyramidWork) ([]tiles.PyramidArgs, error) {
	if len(c.Datasets) == 0 {
		return w.Due(a.ctx, time.Now())
	}
	var out []tiles.PyramidArgs
	for _, id := range c.Datasets {
		d, err := in.atlas.Current().Dataset(id)
		if err != nil {
			return nil, err
		}
		if d.Kind != catalog.Vector || d.Version.Vector.Schema.GeometryType == "" {
			return nil, fault.Errorf("pyramid", fault.Invalid, "dataset %s has no rows with a place: it has no vector tiles", id)
		}
		out = append(out, tiles.PyramidArgs{Dataset: id, Version: d.Version.Number})
	}
	return out, nil
}

func (a *app) buildPyramid(w *tiles.PyramidWork, args tiles.PyramidArgs) error {
	text, err := json.Marshal(args)
	if err != nil {
		return err
	}
	p := a.progress()
	result, err := w.Handle(a.ctx, text, func(done float64, message string) { p.Share(done, message) })
	p.Done()
	if err != nil {
		return err
	}
	var r struct {
		Skipped string           `json:"skipped"`
		Summary *pyramid.Summary `json:"summary"`
	}
	if err := json.Unmarshal(result, &r); err != nil {
		return err
	}
	if r.Summary == nil {
		fmt.Fprintf(a.stdout, "%s: %s\n", args.Dataset, r.Skipped)
		return nil
	}
	fmt.Fprintf(a.stdout, "%s: %s\n", args.Dataset, summaryOf(r.Summary))
	return nil
}

// summaryOf says what a pyramid holds and leaves out.
func summaryOf(s *pyramid.Summary) string {
	text := fmt.Sprintf("%s at zooms %d to %d, %s, in %.1f s", plural(s.Tiles, "tile"), s.MinZoom, s.MaxZoom, fileSize(s.Bytes), s.Seconds)
	var incomplete int64
	for _, z := range s.Zooms {
		incomplete += z.Incomplete
	}
	if incomplete > 0 {
		text += fmt.Sprintf("; %s leave something out to stay within their size and say so", plural(incomplete, "tile"))
	}
	return text
}

// fileSize is a size for people.
func fileSize(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%d kB", (n+999)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// tiles is the service that draws.
func (in *installation) tiles() (*tiles.Service, error) {
	return tiles.New(tiles.FromPool(in.pool), &tiles.Options{Locate: in.blobs.Path})
}

// pyramids is what builds the pyramids of this installation.
func (in *installation) pyramids(s *tiles.Service) (*tiles.PyramidWork, error) {
	folder, err := in.tmp()
	if err != nil {
		return nil, err
	}
	return &tiles.PyramidWork{Tiles: s, Atlas: in.atlas, Catalog: in.catalog, Blobs: in.blobs, Journal: in.journal, Folder: folder}, nil
}

// lookForPyramids is how often the server looks which pyramids are due.
const lookForPyramids = 5 * time.Second

// enqueuePyramids puts pyramids that are due into the queue until the context ends.
func (in *installation) enqueuePyramids(ctx context.Context, w *tiles.PyramidWork, log *slog.Logger) {
	tick := time.NewTicker(lookForPyramids)
	defer tick.Stop()
	for {
		if err := w.Enqueue(ctx, in.jobs); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "pyramids not queued", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// exportPyramid writes tiles of a vector dataset as a PMTiles archive.
func (c *exportCmd) exportPyramid(a *app, in *installation, d catalog.Dataset) (err error) {
	if c.Clip || c.ToCRS != "" || c.As != "" {
		return usagef("--clip, --crs and --geometry do not go with .pmtiles: tiles have a grid and an encoding of their own, and show whole features")
	}
	if _, err := os.Lstat(c.Out); err == nil && !c.Force {
		return fault.WithHint(fault.Errorf("export", fault.Exist, "%s is there already", c.Out), "use --replace, or another name")
	}
	l, err := in.layerAt(a, d.ID, c.AsOf)
	if err != nil {
		return err
	}
	o := pyramid.Options{}
	s := l.Schema()
	for _, name := range c.Fields {
		i := s.FieldIndex(name)
		if i < 0 {
			return usagef("--fields: dataset %s has no attribute %q", d.ID, name)
		}
		o.Fields = append(o.Fields, i)
	}
	if o.Where, err = c.selected(a, in, l); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(c.Out), ".contado-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tmp := filepath.Join(dir, "tiles.pmtiles")
	p := a.progress()
	sum, err := pyramid.Build(a.ctx, l, tmp, o, func(done float64, message string) { p.Share(done, message) })
	p.Done()
	if err != nil {
		return err
	}
	if err := a.place(tmp, c.Out); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, summaryOf(&sum))
	return nil
}

// selected are the rows that the filter and the areas leave; nil takes all.
func (c *exportCmd) selected(a *app, in *installation, l *layer.Layer) (*layer.Selection, error) {
	s := l.Schema()
	var all []cql2.Expr
	if c.Filter != "" {
		e, err := cql2.ParseText(c.Filter)
		if err != nil {
			return nil, usagef("--filter: %v", err)
		}
		if e, err = rows.Project(e, geo.WGS84, s.CRS); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	areas, err := c.read()
	if err != nil {
		return nil, err
	}
	region, err := in.engine.Region(a.ctx, areas, s.CRS)
	if err != nil {
		return nil, err
	}
	if region != nil {
		e, err := rows.NewNames(s).Meets(region)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		return l.Where(all[0], s.CRS)
	}
	return l.Where(&cql2.Logic{Args: all}, s.CRS)
}
