package main

import (
	"contado/geo/analysis"
)

type extentCmd struct {
	Subject string `arg:"" help:"What to look for: water, radar-water, snow, built-up or vegetation." enum:"water,radar-water,snow,built-up,vegetation"`
	picturesFlags
	When   string `help:"Time of the pictures: a day, a month, a year, or two of them with / between." placeholder:"TIME"`
	Before string `help:"Time of earlier pictures: the map then says what came and went, such as a flood." placeholder:"TIME"`
	Value  string `help:"Look at this index, band or expression instead of the usual one." short:"v"`

	Threshold        *float64 `help:"Threshold instead of the usual one." xor:"threshold"`
	Otsu             bool     `help:"Find the threshold from the values, by Otsu's method." xor:"threshold"`
	Permanent        string   `help:"Land-cover dataset with water that is always there, which is no flood." placeholder:"DATASET"`
	PermanentClasses []int    `help:"Its classes of water, e.g. 80."`
	mapFlags
}

// Help shows examples under the flags.
func (c *extentCmd) Help() string {
	return `Examples:
  contado change extent water -d sentinel-2 --when 2024-07 --mask clouds --areas municipalities -o water.csv
  contado change extent radar-water -d sentinel-1 --before 2024-10-01/2024-10-10 --when 2024-10-20 --otsu --into flood
  contado change extent built-up -d sentinel-2 --before 2017-07 --when 2024-07 --select median --mask clouds -o growth.xlsx`
}

// Run makes the map.
func (c *extentCmd) Run(a *app) error {
	q := analysis.ExtentRequest{
		Subject: c.Subject, Threshold: c.Threshold, Otsu: c.Otsu, Permanent: c.Permanent, PermanentClasses: c.PermanentClasses,
	}
	var err error
	if q.Pictures, err = c.at(c.When, c.Value); err != nil {
		return err
	}
	if c.Before != "" {
		if q.Before, err = c.at(c.Before, c.Value); err != nil {
			return err
		}
	}
	return c.make(a, func(in *installation, w analysis.MapWhere, p analysis.Progress) (*analysis.Map, error) {
		q.MapWhere = w
		return in.engine.Extent(a.ctx, q, p)
	})
}
