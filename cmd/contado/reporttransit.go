package main

import (
	"fmt"
	"io"

	"contado/geo/analysis"
	"contado/geo/coverage"
)

// transitFlags say when and how people ride.
type transitFlags struct {
	Timetable  []string `help:"Timetable to use; several with commas are ridden together, with changes on foot. All that cover the territory when left out."`
	Date       string   `help:"Day of the timetable, YYYY-MM-DD; its typical working day when left out."`
	Departing  string   `help:"Window of the departures, one a minute." default:"07:00-09:00"`
	Percentile float64  `help:"Percentile of the departures' times: 50 is the usual one, 90 a bad one." default:"50"`
	MaxRides   int      `help:"Most vehicles of a journey; 0 for any number." default:"0"`
	Wheelchair bool     `help:"Take only trips and stops known to be accessible for wheelchair users."`
	OnDemand   bool     `help:"Take also calls that must be booked by phone."`
}

// window reads the flags.
func (f *transitFlags) window() (analysis.TransitWindow, error) {
	w := analysis.TransitWindow{
		Timetables: f.Timetable, Date: f.Date, Percentile: &f.Percentile, MaxRides: f.MaxRides, Wheelchair: f.Wheelchair, OnDemand: f.OnDemand,
	}
	var err error
	if w.From, w.Until, err = analysis.ParseDeparting(f.Departing); err != nil {
		return w, usagef("--departing: %v", err)
	}
	return w, nil
}

// printRides says what riding adds.
func printRides(w io.Writer, n *coverage.Ridership) {
	if n == nil || n.Useful == nil {
		return
	}
	without := "(hidden)"
	if n.WithoutRide != nil {
		without = thousands(*n.WithoutRide)
	}
	fmt.Fprintf(w, "  rides %s %s–%s: %s people have no useful ride at any departure; on the mean one saves time for %.1f %% of departures (times are percentile %g)\n",
		n.Date, n.From, n.Until, without, *n.Useful*100, n.Percentile)
}
