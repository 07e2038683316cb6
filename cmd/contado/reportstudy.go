package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/recipe"
	"contado/geo/siting"
	"contado/geo/table"
)

// reportFormats are the endings of the files of a report.
var reportFormats = []string{"json", "html", "pdf", "csv", "zip", "xlsx", "gpkg"}

// studyFlags ask for more than the shares.
type studyFlags struct {
	Ranges   bool               `help:"Compute how far the shares move with the assumptions: speeds, walkers, population."`
	Hamlets  bool               `help:"Count people also by hamlet: by the named place nearest to them."`
	Nearest  int                `help:"Count also who reaches the second, third, … up to so many facilities." placeholder:"K"`
	Access   []string           `help:"Measures of supply against demand: cumulative, gravity, 2sfca, e2sfca, 3sfca, raam."`
	Capacity string             `help:"Assign people to facilities of limited capacity within this time." placeholder:"TIME"`
	Field    string             `help:"Attribute of the facilities with their capacity." name:"capacity-field"`
	OpenAt   string             `help:"Count only facilities open then: \"wednesday 10:30\"." placeholder:"WHEN"`
	Register map[string]int     `help:"Facilities in an official register, to be compared: pharmacy=12." name:"registered" placeholder:"SERVICE=N"`
	Rules    []string           `help:"Tables of standards to judge by: it-standards, or files (see contado rules)." placeholder:"TABLE"`
	Figures  map[string]float64 `help:"Numbers that rules ask for and no map tells: home_care_people=120." name:"figure" placeholder:"NAME=N"`
	Siting   int                `help:"Say where so many further points of each service would help most." placeholder:"N"`
	Sited    []string           `help:"Services whose further points are looked for; all when left out." name:"siting-service" sep:"none" placeholder:"SERVICE"`
	Near     string             `help:"Time within which a further point counts as near; the largest of --within when left out." name:"siting-within" placeholder:"TIME"`
	Tried    string             `help:"Places to try for further points: settlements, roads, people, or a dataset; settlements where they are known, else people, when left out." name:"siting-candidates" placeholder:"PLACES"`
	Aim      string             `help:"What further points are for: people newly within the time (cover), or person-hours saved (time)." name:"siting-objective" enum:"cover,time" default:"cover"`
	Degurba  bool               `help:"Add the degree of urbanisation of the areas, and the shares by it."`
	Poles    string             `help:"Service of the poles of the strategy for inner areas: classes of municipalities and hamlets." placeholder:"SERVICE"`
}

func (f *studyFlags) any() bool {
	return f.Ranges || f.Hamlets || f.Degurba || f.Nearest > 1 || len(f.Access) > 0 || f.Capacity != "" || f.OpenAt != "" || len(f.Register) > 0 || len(f.Rules) > 0 || f.Poles != "" || f.sited()
}

// sited reports whether points are asked for.
func (f *studyFlags) sited() bool {
	return f.Siting != 0 || len(f.Sited) > 0 || f.Near != "" || f.Tried != "" || f.Aim == string(siting.Time)
}

// siting is the question for points; nil for none.
func (f *studyFlags) siting() (*recipe.Siting, error) {
	if !f.sited() {
		return nil, nil //nolint:nilnil // nothing is asked
	}
	s := &recipe.Siting{Services: split(f.Sited), Points: f.Siting, Candidates: f.Tried}
	if f.Aim != string(siting.Cover) {
		s.Objective = f.Aim
	}
	if f.Siting < 0 {
		return nil, usagef("--siting %d: want 1 or more", f.Siting)
	}
	if f.Near != "" {
		t, err := recipe.ParseTime(f.Near)
		if err != nil {
			return nil, usagef("--siting-within: %v", err)
		}
		s.Within = t
	}
	return s, nil
}

