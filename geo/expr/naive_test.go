package expr

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// naive evaluates a syntax tree for one cell, in double precision with each
// result rounded as a cell would hold it; what is not finite is NaN: no
// value. It is written from the package's description alone. Trees of
// constants are not rounded inside.
func naive(n *node, bands map[string]float32) (v float64, constant bool) {
	var x [3]float64
	all := make([]float64, len(n.args))
	if n.op == opWhere { // a choice made by constants is no operation on cells
		if c, fixed := naive(n.args[0], bands); fixed && !math.IsNaN(c) {
			side := 2
			if c != 0 {
				side = 1
			}
			return naive(n.args[side], bands)
		}
	}
	constant = n.op != opBand
	for i, a := range n.args {
		val, c := naive(a, bands)
		all[i] = val
		constant = constant && c
	}
	if !constant {
		for i := range all {
			all[i] = cell(all[i])
		}
	}
	copy(x[:], all)
	switch n.op {
	case opNumber:
		return n.num, true
	case opPi:
		return math.Pi, true
	case opBand:
		return cell(float64(bands[n.ref])), false
	case opMin, opMax:
		v = extreme(all, n.op == opMin)
	case opCoalesce:
		v = math.NaN()
		for _, a := range all {
			if math.IsNaN(v) {
				v = a
			}
		}
	case opClamp:
		v = math.Min(math.Max(x[0], x[1]), x[2])
	default:
		v = evaluate(n.op, x[0], x[1], x[2])
	}
	if constant {
		if !(math.Abs(v) <= math.MaxFloat32) {
			v = math.NaN()
		}
		return v, true
	}
	return cell(v), false
}

// extreme is the least or greatest value; NaN when one is.
func extreme(all []float64, least bool) float64 {
	v := all[0]
	for _, a := range all[1:] {
		switch {
		case math.IsNaN(a) || math.IsNaN(v):
			return math.NaN()
		case least == (a < v):
			v = a
		}
	}
	return v
}

// cell is a value as a float32 holds it.
func cell(v float64) float64 {
	w := float64(float32(v))
	if math.IsInf(w, 0) {
		return math.NaN()
	}
	return w
}

var treeOps = []op{
	opWhere, opOr, opAnd, opNot, opLT, opLE, opGT, opGE, opEQ, opNE, opAdd, opSub, opMul, opDiv, opNeg, opPow,
	opMin, opMax, opAbs, opSqrt, opExp, opLog, opLog10, opSin, opCos, opTan, opAtan, opAtan2, opFloor, opCeil, opRound,
	opClamp, opSign, opIsNaN, opCoalesce,
}

var treeBands = []string{"b1", "nir", "odd name", "pi", "min"}

func drawTree(t *rapid.T, depth int) *node {
	leaf := rapid.IntRange(0, 9).Draw(t, "leaf")
	switch {
	case depth == 0 && leaf < 4 || leaf == 0:
		k := rapid.SampledFrom([]float64{0, 1, 2, 0.5, 3, 7, 2.5, 1e-7, 1e30, 123.456}).Draw(t, "k")
		return &node{op: opNumber, num: k}
	case depth == 0 || leaf == 1:
		return &node{op: opBand, ref: rapid.SampledFrom(treeBands).Draw(t, "band")}
	}
	o := rapid.SampledFrom(treeOps).Draw(t, "op")
	var args int
	switch o {
	case opNot, opNeg:
		args = 1
	case opWhere:
		args = 3
	default:
		args = 2
		if p := ops[o].params; p != nil {
			args, _ = o.arity()
			if p[len(p)-1] == "…" {
				args += rapid.IntRange(0, 2).Draw(t, "more")
			}
		}
	}
	n := &node{op: o}
	for range args {
		n.args = append(n.args, drawTree(t, depth-1))
	}
	return n
}

// TestAgainstTree: for random programs and cells, with missing and infinite
// values among them, the compiled program gives what the tree gives.
func TestAgainstTree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		trees := make([]*node, rapid.IntRange(1, 3).Draw(t, "outputs"))
		for i := range trees {
			trees[i] = drawTree(t, 4)
		}
		text := canonical(trees)
		e, err := Parse(text)
		if err != nil {
			t.Skip(err) // over a bound
		}
		if e.String() != text {
			t.Fatalf("%q prints as %q", text, e.String())
		}
		compareCells(t, e, trees)
	})
}

func compareCells(t *rapid.T, e *Expr, trees []*node) {
	const n = chunk + 37
	inf := float32(math.Inf(1))
	pick := rapid.SampledFrom([]float32{0, 1, -1, 2, 0.25, -3.5, 100, 1e30, -1e30, 1e-30, inf, -inf, float32(math.NaN())})
	pool := rapid.SliceOfN(pick, 16, 16).Draw(t, "cells")
	bands := make([][]float32, len(treeBands))
	for b := range bands {
		bands[b] = make([]float32, n)
		step := rapid.IntRange(1, 15).Draw(t, "step")
		for i := range bands[b] {
			bands[b][i] = pool[(i*step+i/16+b)%16]
		}
	}
	p, err := e.Bind(func(ref string) (int, error) { return slices.Index(treeBands, ref), nil })
	if err != nil {
		t.Fatal(err)
	}
	dst, mask := rows(len(trees), n), make([]uint8, n)
	for i := range mask {
		mask[i] = uint8(255 * (i % 5 & 1))
	}
	bare := rows(len(trees), n)
	p.Run(bare, nil, bands)
	before := append([]uint8(nil), mask...)
	p.Run(dst, mask, bands)
	for i := 0; i < n; i += 7 {
		values := map[string]float32{}
		for b, name := range treeBands {
			values[name] = bands[b][i]
		}
		valid := before[i] != 0
		want := make([]float64, len(trees))
		for k, tree := range trees {
			v, _ := naive(tree, values)
			want[k] = cell(v)
			if g := float64(bare[k][i]); !near(g, want[k]) {
				t.Fatalf("%s, cell %d %v: output %d without mask is %v, want %v", e, i, values, k, g, want[k])
			}
			valid = valid && !math.IsNaN(want[k])
		}
		if got := mask[i] != 0; got != valid {
			t.Fatalf("%s, cell %d %v: valid is %v, want %v", e, i, values, got, valid)
		}
		for k := range trees {
			w := want[k]
			if !valid {
				w = 0
			}
			if g := float64(dst[k][i]); !near(g, w) {
				t.Fatalf("%s, cell %d %v: output %d is %v, want %v", e, i, values, k, g, w)
			}
		}
	}
}

func rows(k, n int) [][]float32 {
	out := make([][]float32, k)
	for i := range out {
		out[i] = make([]float32, n)
	}
	return out
}

// near allows the last bit: whole powers are multiplied, not taken by logarithm.
func near(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1.3e-7*math.Abs(b)
}
