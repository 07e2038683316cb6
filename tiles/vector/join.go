package vector

import (
	"cmp"
	"slices"
)

// join puts lines together end to end where just two ends meet. The result
// depends on the set of lines, not on their order or direction.
func join(lines [][]vertex) [][]vertex {
	lines = inOrder(lines)
	ends := make(map[vertex]endsAt, 2*len(lines))
	note := func(v vertex, i int32) {
		e := ends[v]
		if e.n < 2 {
			e.line[e.n] = i
		}
		e.n++
		ends[v] = e
	}
	for i, l := range lines {
		note(l[0], int32(i))
		note(l[len(l)-1], int32(i))
	}
	used := make([]bool, len(lines))
	var out [][]vertex
	for i := range lines {
		if used[i] {
			continue
		}
		used[i] = true
		l := slices.Clone(lines[i])
		l = grow(l, lines, ends, used)
		slices.Reverse(l)
		l = grow(l, lines, ends, used)
		out = append(out, l)
	}
	return out
}

// inOrder sorts lines, each turned so that the lesser end is first.
func inOrder(lines [][]vertex) [][]vertex {
	type keyed struct {
		ends uint64
		line []vertex
	}
	all := make([]keyed, len(lines))
	for i, l := range lines {
		first, last := l[0], l[len(l)-1]
		if c := compareVertices(last, first); c < 0 || c == 0 && compareLines(reversed(l), l) < 0 {
			l = reversed(l)
			first, last = last, first
		}
		all[i] = keyed{uint64(first.key())<<32 | uint64(last.key()), l}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		if a.ends != b.ends {
			return cmp.Compare(a.ends, b.ends)
		}
		return compareLines(a.line, b.line)
	})
	out := make([][]vertex, len(all))
	for i := range all {
		out[i] = all[i].line
	}
	return out
}

type endsAt struct {
	line [2]int32
	n    int
}

// grow appends the lines that go on where l ends.
func grow(l []vertex, lines [][]vertex, ends map[vertex]endsAt, used []bool) []vertex {
	for {
		last := l[len(l)-1]
		e := ends[last]
		if e.n != 2 || last == l[0] {
			return l
		}
		next := e.line[0]
		if used[next] {
			next = e.line[1]
		}
		if used[next] {
			return l
		}
		used[next] = true
		more := lines[next]
		if more[0] != last {
			more = reversed(more)
		}
		l = append(l, more[1:]...)
	}
}

func reversed(l []vertex) []vertex {
	out := slices.Clone(l)
	slices.Reverse(out)
	return out
}

func compareLines(a, b []vertex) int { return slices.CompareFunc(a, b, compareVertices) }
