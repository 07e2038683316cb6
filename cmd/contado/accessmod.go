package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

	"contado/geo/analysis"
	"contado/geo/travel/accessmod"
)

type accessmodCmd struct {
	Territory string   `help:"Code of the territory; its lowest parts are the zones." required:"" short:"t"`
	Service   string   `help:"Dataset of the service's facilities." required:"" short:"s"`
	Scenario  string   `help:"Table of speeds (CSV: class, label, speed, mode)." required:"" type:"existingfile"`
	Within    []string `help:"Limits of the table by zone: whole minutes, as 30m or 2h." default:"30m,60m,120m"`
	Out       []string `help:"Files to write: .json (everything), .csv (the table by zone), .tif (minutes of each cell)." short:"o" placeholder:"FILE"`

	From       bool     `help:"From the facilities; else towards them."`
	Knight     bool     `help:"Sixteen directions, with knight's moves; else eight."`
	Isotropic  bool     `help:"Without slope."`
	Max        string   `help:"Longest time; no bound when left out (then 2h for the capacity)."`
	RoundDown  bool     `help:"Whole minutes rounded down, as AccessMod did before its issue 394."`
	Strict     bool     `help:"Count minutes < limit, as AccessMod did up to 5.8."`
	Bridges    bool     `help:"Keep one-cell diagonal leaks of roads over barriers." name:"keep-bridges"`
	Stack      []string `help:"Datasets of land cover, roads and barriers, the first on top; roads, barriers, land cover when left out."`
	Landcover  string   `help:"Dataset to use for land cover; by role when left out."`
	Elevation  string   `help:"Dataset to use for elevation; none for level ground."`
	Population string   `help:"Dataset to use for people, on the cells of the land cover."`
	Roads      []string `help:"Datasets of roads; none for no roads."`
	Barriers   []string `help:"Datasets of barriers; none for no barriers."`

	Capacity    string `help:"Attribute with the capacity of a facility: adds the capacity table." placeholder:"FIELD"`
	CapacityOut string `help:"File for the capacity table (.csv)." placeholder:"FILE"`
	Order       string `help:"What facilities are taken by: an attribute, time:MINUTES or distance:METRES." default:"time:120"`
	Ascending   bool   `help:"The least first; else the greatest."`
}

// Help shows examples under the flags.
func (c *accessmodCmd) Help() string {
	return `Results to the minute as WHO AccessMod 5 has them, for comparison. For reports use contado report coverage: its times are in seconds and
its assignment does not depend on the order of facilities.

Examples:
  contado accessmod -t 1 -s clinics --scenario speeds.csv --within 120m -o zones.csv,times.tif
  contado accessmod -t 1 -s clinics --scenario speeds.csv --capacity beds --order time:60 --max 2h -o result.json`
}

