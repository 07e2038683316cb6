package main

import (
	"contado/geo/fault"
	"contado/ingest/attach"
)

type detachCmd struct {
	Dataset string `arg:"" help:"Dataset id."`
	Yes     bool   `help:"Do it; without this flag the command only says what it would do." short:"y"`
}

// Help shows examples under the flags.
func (c *detachCmd) Help() string {
	return `The dataset keeps its rows as they are now and is no longer tied to the table, which stays as it is
but for the triggers that it was given.

Examples:
  contado detach strade --yes`
}

// Run makes an attached dataset one of our own.
func (c *detachCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		l, err := in.atlas.Current().Layer(a.ctx, c.Dataset)
		if err != nil {
			return err
		}
		v := l.Dataset().Version.Vector
		if v == nil || v.External == nil {
			return fault.Errorf("detach", fault.Invalid, "dataset %s is not attached to a table", c.Dataset)
		}
		if !c.Yes {
			return usagef("this would end the tie between dataset %q and table %s.%s; add --yes to do it", c.Dataset, v.External.Schema, v.External.Table)
		}
		res, err := attach.Detach(a.ctx, in.ingestStores(), in.tables, l)
		if err != nil {
			return err
		}
		a.printIngested(res)
		return nil
	})
}
