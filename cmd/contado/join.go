package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/table"
)

// joinCmd relates one layer to another.
type joinCmd struct {
	Summary    summaryCmd    `cmd:"" help:"How many, how long, how large: what of a layer lies in each area."`
	Nearest    nearestCmd    `cmd:"" help:"What is nearest to each row or area, and how far."`
	Containing containingCmd `cmd:"" help:"In which area each row lies."`
}

type summaryCmd struct {
	Dataset string `help:"Vector dataset that is counted and measured." required:"" short:"d"`
	areasFlags
	Filter string   `help:"Only rows for which this is true, as CQL2 text: \"kind = 'pharmacy'\"."`
	By     string   `help:"Also figures for each value of this attribute."`
	Sum    []string `help:"Attributes to add up; rows that lie partly inside count by their share inside."`
	tableFlags
}

// Help shows examples under the flags.
func (c *summaryCmd) Help() string {
	return `Lengths and areas are those on the ellipsoid, of what lies inside the area.

Examples:
  contado join summary --dataset roads --areas municipalities --by class -o roads.xlsx --locale it
  contado join summary --dataset pharmacies --below 16 -o pharmacies.csv
  contado join summary --dataset parcels --areas fields.geojson --by crop --sum subsidy -o crops.gpkg`
}

// Run computes and writes the summary.
func (c *summaryCmd) Run(a *app) error {
	if !c.given() {
		return usagef("say which areas: --areas DATASET|FILE.geojson or --below CODE")
	}
	return a.join(&c.areasFlags, &c.tableFlags, func(in *installation, areas analysis.ZonalAreas, p analysis.Progress, l table.Locale) (*joined, error) {
		res, err := in.engine.Summary(a.ctx, analysis.SummaryRequest{Dataset: c.Dataset, Areas: areas, Filter: c.Filter, By: c.By, Sum: c.Sum}, p)
		if err != nil {
			return nil, err
		}
		return &joined{res, res.Table(l), res.Notices, nil}, nil
	})
}

type nearestCmd struct {
	From       string `help:"Vector dataset whose rows look for neighbours; or give --areas or --below." xor:"areas"`
	FromFilter string `help:"Only rows of --from for which this is true, as CQL2 text."`
	areasFlags
	To       string `help:"Vector dataset in which neighbours are looked for." required:""`
	ToFilter string `help:"Only rows of --to for which this is true, as CQL2 text."`
	K        int    `help:"How many neighbours; 1, or all within --within, when left out." short:"k"`
	Within   string `help:"The farthest, e.g. 500m or 3km; however far when left out."`
	tableFlags
}

// Help shows examples under the flags.
func (c *nearestCmd) Help() string {
	return `Distances are straight, between the nearest points of both; 0 where they touch.

Examples:
  contado join nearest --from hamlets --to pharmacies -o nearest.csv
  contado join nearest --from schools --to stops --within 500m -o stops.gpkg
  contado join nearest --below 16 --to hospitals -k 3 -o hospitals.xlsx --locale it`
}

// Run finds and writes the neighbours.
func (c *nearestCmd) Run(a *app) error {
	if c.From == "" && !c.given() {
		return usagef("say whose neighbours: --from DATASET, --areas DATASET|FILE.geojson or --below CODE")
	}
	within, err := metres(c.Within)
	if err != nil {
		return err
	}
	return a.join(&c.areasFlags, &c.tableFlags, func(in *installation, areas analysis.ZonalAreas, p analysis.Progress, l table.Locale) (*joined, error) {
		res, err := in.engine.Nearest(a.ctx, analysis.NearestRequest{
			FromDataset: c.From, FromFilter: c.FromFilter, From: areas, To: c.To, ToFilter: c.ToFilter, K: c.K, Within: within,
		}, p)
		if err != nil {
			return nil, err
		}
		return &joined{res, res.Table(l), res.Notices, res.Outlines()}, nil
	})
}

type containingCmd struct {
	Dataset string `help:"Vector dataset whose rows are looked up." required:"" short:"d"`
	Filter  string `help:"Only rows for which this is true, as CQL2 text."`
	areasFlags
	tableFlags
}

// Help shows examples under the flags.
func (c *containingCmd) Help() string {
	return `Lines and surfaces go to the area that has most of them; others are listed too.

Examples:
  contado join containing --dataset schools --areas municipalities -o schools.csv
  contado join containing --dataset farms --below 16 -o farms.gpkg`
}

// Run finds and writes the areas.
func (c *containingCmd) Run(a *app) error {
	if !c.given() {
		return usagef("say which areas: --areas DATASET|FILE.geojson or --below CODE")
	}
	return a.join(&c.areasFlags, &c.tableFlags, func(in *installation, areas analysis.ZonalAreas, p analysis.Progress, l table.Locale) (*joined, error) {
		res, err := in.engine.Containing(a.ctx, analysis.ContainingRequest{Dataset: c.Dataset, Filter: c.Filter, Areas: areas}, p)
		if err != nil {
			return nil, err
		}
		return &joined{res, res.Table(l), res.Notices, res.Outlines()}, nil
	})
}

// joined is the answer of one of the three; places is nil when its rows are
// the areas themselves.
type joined struct {
	document any
	table    *table.Table
	notices  []coverage.Notice
	places   analysis.Outlines
}

// join reads the areas, computes, and writes the table.
func (a *app) join(where *areasFlags, out *tableFlags,
	compute func(in *installation, areas analysis.ZonalAreas, p analysis.Progress, l table.Locale) (*joined, error),
) error {
	_, l, err := out.check()
	if err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		areas, err := where.read()
		if err != nil {
			return err
		}
		p := a.progress()
		j, err := compute(in, areas, p.Share, l)
		p.Done()
		if err != nil {
			return err
		}
		a.notices(j.notices)
		if j.places == nil {
			return a.writeTable(in, out, j.table, j.document, areas)
		}
		return a.writeRows(in, out, j.table, j.document, j.places)
	})
}

// notices tells what the reader of an answer has to know.
func (a *app) notices(list []coverage.Notice) {
	for _, n := range list {
		fmt.Fprintf(a.stderr, "note: %s\n", n.Text)
	}
}

// writeRows writes a table of rows that bring their own places.
func (a *app) writeRows(in *installation, f *tableFlags, t *table.Table, document any, places analysis.Outlines) error {
	format, _, err := f.check()
	if err != nil {
		return err
	}
	if format != "gpkg" {
		return a.writeTable(in, f, t, document, analysis.ZonalAreas{})
	}
	return a.writePlaces(f.Out, "rows", t, places)
}

// metres reads a distance with its unit; "" is 0.
func metres(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	s, scale := strings.TrimSpace(strings.ToLower(text)), 1.0
	if rest, ok := strings.CutSuffix(s, "km"); ok {
		s, scale = rest, 1000
	} else {
		s = strings.TrimSuffix(s, "m")
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(v > 0) || math.IsInf(v, 1) {
		return 0, usagef("%q is no distance: write 500m or 3km", text)
	}
	return v * scale, nil
}