// Run computes and writes the tables.
func (c *accessmodCmd) Run(a *app) error {
	q, err := c.request()
	if err != nil {
		return err
	}
	for _, o := range append([]string{c.CapacityOut}, c.Out...) {
		if err := writable(o); err != nil {
			return err
		}
	}
	return a.with(func(in *installation) error {
		p := a.progress()
		res, err := in.engine.AccessMod(a.ctx, q, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		a.notices(res.Notices)
		for _, o := range c.Out {
			switch format, _ := outFormat(o, "", accessmodFormats...); format {
			case "json":
				err = a.write(o, func(w io.Writer) error {
					e := json.NewEncoder(w)
					e.SetIndent("", "  ")
					return e.Encode(res)
				})
			case "csv":
				err = a.write(o, func(w io.Writer) error { return writeZones(w, res.Zones) })
			}
			if err != nil {
				return err
			}
		}
		if c.CapacityOut != "" {
			if err := a.write(c.CapacityOut, func(w io.Writer) error { return writeCapacity(w, res.Capacity) }); err != nil {
				return err
			}
		}
		if len(c.Out) == 0 {
			return writeZones(a.stdout, res.Zones)
		}
		return nil
	})
}

var accessmodFormats = []string{"json", "csv", "tif"}

func (c *accessmodCmd) request() (analysis.AccessModRequest, error) {
	q := analysis.AccessModRequest{
		Territory: c.Territory, Service: c.Service, LandCover: c.Landcover, Elevation: c.Elevation, Population: c.Population,
		Roads: c.Roads, Barriers: c.Barriers, Stack: c.Stack, Strict: c.Strict, KeepBridges: c.Bridges,
		Options: accessmod.Options{Towards: !c.From, Knight: c.Knight, Isotropic: c.Isotropic, RoundDown: c.RoundDown},
	}
	for _, o := range c.Out {
		format, err := outFormat(o, "", accessmodFormats...)
		if err != nil {
			return q, err
		}
		if format == "tif" {
			q.TimesFile = o
		}
	}
	for _, w := range c.Within {
		m, err := wholeMinutes(w)
		if err != nil {
			return q, err
		}
		q.Minutes = append(q.Minutes, m)
	}
	var err error
	if c.Max != "" {
		if q.MaxMinutes, err = wholeMinutes(c.Max); err != nil {
			return q, err
		}
	}
	if err := c.capacity(&q); err != nil {
		return q, err
	}
	f, err := os.Open(c.Scenario)
	if err != nil {
		return q, err
	}
	defer f.Close()
	q.Scenario, err = accessmod.ParseScenario(f, c.Scenario)
	return q, err
}

// capacity reads the flags of the capacity table.
func (c *accessmodCmd) capacity(q *analysis.AccessModRequest) error {
	if c.Capacity == "" {
		if c.CapacityOut != "" {
			return usagef("--capacity-out needs --capacity: the attribute that holds it")
		}
		return nil
	}
	if q.MaxMinutes == 0 {
		q.MaxMinutes = 120
	}
	k := &analysis.AccessModCapacity{Field: c.Capacity}
	k.Ascending = c.Ascending
	var n float64
	switch got, _ := fmt.Sscanf(c.Order, "time:%g", &n); {
	case got == 1 && n >= 1 && n <= accessmod.MaxMinutes && n == math.Trunc(n):
		k.Order, k.OrderMinutes = accessmod.ByTravelTime, int(n)
	case got == 1:
		return usagef("--order %s: want whole minutes", c.Order)
	default:
		if got, _ := fmt.Sscanf(c.Order, "distance:%g", &n); got == 1 {
			if !(n > 0) {
				return usagef("--order %s: want metres above 0", c.Order)
			}
			k.Order, k.OrderMetres = accessmod.ByDistance, n
		} else {
			k.Order, k.OrderField = accessmod.ByField, c.Order
		}
	}
	q.Capacity = k
	return nil
}

// wholeMinutes reads 30m or 2h.
func wholeMinutes(text string) (int, error) {
	s, err := seconds(text)
	if err != nil {
		return 0, err
	}
	m := s / 60
	if m != math.Trunc(m) || m < 1 || m > accessmod.MaxMinutes {
		return 0, usagef("%s: want whole minutes from 1m to %dm", text, accessmod.MaxMinutes)
	}
	return int(m), nil
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func decimalOrNone(v *float64) string {
	if v == nil {
		return ""
	}
	return decimal(*v)
}

func writeZones(w io.Writer, zones []analysis.AccessModZone) error {
	rows := [][]string{{"code", "name", "time_m", "popTotal", "popTravelTime", "popCoveredPercent"}}
	for _, z := range zones {
		rows = append(rows, []string{z.Code, z.Name, strconv.Itoa(z.TimeM), decimal(z.PopTotal), decimal(z.PopTravelTime), decimalOrNone(z.PopCoveredPercent)})
	}
	return csv.NewWriter(w).WriteAll(rows)
}

func writeCapacity(w io.Writer, list []analysis.AccessModFacility) error {
	rows := [][]string{{
		"id", "name", "amRankComputed", "amRankValues", "amTravelTimeMax", "amPopTravelTimeMax", "amCorrPopTime", "capacity", "amTravelTimeCatchment",
		"amPopCatchmentTotal", "amCapacityRealised", "amCapacityResidual", "amPopCatchmentDiff", "amPopCoveredPercent",
	}}
	for _, f := range list {
		rows = append(rows, []string{
			f.ID, f.Name, strconv.Itoa(f.RankComputed), decimal(f.RankValues), strconv.Itoa(f.TravelTimeMax), decimal(f.PopTravelTimeMax),
			decimalOrNone(f.CorrPopTime), decimal(f.Capacity), strconv.Itoa(f.TravelTimeCatchment), decimal(f.PopCatchmentTotal),
			decimal(f.CapacityRealised), decimal(f.CapacityResidual), decimal(f.PopCatchmentDiff), decimalOrNone(f.PopCoveredPercent),
		})
	}
	return csv.NewWriter(w).WriteAll(rows)
}
