package degurba_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/degurba"
	"contado/geo/fault"
)

// world makes a land of hills of people, lakes and factories, with values at
// the very limits of the rules among them.
func world(rng *rand.Rand, w, h int) degurba.Cells {
	c := degurba.Cells{Width: w, Height: h}
	c.People, c.Land, c.Built = make([]float32, w*h), make([]float32, w*h), make([]float32, w*h)
	type hill struct{ x, y, top, wide float64 }
	hills := make([]hill, 2+rng.IntN(6))
	for i := range hills {
		hills[i] = hill{rng.Float64() * float64(w), rng.Float64() * float64(h), math.Pow(10, 2+rng.Float64()*2.2), 0.5 + rng.Float64()*4}
	}
	limits := []float32{0, 49, 50, 299, 300, 499, 500, 899, 900, 1499, 1500, 2500, 5000}
	for i := range c.People {
		x, y := float64(i%w), float64(i/w)
		n := 0.0
		for _, h := range hills {
			n += h.top * math.Exp(-((x-h.x)*(x-h.x)+(y-h.y)*(y-h.y))/(h.wide*h.wide))
		}
		c.People[i], c.Land[i] = float32(math.Floor(n*(0.5+rng.Float64()))), 1
		switch rng.IntN(20) {
		case 0:
			c.People[i] = limits[rng.IntN(len(limits))]
		case 1:
			c.Land[i] = []float32{0, 0.25, 0.5, 0.75}[rng.IntN(4)]
		case 2:
			c.People[i], c.Land[i] = 0, []float32{0, 0.25, 0.49, 0.5}[rng.IntN(4)]
		case 3:
			c.Built[i] = []float32{0.1, 0.2, 0.5, 1}[rng.IntN(4)]
		case 4:
			c.People[i] = 0
		}
	}
	return c
}

// The rules read literally, cell by cell in Python, say the same.
func TestAgainstALiteralReading(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	var got [][]degurba.Class
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[degurba.Class]int{}
	for i := range 240 {
		c := world(rng, 5+rng.IntN(24), 5+rng.IntN(24))
		rules := degurba.All()[i%3]
		level := 1 + i/3%2
		classes, err := degurba.Classify(context.Background(), c, rules, level)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, classes)
		for _, k := range classes {
			seen[k]++
		}
		fmt.Fprintln(&in, rules.ID, level, c.Width, c.Height)
		for _, column := range [][]float32{c.People, c.Land, c.Built} {
			fmt.Fprintln(&in, strings.Trim(fmt.Sprint(column), "[]"))
		}
	}
	if len(seen) != 12 {
		t.Fatalf("the worlds have but the classes %v", seen)
	}
	cmd := exec.Command("python3", "testdata/oracle.py")
	cmd.Stdin = strings.NewReader(in.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if strings.Contains(stderr.String(), "No module") || strings.Contains(err.Error(), "executable file not found") {
			t.Skipf("numpy and scipy are needed for the oracle: %v", err)
		}
		t.Fatalf("oracle: %v: %s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(got) {
		t.Fatalf("%d answers for %d worlds", len(lines), len(got))
	}
	for i, line := range lines {
		codes := make([]int, len(got[i]))
		for k, c := range got[i] {
			codes[k] = int(c)
		}
		if have := strings.Trim(fmt.Sprint(codes), "[]"); have != line {
			t.Errorf("world %d (rules %s): classes\n%s\nwant\n%s", i, degurba.All()[i%3].ID, have, line)
		}
	}
}

// picture makes cells of text: a letter a cell, values by the letter.
func picture(rows []string, people map[byte]float32) degurba.Cells {
	c := degurba.Cells{Width: len(rows[0]), Height: len(rows)}
	for _, r := range rows {
		for i := range len(r) {
			c.People = append(c.People, people[r[i]])
		}
	}
	return c
}

// A town around a lake: one of 14 km² is filled, one of 15 km² is not. (On dry
// land both would be: the corner of a square gap has five neighbours of eight
// in the town, so smoothing closes it from its corners.)
func TestGapsByTheirSurface(t *testing.T) {
	t.Parallel()
	rules, err := degurba.RulesByID("")
	if err != nil {
		t.Fatal(err)
	}
	for lake, want := range map[int]int{1: 1, 14: 14, 15: 0, 16: 0} {
		const side = 11
		c := degurba.Cells{Width: side, Height: side, People: make([]float32, side*side), Land: make([]float32, side*side)}
		left := lake
		for row := range side {
			for col := range side {
				i := row*side + col
				c.Land[i] = 1
				switch {
				case row == 0 || col == 0 || row == side-1 || col == side-1:
				case row > 2 && row < 8 && col > 2 && col < 8 && left > 0:
					left--
					c.Land[i] = 0
				default:
					c.People[i] = 2000
				}
			}
		}
		got, err := degurba.Classify(context.Background(), c, rules, 1)
		if err != nil {
			t.Fatal(err)
		}
		filled := 0
		for i, k := range got {
			if c.Land[i] == 0 && k == degurba.UrbanCentre {
				filled++
			}
		}
		if filled != want {
			t.Errorf("a lake of %d km²: %d cells filled, want %d", lake, filled, want)
		}
	}
}

