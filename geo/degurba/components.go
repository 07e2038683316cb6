package degurba

import "context"

// Neighbours that join cells into a cluster.
type contiguity uint8

const (
	rook  contiguity = iota // the four that share a side
	queen                   // the eight that share a side or a corner
)

// components labels the clusters of cells that have a trait, from 1, in the
// order of their first cells, and returns how many there are. Two passes with
// union-find (Rosenfeld and Pfaltz 1966).
func (k *classifier) components(ctx context.Context, trait uint8, c contiguity) (int32, error) {
	k.union = append(k.union[:0], 0)
	w := k.Width
	for row := range k.Height {
		if row&255 == 0 {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
		}
		traits, line := k.traits[row*w:][:w], k.labels[row*w:][:w]
		var above []int32
		if row > 0 {
			above = k.labels[(row-1)*w:][:w]
		}
		left := int32(0)
		for col, t := range traits {
			if t&trait == 0 {
				line[col], left = 0, 0
				continue
			}
			l := left
			if above != nil {
				l = k.join(l, above[col])
				if c == queen {
					if col > 0 {
						l = k.join(l, above[col-1])
					}
					if col+1 < w {
						l = k.join(l, above[col+1])
					}
				}
			}
			if l == 0 {
				l = int32(len(k.union))
				k.union = append(k.union, l)
			}
			line[col], left = l, l
		}
	}
	return k.settle(), nil
}

// join makes two labels one and returns it; 0 is no label.
func (k *classifier) join(a, b int32) int32 {
	switch {
	case b == 0 || a == b:
		return a
	case a == 0:
		return b
	}
	a, b = k.root(a), k.root(b)
	if a > b {
		a, b = b, a
	}
	k.union[b] = a
	return a
}

func (k *classifier) root(l int32) int32 {
	for k.union[l] != l {
		k.union[l] = k.union[k.union[l]]
		l = k.union[l]
	}
	return l
}

// settle numbers the roots from 1 and writes the numbers into the cells.
func (k *classifier) settle() int32 {
	n := int32(0)
	for l := 1; l < len(k.union); l++ {
		if r := k.union[l]; int(r) == l {
			n++
			k.union[l] = n
		} else {
			k.union[l] = k.union[r] // r < l, so it has its number already
		}
	}
	for i, l := range k.labels {
		if l > 0 {
			k.labels[i] = k.union[l]
		}
	}
	return n
}

// peopleOf sums people by label.
func (k *classifier) peopleOf(n int32) []float64 {
	if cap(k.sums) < int(n)+1 {
		k.sums = make([]float64, n+1)
	}
	sums := k.sums[:n+1]
	clear(sums)
	for i, l := range k.labels {
		if p := k.People[i]; l > 0 && p > 0 {
			sums[l] += float64(p)
		}
	}
	return sums
}

// smooth adds cells to urban centres by the majority rule, in rounds in which
// all cells are judged by the centres as the round found them, until none is
// added. Beyond the raster lies land of no centre.
func (k *classifier) smooth(ctx context.Context) error {
	candidates := make([]int32, 0, 1024)
	for i, l := range k.labels {
		if l > 0 {
			candidates = k.around(candidates, i)
		}
	}
	var added, labels []int32
	for len(candidates) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		added, labels = added[:0], labels[:0]
		for _, i := range candidates {
			if k.labels[i] != 0 {
				continue
			}
			if l := k.majority(int(i)); l > 0 {
				added, labels = append(added, i), append(labels, l)
			}
		}
		candidates = candidates[:0]
		for n, i := range added {
			k.labels[i] = labels[n]
		}
		for _, i := range added {
			candidates = k.around(candidates, int(i))
		}
	}
	return nil
}

// around appends the cells around one that belong to no centre.
func (k *classifier) around(list []int32, i int) []int32 {
	col, row := i%k.Width, i/k.Width
	for r := max(0, row-1); r <= min(k.Height-1, row+1); r++ {
		for c := max(0, col-1); c <= min(k.Width-1, col+1); c++ {
			if n := r*k.Width + c; k.labels[n] == 0 {
				list = append(list, int32(n))
			}
		}
	}
	return list
}

// majority is the centre that a cell joins, 0 for none.
func (k *classifier) majority(i int) int32 {
	land := k.rules.Smoothing == LandMajority
	if land && k.traits[i]&water != 0 {
		return 0
	}
	var seen, count [8]int32
	kinds, valid := 0, 0
	col, row := i%k.Width, i/k.Width
	for r := row - 1; r <= row+1; r++ {
		for c := col - 1; c <= col+1; c++ {
			if r == row && c == col {
				continue
			}
			if r < 0 || c < 0 || r >= k.Height || c >= k.Width {
				valid++
				continue
			}
			n := r*k.Width + c
			l := k.labels[n]
			if l == 0 {
				if !land || k.traits[n]&ignored == 0 {
					valid++
				}
				continue
			}
			valid++
			s := 0
			for s < kinds && seen[s] != l {
				s++
			}
			if s == kinds {
				seen[s] = l
				kinds++
			}
			count[s]++
		}
	}
	for s := range kinds {
		if land && 2*int(count[s]) > valid || !land && count[s] >= 5 {
			return seen[s]
		}
	}
	return 0
}

// fill adds the gaps of urban centres that are smaller than the rule's: cells
// that hang together by their sides, belong not to the centre, and are shut
// in by it. What reaches the edge of the raster is no gap.
func (k *classifier) fill(ctx context.Context) error {
	most := 0 // cells
	for float64(most+1)*k.Km2 < k.rules.GapKm2 {
		most++
	}
	if most == 0 {
		return nil
	}
	g := &gaps{classifier: k, most: most}
	for row := range k.Height {
		if row&255 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		for col := range k.Width {
			// A gap has a topmost row, whose cells have the centre above them.
			if i := row*k.Width + col; row > 0 && k.labels[i-k.Width] > 0 && k.labels[i] != k.labels[i-k.Width] {
				g.try(i, k.labels[i-k.Width])
			}
		}
	}
	for n, i := range g.cells {
		if k.labels[i] == 0 {
			k.labels[i] = g.owner[n]
		}
	}
	return nil
}

// gaps collects the cells of gaps.
type gaps struct {
	*classifier
	most  int
	patch []int32
	cells []int32
	owner []int32
}

// try looks whether the cell is in a gap of the centre.
func (g *gaps) try(i int, centre int32) {
	g.patch = append(g.patch[:0], int32(i))
	for next := 0; next < len(g.patch); next++ {
		at := int(g.patch[next])
		col, row := at%g.Width, at/g.Width
		if col == 0 || row == 0 || col == g.Width-1 || row == g.Height-1 {
			return
		}
		for _, n := range [4]int{at - 1, at + 1, at - g.Width, at + g.Width} {
			if g.labels[n] == centre || g.inPatch(int32(n)) {
				continue
			}
			if len(g.patch) == g.most {
				return
			}
			g.patch = append(g.patch, int32(n))
		}
	}
	for _, c := range g.patch {
		g.cells, g.owner = append(g.cells, c), append(g.owner, centre)
	}
}

func (g *gaps) inPatch(i int32) bool {
	for _, c := range g.patch {
		if c == i {
			return true
		}
	}
	return false
}
