package expr

import "math"

// The loops of comparison and logic work on bits, so that the compiler makes
// conditional moves of the conditions. Operands are finite or NaN.

func lt(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		x, y := a[i], b[i]
		var u uint32
		if x < y {
			u = one32
		}
		d[i] = math.Float32frombits(u) + ((x - x) + (y - y))
	}
}

func le(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		x, y := a[i], b[i]
		var u uint32
		if x <= y {
			u = one32
		}
		d[i] = math.Float32frombits(u) + ((x - x) + (y - y))
	}
}

func eq(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		x, y := a[i], b[i]
		var u uint32
		if x == y {
			u = one32
		}
		d[i] = math.Float32frombits(u) + ((x - x) + (y - y))
	}
}

func ne(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		x, y := a[i], b[i]
		var u uint32
		if x != y {
			u = one32
		}
		d[i] = math.Float32frombits(u) + ((x - x) + (y - y))
	}
}

// holds reports whether the bits are a number other than 0.
func holds(bits uint32) bool { return bits<<1-1 < 0xff000000 }

func and(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		x, y := a[i], b[i]
		u := math.Float32bits(1 + ((x - x) + (y - y)))
		if x == 0 {
			u = 0
		}
		if y == 0 {
			u = 0
		}
		d[i] = math.Float32frombits(u)
	}
}

func or(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		x, y := a[i], b[i]
		u := math.Float32bits((x - x) + (y - y))
		if holds(math.Float32bits(x)) {
			u = one32
		}
		if holds(math.Float32bits(y)) {
			u = one32
		}
		d[i] = math.Float32frombits(u)
	}
}

func not(d, a, _, _ []float32) {
	a = a[:len(d)]
	for i := range d {
		x := a[i]
		var u uint32
		if x == 0 {
			u = one32
		}
		d[i] = math.Float32frombits(u) + (x - x)
	}
}

func where(d, a, b, c []float32) {
	a, b, c = a[:len(d)], b[:len(d)], c[:len(d)]
	for i := range d {
		x := a[i]
		u, v := math.Float32bits(c[i]), math.Float32bits(b[i])
		if x != 0 {
			u = v
		}
		if x != x { //nolint:staticcheck // NaN
			u = nan32
		}
		d[i] = math.Float32frombits(u)
	}
}

func coalesce(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		x := a[i]
		u, v := math.Float32bits(x), math.Float32bits(b[i])
		if x != x { //nolint:staticcheck // NaN
			u = v
		}
		d[i] = math.Float32frombits(u)
	}
}

func isNaN(d, a, _, _ []float32) {
	a = a[:len(d)]
	for i := range d {
		x := a[i]
		var u uint32
		if x != x { //nolint:staticcheck // NaN
			u = one32
		}
		d[i] = math.Float32frombits(u)
	}
}
