package expr

import "math"

// kernel computes one operation for the cells of d; operands that it does not
// use may be anything. d may be one of the operands.
type kernel func(d, a, b, c []float32)

// x−x is 0 for a finite number and NaN for any other: adding it to a result
// takes the value away without a branch.

var nan32 = math.Float32bits(float32(math.NaN()))

const one32 = 0x3f800000 // bits of 1

// kernels finds the loop of an operation; read-only.
var kernels = [opCount]kernel{
	opAdd: add, opSub: sub, opMul: mul, opDiv: div, opNeg: neg, opNormDiff: normDiff, opPowInt: powInt,
	opLT: lt, opLE: le, opGT: func(d, a, b, c []float32) { lt(d, b, a, c) }, opGE: func(d, a, b, c []float32) { le(d, b, a, c) },
	opEQ: eq, opNE: ne, opAnd: and, opOr: or, opNot: not, opWhere: where, opCoalesce: coalesce, opIsNaN: isNaN,
	opFinite: finite, opMin: minimum, opMax: maximum, opAbs: abs, opSqrt: sqrt,
	opFloor: floor, opCeil: ceil, opRound: each(math.Round), opSign: sign,
	opExp: each(math.Exp), opLog: each(math.Log), opLog10: each(math.Log10),
	opSin: each(math.Sin), opCos: each(math.Cos), opTan: each(math.Tan), opAtan: each(math.Atan),
	opAtan2: each2(atan2), opPow: each2(math.Pow),
}

func add(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		d[i] = a[i] + b[i]
	}
}

func sub(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		d[i] = a[i] - b[i]
	}
}

func mul(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		d[i] = a[i] * b[i]
	}
}

func div(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		y := b[i]
		q := a[i] / y
		d[i] = q + ((q - q) + (y - y))
	}
}

func normDiff(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		x, y := a[i], b[i]
		s := x + y
		q := (x - y) / s
		d[i] = q + ((q - q) + (s - s))
	}
}

func neg(d, a, _, _ []float32) {
	a = a[:len(d)]
	for i := range d {
		d[i] = -a[i]
	}
}

func abs(d, a, _, _ []float32) {
	a = a[:len(d)]
	for i := range d {
		d[i] = math.Float32frombits(math.Float32bits(a[i]) &^ (1 << 31))
	}
}

func finite(d, a, _, _ []float32) {
	a = a[:len(d)]
	for i := range d {
		x := a[i]
		d[i] = x + (x - x)
	}
}

func minimum(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		d[i] = min(a[i], b[i])
	}
}

func maximum(d, a, b, _ []float32) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		d[i] = max(a[i], b[i])
	}
}

func sqrt(d, a, _, _ []float32) {
	a = a[:len(d)]
	for i := range d {
		d[i] = float32(math.Sqrt(float64(a[i])))
	}
}

func floor(d, a, _, _ []float32) {
	a = a[:len(d)]
	for i := range d {
		d[i] = float32(math.Floor(float64(a[i])))
	}
}

func ceil(d, a, _, _ []float32) {
	a = a[:len(d)]
	for i := range d {
		d[i] = float32(math.Ceil(float64(a[i])))
	}
}

func sign(d, a, _, _ []float32) {
	a = a[:len(d)]
	for i := range d {
		d[i] = signOf(a[i])
	}
}

func signOf(x float32) float32 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // 0 and no value
}

// powInt multiplies in double precision; b holds the exponent.
func powInt(d, a, b, _ []float32) {
	a = a[:len(d)]
	if len(d) == 0 {
		return
	}
	k := int(b[0])
	for i := range d {
		d[i] = settle(wholePower(float64(a[i]), k))
	}
}

func wholePower(x float64, k int) float64 {
	p := 1.0
	for ; k > 0; k >>= 1 {
		if k&1 != 0 {
			p *= x
		}
		x *= x
	}
	return p
}

// settle rounds to a cell's precision; what is not finite there has no value.
func settle(x float64) float32 {
	v := float32(x)
	return v + (v - v)
}

func each(f func(float64) float64) kernel {
	return func(d, a, _, _ []float32) {
		a = a[:len(d)]
		for i := range d {
			d[i] = settle(f(float64(a[i])))
		}
	}
}

// each2 is for functions that may answer without a value for one operand
// (pow(x, 0) is 1): the result has none then.
func each2(f func(x, y float64) float64) kernel {
	return func(d, a, b, _ []float32) {
		a, b = a[:len(d)], b[:len(d)]
		for i := range d {
			x, y := a[i], b[i]
			d[i] = settle(f(float64(x), float64(y))) + ((x - x) + (y - y))
		}
	}
}

// atan2 knows no negative zero, which operations make and lose freely: the
// angle of (0, -0) is 0, not π.
func atan2(y, x float64) float64 { return math.Atan2(y+0, x+0) }
