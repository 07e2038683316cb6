package travel

import "math"

// The rider, the bicycle and the air of the power balance: parameters of
// AccessMod 5 (r.walk.accessmod).
const (
	cyclingMass       = 80 + 15 // kg, rider and bicycle
	cyclingGravity    = 9.8     // m/s²
	cyclingRolling    = 0.012
	cyclingDragArea   = 0.445 // m²
	cyclingEfficiency = 0.90  // of the transmission
	cyclingMost       = 2     // speed downhill over that on level ground, at most
	cyclingFlat       = 15.0  // km/h on level ground that Cycling is scaled from
	pedelecWatts      = 250
	pedelecMost       = 25  // km/h; there the motor stops
	wheelsMost        = 4.0 // steeper slopes count as this one
)

// cyclingAir is half the density of air (20 °C, 500 m) times the drag area.
var cyclingAir = 0.5 * cyclingDragArea * (1.293 - 0.00426*20) * math.Exp(-500.0/7000)

// CyclingSpeed is the speed in km/h on a slope (rise over run) of a cyclist
// who does flat km/h on level ground with the same power; at most twice flat
// downhill. Power balance P·η = v·(m·g·(S + Crr) + ρ/2·CdA·v²) with the
// parameters of AccessMod 5: rider 80 kg, bicycle 15 kg, Crr 0.012, CdA
// 0.445 m², η 0.90, air at 20 °C and 500 m, no wind. Solved to 1e-12.
func CyclingSpeed(flat, slope float64) float64 {
	return min(3.6*powerSpeed(cyclingPower(flat/3.6), slope), cyclingMost*flat)
}

// cyclingPower is in watts at the pedals, for v m/s on level ground.
func cyclingPower(v float64) float64 {
	return v * (cyclingMass*cyclingGravity*cyclingRolling + cyclingAir*v*v) / cyclingEfficiency
}

// powerSpeed is the speed in m/s at a power in watts. The balance has one
// positive root, and Newton's method falls towards it from above.
func powerSpeed(watts, slope float64) float64 {
	resist := cyclingMass * cyclingGravity * (slope + cyclingRolling)
	v := 1000.0
	for range 200 {
		f := v*(resist+cyclingAir*v*v) - cyclingEfficiency*watts
		next := v - f/(resist+3*cyclingAir*v*v)
		if !(next < v*(1-1e-13)) {
			break
		}
		v = next
	}
	return v
}

// assistedSpeed is that of ECycling in km/h: with the motor's help up to where
// it stops, with the rider's power alone beyond.
func assistedSpeed(slope float64) float64 {
	rider := cyclingPower(cyclingFlat / 3.6)
	helped := min(3.6*powerSpeed(rider+pedelecWatts, slope), pedelecMost)
	alone := 3.6 * powerSpeed(rider, slope)
	return min(max(helped, alone), cyclingMost*cyclingFlat)
}
