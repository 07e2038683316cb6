package analysis

import (
	"encoding/json"

	"contado/geo/analysis"
	"contado/geo/store/catalog"
	"contado/geo/travel/transit"
)

// names are one name or a list.
type names []string

// UnmarshalJSON reads a text or a list of texts.
func (n *names) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*n = nil
		if one != "" {
			*n = names{one}
		}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(n))
}

// transitInputs are those of coverage-report that say when and how people
// ride.
type transitInputs struct {
	Timetable  names    `json:"timetable"`
	Date       string   `json:"date"`
	Departing  string   `json:"departing"`
	Percentile *float64 `json:"percentile"`
	MaxRides   int      `json:"max_rides"`
	Wheelchair bool     `json:"wheelchair"`
	OnDemand   bool     `json:"on_demand"`
}

// window checks the inputs.
func (in *transitInputs) window() (analysis.TransitWindow, error) {
	w := analysis.TransitWindow{
		Timetables: in.Timetable, Date: in.Date, Percentile: in.Percentile, MaxRides: in.MaxRides, Wheelchair: in.Wheelchair, OnDemand: in.OnDemand,
	}
	if len(in.Timetable) > transit.MaxFeeds {
		return w, invalid("timetable: %d of them; at most %d", len(in.Timetable), transit.MaxFeeds)
	}
	for _, id := range in.Timetable {
		if !catalog.ValidID(id) {
			return w, invalid("timetable: %.80q is no dataset id", id)
		}
	}
	if in.Departing == "" {
		return w, nil
	}
	var err error
	if w.From, w.Until, err = analysis.ParseDeparting(in.Departing); err != nil {
		return w, invalid("departing: %w", err)
	}
	return w, nil
}

// transitFields describe them.
func transitFields(fields map[string]input) map[string]input {
	for name, f := range map[string]input{
		"timetable":  optional("Timetable, or a list of timetables that are ridden together with changes on foot; all that cover the territory when left out", object{"oneOf": []object{text(), list(text())}}),
		"date":       optional("Day of the timetable; its typical working day when left out", object{"type": "string", "format": "date"}),
		"departing":  optional("Window of the departures, one a minute", object{"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}$", "default": "07:00-09:00"}),
		"percentile": optional("Percentile of the departures' times", object{"type": "number", "format": "double", "minimum": 0, "maximum": 100, "default": 50}),
		"max_rides":  optional("Most vehicles of a journey; 0 for any number", object{"type": "integer", "format": "int32", "minimum": 0, "maximum": 16, "default": 0}),
		"wheelchair": optional("Take only trips and stops known to be accessible for wheelchair users", object{"type": "boolean", "default": false}),
		"on_demand":  optional("Take also calls that must be booked by phone", object{"type": "boolean", "default": false}),
	} {
		fields[name] = f
	}
	return fields
}
