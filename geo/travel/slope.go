package travel

import "math"

// SlopeFunc names the function that turns slope into speed.
type SlopeFunc uint8

// The slope functions.
const (
	// Tobler's hiking function scaled to 1 on level ground:
	// f = exp(−3.5·(|S+0.05| − 0.05)), S rise over run in the direction of
	// walking (Tobler 1993; the scaled form is that of AccessMod). Fastest,
	// 1.191, at −5 %.
	Tobler SlopeFunc = iota
	// Level ignores elevation.
	Level
)

// toblerFastest is a little under 1/f at −5 %, the smallest time factor that
// a move can have (exp(−0.175) = 0.83946): the search prunes with it, so it
// must not be above what toblerTime gives.
const toblerFastest = 0.8394

// toblerTime is 1/f: by how much the slope s lengthens the time of a move.
// Relative error against float64 below 2e-6 for |s| ≤ 5 (TestToblerTime);
// exactly 1 on level ground; +Inf on slopes above 25, where nobody walks.
func toblerTime(s float32) float32 {
	const perSlope = 3.5 * math.Log2E
	if s += 0.05; s < 0 {
		s = -s
	}
	// y ≥ −0.26, so truncation of y+0.5 rounds to nearest.
	y := perSlope * (s - 0.05)
	if !(y < 126) {
		return float32(math.Inf(1))
	}
	n := int32(y + 0.5)
	f := y - float32(n)
	// 2^f on [−½, ½]: Taylor in f·ln 2 to degree 6, remainder below 2e-8.
	const l = math.Ln2
	p := float32(l * l * l * l * l * l / 720)
	p = float32(p*f) + l*l*l*l*l/120
	p = float32(p*f) + l*l*l*l/24
	p = float32(p*f) + l*l*l/6
	p = float32(p*f) + l*l/2
	p = float32(p*f) + l
	p = float32(p*f) + 1
	return p * math.Float32frombits(uint32(n+127)<<23)
}
