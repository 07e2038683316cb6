package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"contado/geo/rules"
)

type rulesCmd struct {
	List  rulesListCmd  `cmd:"" help:"List the tables that are part of the program."`
	Show  rulesShowCmd  `cmd:"" help:"Show the rules of a table with their sources."`
	Check rulesCheckCmd `cmd:"" help:"Check a table of your own."`
}

type rulesListCmd struct {
	JSON bool `help:"Print JSON." name:"json"`
}

// Run lists the tables.
func (c *rulesListCmd) Run(a *app) error {
	list, err := rules.Builtin()
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(a, list)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "TABLE\tVERSION\tRULES\tTITLE")
	for _, t := range list {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", t.ID, t.Version, len(t.Rules), t.Title["en"])
	}
	return w.Flush()
}

type rulesShowCmd struct {
	Table string `arg:"" help:"Id of a table, or a file."`
	Lang  string `help:"Language: ${enum}." enum:"it,en" default:"it"`
	JSON  bool   `help:"Print JSON." name:"json"`
}

// Help shows examples under the flags.
func (c *rulesShowCmd) Help() string {
	return `Examples:
  contado rules show it-standards
  contado rules show our-plan.yaml --lang en`
}

// Run shows one table.
func (c *rulesShowCmd) Run(a *app) error {
	t, err := rules.Load(c.Table)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(a, t)
	}
	fmt.Fprintf(a.stdout, "%s (%s)\n", t.Title[c.Lang], t.Name())
	for i := range t.Rules {
		r := &t.Rules[i]
		fmt.Fprintf(a.stdout, "\n%s\n  %s\n  %s\n  %s (%s, %s)\n", r.ID, r.Title[c.Lang], describeRule(r), r.Source, r.Status, r.Date)
		if note := r.Note[c.Lang]; note != "" {
			fmt.Fprintf(a.stdout, "  %s\n", note)
		}
	}
	return nil
}

// describeRule is what a rule measures, as the table says it.
func describeRule(r *rules.Rule) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	parts := []string{string(r.Measure)}
	add := func(name string, v float64, unit string) {
		if v != 0 {
			parts = append(parts, strings.TrimSpace(name+" "+number(v)+" "+unit))
		}
	}
	add("threshold", r.Threshold, r.Unit)
	add("share", r.Share, "")
	add("percentile", r.Percentile, "")
	add("for each", r.KM2, "km²")
	for _, word := range []string{string(r.Mode), r.Figure} {
		if word != "" {
			parts = append(parts, word)
		}
	}
	add("areas from", r.AppliesTo.PeopleMin, "people")
	add("areas up to", r.AppliesTo.PeopleMax, "people")
	if r.AppliesTo.Ages != "" {
		parts = append(parts, "ages "+r.AppliesTo.Ages)
	}
	if len(r.Services) > 0 {
		parts = append(parts, strings.Join(r.Services, " or "))
	}
	return strings.Join(append(parts, "per "+r.Per), ", ")
}

type rulesCheckCmd struct {
	File string `arg:"" help:"YAML file of rules." type:"existingfile"`
}

// Run reads a table and says what is wrong with it.
func (c *rulesCheckCmd) Run(a *app) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := rules.Parse(f, c.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s: %s, %s\n", c.File, t.Name(), plural(int64(len(t.Rules)), "rule"))
	return nil
}
