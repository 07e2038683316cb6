package coverage

// Ridership says what public transport adds to walking all the way, over all
// departures of a window.
type Ridership struct {
	Date       string  `json:"date"` // of the timetable, YYYY-MM-DD
	From       string  `json:"from"` // departures in [From, Until), HH:MM by the clock
	Until      string  `json:"until"`
	Percentile float64 `json:"percentile"` // that the report's times are
	// Departures in the window, and timetables made of frequencies (1 without).
	Departures int `json:"departures"`
	Samples    int `json:"samples"`
	// People are all; WithoutRide of them have no departure for which a ride
	// saves time: no useful bus at all. Null when hidden to protect a small group.
	People      float64  `json:"people"`
	WithoutRide *float64 `json:"without_ride"`
	// Useful is the share of departures for which a ride saves time, 0 to 1, the
	// mean over people; null where nobody lives.
	Useful *float64 `json:"useful"`
}
