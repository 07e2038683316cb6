package expr

import "sort"

// op is an operation of the language or of the machine.
type op uint8

const (
	opNumber op = iota
	opPi
	opBand
	// operators
	opWhere
	opOr
	opAnd
	opNot
	opLT
	opLE
	opGT
	opGE
	opEQ
	opNE
	opAdd
	opSub
	opMul
	opDiv
	opNeg
	opPow
	// functions
	opMin
	opMax
	opAbs
	opSqrt
	opExp
	opLog
	opLog10
	opSin
	opCos
	opTan
	opAtan
	opAtan2
	opFloor
	opCeil
	opRound
	opClamp
	opSign
	opIsNaN
	opCoalesce
	// machine only
	opFinite   // infinity → no value
	opNormDiff // (a−b)/(a+b)
	opPowInt   // a^k for a small whole k
	opCount
)

// The binding strengths of the operators in the text, loosest first.
const (
	precTernary = iota + 1
	precOr
	precAnd
	precCompare
	precAdd
	precMul
	precUnary
	precPow
	precAtom
)

// opInfo describes an operation.
type opInfo struct {
	text   string   // operator or function name
	prec   int      // how the operator binds; precAtom for functions
	params []string // of a function; a last "…" repeats
	slow   bool     // costs tens of nanoseconds a cell
}

// ops is read-only.
var ops = [opCount]opInfo{
	opNumber: {prec: precAtom}, opPi: {text: "pi", prec: precAtom}, opBand: {prec: precAtom},
	opWhere: {text: "where", prec: precTernary, params: []string{"condition", "then", "else"}},
	opOr:    {text: "||", prec: precOr}, opAnd: {text: "&&", prec: precAnd}, opNot: {text: "!", prec: precUnary},
	opLT: {text: "<", prec: precCompare}, opLE: {text: "<=", prec: precCompare},
	opGT: {text: ">", prec: precCompare}, opGE: {text: ">=", prec: precCompare},
	opEQ: {text: "==", prec: precCompare}, opNE: {text: "!=", prec: precCompare},
	opAdd: {text: "+", prec: precAdd}, opSub: {text: "-", prec: precAdd},
	opMul: {text: "*", prec: precMul}, opDiv: {text: "/", prec: precMul},
	opNeg:      {text: "-", prec: precUnary},
	opPow:      {text: "^", prec: precPow, params: []string{"x", "y"}, slow: true},
	opMin:      {text: "min", prec: precAtom, params: []string{"x", "y", "…"}},
	opMax:      {text: "max", prec: precAtom, params: []string{"x", "y", "…"}},
	opAbs:      {text: "abs", prec: precAtom, params: []string{"x"}},
	opSqrt:     {text: "sqrt", prec: precAtom, params: []string{"x"}},
	opExp:      {text: "exp", prec: precAtom, params: []string{"x"}, slow: true},
	opLog:      {text: "log", prec: precAtom, params: []string{"x"}, slow: true},
	opLog10:    {text: "log10", prec: precAtom, params: []string{"x"}, slow: true},
	opSin:      {text: "sin", prec: precAtom, params: []string{"radians"}, slow: true},
	opCos:      {text: "cos", prec: precAtom, params: []string{"radians"}, slow: true},
	opTan:      {text: "tan", prec: precAtom, params: []string{"radians"}, slow: true},
	opAtan:     {text: "atan", prec: precAtom, params: []string{"x"}, slow: true},
	opAtan2:    {text: "atan2", prec: precAtom, params: []string{"y", "x"}, slow: true},
	opFloor:    {text: "floor", prec: precAtom, params: []string{"x"}},
	opCeil:     {text: "ceil", prec: precAtom, params: []string{"x"}},
	opRound:    {text: "round", prec: precAtom, params: []string{"x"}},
	opClamp:    {text: "clamp", prec: precAtom, params: []string{"x", "low", "high"}},
	opSign:     {text: "sign", prec: precAtom, params: []string{"x"}},
	opIsNaN:    {text: "isnan", prec: precAtom, params: []string{"x"}},
	opCoalesce: {text: "coalesce", prec: precAtom, params: []string{"x", "y", "…"}},
}

// functions finds a function by its name in lower case; read-only.
var functions = map[string]op{
	"where": opWhere, "pow": opPow, "min": opMin, "max": opMax, "abs": opAbs, "sqrt": opSqrt,
	"exp": opExp, "log": opLog, "log10": opLog10, "sin": opSin, "cos": opCos, "tan": opTan,
	"atan": opAtan, "atan2": opAtan2, "floor": opFloor, "ceil": opCeil, "round": opRound,
	"clamp": opClamp, "sign": opSign, "isnan": opIsNaN, "coalesce": opCoalesce,
}

func functionNames() []string {
	names := make([]string, 0, len(functions))
	for f := range functions {
		names = append(names, f)
	}
	sort.Strings(names)
	return names
}

// arity gives the least and the most arguments of a function; most is 0 when
// there is no other bound than the program's.
func (o op) arity() (least, most int) {
	p := ops[o].params
	if p[len(p)-1] == "…" {
		return len(p) - 1, 0
	}
	return len(p), len(p)
}
