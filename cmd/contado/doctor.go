package main

import (
	"errors"
	"fmt"

	"contado/ingest"
)

type doctorCmd struct {
	Clear bool `help:"Remove what killed ingests left behind."`
	Deep  bool `help:"Read every file and compare its checksum."`
	JSON  bool `help:"Print JSON." name:"json"`
}

// Help shows examples under the flags.
func (c *doctorCmd) Help() string {
	return `Leftovers are safe to clear: no version refers to them and no ingest is working on them.
Damaged files are never touched: restore them from a backup, or ingest the dataset again.

Examples:
  contado doctor
  contado doctor --clear
  contado doctor --deep`
}

var errUnhealthy = errors.New("the data folder needs attention")

// Run looks, and clears when asked to.
func (c *doctorCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		st := in.ingestStores()
		found, err := ingest.Doctor(a.ctx, st, ingest.DoctorOptions{Deep: c.Deep})
		if err != nil {
			return err
		}
		if c.JSON {
			if err := encodeJSON(a.stdout, found); err != nil {
				return err
			}
		} else {
			a.printFindings(found, c.Clear)
		}
		if c.Clear && len(found.Staging)+len(found.Orphans) > 0 {
			done, err := ingest.Clear(a.ctx, st, found)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stderr, "cleared: %s, %s\n", plural(int64(len(done.Staging)), "folder"), plural(int64(len(done.Orphans)), "file"))
			found.Staging, found.Orphans = nil, nil
		}
		if !found.Healthy() {
			return errUnhealthy
		}
		return nil
	})
}

func (a *app) printFindings(f ingest.Findings, clearing bool) {
	fmt.Fprintf(a.stdout, "%s of versions checked, %s under way\n", plural(int64(f.Checked), "file"), plural(int64(f.Live), "ingest"))
	for _, s := range f.Staging {
		fmt.Fprintf(a.stdout, "leftover: staging/%s\n", s.Name)
	}
	for _, o := range f.Orphans {
		fmt.Fprintf(a.stdout, "leftover: %s (%d bytes, no version refers to it)\n", o.Key, o.Size)
	}
	for _, d := range f.Damaged {
		fmt.Fprintf(a.stdout, "damaged: %s: %s\n", d.Key, d.Problem)
	}
	switch {
	case f.Healthy():
		fmt.Fprintln(a.stdout, "healthy")
	case len(f.Staging)+len(f.Orphans) > 0 && !clearing:
		fmt.Fprintln(a.stdout, "clear the leftovers with: contado doctor --clear")
	}
}
