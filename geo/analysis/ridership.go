package analysis

import (
	"contado/geo/coverage"
	"contado/geo/notice"
)

// rides is what riding adds to a movement: shares of the departures, by cell.
type rides struct {
	useful     []float32 // for which a ride saves time
	reached    []float32 // that arrive
	departures int
}

// ridership is what a section says of riding.
func (c *section) ridership() *coverage.Ridership {
	m, ok := c.mover.(*transitMover)
	if !ok || c.times.rides == nil {
		return nil
	}
	out := &coverage.Ridership{
		Date: m.day.String(), From: clockText(m.q.From), Until: clockText(m.q.Until), Percentile: *m.q.Percentile,
		Departures: m.timetable.Departures(), Samples: m.timetable.Samples(),
	}
	share, without := 0.0, 0.0
	for i, cell := range c.who.cells {
		n := c.who.People[i]
		useful := float64(c.times.rides.useful[cell])
		if useful == 0 {
			without += n
		}
		share += n * useful
		out.People += n
	}
	if out.People > 0 {
		share /= out.People
		out.Useful = &share
	}
	if k := c.hideBelow(); !small(without, k) && !small(out.People-without, k) {
		out.WithoutRide = &without
	}
	return out
}

// small reports whether a group of people is to be hidden.
func small(people, below float64) bool { return people > 0 && people < below }

// saidOfRides is the notice of a section's rides, for the headline.
func (c *section) saidOfRides(n *coverage.Ridership) {
	if n.Useful == nil {
		return
	}
	en, it := "A number (hidden) of", "Un numero (nascosto) di"
	if n.WithoutRide != nil {
		en, it = notice.Text("%.0f of %.0f", *n.WithoutRide, n.People), notice.Italian("%.0f su %.0f", *n.WithoutRide, n.People)
	}
	c.notice("rides",
		notice.Text("%s people have no departure at all, between %s and %s of %s, for which public transport saves time; on the mean of people it does for %.0f %% of the departures.", en, n.From, n.Until, notice.Day(n.Date), *n.Useful*100),
		notice.Italian("%s persone non hanno alcuna partenza, tra le %s e le %s del %s, per cui il trasporto pubblico faccia risparmiare tempo; in media per persona lo fa per il %.0f %% delle partenze.", it, n.From, n.Until, notice.Day(n.Date), *n.Useful*100))
}
