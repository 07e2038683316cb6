package main

import (
	"fmt"
	"io"
	"strings"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/siting"
	"contado/geo/table"
	"contado/geo/travel"
)

type sitingCmd struct {
	Territory  string   `help:"Code of the territory; leading zeros count." required:"" short:"t"`
	Service    string   `help:"The service as it is: dataset, dataset:kind or dataset[filter]; left out for one that does not exist yet." short:"s"`
	Within     string   `help:"Time within which a facility counts as near, inclusive: 15m, 1h30m, or seconds." default:"30m"`
	Most       string   `help:"Longest time that counts; who is farther counts as so far. Twice --within when left out."`
	Points     int      `help:"How many points to find." default:"1" short:"n"`
	Objective  string   `help:"What is to be largest: people newly within the time (cover), or person-hours saved (time)." enum:"cover,time" default:"cover"`
	Candidates string   `help:"Places to try: settlements, roads, people, or a dataset of places (as --service). Settlements where they are known, else people, when left out."`
	At         []string `help:"Places of your own to try, lon,lat or name=lon,lat (repeat the flag)." sep:"none" placeholder:"PLACE"`
	Spacing    float64  `help:"One candidate in a square of so many metres, for roads and people; 500, or more to keep them few, when left out."`
	Population string   `help:"Dataset to use for people."`
	Places     string   `help:"Dataset of named places."`
	Direction  string   `help:"Which way people go: ${enum}." enum:"to-facility,from-facility" default:"to-facility"`
	HideBelow  *float64 `help:"Least number of people that a figure may be about; 0 for exact figures, which are not for publication. 3 when left out."`
	travellerFlags
	Out    string `help:"File to write: .csv, .xlsx, .gpkg (points) or .json; the answer is printed when left out." short:"o" type:"path"`
	Locale string `help:"Numbers and dates in CSV and spreadsheets: plain (for programs), en, or it." enum:"plain,en,it" default:"plain"`
}

// Help shows examples under the flags.
func (c *sitingCmd) Help() string {
	return `Where would one more service point, or several, help most? Every candidate is tried. One point, and few points among
few candidates, are the best there are; else the answer says what share of the best choice it reaches at least.

Examples:
  contado siting -t 999 -s pharmacy
  contado siting -t 999 -s pharmacy --candidates roads --spacing 250 -n 3 -o points.gpkg
  contado siting -t 016 -s osm-services:doctors -p car --within 15m --objective time
  contado siting -t 999 --within 20m --at "town hall=9.52,47.14" --at "school=9.54,47.16"`
}

// Run finds the points.
func (c *sitingCmd) Run(a *app) error {
	q, err := c.request()
	if err != nil {
		return err
	}
	l, err := table.ParseLocale(c.Locale)
	if err != nil {
		return err
	}
	format := ""
	if c.Out != "" {
		if format, err = outFormat(c.Out, "", "csv", "xlsx", "gpkg", "json"); err != nil {
			return err
		}
		if err := writable(c.Out); err != nil {
			return err
		}
	}
	return a.with(func(in *installation) error {
		p := a.progress()
		res, err := in.engine.Siting(a.ctx, q, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		for _, n := range res.Notices {
			fmt.Fprintf(a.stderr, "note: %s\n", n.Text)
		}
		switch format {
		case "json":
			err = a.write(c.Out, func(w io.Writer) error { return encodeJSON(w, res) })
		case "xlsx":
			err = a.write(c.Out, func(w io.Writer) error { return res.Table(l).XLSX(w, l) })
		case "csv":
			err = a.write(c.Out, func(w io.Writer) error { return res.Table(l).CSV(w, l) })
		case "gpkg":
			err = a.writePlaces(c.Out, "points", res.Table(l), res.Outlines())
		}
		if err != nil {
			return err
		}
		printSiting(a.stdout, res)
		return nil
	})
}

func (c *sitingCmd) request() (analysis.SitingRequest, error) {
	t, err := c.travellerFlags.request()
	if err != nil {
		return analysis.SitingRequest{}, err
	}
	q := analysis.SitingRequest{
		CoverageRequest: analysis.CoverageRequest{
			Territory: c.Territory, Service: c.Service, Profile: t.Profile, Own: t.Own, Speeds: t.Speeds, Neighbours: t.Neighbours, SpeedKmh: t.SpeedKmh,
			LandCover: t.LandCover, Elevation: t.Elevation, Population: c.Population, Places: c.Places, Roads: t.Roads, Barriers: t.Barriers,
			Season: t.Season, Transit: t.Transit,
		},
		Objective: siting.Objective(c.Objective), Points: c.Points, Candidates: c.Candidates, SpacingM: c.Spacing,
	}
	within, err := seconds(c.Within)
	if err != nil {
		return q, err
	}
	q.Thresholds = []float64{within}
	if c.Most != "" {
		if q.Most, err = seconds(c.Most); err != nil {
			return q, err
		}
	}
	if c.Direction == "from-facility" {
		q.Direction = travel.FromFacility
	}
	if c.HideBelow != nil {
		if q.HideBelow = *c.HideBelow; q.HideBelow <= 0 {
			q.HideBelow = -1
		}
	}
	if len(c.At) > 0 {
		if c.Candidates != "" {
			return q, usagef("say --candidates or --at, not both")
		}
		service, places, err := placesOf("at", c.At)
		if err != nil {
			return q, err
		}
		if service != "" {
			return q, usagef("--at %q: want lon,lat or name=lon,lat; datasets are --candidates", service)
		}
		q.Places = places
	}
	return q, nil
}

// printSiting prints the points, and how good they are.
func printSiting(w io.Writer, s *analysis.SitingResult) {
	fmt.Fprintln(w, s.Sentence())
	now := 0.0
	if s.Population > 0 {
		now = s.Covered / s.Population
	}
	fmt.Fprintf(w, "  now: %s of %s people within %s\n", percentOf(&now), thousands(s.Population), minutes(s.ThresholdS))
	for i, p := range s.Chosen {
		fmt.Fprintf(w, "  %d. %s\n", i+1, sitedLine(&p, s.ThresholdS))
	}
	switch {
	case s.Exact:
		fmt.Fprintf(w, "  no other choice of %d among the %d candidates (%s) does more\n", len(s.Chosen), s.Candidates.Count, s.Candidates.Kind)
	default:
		fmt.Fprintf(w, "  at least %.0f %% of what the best choice among the %d candidates (%s) does\n", s.ShareOfBest*100, s.Candidates.Count, s.Candidates.Kind)
	}
}

// sitedLine says what a point does.
func sitedLine(p *coverage.SitedPoint, within float64) string {
	where := []string{p.Name}
	if p.AreaName != "" && p.AreaName != p.Name {
		where = append(where, p.AreaName)
	}
	return fmt.Sprintf("%s (%.5f, %.5f): %s people newly within %s, %s person-hours saved; then %s",
		strings.Join(where, ", "), p.Lon, p.Lat, thousands(p.NewlyWithin), minutes(within), thousands(p.HoursSaved), percentOf(p.CoveredAfter))
}

func percentOf(p *float64) string {
	if p == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", *p*100)
}
