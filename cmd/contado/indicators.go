package main

import (
	"fmt"

	"contado/geo/analysis"
)

type indicatorsCmd struct {
	Territory   string   `help:"Code of the territory; leading zeros count." required:"" short:"t"`
	Only        []string `help:"Only these: sdg-9.1.1, sdg-11.2.1, sdg-11.3.1, sdg-11.7.1."`
	Population  string   `help:"Dataset of people: a grid or census sections; by role when left out."`
	Land        string   `help:"Dataset that tells land from water, for the degree of urbanisation that tells rural cells; none for all land."`
	Rules       string   `help:"Edition of the degree of urbanisation: 2024-07, 2023 or 2021." default:"2024-07"`
	Roads       []string `help:"Datasets of roads; by role when left out."`
	RoadClasses []string `help:"9.1.1: classes of roads that are open in all seasons; built roads without tracks and paths when left out."`
	Stops       string   `help:"11.2.1: dataset of stops of buses and trams (500 m on foot)."`
	Stations    string   `help:"11.2.1: dataset of stations of trains, metros and ferries (1 km on foot)."`
	BuiltFrom   string   `help:"11.3.1: dataset of built-up land at the first time, DATASET or DATASET@TIME."`
	BuiltTo     string   `help:"11.3.1 and 11.7.1: the same at the second time."`
	PeopleFrom  string   `help:"11.3.1: dataset of people at the first time."`
	Years       float64  `help:"11.3.1: years between the two times." default:"10"`
	OpenSpaces  string   `help:"11.7.1: dataset of open spaces that all may use; of land use from OpenStreetMap parks, gardens and the like are taken."`
	hideFlag
	tableFlags
}

// Help shows examples under the flags.
func (c *indicatorsCmd) Help() string {
	return `Indicators of the Sustainable Development Goals: 9.1.1 rural access to roads, 11.2.1 public transport, 11.3.1 land
consumption with built-up land per person beside it, 11.7.1 open space. What data are lacking for has no value, and says why.

Examples:
  contado report indicators --territory 14 -o indicators.csv
  contado report indicators -t 14 --stops bus-stops --stations stations --open-spaces landuse -o indicators.json
  contado report indicators -t 14 --only sdg-11.3.1 --built-from built@2015 --built-to built@2025 --people-from people-2015 --years 10`
}

// Run computes and writes the indicators.
func (c *indicatorsCmd) Run(a *app) error {
	format, l, err := c.check()
	if err != nil {
		return err
	}
	if format == "gpkg" {
		return usagef("indicators have no outlines: write .csv, .xlsx or .json")
	}
	if !(c.Years > 0) {
		return usagef("--years %g: want more than 0", c.Years)
	}
	return a.with(func(in *installation) error {
		p := a.progress()
		res, err := in.engine.Indicators(a.ctx, analysis.IndicatorsRequest{
			Territory: c.Territory, Population: c.Population, Land: c.Land, Rules: c.Rules, Roads: c.Roads, RoadClasses: c.RoadClasses,
			Stops: c.Stops, Stations: c.Stations, BuiltFrom: c.BuiltFrom, BuiltTo: c.BuiltTo, PeopleFrom: c.PeopleFrom, Years: c.Years,
			OpenSpaces: c.OpenSpaces, Only: c.Only, HideBelow: c.hideBelow(),
		}, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		for _, n := range res.Notices {
			fmt.Fprintf(a.stderr, "note: %s\n", n.Text)
		}
		return a.writeTable(in, &c.tableFlags, res.Table(l), res, analysis.ZonalAreas{})
	})
}
