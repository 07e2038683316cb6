package report

// roundTogether replaces rows × classes, and bands × classes whose columns
// sum to the same, by whole persons.
func roundTogether(rows, bands [][]int64) {
	n := len(rows[0])
	firstClass := 1 + len(rows)
	firstBand := firstClass + 2*n
	g := &circulation{adjacent: make([][]int, firstBand+len(bands)+1)}
	sink := firstBand + len(bands)
	total := addUp(rows, n)
	classEdges, rowEdges, bandEdges := []int{}, []int{}, []int{}
	var whole int64
	for j, v := range total {
		classEdges = append(classEdges, g.add(firstClass+j, firstClass+n+j, v))
		whole += v
	}
	closing := g.add(sink, 0, whole)
	sumOf := func(row []int64) (s int64) {
		for _, v := range row {
			s += v
		}
		return s
	}
	for i, row := range rows {
		rowEdges = append(rowEdges, g.add(0, 1+i, sumOf(row)))
	}
	for b, row := range bands {
		bandEdges = append(bandEdges, g.add(firstBand+b, sink, sumOf(row)))
	}
	cells := len(g.edges)
	for i, row := range rows {
		for j, v := range row {
			g.add(1+i, firstClass+j, v)
		}
	}
	for b, row := range bands {
		for j, v := range row {
			g.add(firstClass+n+j, firstBand+b, v)
		}
	}
	if len(bands) == 0 {
		for j, v := range total {
			g.add(firstClass+n+j, sink, v)
		}
	}
	// Totals first: what is settled first gets its nearest integer.
	g.settle(closing)
	for _, list := range [][]int{classEdges, rowEdges, bandEdges} {
		for _, e := range list {
			g.settle(e)
		}
	}
	for e := cells; e < len(g.edges); e++ {
		g.settle(e)
	}
	for _, table := range [][][]int64{rows, bands} {
		for _, row := range table {
			for j := range row {
				row[j] = g.edges[cells].flow / unit
				cells++
			}
		}
	}
}

type arc struct {
	from, to int
	flow     int64
}

// circulation is a graph whose flows balance at every node.
type circulation struct {
	edges    []arc
	adjacent [][]int // edges with a fraction, at both their ends
}

func (g *circulation) add(from, to int, flow int64) int {
	g.edges = append(g.edges, arc{from, to, flow})
	e := len(g.edges) - 1
	if flow%unit != 0 {
		g.adjacent[from] = append(g.adjacent[from], e)
		g.adjacent[to] = append(g.adjacent[to], e)
	}
	return e
}

// settle pushes flow around cycles through e until e is a whole number, the
// nearest one. No other edge passes an integer on the way. Since flows
// balance, an edge with a fraction is never alone in a cut, so there is
// always a cycle.
func (g *circulation) settle(e int) {
	for g.edges[e].flow%unit != 0 {
		a := &g.edges[e]
		up := a.flow%unit >= unit/2
		start, goal := a.from, a.to // push from start to goal around e
		push := a.flow % unit
		if up {
			start, goal, push = a.to, a.from, unit-push
		}
		path, forward := g.path(start, goal, e)
		for k, p := range path {
			room := g.edges[p].flow % unit
			if forward[k] {
				room = unit - room
			}
			push = min(push, room)
		}
		if up {
			a.flow += push
		} else {
			a.flow -= push
		}
		for k, p := range path {
			if forward[k] {
				g.edges[p].flow += push
			} else {
				g.edges[p].flow -= push
			}
		}
	}
}

// path finds a way from start to goal over edges with a fraction, without e.
func (g *circulation) path(start, goal, e int) (path []int, forward []bool) {
	via := map[int]int{start: -1}
	stack := []int{start}
	for len(stack) > 0 && stack[len(stack)-1] != goal {
		node := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		live := g.adjacent[node][:0]
		for _, n := range g.adjacent[node] {
			if g.edges[n].flow%unit == 0 {
				continue
			}
			live = append(live, n)
			next := g.edges[n].from + g.edges[n].to - node
			if _, seen := via[next]; n != e && !seen {
				via[next] = n
				stack = append(stack, next)
			}
		}
		g.adjacent[node] = live
	}
	for node := goal; node != start; {
		n := via[node]
		path = append(path, n)
		forward = append(forward, g.edges[n].to == node)
		node = g.edges[n].from + g.edges[n].to - node
	}
	return path, forward
}
