package main

import (
	"fmt"
	"io"

	"contado/geo/analysis"
	"contado/geo/travel"
)

type travelMatrixCmd struct {
	From []string `help:"Origins: a service or any dataset of places, or places lon,lat or name=lon,lat (repeat the flag)." required:"" sep:"none" placeholder:"PLACE"`
	To   []string `help:"Destinations, in the same ways." required:"" sep:"none" placeholder:"PLACE"`
	groundFlags
	travellerFlags
	tableFlags
}

// Help shows examples under the flags.
func (c *travelMatrixCmd) Help() string {
	return `One row for each origin and destination; no time where there is no way.

Examples:
  contado travel matrix -t 016 --from osm-places --to osm-services:hospital --profile car -o times.csv
  contado travel matrix --bbox 9.4,47.0,9.7,47.3 --from a=9.52,47.14 --to b=9.51,47.21 --to c=9.55,47.09 --profile bicycle`
}

// Run computes the matrix.
func (c *travelMatrixCmd) Run(a *app) error {
	q, err := c.request()
	if err != nil {
		return err
	}
	if err := c.fill(&q); err != nil {
		return err
	}
	origins := q
	if q.Service, q.Places, err = placesOf("to", c.To); err != nil {
		return err
	}
	if origins.Service, origins.Places, err = placesOf("from", c.From); err != nil {
		return err
	}
	format, l, err := c.check()
	if err != nil {
		return err
	}
	if format == "gpkg" {
		return usagef("a matrix has no outlines: write .csv, .xlsx or .json")
	}
	return a.with(func(in *installation) error {
		p := a.progress()
		m, err := in.engine.TravelMatrix(a.ctx, origins, q, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		a.notices(m.Notices)
		return a.writeTable(in, &c.tableFlags, m.Table(l), m, analysis.ZonalAreas{})
	})
}

type travelExplainCmd struct {
	From      string   `help:"Place: lon,lat or name=lon,lat." required:"" placeholder:"LON,LAT"`
	To        []string `help:"Facilities: a service, or places lon,lat or name=lon,lat (repeat the flag)." required:"" sep:"none" placeholder:"PLACE"`
	Direction string   `help:"Which way people go: ${enum}." enum:"to-facility,from-facility" default:"to-facility"`
	Lang      string   `help:"Language of the text: ${enum}." enum:"en,it" default:"en"`
	Out       string   `help:"File to write: .txt, .json, .geojson or .gpkg (the legs); text on standard output when left out." short:"o" type:"path"`
	groundFlags
	travellerFlags
}

// Help shows examples under the flags.
func (c *travelExplainCmd) Help() string {
	return `Without --territory and --bbox the ground is that around the places.

Examples:
  contado travel explain --from 9.5209,47.1410 --to osm-services:hospital --profile car -t 7
  contado travel explain --from 9.5209,47.1410 --to station=9.5270,47.1669 --profile bicycle --lang it
  contado travel explain --from 9.5209,47.1410 --to 9.5270,47.1669 -o way.geojson`
}

// Run tells the journey.
func (c *travelExplainCmd) Run(a *app) error {
	q, err := c.request()
	if err != nil {
		return err
	}
	if err := c.fill(&q); err != nil {
		return err
	}
	if q.Service, q.Places, err = placesOf("to", c.To); err != nil {
		return err
	}
	_, from, err := placesOf("from", []string{c.From})
	if err != nil {
		return err
	}
	if len(from) != 1 {
		return usagef("--from %q: want lon,lat or name=lon,lat", c.From)
	}
	if q.Service != "" && q.Territory == "" && q.BBox == nil {
		return usagef("a service is looked for in a territory or a box: say --territory or --bbox")
	}
	if c.Direction == "from-facility" {
		q.Direction = travel.FromFacility
	}
	format, err := outFormat(c.Out, "txt", "txt", "json", "geojson", "gpkg")
	if err != nil {
		return err
	}
	if err := writable(c.Out); err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		p := a.progress()
		j, err := in.engine.TravelExplain(a.ctx, q, from[0], p.Share)
		p.Done()
		if err != nil {
			return err
		}
		return a.writeJourney(c.Out, format, c.Lang, j)
	})
}

func (a *app) writeJourney(path, format, lang string, j *analysis.Journey) error {
	switch format {
	case "geojson", "gpkg":
		a.notices(j.Notices)
		return a.writeFeatures(path, "legs", analysis.JourneySchema(), j.Features())
	case "json":
		a.notices(j.Notices)
		return a.write(path, func(w io.Writer) error { return encodeJSON(w, j) })
	}
	return a.write(path, func(w io.Writer) error {
		_, err := fmt.Fprint(w, j.Text(lang))
		return err
	})
}
