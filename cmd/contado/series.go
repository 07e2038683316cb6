package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"contado/geo/analysis"
	"contado/geo/series"
	"contado/geo/table"
	"contado/geo/zonal"
)

type seriesCmd struct {
	picturesFlags
	Value string `help:"What to follow: an index (ndvi), a band, or an expression of bands." short:"v"`
	When  string `help:"Time of the pictures: a year, or two times with / between." placeholder:"TIME"`
	areasFlags
	Stat     string  `help:"What an area is worth on a day." enum:"mean,median,min,max,sum,std" default:"mean"`
	MinValid float64 `help:"Least share of an area that must be seen for a day to count in periods and trend." default:"0.5"`
	Period   string  `help:"Also means of each month, season or year, in a file named like the first with -periods." enum:",month,season,year" default:""`
	Baseline string  `help:"Years that anomalies are measured from, e.g. 2017/2022." placeholder:"TIME"`
	Trend    bool    `help:"Also the trend and its significance (Theil-Sen, Mann-Kendall), in a file named like the first with -trend."`
	tableFlags
}

// Help shows examples under the flags.
func (c *seriesCmd) Help() string {
	return `One row an area and day: the value over the cells seen, and the share of the area that was seen.

Examples:
  contado series -d sentinel-2 --value ndvi --mask clouds --areas municipalities -o ndvi.csv
  contado series -d sentinel-2 --value ndmi --mask clouds --below 999 --period month --baseline 2018/2022 -o drought.xlsx
  contado series -d landsat --value ndvi --areas fields.geojson --period year --trend -o fields.json`
}

// Run computes and writes the series.
func (c *seriesCmd) Run(a *app) error {
	if !c.given() {
		return usagef("say which areas: --areas DATASET|FILE.geojson or --below CODE")
	}
	format, l, err := c.check()
	if err != nil {
		return err
	}
	if format == "gpkg" {
		return usagef("a series has many rows an area: write .csv, .xlsx or .json")
	}
	q := analysis.SeriesRequest{Stat: zonal.Stat(c.Stat), MinValid: c.MinValid, Period: series.Step(c.Period), Trend: c.Trend}
	if q.Pictures, err = c.at(c.When, c.Value); err != nil {
		return err
	}
	if q.BaselineFrom, q.BaselineTo, err = analysis.Interval(c.Baseline); err != nil {
		return err
	}
	if q.Areas, err = c.read(); err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		p := a.progress()
		res, err := in.engine.TimeSeries(a.ctx, q, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		for _, n := range res.Notices {
			fmt.Fprintf(a.stderr, "note: %s\n", n.Text)
		}
		if err := a.writeTable(in, &c.tableFlags, res.Table(l), res, q.Areas); err != nil || format == "json" {
			return err
		}
		for suffix, t := range map[string]*table.Table{"-periods": res.PeriodTable(l), "-trend": res.TrendTable(l)} {
			if err := c.beside(a, suffix, t, format, l); err != nil {
				return err
			}
		}
		return nil
	})
}

// beside writes a further table next to the first.
func (c *seriesCmd) beside(a *app, suffix string, t *table.Table, format string, l table.Locale) error {
	if t == nil {
		return nil
	}
	if c.Out == "" {
		return usagef("--period and --trend give more than one table: name a file with -o, or use -o FILE.json")
	}
	ext := filepath.Ext(c.Out)
	return a.write(strings.TrimSuffix(c.Out, ext)+suffix+ext, func(w io.Writer) error {
		if format == "xlsx" {
			return t.XLSX(w, l)
		}
		return t.CSV(w, l)
	})
}

type compositeCmd struct {
	picturesFlags
	When   string   `help:"Time of the pictures." placeholder:"TIME"`
	Value  string   `help:"An index, band or expression instead of bands." short:"v"`
	Bands  []string `help:"Bands to keep; all bands of amounts when left out."`
	Period string   `help:"One picture for each month, season or year; one for the whole time when left out." enum:",month,season,year" default:""`
	mapFlags
}

// Help shows examples under the flags.
func (c *compositeCmd) Help() string {
	return `One picture without clouds out of many: the median of what was seen in each cell, unless --select says otherwise.

Examples:
  contado composite -d sentinel-2 --mask clouds --when 2024 --period month --into sentinel-2-monthly
  contado composite -d sentinel-2 --mask clouds --when 2024-06/2024-08 --value ndvi --tif summer.tif`
}

// Run makes the pictures.
func (c *compositeCmd) Run(a *app) error {
	if c.Into == "" && c.Tif == "" {
		return usagef("say where the pictures go: --into DATASET or --tif FILE.tif")
	}
	q := analysis.CompositeRequest{Bands: c.Bands, Period: series.Step(c.Period)}
	var err error
	if q.Pictures, err = c.at(c.When, c.Value); err != nil {
		return err
	}
	return c.make(a, func(in *installation, w analysis.MapWhere, p analysis.Progress) (*analysis.Map, error) {
		q.MapWhere = w
		return in.engine.Composite(a.ctx, q, p)
	})
}