// Two halves of a town that touch at a corner are two by rook, one by queen.
func TestContiguity(t *testing.T) {
	t.Parallel()
	c := picture([]string{
		"DDD...",
		"DDD...",
		"DDD...",
		"...DDD",
		"...DDD",
		"...DDD",
	}, map[byte]float32{'D': 2777.8}) // 25,000 in each half
	rules, err := degurba.RulesByID("")
	if err != nil {
		t.Fatal(err)
	}
	level1, err := degurba.Classify(context.Background(), c, rules, 1)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(level1, degurba.UrbanCentre) || level1[0] != degurba.UrbanCluster {
		t.Errorf("halves that meet at a corner became %v", level1)
	}
	level2, err := degurba.Classify(context.Background(), c, rules, 2)
	if err != nil {
		t.Fatal(err)
	}
	if level2[0] != degurba.DenseCluster || level2[0].Level1() != degurba.UrbanCluster {
		t.Errorf("half a town is %d at level 2, want a dense cluster", level2[0])
	}
	for i := range c.People { // a little more people and one joint
		if c.People[i] > 0 {
			c.People[i] = 2778
		}
	}
	c.People[3] = 2778
	c.People[9], c.People[15] = 2778, 2778
	if level1, err = degurba.Classify(context.Background(), c, rules, 1); err != nil || level1[0] != degurba.UrbanCentre {
		t.Errorf("one town of 58,000 is %d (%v)", level1[0], err)
	}
}

