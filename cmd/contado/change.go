package main

import (
	"contado/geo/analysis"
)

type changeCmd struct {
	BurnedArea burnedCmd     `cmd:"" help:"Burn severity between two times (dNBR)."`
	Extent     extentCmd     `cmd:"" help:"Where water, floods, snow or buildings are, or came and went."`
	LandCover  landCoverCmd  `cmd:"" help:"Hectares from each class to each other between two maps."`
	Difference differenceCmd `cmd:"" help:"How much a value or index changed between two times."`
}

type twoTimes struct {
	Before string `help:"Time of the pictures before: a day, a month, a year, or two of them with / between." required:"" placeholder:"TIME"`
	After  string `help:"Time of the pictures after." required:"" placeholder:"TIME"`
}

// pictures are those of the two times.
func (t *twoTimes) pictures(f *picturesFlags, value string) (before, after analysis.Pictures, err error) {
	if before, err = f.at(t.Before, value); err != nil {
		return before, after, err
	}
	after, err = f.at(t.After, value)
	return before, after, err
}

type burnedCmd struct {
	picturesFlags
	twoTimes
	mapFlags
}

// Help shows examples under the flags.
func (c *burnedCmd) Help() string {
	return `Severity is dNBR, the fall of the normalised burn ratio, in the classes of Key and Benson (2006).
Take pictures of the same season before and soon after the fire.

Examples:
  contado change burned-area -d sentinel-2 --before 2024-06 --after 2024-08 --mask clouds --areas municipalities -o burned.xlsx
  contado change burned-area -d sentinel-2 --before 2024-07-01 --after 2024-07-21 --into burned-2024`
}

// Run makes the map.
func (c *burnedCmd) Run(a *app) error {
	before, after, err := c.pictures(&c.picturesFlags, "")
	if err != nil {
		return err
	}
	return c.make(a, func(in *installation, w analysis.MapWhere, p analysis.Progress) (*analysis.Map, error) {
		return in.engine.Difference(a.ctx, analysis.DifferenceRequest{MapWhere: w, Before: before, After: after, Burned: true}, p)
	})
}

type differenceCmd struct {
	picturesFlags
	Value string `help:"What to compare: an index (ndvi), a band, or an expression of bands." required:"" short:"v"`
	twoTimes
	mapFlags
}

// Help shows examples under the flags.
func (c *differenceCmd) Help() string {
	return `Example:
  contado change difference -d sentinel-2 --value ndvi --before 2023-07 --after 2024-07 --select median --mask clouds --into ndvi-change`
}

// Run makes the map.
func (c *differenceCmd) Run(a *app) error {
	before, after, err := c.pictures(&c.picturesFlags, c.Value)
	if err != nil {
		return err
	}
	return c.make(a, func(in *installation, w analysis.MapWhere, p analysis.Progress) (*analysis.Map, error) {
		return in.engine.Difference(a.ctx, analysis.DifferenceRequest{MapWhere: w, Before: before, After: after}, p)
	})
}

type landCoverCmd struct {
	From     string `help:"Dataset of classes before." required:""`
	To       string `help:"Dataset of classes after; the same when left out."`
	FromTime string `help:"Time of the map before." placeholder:"TIME"`
	ToTime   string `help:"Time of the map after." placeholder:"TIME"`
	Band     string `help:"Band of the classes; the first when left out."`
	mapFlags
}

// Help shows examples under the flags.
func (c *landCoverCmd) Help() string {
	return `Examples:
  contado change land-cover --from corine-2012 --to corine-2018 --areas municipalities -o change.xlsx
  contado change land-cover --from landcover --from-time 2015 --to-time 2024 --into land-change`
}

// Run makes the map.
func (c *landCoverCmd) Run(a *app) error {
	if c.To == "" {
		c.To = c.From
	}
	if c.From == c.To && (c.FromTime == "" || c.ToTime == "") {
		return usagef("say two datasets with --from and --to, or two times of one with --from-time and --to-time")
	}
	q := analysis.TransitionRequest{From: analysis.Pictures{Dataset: c.From, Value: c.Band}, To: analysis.Pictures{Dataset: c.To, Value: c.Band}}
	var err error
	if q.From.From, q.From.To, err = analysis.Interval(c.FromTime); err != nil {
		return err
	}
	if q.To.From, q.To.To, err = analysis.Interval(c.ToTime); err != nil {
		return err
	}
	return c.make(a, func(in *installation, w analysis.MapWhere, p analysis.Progress) (*analysis.Map, error) {
		q.MapWhere = w
		return in.engine.Transitions(a.ctx, q, p)
	})
}
