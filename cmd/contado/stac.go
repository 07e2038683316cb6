package main

import (
	"time"

	"contado/geo/analysis"
	"contado/geo/store/catalog"
	"contado/ingest"
	"contado/ingest/fetch"
	"contado/ingest/stac"
)

// ingestGroup is contado ingest: files, unless it says stac.
type ingestGroup struct {
	Files ingestCmd `cmd:"" default:"withargs" help:"Bring files into the catalog."`
	Stac  stacCmd   `cmd:"" help:"Bring in what a SpatioTemporal Asset Catalog lists."`
}

// Help shows examples under the flags.
func (c *ingestGroup) Help() string {
	return `Without "stac" it takes files: their flags are listed by contado ingest files --help.

Examples:
  contado ingest dem.tif --dataset dem --role elevation
  contado ingest S2B_MSIL2A_20240710.SAFE.zip --dataset sentinel-2
  contado ingest stac item.json --dataset scene`
}

type stacCmd struct {
	Ref     string `arg:"" help:"Item, collection, catalogue or search: a file here, or an http(s) address." name:"ref"`
	Dataset string `help:"Dataset id, of a-z 0-9 and hyphens." required:"" short:"d"`
	Copy    bool   `help:"Copy the rasters here; without it they stay where they are and are read there part by part."`
	Role    string `help:"What it is for." enum:"imagery,elevation,landcover,population,hazard,other" default:"imagery"`

	Assets      []string `help:"Keys of the assets to take, e.g. B04,B08,SCL; those with data when left out."`
	Collections []string `help:"Only these collections of an API."`
	When        string   `help:"Only items of this time." placeholder:"TIME"`
	BBox        string   `help:"Only items that meet this box of longitudes and latitudes." name:"bbox" placeholder:"W,S,E,N"`
	MaxCloud    *float64 `help:"Only items with at most this cloud cover, in percent." placeholder:"PERCENT"`
	Limit       int      `help:"Most items to take; a notice says when there are more." default:"1000"`

	Title        string `help:"Name shown to people."`
	License      string `help:"Licence; that of the collection when left out."`
	Attribution  string `help:"Credit line shown on maps and reports."`
	Append       bool   `help:"Add to the dataset as a new version." xor:"mode"`
	Replace      bool   `help:"Replace the dataset's content by a new version." xor:"mode"`
	AllowOutside bool   `help:"Let a catalogue of files name files outside its folder."`
}

// Help shows examples under the flags.
func (c *stacCmd) Help() string {
	return `Only public addresses are asked, unless --allow-private is given.

Examples:
  contado ingest stac item.json --dataset scene
  contado ingest stac https://earth-search.aws.element84.com/v1 --collections sentinel-2-l2a --bbox 10.1,45.8,10.3,46.0 \
    --when 2024-06/2024-08 --max-cloud 20 --assets red,green,blue,nir,scl --dataset sentinel-2
  contado ingest stac https://example.org/stac/catalog.json --dataset orthophotos --copy`
}

// Run ingests what the reference leads to.
func (c *stacCmd) Run(a *app) error {
	o := stac.Options{
		Options: ingest.Options{
			Dataset: c.Dataset, Role: catalog.Role(c.Role), Title: c.Title, License: c.License, Attribution: c.Attribution, Append: c.Append, Replace: c.Replace,
		},
		Assets: c.Assets, Collections: c.Collections, CloudCover: c.MaxCloud, Limit: c.Limit, AllowOutside: c.AllowOutside,
		Client: a.fetcher(),
	}
	if c.Copy {
		o.Mode = stac.Copy
	}
	var err error
	if o.Interval, err = timeSpan(c.When); err != nil {
		return err
	}
	if o.BBox, err = parseBox(c.BBox); err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		p := a.progress()
		res, err := stac.Run(a.ctx, in.ingestStores(), c.Ref, o, p)
		p.Done()
		if err != nil {
			return err
		}
		a.printIngested(res)
		return nil
	})
}

// fetcher is the client for everything that is read from the network.
func (a *app) fetcher() *fetch.Client {
	return fetch.New(&fetch.Options{AllowPrivate: a.globals.AllowPrivate, UserAgent: program()})
}

// timeSpan writes a time of people's as two instants with a slash between.
func timeSpan(text string) (string, error) {
	from, to, err := analysis.Interval(text)
	if err != nil || from.IsZero() && to.IsZero() {
		return "", err
	}
	end := func(t time.Time) string {
		if t.IsZero() {
			return ".."
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	return end(from) + "/" + end(to), nil
}
