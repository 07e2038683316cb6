package expr

import (
	"fmt"
	"math"
	"slices"

	"contado/geo/fault"
)

// value is one result in the program: an operation over earlier values. Equal
// operations on equal values are the same value.
type value struct {
	op      op
	a, b, c int     // operands, -1 = none
	k       float64 // of a constant
	slot    int     // of a band
}

// builder numbers the values of a program. Operands come before results.
type builder struct {
	values []value
	wild   []bool // may be infinite: to be checked before an operation that would hide it
	index  map[value]int
	slots  map[string]int
}

// Bind compiles the program: slot says which row of Run's bands a reference
// reads (two references may share one). Errors of slot are returned with the
// reference.
func (e *Expr) Bind(slot func(ref string) (int, error)) (*Program, error) {
	b := &builder{index: map[value]int{}, slots: map[string]int{}}
	for _, ref := range e.bands {
		s, err := slot(ref)
		if err != nil {
			return nil, fault.E("expr.Bind", fault.KindOf(err), fmt.Errorf("band %s of the expression: %w", ref, err))
		}
		if s < 0 {
			return nil, fault.Errorf("expr.Bind", fault.Other, "band %s has slot %d", ref, s)
		}
		b.slots[ref] = s
	}
	outs := make([]int, len(e.outputs))
	for i, n := range e.outputs {
		outs[i] = b.tree(n)
		if len(outs) > 1 && b.values[outs[i]].op == opBand {
			// To a row of its own: an earlier output may be written over the band.
			outs[i] = b.finite(outs[i])
		}
	}
	return b.assemble(outs), nil
}

// tree numbers the values of a syntax tree.
func (b *builder) tree(n *node) int {
	switch n.op {
	case opNumber:
		return b.constant(n.num)
	case opPi:
		return b.constant(math.Pi)
	case opBand:
		return b.intern(value{op: opBand, a: -1, b: -1, c: -1, slot: b.slots[n.ref]}, true)
	}
	args := make([]int, len(n.args))
	for i, a := range n.args {
		args[i] = b.tree(a)
	}
	switch n.op {
	case opMin, opMax:
		v := args[0]
		for _, a := range args[1:] {
			v = b.apply(n.op, v, a)
		}
		return v
	case opCoalesce: // from the right, so that each side is looked at once
		v := args[len(args)-1]
		for _, a := range slices.Backward(args[:len(args)-1]) {
			v = b.apply(opCoalesce, a, v)
		}
		return v
	case opClamp:
		return b.apply(opMin, b.apply(opMax, args[0], args[1]), args[2])
	}
	return b.apply(n.op, args...)
}

func (b *builder) constant(k float64) int {
	if !(math.Abs(k) <= math.MaxFloat32) {
		k = math.NaN()
	}
	return b.intern(value{op: opNumber, a: -1, b: -1, c: -1, k: k}, false)
}

// intern gives the number of a value.
func (b *builder) intern(v value, wild bool) int {
	key := v
	key.k = 0
	if v.op == opNumber { // by bits: NaN equals itself, 0 is not -0
		key.slot = int(math.Float64bits(v.k))
	}
	if i, ok := b.index[key]; ok {
		return i
	}
	b.values = append(b.values, v)
	b.wild = append(b.wild, wild)
	b.index[key] = len(b.values) - 1
	return len(b.values) - 1
}

// apply numbers an operation of up to three operands, folding constants.
func (b *builder) apply(o op, args ...int) int {
	in := [3]int{-1, -1, -1}
	copy(in[:], args)
	if k, ok := b.fold(o, args); ok {
		return b.constant(k)
	}
	if o == opPow {
		if v, ok := b.power(in[0], in[1]); ok {
			return v
		}
	}
	if o == opWhere && b.values[in[0]].op == opNumber && !math.IsNaN(b.values[in[0]].k) {
		if b.values[in[0]].k != 0 {
			return in[1]
		}
		return in[2]
	}
	wild := false
	switch o {
	case opAdd, opSub, opMul:
		wild = true
	case opNeg, opAbs:
		wild = b.wild[in[0]]
	case opWhere:
		in[0] = b.finite(in[0])
		wild = b.wild[in[1]] || b.wild[in[2]]
	case opCoalesce:
		in[0] = b.finite(in[0])
		wild = b.wild[in[1]]
	case opDiv, opNormDiff, opFinite: // their loops look at the operands
	default:
		for i := range args {
			in[i] = b.finite(in[i])
		}
	}
	switch o {
	case opAdd, opMul, opMin, opMax, opEQ, opNE, opAnd, opOr:
		if in[0] > in[1] {
			in[0], in[1] = in[1], in[0]
		}
	case opDiv:
		if x, y, ok := b.normDiff(in[0], in[1]); ok {
			o, in[0], in[1] = opNormDiff, x, y
		}
	}
	return b.intern(value{op: o, a: in[0], b: in[1], c: in[2]}, wild)
}

