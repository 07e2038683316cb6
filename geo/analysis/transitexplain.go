package analysis

import (
	"context"
	"fmt"
	"strings"

	"contado/geo/travel/transit"
)

// TransitLeg is a walk, a wait or a ride of a journey by public transport.
type TransitLeg struct {
	transit.Leg
	Depart string `json:"depart"` // HH:MM:SS by the clock there
	Arrive string `json:"arrive"`
}

// explain tells the journey of a cell that leaves at the first departure of
// the window.
func (m *transitMover) explain(ctx context.Context, list []facility, o moveOptions, cell int) (*transit.Journey, error) {
	r, err := m.router(ctx, o)
	if err != nil {
		return nil, err
	}
	to, err := m.targets(list, &movement{})
	if err != nil {
		return nil, err
	}
	return r.Explain(ctx, to, cell%m.lattice.Width, cell/m.lattice.Width, 0)
}

// rode is the answer of a journey by public transport.
func (t *trip) rode(m *transitMover, x *transit.Journey) *Journey {
	out := &Journey{Profile: t.profile, Seconds: float64(x.Seconds), Facility: placesOf(t.list[x.Facility : x.Facility+1])[0], Program: t.run.programOf()}
	out.Method, _, _ = t.mover.method()
	for _, l := range x.Legs {
		clock := func(s int32) string { return m.timetable.Clock(s).Format("15:04:05") }
		out.Legs = append(out.Legs, JourneyLeg{
			Kind: string(l.Kind), Seconds: float64(l.Seconds), Name: l.Line,
			Transit: &TransitLeg{Leg: l, Depart: clock(l.Depart), Arrive: clock(l.Arrive)},
		})
	}
	out.Inputs, out.Notices = inputsOf(t.setting.run, t.run), t.notes()
	return out
}

// text is a line about the leg; what the line rides for is language enough.
func (l *TransitLeg) text() string {
	switch l.Kind {
	case transit.RideLeg:
		name := strings.TrimSpace(l.Mode + " " + l.Line)
		if l.Headsign != "" {
			name += " (" + l.Headsign + ")"
		}
		return fmt.Sprintf("%s–%s  %s: %s → %s", l.Depart, l.Arrive, name, l.From, l.To)
	case transit.WaitLeg:
		return fmt.Sprintf("%s–%s  … %s", l.Depart, l.Arrive, l.From)
	}
	return fmt.Sprintf("%s–%s  %s → %s", l.Depart, l.Arrive, ends(l.From), ends(l.To))
}

// ends is the name of a stop, or a mark for the ends of the journey.
func ends(name string) string {
	if name == "" {
		return "•"
	}
	return name
}
