package encode

import (
	"math"
	"strconv"
)

// exact is the largest magnitude below which every whole number is a float64.
const exact = 1 << 53

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// appendNumber writes a number with at most places decimals, no zeros at the
// end; below 0 the shortest text that reads back as the same float64. What is
// no number is null.
func appendNumber(b []byte, v float64, places int) []byte {
	if v-v != 0 {
		return append(b, "null"...)
	}
	if places >= 0 && places < len(powers) {
		if r := math.Round(v * powers[places]); math.Abs(r) < exact {
			return appendScaled(b, int64(r), places)
		}
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	// Nine decimals are enough for most that people store; dividing the whole
	// number by 10⁹ rounds as reading the text does, so the test is exact.
	if r := math.Round(v * 1e9); math.Abs(r) < exact && r/1e9 == v {
		return appendScaled(b, int64(r), 9)
	}
	if a := math.Abs(v); a >= 1e21 || a < 1e-9 {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// Round is the number that appendNumber writes.
func Round(v float64, places int) float64 {
	if places < 0 || places >= len(powers) {
		return v
	}
	if r := math.Round(v * powers[places]); math.Abs(r) < exact {
		return r / powers[places]
	}
	return v
}

// appendScaled writes n ÷ 10^places.
func appendScaled(b []byte, n int64, places int) []byte {
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	scale := int64(powers[places])
	whole, part := n/scale, n%scale
	b = strconv.AppendInt(b, whole, 10)
	if part == 0 {
		return b
	}
	var digits [10]byte
	for i := places - 1; i >= 0; i-- {
		digits[i] = byte('0' + part%10)
		part /= 10
	}
	end := places
	for digits[end-1] == '0' {
		end--
	}
	return append(append(b, '.'), digits[:end]...)
}
