package main

import (
	"fmt"

	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/ingest"
)

type restoreCmd struct {
	Dataset string `arg:"" help:"Dataset id."`
	To      int    `help:"Version to go back to; contado info lists them." required:"" placeholder:"N"`
}

// Help shows examples under the flags.
func (c *restoreCmd) Help() string {
	return `The content of an earlier version becomes the next one, with the edits that it had. Nothing is
deleted: going back can be taken back.

Examples:
  contado restore stops --to 2`
}

// Run publishes the content of the earlier version again.
func (c *restoreCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		s := in.atlas.Current()
		d, err := s.Dataset(c.Dataset)
		if err != nil {
			return err
		}
		var rows *layer.Layer
		if d.Kind == catalog.Vector {
			rows, err = s.LayerAsOf(a.ctx, d.ID, atlas.AsOf{Version: c.To, Seq: atlas.LastSeq})
			if err != nil && !fault.Is(err, fault.Invalid) { // which it is when that version had no rows
				return err
			}
		}
		res, err := ingest.Restore(a.ctx, in.ingestStores(), d.ID, c.To, rows)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "version %d has the content of version %d again\n", res.Dataset.Version.Number, c.To)
		a.printIngested(res)
		return nil
	})
}
