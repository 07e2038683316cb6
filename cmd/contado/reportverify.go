package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"contado/geo/coverage"
	"contado/geo/coverage/compare"
	"contado/geo/coverage/report"
	"contado/geo/coverage/verify"
	"contado/geo/recipe"
	"contado/geo/table"
)

type verifyCmd struct {
	File string `arg:"" help:"Report as JSON."`
	JSON bool   `help:"Print the verdict as JSON." name:"json"`
}

// Help shows examples under the flags.
func (c *verifyCmd) Help() string {
	return `Computes the report again from what it says of its inputs and settings, and compares number
by number. Exit code 0: every number is the same. 1: some are not, or inputs are no longer there.

Examples:
  contado report verify council.json`
}

var errNotSame = errors.New("the report could not be confirmed")

// Run computes again and compares.
func (c *verifyCmd) Run(a *app) error {
	kept, err := readReport(c.File)
	if err != nil {
		return err
	}
	q, err := recipe.Ask(kept)
	if err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		now := in.atlas.Current()
		v := &verify.Verdict{Outcome: verify.Changed, Differences: []verify.Difference{}}
		v.Gone = verify.Inputs(kept, func(id string) (string, string, bool) {
			d, err := now.Dataset(id)
			if err != nil {
				return "", "", false
			}
			return now.Stamp(id), d.Version.SHA256, true
		})
		if len(v.Gone) == 0 {
			p := a.progress()
			st, _, err := q.Run(a.ctx, in.engine, p.Share)
			p.Done()
			if err != nil {
				return err
			}
			if v, err = verify.Compare(kept, st); err != nil {
				return err
			}
		}
		if c.JSON {
			err = encodeJSON(a.stdout, v)
		} else {
			printVerdict(a.stdout, v)
		}
		if err == nil && v.Outcome != verify.Same {
			err = errNotSame
		}
		return err
	})
}

func readReport(path string) (*coverage.Study, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := report.ReadStudy(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return st, nil
}

func printVerdict(w io.Writer, v *verify.Verdict) {
	switch v.Outcome {
	case verify.Same:
		fmt.Fprintf(w, "SAME: all %d numbers are as in the report\n", v.Numbers)
	case verify.Different:
		fmt.Fprintf(w, "DIFFERENT: %d of %d numbers and texts are not as in the report, from the same inputs\n", len(v.Differences)+v.Omitted, v.Numbers)
	default:
		fmt.Fprintln(w, "INPUTS CHANGED: the report cannot be computed again")
	}
	for _, g := range v.Gone {
		fmt.Fprintf(w, "  %s\n", g.Why)
	}
	for i, d := range v.Differences {
		if i == 20 {
			fmt.Fprintf(w, "  … %d more; --json has up to %d\n", len(v.Differences)+v.Omitted-i, verify.MaxDifferences)
			break
		}
		fmt.Fprintf(w, "  %s: %s in the report, %s now\n", d.Path, d.Kept, d.Again)
	}
	if v.Program != "" {
		fmt.Fprintf(w, "  the report was computed by %s, this is %s\n", v.Program, program())
	}
}

type compareCmd struct {
	A    string   `arg:"" help:"Earlier report, as JSON."`
	B    string   `arg:"" help:"Later report, as JSON."`
	Out  []string `help:"Files to write: .html, .pdf, .csv, .json; several with commas." short:"o" placeholder:"FILE"`
	Lang string   `help:"Language of the words, of HTML and PDF: ${enum}." enum:"it,en" default:"it"`
}

// Help shows examples under the flags.
func (c *compareCmd) Help() string {
	return `Says what changed: shares, people, who gained and who lost, where one more point would help most, and which inputs and settings are others.

Examples:
  contado report compare 2025.json 2026.json -o change.html,change.pdf`
}

// Run compares and writes.
func (c *compareCmd) Run(a *app) error {
	for _, o := range c.Out {
		if _, err := outFormat(o, "", "html", "pdf", "csv", "json"); err != nil {
			return err
		}
		if err := writable(o); err != nil {
			return err
		}
	}
	if err := a.noPDF(c.Out); err != nil {
		return err
	}
	x, err := readReport(c.A)
	if err != nil {
		return err
	}
	y, err := readReport(c.B)
	if err != nil {
		return err
	}
	d, err := compare.Studies(x, y)
	if err != nil {
		return err
	}
	for _, o := range c.Out {
		format, err := outFormat(o, "", "html", "pdf", "csv", "json")
		if err != nil {
			return err
		}
		err = a.write(o, func(w io.Writer) error {
			switch format {
			case "html":
				return report.CompareHTML(w, d, c.Lang)
			case "pdf":
				return report.ComparePDF(a.ctx, w, d, c.Lang, nil)
			case "csv":
				return report.CompareCSV(w, d, table.Plain)
			}
			return report.CompareJSON(w, d)
		})
		if err != nil {
			return err
		}
	}
	return report.CompareText(a.stdout, d, c.Lang)
}
