package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/travel"
)

type reportCmd struct {
	Coverage   coverageCmd   `cmd:"" help:"Who is within reach of a service, who is not, and where."`
	Verify     verifyCmd     `cmd:"" help:"Compute a report again and compare it number by number."`
	Compare    compareCmd    `cmd:"" help:"What changed between two reports."`
	Degurba    degurbaCmd    `cmd:"" help:"The degree of urbanisation: cities, towns and rural areas."`
	Indicators indicatorsCmd `cmd:"" help:"Indicators of the Sustainable Development Goals."`
}

type coverageCmd struct {
	Territory string   `help:"Code of the territory; leading zeros count." required:"" short:"t"`
	Service   []string `help:"Dataset of the service's facilities, dataset:kind or dataset[filter]; several with commas make a study." required:"" short:"s" sep:"none"`
	Profile   []string `help:"How people move: walking, walking-elderly, straight-line, car, bicycle, bus-and-walk and others, or a profile of your own (.yaml), several with commas; when left out, walking where there is land cover, else straight-line." short:"p"`
	Within    []string `help:"Thresholds, inclusive: 15m, 1h30m, or seconds." default:"15m,30m,60m"`
	Out       []string `help:"Files to write: .json, .html, .pdf, .csv, .zip (CSV of all tables), .xlsx, .gpkg; several with commas." short:"o" placeholder:"FILE"`
	Lang      string   `help:"Language of the HTML and PDF report: ${enum}." enum:"it,en" default:"it"`
	Title     string   `help:"Title of the report."`

	Speeds     string   `help:"Speed table (CSV) to use instead of the built-in one." type:"existingfile"`
	Direction  string   `help:"Walk ${enum}." enum:"to-facility,from-facility" default:"to-facility"`
	Neighbours int      `help:"Directions of a step: ${enum}." enum:"8,16" default:"16"`
	SpeedKmh   float64  `help:"Speed of straight-line coverage, km/h." default:"5"`
	Landcover  string   `help:"Dataset to use for land cover; by role when left out."`
	Elevation  string   `help:"Dataset to use for elevation; none for flat ground."`
	Population string   `help:"Dataset to use for people."`
	Places     string   `help:"Dataset of named places for the list of gaps."`
	Roads      []string `help:"Datasets of roads; none for no roads."`
	Barriers   []string `help:"Datasets of barriers; none for no barriers."`

	Season    []string `help:"Snow and floods that close or slow the way: snow:2026-01, flood:…, snowline:1500."`
	HideBelow *float64 `help:"Counts of people above 0 and below this are hidden; 0 hides none. 3 when left out."`

	studyFlags   `group:"Studies"`
	transitFlags `group:"Public transport"`
}

// Help shows examples under the flags.
func (c *coverageCmd) Help() string {
	return `Covered + not covered + unreachable is always everyone. Without -o the headline is printed.

Examples:
  contado report coverage --territory 999 --service pharmacy -o report.html,report.json
  contado report coverage -t 999 -s pharmacy,school -p walking,car --ranges -o council.pdf,council.gpkg
  contado report coverage -t 016 -s pharmacy --profile straight-line --within 30m
  contado report coverage -t 1 -s clinic --within 2h --speeds speeds.csv --lang en -o clinic.html`
}

// Run computes the report and writes it in the formats asked for.
func (c *coverageCmd) Run(a *app) error {
	profiles, own, files, err := ownProfiles(split(c.Profile))
	if err != nil {
		return err
	}
	c.Profile = profiles
	q, err := c.request()
	if err != nil {
		return err
	}
	q.Own = own
	if c.Speeds != "" {
		f, table, err := ownSpeeds(c.Speeds)
		if err != nil {
			return err
		}
		q.Speeds, files = table, append(files, f)
	}
	for _, o := range c.Out {
		if _, err := outFormat(o, "", reportFormats...); err != nil {
			return err
		}
		if err := writable(o); err != nil {
			return err
		}
	}
	if err := a.noPDF(c.Out); err != nil {
		return err
	}
	for i, s := range q.Thresholds {
		if _, err := strconv.ParseFloat(strings.TrimSpace(c.Within[i]), 64); err == nil && s < 120 {
			fmt.Fprintf(a.stderr, "note: --within %s is %g seconds; write %sm for minutes\n", c.Within[i], s, c.Within[i])
		}
	}
	if services := split(c.Service); len(services) > 1 || len(profiles) > 1 || c.any() {
		return c.study(a, q, files, services, profiles)
	}
	asked, err := c.recipe(split(c.Service), profiles)
	if err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		p := a.progress()
		rep, sketch, err := in.engine.Coverage(a.ctx, q, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		for _, n := range rep.Notices {
			fmt.Fprintf(a.stderr, "note: %s\n", n.Text)
		}
		if rep.Recipe, err = asked.Text(); err != nil {
			return err
		}
		rep.Attached = files
		for _, o := range c.Out {
			if err := a.writeReport(o, rep, sketch, c.Lang); err != nil {
				return err
			}
		}
		printHeadline(a.stdout, rep)
		return nil
	})
}