// Semi-dense clusters lie beyond two cells of anything denser.
func TestSemiDense(t *testing.T) {
	t.Parallel()
	rules, err := degurba.RulesByID("")
	if err != nil {
		t.Fatal(err)
	}
	for gap, want := range map[int]degurba.Class{1: degurba.RuralCluster, 2: degurba.SemiDense, 3: degurba.SemiDense} {
		c := degurba.Cells{Width: 12, Height: 3, People: make([]float32, 36)}
		for row := range 3 {
			for col := range 2 {
				c.People[row*12+col] = 1600 // dense: 9,600 people
			}
		}
		for row := range 3 {
			c.People[row*12+2+gap] = 1000 // semi-dense: 3,000 people
		}
		got, err := degurba.Classify(context.Background(), c, rules, 2)
		if err != nil {
			t.Fatal(err)
		}
		if k := got[2+gap]; k != want || got[0] != degurba.DenseCluster {
			t.Errorf("%d cells away: %d, want %d", gap, k, want)
		}
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	type m = map[degurba.Class]float64
	for _, c := range []struct {
		name   string
		people m
		land   m
		l1     degurba.UnitClass
		new    degurba.UnitClass
		old    degurba.UnitClass
	}{
		{"half in a centre", m{degurba.UrbanCentre2: 50, degurba.LowDensity: 50}, nil, degurba.City, degurba.City, degurba.City},
		{"half rural is no rural area", m{degurba.DenseCluster: 50, degurba.LowDensity: 50}, nil, degurba.Town, degurba.DenseTown, degurba.DenseTown},
		{"dense with a centre", m{degurba.UrbanCentre2: 30, degurba.DenseCluster: 20, degurba.Suburban: 50}, nil, degurba.Town, degurba.DenseTown, degurba.Suburb},
		{"suburb and rural make a suburb", m{degurba.SemiDense: 45, degurba.Suburban: 15, degurba.RuralCluster: 40}, nil, degurba.Town, degurba.Suburb, degurba.SemiDenseTown},
		{"semi-dense", m{degurba.SemiDense: 60, degurba.Suburban: 40}, nil, degurba.Town, degurba.SemiDenseTown, degurba.SemiDenseTown},
		{"village by urban people", m{degurba.Suburban: 30, degurba.RuralCluster: 20, degurba.LowDensity: 26, degurba.VeryLowDensity: 24}, nil, degurba.RuralArea, degurba.Village, degurba.DispersedRural},
		{"dispersed", m{degurba.RuralCluster: 40, degurba.LowDensity: 30, degurba.VeryLowDensity: 30}, nil, degurba.RuralArea, degurba.DispersedRural, degurba.Village},
		{"mostly uninhabited", m{degurba.LowDensity: 50, degurba.VeryLowDensity: 50}, nil, degurba.RuralArea, degurba.MostlyUninhabited, degurba.DispersedRural},
		{"nobody: by land", m{}, m{degurba.VeryLowDensity: 9, degurba.LowDensity: 1, degurba.Water2: 90}, degurba.RuralArea, degurba.MostlyUninhabited, degurba.MostlyUninhabited},
		{"nothing but water", nil, m{degurba.Water2: 9}, degurba.Unknown, degurba.Unknown, degurba.Unknown},
	} {
		for id, want := range map[string]degurba.UnitClass{"2024-07": c.new, "2023": c.old, "2021": c.old} {
			rules, err := degurba.RulesByID(id)
			if err != nil {
				t.Fatal(err)
			}
			l1, l2 := degurba.ClassifyUnit(degurba.Unit{People: c.people, Land: c.land}, rules)
			if l1 != c.l1 || l2 != want || l2.Level1() != l1 {
				t.Errorf("%s, rules %s: %s and %s, want %s and %s", c.name, id, l1.Code(), l2.Code(), c.l1.Code(), want.Code())
			}
			if l2 != degurba.Unknown && (l2.Label()["it"] == "" || l2.Label()["en"] == "" || l1.Label()["it"] == "") {
				t.Errorf("class %s has no name", l2.Code())
			}
		}
	}
}

// Level 2 refines level 1, turning the raster turns the answer, and people
// added to a cell never make a cell less urban, where nothing is smoothed.
func TestLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		c := world(rand.New(rand.NewPCG(seed, 7)), rapid.IntRange(1, 20).Draw(t, "width"), rapid.IntRange(1, 20).Draw(t, "height"))
		rules := rapid.SampledFrom(degurba.All()).Draw(t, "rules")
		level := rapid.IntRange(1, 2).Draw(t, "level")
		got, err := degurba.Classify(context.Background(), c, rules, level)
		if err != nil {
			t.Fatal(err)
		}
		turned := c
		turned.People, turned.Land, turned.Built = slices.Clone(c.People), slices.Clone(c.Land), slices.Clone(c.Built)
		slices.Reverse(turned.People)
		slices.Reverse(turned.Land)
		slices.Reverse(turned.Built)
		back, err := degurba.Classify(context.Background(), turned, rules, level)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(back)
		if !slices.Equal(got, back) {
			t.Fatalf("turned by 180°, %v became %v", got, back)
		}
		if level == 2 {
			one, err := degurba.Classify(context.Background(), c, rules, 1)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if (got[i] == degurba.UrbanCentre2) != (one[i] == degurba.UrbanCentre) {
					t.Fatalf("cell %d is %d at level 2 and %d at level 1", i, got[i], one[i])
				}
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	rules, err := degurba.RulesByID("")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]degurba.Cells{
		"no cells":   {},
		"too few":    {Width: 2, Height: 2, People: make([]float32, 3)},
		"of hectare": {Width: 1, Height: 1, People: make([]float32, 1), Km2: 0.01},
		"of NaN":     {Width: 1, Height: 1, People: make([]float32, 1), Km2: math.NaN()},
		"too many":   {Width: 1 << 16, Height: 1 << 16},
	} {
		if _, err := degurba.Classify(context.Background(), c, rules, 1); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := degurba.Classify(context.Background(), degurba.Cells{Width: 1, Height: 1, People: []float32{1}}, rules, 3); !fault.Is(err, fault.Invalid) {
		t.Errorf("level 3: %v", err)
	}
	if _, err := degurba.RulesByID("1999"); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "2024-07") {
		t.Errorf("rules of 1999: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := degurba.Classify(ctx, degurba.Cells{Width: 1, Height: 1, People: []float32{1}}, rules, 1); err == nil {
		t.Error("a canceled classification went on")
	}
	nan := degurba.Cells{Width: 1, Height: 1, People: []float32{float32(math.NaN())}, Land: []float32{float32(math.NaN())}}
	if got, err := degurba.Classify(context.Background(), nan, rules, 2); err != nil || got[0] != degurba.Water2 {
		t.Errorf("nothing known became %v (%v), want water", got, err)
	}
}

// BenchmarkContinent is 32 million cells, as many as Europe has.
func BenchmarkContinent(b *testing.B) {
	c := world(rand.New(rand.NewPCG(3, 4)), 200, 200)
	const times = 28 // 28 × 28 copies: 31.4 M cells
	big := degurba.Cells{Width: c.Width * times, Height: c.Height * times}
	tile := func(from []float32) []float32 {
		out := make([]float32, 0, big.Width*big.Height)
		for row := range big.Height {
			for range times {
				out = append(out, from[row%c.Height*c.Width:][:c.Width]...)
			}
		}
		return out
	}
	big.People, big.Land, big.Built = tile(c.People), tile(c.Land), tile(c.Built)
	rules, err := degurba.RulesByID("")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := degurba.Classify(context.Background(), big, rules, 2); err != nil {
			b.Fatal(err)
		}
	}
}
