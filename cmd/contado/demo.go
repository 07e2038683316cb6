package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	kept "contado/api/analysis"
	"contado/geo/analysis"
	"contado/geo/coverage/report"
	"contado/geo/fault"
	"contado/ingest"
	"contado/ingest/demoland"
)

type demoCmd struct {
	Addr   string `help:"Address to listen on." default:"127.0.0.1:8080" env:"CONTADO_ADDR"`
	Once   bool   `help:"Stop after the report is written."`
	Source string `help:"Folder for the files of the land; demo-source in the data folder when left out." type:"path"`
	Seed   uint64 `help:"Another seed makes another land." default:"1"`
	Lang   string `help:"Language of the report: ${enum}." enum:"it,en" default:"it"`
	Small  bool   `help:"A land of 8 km, made in seconds: for a quick look and for tests."`
}

// Help shows examples under the flags.
func (c *demoCmd) Help() string {
	return `Makes an invented valley of 60,000 people with its roads, services and buses, brings its files in as any others would be, computes
who reaches a pharmacy on foot, and serves all of it. What is there already is kept.

Examples:
  contado demo
  contado demo --once
  contado demo --addr 127.0.0.1:9000 --data /tmp/demo`
}

// The question of the demonstration report.
const (
	demoService = "pharmacy"
	demoReport  = "demo"
)

// Run makes the land where it is absent, then reports and serves.
func (c *demoCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		var l net.Listener
		if !c.Once { // find out at once whether the address is free
			var err error
			if l, err = listen(a.ctx, c.Addr); err != nil {
				return err
			}
			defer l.Close()
		}
		started := time.Now()
		if err := c.make(a, in); err != nil {
			return err
		}
		if err := in.atlas.Refresh(a.ctx); err != nil {
			return err
		}
		if err := c.report(a, in); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "ready after %.0f s\n", time.Since(started).Seconds())
		if c.Once {
			return nil
		}
		return a.serve(in, l, &serveCmd{Addr: c.Addr}, func(url string) { printAddresses(a.stdout, url) })
	})
}

func printAddresses(w io.Writer, url string) {
	fmt.Fprintf(w, `
The demonstration valley is open (all of it is invented):
  %s                       the map
  %sreports/%s.html         the report
  %scollections            the data, for QGIS and other clients
  %sapi.html               the API
Stop with Ctrl-C.
`, url, url, demoReport, url, url)
}

// make brings in every dataset that is not there yet.
func (c *demoCmd) make(a *app, in *installation) error {
	s := in.atlas.Current()
	_, first := s.Dataset("municipalities")
	_, last := s.Dataset("sentinel-2")
	if first == nil && last == nil {
		if n := len(s.Items("sentinel-2", nil)); n == demoland.Scenes {
			fmt.Fprintln(a.stdout, "the demonstration territory is there already")
			return nil
		}
	}
	dir := c.Source
	if dir == "" {
		dir = filepath.Join(in.data, "demo-source")
	}
	o := demoland.Options{Seed: c.Seed}
	if c.Small {
		o.Size, o.Population = 8000, 6000
	}
	p := a.progress()
	land, err := demoland.Make(a.ctx, dir, o, func(stage string, done float64) { p.Share(done, stage) })
	p.Done()
	if err != nil {
		return err
	}
	for _, f := range land.Files {
		if err := c.ingest(a, in, f); err != nil {
			return fmt.Errorf("dataset %s: %w", f.Dataset, err)
		}
	}
	return nil
}

// ingest brings one dataset in through the ordinary pipeline. A dataset that
// an earlier run has left unfinished is replaced.
func (c *demoCmd) ingest(a *app, in *installation, f demoland.File) error {
	o := ingest.Options{
		Dataset: f.Dataset, Role: f.Role, Title: f.Title, Description: f.Description, License: f.License, Attribution: f.Attribution,
		CodeField: f.CodeField, NameField: f.NameField, ParentFields: f.ParentFields, LevelName: f.Level, LayerTitles: f.LayerTitles,
	}
	if _, err := in.atlas.Current().Dataset(f.Dataset); err == nil {
		o.Replace = true
	} else if !fault.Is(err, fault.NotExist) {
		return err
	}
	p := a.progress()
	res, err := ingest.Run(a.ctx, in.ingestStores(), f.Paths, o, stagePrefix{p, f.Dataset})
	p.Done()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s: version %d, %s\n", f.Dataset, res.Dataset.Version.Number, size(res.Dataset))
	for _, n := range res.Dataset.Version.Notices {
		if n.Severity == "warning" {
			printNotice(a, n)
		}
	}
	return nil
}

// stagePrefix names the dataset before each stage of its ingest.
type stagePrefix struct {
	*progress
	dataset string
}

// Stage begins a named part of the work.
func (s stagePrefix) Stage(name string) { s.progress.Stage(s.dataset + ": " + name) }

// report computes and keeps the demonstration report.
func (c *demoCmd) report(a *app, in *installation) error {
	tree, err := in.atlas.Current().Territories(a.ctx)
	if err != nil {
		return err
	}
	roots := tree.Children("province")
	if len(roots) == 0 {
		return errors.New("the demonstration province is not in the catalog; remove the data folder and run the demonstration again")
	}
	p := a.progress()
	rep, sketch, err := in.engine.Coverage(a.ctx, analysis.CoverageRequest{
		Territory: roots[0].Code, Service: demoService, Profile: analysis.Walking, ID: demoReport,
	}, p.Share)
	p.Done()
	if err != nil {
		return err
	}
	if err := kept.StoreReport(a.ctx, in.blobs, rep, sketch); err != nil {
		return err
	}
	var html bytes.Buffer
	if err := report.HTML(&html, rep, sketch, c.Lang); err != nil {
		return err
	}
	if err := in.blobs.Put(a.ctx, "reports/"+demoReport+".html", &html); err != nil {
		return err
	}
	printHeadline(a.stdout, rep)
	fmt.Fprintf(a.stdout, "report: %s and .json\n", filepath.Join(relative(in.data), "reports", demoReport+".html"))
	return nil
}

// relative is a path as seen from the working folder, where that is shorter.
func relative(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || len(rel) > len(path) {
		return path
	}
	return rel
}
