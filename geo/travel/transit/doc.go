// Package transit computes how long people take by public transport and on
// foot: from every cell of a grid to the nearest of many facilities, or back,
// for each departure of a window, as percentiles over the departures.
//
// A Feed is a timetable as read; Load makes a Timetable of one day, window and
// way of riding of it; NewRouter ties it to the ground, over which people walk
// to stops, between stops and from stops; Router.Times answers for all cells,
// Router.Explain for one journey. Times of the day are whole seconds since
// noon less 12 hours of the day asked about (midnight, but on the days when
// clocks change) in the zone of the feed, and may be negative or beyond 24 h.
//
// # A journey
//
// Somebody leaves at a departure of the window, walks to a stop, waits, rides,
// changes any number of times (or up to Options.MaxRides), walks from a stop
// and arrives; or walks all the way. The time is that from leaving to
// arriving, waiting included. It is the least of all journeys, exactly: times
// from stops to the facilities are profiles over the whole window, found by one
// scan over all hops between stops from the last to the first (Dibbelt, Pajor,
// Strasser, Wagner 2018, "Connection Scan Algorithm"), times from the
// facilities by rounds over patterns of trips for one departure after the
// other (Delling, Pajor, Werneck 2015, "Round-Based Public Transit Routing",
// rRAPTOR). Both give what Dijkstra gives on a time-expanded graph
// (TestOracle). Seconds on foot are rounded up at each walk; a change takes at
// least one second.
//
// # On foot
//
// People walk over the ground (package travel) in its direction of travel.
// Walks to and from stops count up to Options.Walk, so that all times up to it
// are exact and longer ones may be too long; the nearest stop counts however far it is, and so does the
// way on foot to the facility. Changes on foot count up to Options.Transfer.
// Nothing is moved to a road or dropped.
//
// # Percentiles
//
// A window of n departures and m samples gives n·m times. Percentile p is the
// element ⌈p/100·n·m⌉ of them in ascending order, the first for p = 0, with no
// interpolation (the definition of R5); departures that arrive nowhere count
// with +Inf.
//
// # Frequencies
//
// Trips that run by frequency at exact times are runs like all others. Where
// only the headway is known, the first run starts at an unknown part of the
// headway: Options.Samples timetables are made, in which each frequency goes
// through parts that are spread evenly over its headway, and so do the
// differences between two of them (a lattice of rank 1: Korobov 1959, Sloan &
// Joe 1994). The samples are always the same.
package transit

import "fmt"

// clock writes seconds of the day.
func clock(s int32) string {
	sign := ""
	if s < 0 {
		sign, s = "-", -s
	}
	return fmt.Sprintf("%s%02d:%02d:%02d", sign, s/3600, s/60%60, s%60)
}
