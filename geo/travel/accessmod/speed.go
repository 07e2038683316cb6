package accessmod

import (
	"fmt"
	"math"
	"strings"

	"contado/geo/fault"
)

// Mode is how a cell is crossed.
type Mode uint8

// The modes, with AccessMod's numbers.
const (
	Barrier Mode = iota
	Walking
	Bicycling
	Motorized
)

var modeNames = [...]string{"BARRIER", "WALKING", "BICYCLING", "MOTORIZED"}

// String is AccessMod's name in scenario tables.
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return "unknown"
}

// ParseMode reads WALKING, BICYCLING or MOTORIZED; case does not matter.
func ParseMode(text string) (Mode, error) {
	for m := Walking; m <= Motorized; m++ {
		if strings.EqualFold(strings.TrimSpace(text), m.String()) {
			return m, nil
		}
	}
	return Barrier, fmt.Errorf("mode is %q; want WALKING, BICYCLING or MOTORIZED", text)
}

// maxKMH keeps a speed within its three digits of a code.
const maxKMH = 999

// Code is a mode and a speed on level ground in km/h, to a thousandth:
// mode·1,000,000 + speed·1,000. 0 is a barrier.
type Code int32

// NewCode packs a mode and a speed from 0 to 999 km/h; speed 0 is a barrier.
func NewCode(m Mode, kmh float64) (Code, error) {
	if m > Motorized || !(kmh >= 0 && kmh <= maxKMH) {
		return 0, fault.Errorf("accessmod.NewCode", fault.Invalid, "accessmod: mode %d at %g km/h; want 0 to %d km/h", m, kmh, maxKMH)
	}
	speed := int32(math.Round(kmh * 1000))
	if m == Barrier || speed == 0 {
		return 0, nil
	}
	return Code(int32(m)*1_000_000 + speed), nil
}

// Mode is how the cell is crossed.
func (c Code) Mode() Mode {
	if c <= 0 || c >= 4_000_000 || c%1_000_000 == 0 {
		return Barrier
	}
	return Mode(c / 1_000_000)
}

// KMH is the speed on level ground, 0 for a barrier.
func (c Code) KMH() float64 {
	if c.Mode() == Barrier {
		return 0
	}
	return float64(c%1_000_000) / 1000
}

// Speed is km/h at slope s, rise over run in the direction of travel.
func (c Code) Speed(s float64) float64 {
	v := c.KMH()
	switch c.Mode() {
	case Walking:
		return v * math.Exp(0.175) * math.Exp(-3.5*math.Abs(s+0.05))
	case Bicycling:
		return bicycle(v, s)
	default:
		return v
	}
}

// bicycle is AccessMod's speed by bicycle: the power that gives v km/h on
// level ground, solved for the slope by Newton's method from 20 m/s, in at
// most nine steps until one is below 0.05 m/s, at most twice v; 0, that is no
// passage, where the steps do not settle. travel.CyclingSpeed solves the same
// balance exactly.
func bicycle(v, s float64) float64 {
	const (
		weight     = 9.8 * (80 + 15) // N, rider and bicycle
		rolling    = 0.012
		efficiency = 0.90
		steps      = 9
		settled    = 0.05
		most       = 2.0
	)
	air := 0.5 * 0.445 * (1.293 - 0.00426*20) * math.Exp(-500.0/7000)
	flat := v / 3.6
	push := flat*weight*rolling + flat*flat*flat*air // efficiency × power
	resist := weight * (s + rolling)
	at := 20.0
	for range steps {
		f, slope := at*(air*at*at+resist)-push, 3*air*at*at+resist
		if slope == 0 {
			return 0
		}
		next := at - f/slope
		if math.Abs(next-at) < settled {
			return max(0, min(next*3.6, most*v))
		}
		at = next
	}
	return 0
}