// finite is the value with infinity turned into no value.
func (b *builder) finite(v int) int {
	if !b.wild[v] {
		return v
	}
	return b.apply(opFinite, v)
}

// fold evaluates an operation on constants.
func (b *builder) fold(o op, args []int) (float64, bool) {
	var k [3]float64
	for i, a := range args {
		if b.values[a].op != opNumber {
			return 0, false
		}
		k[i] = b.values[a].k
	}
	return evaluate(o, k[0], k[1], k[2]), true
}

// power is x^k for the exponents that need no logarithm.
func (b *builder) power(x, y int) (int, bool) {
	if b.values[y].op != opNumber {
		return 0, false
	}
	switch k := b.values[y].k; {
	case k == 1:
		return x, true
	case k == 2:
		return b.apply(opMul, x, x), true
	case k == 0.5:
		return b.apply(opSqrt, x), true
	case k == -1:
		return b.apply(opDiv, b.constant(1), x), true
	case k >= 3 && k <= 16 && k == math.Floor(k):
		return b.apply(opPowInt, x, y), true
	}
	return 0, false
}

// normDiff recognises (x−y)/(x+y).
func (b *builder) normDiff(num, den int) (x, y int, ok bool) {
	n, d := b.values[num], b.values[den]
	if n.op != opSub || d.op != opAdd {
		return 0, 0, false
	}
	return n.a, n.b, (d.a == n.a && d.b == n.b) || (d.a == n.b && d.b == n.a)
}

// assemble keeps the values that outputs need and gives them registers:
// first one for each band used, then the constants, then as few rows as the
// lifetimes allow.
func (b *builder) assemble(outs []int) *Program {
	last := make([]int, len(b.values)) // index of the last value that reads it, -1 = dead
	for i := range last {
		last[i] = -1
	}
	for _, o := range outs {
		last[o] = len(b.values)
	}
	for i := len(b.values) - 1; i >= 0; i-- {
		if last[i] < 0 {
			continue
		}
		for _, a := range b.values[i].operands() {
			last[a] = max(last[a], i)
		}
	}
	p := &Program{}
	reg := make([]uint16, len(b.values))
	for i, v := range b.values {
		if last[i] >= 0 && v.op == opBand {
			reg[i] = uint16(len(p.bands))
			p.bands = append(p.bands, v.slot)
		}
	}
	for i, v := range b.values {
		if last[i] >= 0 && v.op == opNumber {
			reg[i] = uint16(len(p.bands) + len(p.consts))
			p.consts = append(p.consts, float32(v.k))
		}
	}
	b.allocate(p, reg, last)
	for _, o := range outs {
		p.outs = append(p.outs, reg[o])
	}
	return p
}

// allocate emits the instructions. A row is free again after its last reader,
// which may write its result over it.
func (b *builder) allocate(p *Program, reg []uint16, last []int) {
	base := len(p.bands) + len(p.consts)
	var free []uint16
	for i, v := range b.values {
		if last[i] < 0 || v.op == opNumber || v.op == opBand {
			continue
		}
		ins := instr{kernel: kernels[v.op]}
		for k, a := range v.operands() {
			ins.in[k] = reg[a]
			if last[a] == i && int(reg[a]) >= base && !slices.Contains(free, reg[a]) {
				free = append(free, reg[a])
			}
		}
		if len(free) == 0 {
			free = append(free, uint16(base+p.rows))
			p.rows++
		}
		reg[i] = free[len(free)-1]
		free = free[:len(free)-1]
		ins.out = reg[i]
		p.code = append(p.code, ins)
	}
}

// operands are the values that a value is computed from.
func (v value) operands() []int {
	in := []int{v.a, v.b, v.c}
	for len(in) > 0 && in[len(in)-1] < 0 {
		in = in[:len(in)-1]
	}
	return in
}
