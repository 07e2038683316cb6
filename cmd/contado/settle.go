package main

import (
	"fmt"

	"contado/geo/fault"
	"contado/ingest"
)

type settleCmd struct {
	Dataset string `arg:"" help:"Dataset id."`
}

// Help shows examples under the flags.
func (c *settleCmd) Help() string {
	return `What was edited through the API becomes a version of its own, with a new GeoPackage. Older states and
who changed what stay readable. Needed before rows are appended to an edited dataset.

Examples:
  contado settle stops`
}

// Run publishes the rows as they are now.
func (c *settleCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		l, err := in.atlas.Current().Layer(a.ctx, c.Dataset)
		if err != nil {
			return err
		}
		if l.Head() == 0 {
			fmt.Fprintf(a.stdout, "%s has no edits\n", c.Dataset)
			return nil
		}
		old := l.Dataset().Version.Number
		res, err := ingest.Settle(a.ctx, in.ingestStores(), l)
		if err != nil {
			return err
		}
		if err := in.atlas.Refresh(a.ctx); err != nil {
			return err
		}
		lost, err := in.atlas.CarryOver(a.ctx, c.Dataset, old, l.Head())
		if err != nil {
			return err
		}
		for _, change := range lost {
			fmt.Fprintf(a.stderr, "warning: change %d of row %d came while the version was made and lost to a newer one\n", change.Seq, change.Feature)
		}
		a.printIngested(res)
		return nil
	})
}

// unedited refuses to build a version upon one whose edits it would not have.
func (in *installation) unedited(a *app, id string) error {
	heads, err := in.journal.Heads(a.ctx)
	if err != nil {
		return err
	}
	if n := heads[id]; n > 0 {
		return fault.WithHint(fault.Errorf("ingest", fault.Conflict, "dataset %s has %s that an appended version would not have", id, plural(n, "edit")),
			"make them part of it first: contado settle "+id)
	}
	return nil
}