// split takes services and profiles with commas between, but not within
// brackets, where filters have their own.
func split(list []string) []string {
	var out []string
	for _, text := range list {
		depth, from := 0, 0
		for i, c := range text {
			switch {
			case c == '[' || c == '(':
				depth++
			case c == ']' || c == ')':
				depth--
			case c == ',' && depth == 0:
				out, from = append(out, strings.TrimSpace(text[from:i])), i+1
			}
		}
		out = append(out, strings.TrimSpace(text[from:]))
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// recipe is the text that asks the same question as the flags.
func (c *coverageCmd) recipe(services, profiles []string) (*recipe.Recipe, error) {
	r := &recipe.Recipe{
		Recipe: recipe.Format, Name: "report", Title: c.Title, Territories: []string{c.Territory}, Services: services, Profiles: profiles,
		Ranges: c.Ranges, Hamlets: c.Hamlets, Degurba: c.Degurba, Nearest: c.Nearest, Access: c.Access, OpenAt: c.OpenAt, Register: c.Register, Season: c.Season, Rules: c.Rules, Figures: c.Figures, Poles: c.Poles,
		People: recipe.People{Dataset: c.Population, HideBelow: c.HideBelow},
		Ground: recipe.Ground{LandCover: c.Landcover, Elevation: c.Elevation, Places: c.Places, Roads: c.Roads, Barriers: c.Barriers},
		Transit: recipe.Transit{
			Timetable: c.Timetable, Date: c.Date, MaxRides: c.MaxRides, Wheelchair: c.Wheelchair, OnDemand: c.OnDemand,
		},
	}
	if c.Departing != "07:00-09:00" {
		r.Transit.Departing = c.Departing
	}
	if c.Percentile != analysis.DefaultTransitPercentile {
		r.Transit.Percentile = &c.Percentile
	}
	if c.Direction == "from-facility" {
		r.Ground.Direction = c.Direction
	}
	if c.Neighbours != 16 {
		r.Ground.Neighbours = c.Neighbours
	}
	if c.SpeedKmh != 5 {
		r.Ground.SpeedKmh = c.SpeedKmh
	}
	for _, w := range c.Within {
		t, err := recipe.ParseTime(w)
		if err != nil {
			return nil, usagef("%v", err)
		}
		r.Thresholds = append(r.Thresholds, t)
	}
	slices.Sort(r.Thresholds)
	r.Thresholds = slices.Compact(r.Thresholds)
	if c.Capacity != "" {
		t, err := recipe.ParseTime(c.Capacity)
		if err != nil {
			return nil, usagef("--capacity: %v", err)
		}
		r.Capacity = &recipe.Capacity{Within: t, Field: c.Field}
	}
	var err error
	if r.Siting, err = c.siting(); err != nil {
		return nil, err
	}
	if err := r.Check(); err != nil {
		return nil, usagef("%v", err)
	}
	return r, nil
}

// study computes a report on several services or ways of moving.
func (c *coverageCmd) study(a *app, q analysis.CoverageRequest, files []coverage.Attachment, services, profiles []string) error {
	r, err := c.recipe(services, profiles)
	if err != nil {
		return err
	}
	s, err := r.Request(c.Territory)
	if err != nil {
		return usagef("%v", err)
	}
	s.Own, s.Speeds = q.Own, q.Speeds
	if s.Recipe, err = r.Text(); err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		p := a.progress()
		st, sketches, err := in.engine.Study(a.ctx, s, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		st.Attached = files
		for _, n := range st.Notices {
			fmt.Fprintf(a.stderr, "note: %s\n", n.Text)
		}
		for _, o := range c.Out {
			if err := a.writeStudy(o, st, sketches, c.Lang); err != nil {
				return err
			}
		}
		printStudy(a.stdout, st)
		return nil
	})
}

// writeStudy writes one file of a study in the format of its name.
func (a *app) writeStudy(path string, st *coverage.Study, sketches []*report.Sketch, lang string) error {
	format, err := outFormat(path, "", reportFormats...)
	if err != nil {
		return err
	}
	if format == "gpkg" {
		return a.studyGeoPackage(path, st, sketches)
	}
	return a.write(path, func(w io.Writer) error {
		switch format {
		case "html":
			return report.StudyHTML(w, st, sketches, lang)
		case "pdf":
			return report.StudyPDF(a.ctx, w, st, sketches, lang, nil)
		case "csv":
			return report.StudyCSV(w, st, "coverage", table.Plain)
		case "zip":
			return report.StudyZip(w, st, table.Plain)
		case "xlsx":
			return report.StudyXLSX(w, st, table.Locale(lang))
		}
		return report.StudyJSON(w, st)
	})
}

// printStudy says the result in plain words: a line a service, way of moving
// and threshold.
func printStudy(w io.Writer, st *coverage.Study) {
	fmt.Fprintf(w, "%s: %s people\n", st.Territory.Name, thousands(st.PopulationTotal))
	for _, r := range st.Sections {
		fmt.Fprintf(w, "  %-24s %-16s", cut(cmp.Or(r.Service, "–"), 24), r.Profile)
		for _, row := range r.Coverage {
			share := "–"
			switch {
			case row.Suppressed:
				share = "hidden"
			case row.Share != nil:
				share = fmt.Sprintf("%.1f %%", *row.Share*100)
			}
			fmt.Fprintf(w, "  %s: %s", minutes(row.ThresholdS), share)
		}
		fmt.Fprintln(w)
	}
	for i := range st.Isolation {
		x := &st.Isolation[i]
		if i+1 < len(st.Isolation) && st.Isolation[i+1].Profile == x.Profile || x.Suppressed {
			continue
		}
		all := 0.0
		for _, p := range x.People {
			all += p
		}
		most := "all"
		if x.MergedFrom > 0 {
			most = fmt.Sprintf("%d or more", x.MergedFrom)
		}
		fmt.Fprintf(w, "  %s, %s: %s people lack at least one of %d services, %s lack %s\n", x.Profile, minutes(x.ThresholdS),
			thousands(all-x.People[0]), len(x.Services), thousands(x.People[len(x.People)-1]), most)
	}
	for i := range st.Siting {
		printSited(w, &st.Siting[i])
	}
	met, unmet := 0, 0
	for _, r := range st.Rules {
		if r.Met != nil && *r.Met {
			met++
		} else if r.Met != nil {
			unmet++
		}
	}
	if met+unmet > 0 {
		fmt.Fprintf(w, "  rules: %d met, %d not met, %d cannot be judged\n", met, unmet, len(st.Rules)-met-unmet)
	}
	for _, c := range st.Checks {
		if c.Severity == coverage.SeverityError {
			fmt.Fprintf(w, "  data: %s %s: %s\n", c.Dataset, c.Name, c.Text["en"])
		}
	}
}

// printSited says where further points of a service would help most.
func printSited(w io.Writer, s *coverage.Siting) {
	fmt.Fprintf(w, "  further points, %s, %s:", cmp.Or(s.Service, "–"), s.Profile)
	if len(s.Chosen) == 0 {
		fmt.Fprintf(w, " none of %d candidates (%s) adds anything\n", s.Candidates.Count, s.Candidates.Kind)
		return
	}
	fmt.Fprintln(w)
	for i, p := range s.Chosen {
		fmt.Fprintf(w, "    %d. %s\n", i+1, sitedLine(&p, s.ThresholdS))
	}
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// noPDF refuses PDF files before the work when they cannot be made, and says
// when they will not be what the law asks of public bodies.
func (a *app) noPDF(paths []string) error {
	for _, p := range paths {
		if strings.HasSuffix(strings.ToLower(p), ".pdf") {
			kind, err := report.PDFKind(a.ctx, nil)
			if err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
			if kind != report.KindUA {
				fmt.Fprintf(a.stderr, "note: this WeasyPrint makes tagged PDF, not PDF/UA; scripts/setup --run installs version %d, which does\n", report.UASince)
			}
			return nil
		}
	}
	return nil
}

// studyGeoPackage writes beside the place of the file, and then over it.
func (a *app) studyGeoPackage(path string, st *coverage.Study, sketches []*report.Sketch) error {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".contado-report-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tmp := filepath.Join(dir, filepath.Base(path))
	if err := analysis.StudyGeoPackage(a.ctx, tmp, st, sketches); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "wrote %s\n", path)
	return nil
}
