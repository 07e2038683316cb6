package main

import (
	"fmt"
	"slices"

	"contado/geo/analysis"
	"contado/geo/demand"
)

type populationCmd struct {
	Spread spreadCmd `cmd:"" help:"A grid of people from census sections, over built-up land or buildings."`
}

type spreadCmd struct {
	Sections  string  `help:"Dataset of census sections: polygons with people (POP21, P1, or the field named at ingest) and ages." required:"" short:"s"`
	Ground    string  `help:"Raster dataset of land cover or built-up land, by classes or by shares."`
	Inhabited []int   `help:"Classes of the ground that people live on; by their names, or by the legends that are known, when left out."`
	Buildings string  `help:"Dataset of buildings: people follow the floor space of dwellings."`
	Method    string  `help:"area-weighted, binary, class-density or proportional; the one with the least error on sections held out when left out." placeholder:"METHOD"`
	Cell      float64 `help:"Side of the grid's cells in metres; those of the ground, else 100, when left out."`
	Whole     bool    `help:"No fractions of people: each cell has whole ones."`
	Group     int     `help:"How many neighbouring sections are merged to one to measure the error." default:"4"`
	BBox      string  `help:"Only sections in this box of longitudes and latitudes: west,south,east,north." name:"bbox" placeholder:"W,S,E,N"`
	tableFlags
	publishFlags
}

// Help shows examples under the flags.
func (c *spreadCmd) Help() string {
	return `Each section's people, and each age band's, are in its cells to the last one. The table has the error of each method,
measured on sections that it was not told: several neighbours are merged to one, spread, and compared.

Examples:
  contado population spread --sections census --ground landcover --into people-grid
  contado population spread -s census --ground built-up --inhabited 1 --cell 100 --into people-grid -o errors.csv
  contado population spread -s census --buildings buildings --whole --tif people.tif`
}

// Run spreads the people, publishes the grid and writes the errors.
func (c *spreadCmd) Run(a *app) error {
	format, l, err := c.tableFlags.check()
	if err != nil {
		return err
	}
	if format == "gpkg" {
		return usagef("the table has no areas: write .csv, .xlsx or .json")
	}
	if err := c.publishFlags.check(); err != nil {
		return err
	}
	if c.Method != "" && !slices.Contains(demand.Methods, demand.Method(c.Method)) {
		return usagef("--method %s: there are %v", c.Method, demand.Methods)
	}
	if c.Group < 2 {
		return usagef("--group %d: want 2 or more", c.Group)
	}
	q := analysis.SpreadRequest{
		Sections: c.Sections, Ground: c.Ground, Inhabited: c.Inhabited, Buildings: c.Buildings,
		Method: demand.Method(c.Method), Cell: c.Cell, Whole: c.Whole, Group: c.Group,
	}
	if q.BBox, err = parseBox(c.BBox); err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		var done func()
		if q.Dir, done, err = in.workDir(); err != nil {
			return err
		}
		defer done()
		p := a.progress()
		m, err := in.engine.SpreadPeople(a.ctx, q, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		for _, n := range m.Notices {
			fmt.Fprintf(a.stderr, "note: %s\n", n.Text)
		}
		rep, ok := m.Details.(*analysis.SpreadReport)
		if !ok {
			return fmt.Errorf("a spread of people without its report")
		}
		fmt.Fprintf(a.stderr, "%s people of %d sections, method %s\n", thousands(rep.People), rep.Sections, rep.Method)
		if err := c.publish(a, in, m); err != nil {
			return err
		}
		return a.writeTable(in, &c.tableFlags, rep.Table(l, m), m, analysis.ZonalAreas{})
	})
}
