package mvttest

import "fmt"

// CheckPolygons checks that the polygons of a layer are valid: rings of
// non-zero area that neither cross nor touch themselves or each other along
// a line, points used once a ring, holes inside their exterior. It compares
// all pairs of edges: for tests only.
func CheckPolygons(l *Layer) error {
	for i, f := range l.Features {
		if f.Type != 3 {
			continue
		}
		var poly [][][2]int
		for _, r := range append(f.Parts, nil) {
			if r == nil || Area2(r) > 0 {
				if err := checkPolygon(poly); err != nil {
					return fmt.Errorf("feature %d (id %d): %w", i, f.ID, err)
				}
				poly = nil
			}
			if r != nil {
				if Area2(r) == 0 {
					return fmt.Errorf("feature %d (id %d): ring without area", i, f.ID)
				}
				poly = append(poly, r)
			}
		}
	}
	return nil
}

func checkPolygon(rings [][][2]int) error {
	type edge struct{ a, b [2]int }
	var edges []edge
	for n, r := range rings {
		seen := map[[2]int]bool{}
		for i, p := range r {
			if seen[p] {
				return fmt.Errorf("ring %d comes twice to %v", n, p)
			}
			seen[p] = true
			edges = append(edges, edge{p, r[(i+1)%len(r)]})
		}
		if n > 0 && !inside(rings[0], r) {
			return fmt.Errorf("hole %d is not inside its exterior", n)
		}
	}
	cross := func(a, b, p [2]int) int {
		return (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
	}
	on := func(a, b, p [2]int) bool { // strictly inside segment ab
		return cross(a, b, p) == 0 && p != a && p != b &&
			(p[0]-a[0])*(p[0]-b[0])+(p[1]-a[1])*(p[1]-b[1]) < 0
	}
	for i, e := range edges {
		for _, f := range edges[:i] {
			if e.a == f.a && e.b == f.b || e.a == f.b && e.b == f.a {
				return fmt.Errorf("edge %v twice", e)
			}
			s := sign(cross(e.a, e.b, f.a)) * sign(cross(e.a, e.b, f.b))
			t := sign(cross(f.a, f.b, e.a)) * sign(cross(f.a, f.b, e.b))
			if s < 0 && t < 0 {
				return fmt.Errorf("edges %v and %v cross", e, f)
			}
			if on(e.a, e.b, f.a) || on(e.a, e.b, f.b) || on(f.a, f.b, e.a) || on(f.a, f.b, e.b) {
				return fmt.Errorf("edges %v and %v touch", e, f)
			}
		}
	}
	return nil
}

func sign(v int) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// inside tests the middle of the hole's first edge, which lies on no edge of
// a valid exterior, at twice the scale.
func inside(outer, hole [][2]int) bool {
	px, py := float64(hole[0][0]+hole[1][0])/2, float64(hole[0][1]+hole[1][1])/2
	in := false
	for i, a := range outer {
		b := outer[(i+1)%len(outer)]
		ax, ay, bx, by := float64(a[0]), float64(a[1]), float64(b[0]), float64(b[1])
		if (ay <= py) != (by <= py) && ax+(py-ay)/(by-ay)*(bx-ax) < px {
			in = !in
		}
	}
	return in
}
