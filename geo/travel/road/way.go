package road

import (
	"github.com/paulmach/orb"

	"contado/geo/travel"
)

// Way is a line of the input.
type Way struct {
	// ID is what restrictions name it by (the way's number in OpenStreetMap).
	ID   int64
	Line orb.LineString // longitude, latitude
	Attributes
}

// Attributes say what a way is. Zero values are not known.
type Attributes struct {
	Class   string // motorway, primary, residential, track, path, ferry, …
	Surface string
	Track   string // grade1 to grade5
	Name    string
	Ref     string // road number
	Link    bool   // a slip road of its class
	// OneWay is 1 along the line, −1 against it, 0 both; BicycleBoth lets
	// bicycles ride against it.
	OneWay      int8
	BicycleBoth bool
	// MaxForward and MaxBackward are limits in km/h, 0 for none known.
	MaxForward, MaxBackward float32
	// Access of cars, bicycles and people on foot.
	Access         [Modes]Access
	Bridge, Tunnel bool
	// Seconds is how long a ferry takes over the whole way.
	Seconds float32
	// Boundary of a square rather than a road through it.
	Area bool
}

// Mode is who travels.
type Mode uint8

// The modes.
const (
	Car Mode = iota
	Bicycle
	Foot
	Modes // how many there are
)

// modeOf is the mode whose roads a profile takes.
func modeOf(m travel.Mode) Mode {
	switch m {
	case travel.Car:
		return Car
	case travel.Bicycle:
		return Bicycle
	}
	return Foot
}

// Access is whether a mode may use a way.
type Access uint8

// The answers. AccessDestination is open to those who live or have business there,
// which is what reports ask about, so it counts as open; AccessPrivate does not.
const (
	AccessUnknown Access = iota // as the class has it
	AccessOpen
	AccessDestination
	AccessPrivate
	AccessClosed
	accessKinds
)

// AccessOf reads a value of OpenStreetMap's access keys
// (wiki.openstreetmap.org/wiki/Key:access).
func AccessOf(value string) Access {
	switch value {
	case "":
		return AccessUnknown
	case "destination", "customers", "delivery", "residents":
		return AccessDestination
	case "private", "permit", "agricultural", "forestry", "agricultural;forestry", "employees", "military", "emergency", "psv", "bus", "use_sidepath", "dismount":
		return AccessPrivate
	case "no":
		return AccessClosed
	}
	return AccessOpen
}

// Restriction is a turn that may not be made, or the only one that may.
type Restriction struct {
	ID       int64
	From, To int64 // ways
	// At is the place of the via node; Via are the ways between From and To,
	// in order, when it leads over ways instead.
	At  orb.Point
	Via []int64
	// Only says that no other turn is allowed (only_*); else the turn itself
	// is not (no_*).
	Only bool
	// Except are modes that need not heed it. People on foot never do.
	Except [Modes]bool
}
