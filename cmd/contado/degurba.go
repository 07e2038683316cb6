package main

import (
	"fmt"
	"strings"

	"contado/geo/analysis"
	"contado/geo/degurba"
)

type degurbaCmd struct {
	Territory  string `help:"Code of the territory; leading zeros count." required:"" short:"t"`
	Rules      string `help:"Edition of the rules: 2024-07 (the latest), 2023 or 2021." default:"2024-07"`
	Level      int    `help:"Level of the map's classes: ${enum}." enum:"1,2" default:"2"`
	Population string `help:"Dataset of people: a grid or census sections; by role when left out."`
	Land       string `help:"Dataset that tells land from water: land cover, or the share of land in each cell; the catalog's land cover when left out, none to take all as land."`
	Built      string `help:"Dataset of built-up land: land cover, or the share of each cell that is built up; without it the rules on built-up land do not apply."`
	hideFlag
	tableFlags
	publishFlags
}

// Help shows examples under the flags.
func (c *degurbaCmd) Help() string {
	return `Cells of 1 km² are classified by people and their neighbours, up to 20 km beyond the border; municipalities by where
their people live. Rules: Eurostat and others, Applying the Degree of Urbanisation.

Examples:
  contado report degurba --territory 14 -o degurba.csv
  contado report degurba -t 14 --rules 2021 --population people-grid -o degurba.xlsx --locale it
  contado report degurba -t 14 --built built-up-share --into degurba-cells -o degurba.gpkg`
}

// Run classifies and writes the classes of the areas and the map of cells.
func (c *degurbaCmd) Run(a *app) error {
	if _, err := degurba.RulesByID(c.Rules); err != nil {
		return usagef("--rules %s: there are 2024-07, 2023 and 2021", c.Rules)
	}
	_, l, err := c.tableFlags.check()
	if err != nil {
		return err
	}
	if err := c.publishFlags.check(); err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		q := analysis.DegurbaRequest{Territory: c.Territory, Rules: c.Rules, Level: c.Level, Population: c.Population, Land: c.Land, Built: c.Built, HideBelow: c.hideBelow()}
		done := func() {}
		if c.wanted() {
			if q.Dir, done, err = in.workDir(); err != nil {
				return err
			}
		}
		defer done()
		p := a.progress()
		res, err := in.engine.Degurba(a.ctx, q, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		for _, n := range res.Notices {
			fmt.Fprintf(a.stderr, "note: %s\n", n.Text)
		}
		if err := c.publish(a, in, res.Map); err != nil {
			return err
		}
		return a.writeTable(in, &c.tableFlags, res.Table(l), res, analysis.ZonalAreas{Below: c.Territory})
	})
}

// hideFlag is the count below which people are hidden in tables.
type hideFlag struct {
	HideBelow *float64 `help:"Counts of people above 0 and below this are hidden, with as many others as it takes; 0 hides none. 3 when left out, unless their owner has published them."`
}

// hideBelow is the flag as requests have it: below 0 for none.
func (f *hideFlag) hideBelow() float64 {
	switch {
	case f.HideBelow == nil:
		return 0
	case *f.HideBelow <= 0:
		return -1
	}
	return *f.HideBelow
}

// publishFlags say what becomes of a computed raster.
type publishFlags struct {
	Into    string `help:"Dataset to make of the map: it then has tiles, statistics and a lineage."`
	Title   string `help:"Title of that dataset."`
	Replace bool   `help:"Make a new version of that dataset if it is there."`
	Tif     string `help:"Also write the map as a Cloud-Optimized GeoTIFF." type:"path" placeholder:"FILE.tif"`
}

// wanted reports whether a map is asked for.
func (f *publishFlags) wanted() bool { return f.Into != "" || f.Tif != "" }

func (f *publishFlags) check() error {
	if f.Tif == "" {
		return nil
	}
	if _, err := outFormat(strings.ToLower(f.Tif), "", "tif", "tiff"); err != nil {
		return err
	}
	return writable(f.Tif)
}

func (f *publishFlags) publish(a *app, in *installation, m *analysis.Map) error {
	if m == nil {
		return nil
	}
	as := mapFlags{Into: f.Into, Title: f.Title, Replace: f.Replace, Tif: f.Tif}
	if err := as.publish(a, in, m); err != nil {
		return err
	}
	return as.copyMap(a, m)
}