func (c *coverageCmd) request() (analysis.CoverageRequest, error) {
	q := analysis.CoverageRequest{
		Territory: c.Territory, Service: strings.Join(c.Service, ","), Profile: strings.Join(c.Profile, ","), Title: c.Title,
		Neighbours: c.Neighbours, SpeedKmh: c.SpeedKmh,
		LandCover: c.Landcover, Elevation: c.Elevation, Population: c.Population, Places: c.Places,
		Roads: c.Roads, Barriers: c.Barriers, Season: c.Season,
	}
	if c.HideBelow != nil {
		if q.HideBelow = *c.HideBelow; q.HideBelow <= 0 {
			q.HideBelow = -1
		}
	}
	if c.SpeedKmh <= 0 {
		return q, usagef("--speed-kmh %g: want more than 0", c.SpeedKmh)
	}
	if c.Direction == "from-facility" {
		q.Direction = travel.FromFacility
	}
	var err error
	if q.Transit, err = c.window(); err != nil {
		return q, err
	}
	for _, w := range c.Within {
		s, err := seconds(w)
		if err != nil {
			return q, err
		}
		q.Thresholds = append(q.Thresholds, s)
	}
	return q, nil
}

// seconds reads "15m", "1h30m" or a number of seconds.
func seconds(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if v, err := strconv.ParseFloat(s, 64); err == nil && v > 0 {
		return v, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, usagef("threshold %q: write 15m, 1h30m, or seconds", s)
	}
	return d.Seconds(), nil
}

func (a *app) writeReport(path string, rep *coverage.Report, sketch *report.Sketch, lang string) error {
	format, err := outFormat(path, "", reportFormats...)
	if err != nil {
		return err
	}
	if slices.Contains([]string{"zip", "xlsx", "gpkg"}, format) {
		return a.writeStudy(path, report.StudyOf(rep), []*report.Sketch{sketch}, lang)
	}
	return a.write(path, func(w io.Writer) error {
		switch format {
		case "pdf":
			return report.PDF(a.ctx, w, rep, sketch, lang, nil)
		case "html":
			return report.HTML(w, rep, sketch, lang)
		case "csv":
			return report.CSV(w, rep, nil)
		}
		return report.JSON(w, rep)
	})
}

// printHeadline says the result in plain words.
func printHeadline(w io.Writer, rep *coverage.Report) {
	fmt.Fprintf(w, "%s, %s, %s: %s people\n", rep.Territory.Name, rep.Service, rep.Profile, thousands(rep.PopulationTotal))
	for _, row := range rep.Coverage {
		if row.Suppressed {
			fmt.Fprintf(w, "  within %-6s hidden, to protect a small group\n", minutes(row.ThresholdS))
			continue
		}
		share := "–"
		if row.Share != nil {
			share = fmt.Sprintf("%.1f %%", *row.Share*100)
		}
		never := thousands(row.Unreachable) + " unreachable"
		if row.Merged {
			never = "those unreachable among them"
		}
		fmt.Fprintf(w, "  within %-6s %10s covered (%s), %s not covered, %s\n",
			minutes(row.ThresholdS), thousands(row.Covered), share, thousands(row.Uncovered), never)
	}
	printRides(w, rep.Ridership)
	for i, g := range rep.Gaps {
		if i == 3 {
			break
		}
		when := "no way there"
		if g.TimeS != nil {
			when = minutes(*g.TimeS)
		}
		fmt.Fprintf(w, "  gap: %s (%s), %s people, %s\n", g.Name, g.AreaName, thousands(g.Population), when)
	}
}

func minutes(s float64) string {
	if s < 120 && s != math.Trunc(s/60)*60 {
		return strconv.FormatFloat(math.Round(s), 'f', -1, 64) + " s"
	}
	return strconv.FormatFloat(math.Round(s/6)/10, 'f', -1, 64) + " min"
}

// thousands rounds to whole people and groups digits.
func thousands(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
