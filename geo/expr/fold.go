package expr

import "math"

// evaluate computes an operation on constants in double precision, with the
// meaning that the loops have. NaN stands for no value.
func evaluate(o op, x, y, z float64) float64 {
	switch o {
	case opWhere:
		switch {
		case math.IsNaN(x):
			return x
		case x != 0:
			return y
		}
		return z
	case opCoalesce:
		if math.IsNaN(x) {
			return y
		}
		return x
	case opIsNaN:
		return truth(math.IsNaN(x))
	case opAnd:
		if x == 0 || y == 0 {
			return 0
		}
		return 1 + (x - x) + (y - y)
	case opOr:
		if (x != 0 && !math.IsNaN(x)) || (y != 0 && !math.IsNaN(y)) {
			return 1
		}
		return (x - x) + (y - y)
	}
	if math.IsNaN(x) || math.IsNaN(y) {
		return math.NaN()
	}
	if v := compute(o, x, y); math.Abs(v) <= math.MaxFloat32 {
		return v
	}
	return math.NaN()
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// compute is evaluate for operations whose result is missing when an operand
// is; the result may be infinite.
func compute(o op, x, y float64) float64 {
	switch o {
	case opLT:
		return truth(x < y)
	case opLE:
		return truth(x <= y)
	case opGT:
		return truth(x > y)
	case opGE:
		return truth(x >= y)
	case opEQ:
		return truth(x == y)
	case opNE:
		return truth(x != y)
	case opNot:
		return truth(x == 0)
	case opAdd:
		return x + y
	case opSub:
		return x - y
	case opMul:
		return x * y
	case opDiv:
		return x / y
	case opNeg:
		return -x
	case opMin:
		return math.Min(x, y)
	case opMax:
		return math.Max(x, y)
	case opAtan2:
		return atan2(x, y)
	case opPow:
		return math.Pow(x, y)
	}
	return computeOne(o, x)
}

// computeOne is compute for the functions of one argument.
func computeOne(o op, x float64) float64 {
	switch o {
	case opAbs:
		return math.Abs(x)
	case opSqrt:
		return math.Sqrt(x)
	case opExp:
		return math.Exp(x)
	case opLog:
		return math.Log(x)
	case opLog10:
		return math.Log10(x)
	case opSin:
		return math.Sin(x)
	case opCos:
		return math.Cos(x)
	case opTan:
		return math.Tan(x)
	case opAtan:
		return math.Atan(x)
	case opFloor:
		return math.Floor(x)
	case opCeil:
		return math.Ceil(x)
	case opRound:
		return math.Round(x)
	case opSign:
		return truth(x > 0) - truth(x < 0)
	}
	return math.NaN()
}
