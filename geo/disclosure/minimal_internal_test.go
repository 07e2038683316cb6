package disclosure

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// smallCube is a table of few people, small enough to try every way of hiding.
func smallCube(rng *rand.Rand) *cube {
	areas, bands := 2+rng.IntN(2), 1+rng.IntN(2)
	if areas == 3 {
		bands = 1
	}
	c := newCube(areas, bands, 1, 3)
	c.splits = rng.IntN(2) == 0
	for i := range c.n {
		c.n[i] = float64([]int{0, 0, 1, 2, 4, 9, 30}[rng.IntN(7)])
	}
	return c
}

// hiddenWeight is how much is lost with what a cube hides.
func (c *cube) hiddenWeight() float64 {
	sum := 0.0
	for f := range c.population {
		for j := ofSplit; j < c.rows; j++ {
			if x := (item{f, j}); *c.flag(x) {
				sum += c.weight(x)
			}
		}
	}
	return sum
}

// optimum is the least that can be hidden so that every target has a witness,
// by trying every choice of witnesses that can still be better.
func (c *cube) optimum(targets []target, best float64) float64 {
	c.population, c.row, c.split = make([]bool, len(c.population)), make([]bool, len(c.row)), make([]bool, len(c.split))
	seen := map[string]float64{}
	var try func(k int, sum float64)
	try = func(k int, sum float64) {
		if sum >= best {
			return
		}
		if k == len(targets) {
			best = sum
			return
		}
		key := make([]byte, 0, len(c.population)+len(c.row)+1)
		for _, flags := range [3][]bool{c.population, c.row, c.split} {
			for _, f := range flags {
				key = append(key, '0'+byte(b2i(f)))
			}
		}
		key = append(key, byte(k))
		if before, ok := seen[string(key)]; ok && before <= sum {
			return
		}
		seen[string(key)] = sum
		if _, ok := c.covered(targets[k]); ok {
			try(k+1, sum)
			return
		}
		c.moves(targets[k], func(m move) bool {
			var added []item
			more := 0.0
			c.items(m, func(x item) {
				if f := c.flag(x); !*f {
					*f = true
					added, more = append(added, x), more+c.weight(x)
				}
			})
			try(k+1, sum+more)
			for _, x := range added {
				*c.flag(x) = false
			}
			return true
		})
	}
	try(0, 0)
	return best
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestHidesLittle compares with the least that could be hidden, in every small
// table found; and nothing that is hidden could be shown alone.
func TestHidesLittle(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(19, 4))
	least, lost, same, tables := 0.0, 0.0, 0, 0
	for tables < 150 {
		c := smallCube(rng)
		targets := c.targets()
		if len(targets) == 0 {
			continue
		}
		tables++
		if err := c.protect(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, x := range targets {
			if _, ok := c.covered(x); !ok {
				t.Fatalf("%v of %v has no witness", x, c.n)
			}
		}
		for f := range c.population {
			for j := ofSplit; j < c.rows; j++ {
				flag := c.flag(item{f, j})
				if !*flag {
					continue
				}
				*flag = false
				every := true
				for _, x := range targets {
					_, ok := c.covered(x)
					every = every && ok
				}
				if *flag = true; every {
					t.Fatalf("figure %d row %d of %v need not be hidden", f, j, c.n)
				}
			}
		}
		got := c.hiddenWeight()
		want := c.optimum(targets, math.Inf(1))
		least, lost = least+want, lost+got
		if got < want-1e-9 {
			t.Fatalf("%v: hides %v, less than the least possible %v", c.n, got, want)
		}
		if got <= want+1e-9 {
			same++
		}
	}
	t.Logf("%d tables: the least possible in %d; in all %.3f times it", tables, same, lost/least)
	if same < tables*8/10 || lost > 1.1*least {
		t.Errorf("the least possible in %d of %d tables, in all %.3f times it", same, tables, lost/least)
	}
}
