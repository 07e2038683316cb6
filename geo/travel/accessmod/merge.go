package accessmod

import (
	"math"

	"contado/geo/fault"
)

// NoClass marks a cell without a value (GRASS null).
const NoClass = math.MinInt32

// Layer is one of a stack, row by row.
type Layer struct {
	Name string
	// Classes of the cells, NoClass for none. For a barrier any value closes.
	Classes []int32
	Barrier bool
	Road    bool
}

// Merge stacks layers, the first on top: a cell takes the class of the highest
// layer that has one there, and is closed (NoClass) where that is a barrier.
// Errors: Invalid for layers of unequal size.
func Merge(stack []Layer) ([]int32, error) {
	if len(stack) == 0 {
		return nil, fault.Errorf("accessmod.Merge", fault.Invalid, "accessmod: the stack has no layer")
	}
	n := len(stack[0].Classes)
	for _, l := range stack {
		if len(l.Classes) != n {
			return nil, fault.Errorf("accessmod.Merge", fault.Invalid, "accessmod: layer %s has %d cells, %s has %d", l.Name, len(l.Classes), stack[0].Name, n)
		}
	}
	merged := make([]int32, n)
	for c := range merged {
		merged[c] = NoClass
		for i := range stack {
			if class := stack[i].Classes[c]; class != NoClass {
				if !stack[i].Barrier {
					merged[c] = class
				}
				break
			}
		}
	}
	return merged, nil
}

// Bridges finds the one-cell diagonal leaks: cells of roads (of any road layer
// of the stack) that touch an open cell by a corner alone, both cells between
// being closed. With X the road, N closed and A open:
//
//	X N   N X   A N   N A
//	N A   A N   N X   X N
//
// Roads burnt into every cell that they pass never hold together by a corner,
// so closing these cells breaks none. Cells off the grid count as closed.
func Bridges(merged []int32, width int, stack []Layer) []int {
	closed := func(col, row int) bool {
		c := row*width + col
		return col < 0 || col >= width || row < 0 || c >= len(merged) || merged[c] == NoClass
	}
	var out []int
	for c := range merged {
		if merged[c] == NoClass || !onRoad(stack, c) {
			continue
		}
		col, row := c%width, c/width
		w, e, n, s := closed(col-1, row), closed(col+1, row), closed(col, row-1), closed(col, row+1)
		switch {
		case w && s && !closed(col-1, row+1), e && s && !closed(col+1, row+1),
			e && n && !closed(col+1, row-1), w && n && !closed(col-1, row-1):
			out = append(out, c)
		}
	}
	return out
}

func onRoad(stack []Layer, cell int) bool {
	for i := range stack {
		if stack[i].Road && stack[i].Classes[cell] != NoClass {
			return true
		}
	}
	return false
}

// CloseBridges closes the cells that Bridges finds, in place, and counts them.
func CloseBridges(merged []int32, width int, stack []Layer) int {
	found := Bridges(merged, width, stack)
	for _, c := range found {
		merged[c] = NoClass
	}
	return len(found)
}
