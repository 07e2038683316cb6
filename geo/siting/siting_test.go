package siting_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/geo/siting"
)

var inf = float32(math.Inf(1))

// world is places with people, times as they are, and a full matrix of times
// to candidates.
type world struct {
	people []float64
	now    []float32
	times  [][]float32 // by candidate
}

func randomWorld(rng *rand.Rand, places, candidates int) world {
	time := func() float32 {
		if rng.IntN(6) == 0 {
			return inf
		}
		return float32(60 * rng.IntN(60))
	}
	w := world{people: make([]float64, places), now: make([]float32, places), times: make([][]float32, candidates)}
	for i := range w.people {
		w.people[i], w.now[i] = float64(rng.IntN(20)), time()
	}
	for c := range w.times {
		for range places {
			w.times[c] = append(w.times[c], time())
		}
	}
	return w
}

// reach keeps of the matrix what the engine would: finite times within most.
func (w world) reach(most float64) []siting.Reach {
	out := make([]siting.Reach, len(w.times))
	for c, row := range w.times {
		for i, s := range row {
			if float64(s) <= most {
				out[c].Row, out[c].Seconds = append(out[c].Row, int32(i)), append(out[c].Seconds, s)
			}
		}
	}
	return out
}

// value is what a choice is worth, from the definitions.
func (w world) value(chosen []int, p siting.Params) float64 {
	before, after := 0.0, 0.0
	for i, n := range w.people {
		t := w.now[i]
		for _, c := range chosen {
			t = min(t, w.times[c][i])
		}
		switch p.Objective {
		case siting.Cover:
			if float64(w.now[i]) <= p.ThresholdS {
				before += n
			}
			if float64(t) <= p.ThresholdS {
				after += n
			}
		case siting.Time:
			before -= n * math.Min(float64(w.now[i]), p.Most)
			after -= n * math.Min(float64(t), p.Most)
		}
	}
	return after - before
}

// best tries all choices of up to k candidates.
func (w world) best(k int, p siting.Params) float64 {
	most := 0.0
	var try func(from int, chosen []int)
	try = func(from int, chosen []int) {
		most = math.Max(most, w.value(chosen, p))
		if len(chosen) == k {
			return
		}
		for c := from; c < len(w.times); c++ {
			try(c+1, append(chosen, c))
		}
	}
	try(0, nil)
	return most
}

func TestFindAgainstEveryChoice(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 2))
	for round := range 90 {
		w := randomWorld(rng, 1+rng.IntN(30), 1+rng.IntN(8))
		for _, objective := range []siting.Objective{siting.Cover, siting.Time} {
			p := siting.Params{Objective: objective, ThresholdS: float64(300 + 60*rng.IntN(20)), Points: 1 + round%3}
			p.Most = p.ThresholdS + float64(60*rng.IntN(40))
			got, err := siting.Find(context.Background(), w.people, w.now, w.reach(p.Most), p)
			if err != nil {
				t.Fatal(err)
			}
			want, value := w.best(p.Points, p), w.value(got.Chosen, p)
			if math.Abs(value-want) > 1e-6 || !got.Exact || math.Abs(got.Bound-want) > 1e-6 {
				t.Fatalf("%+v: chosen %v is worth %v (exact %v, bound %v); the best choice %v", p, got.Chosen, value, got.Exact, got.Bound, want)
			}
			sum := 0.0
			for _, g := range got.Added {
				if objective == siting.Cover {
					sum += g.People
				} else {
					sum += g.Seconds
				}
			}
			if math.Abs(sum-value) > 1e-6 || len(got.Added) != len(got.Chosen) {
				t.Fatalf("what the points add sums to %v, all together are worth %v", sum, value)
			}
			for c, g := range got.Alone {
				cover, time := p, p
				cover.Objective, time.Objective = siting.Cover, siting.Time
				if g.People != w.value([]int{c}, cover) || math.Abs(g.Seconds-w.value([]int{c}, time)) > 1e-6 {
					t.Fatalf("candidate %d alone: %+v", c, g)
				}
			}
		}
	}
}

// TestGreedyKeepsItsPromise: where there are too many choices to try, the
// choice has 1 − 1/e of the best and the bound holds.
func TestGreedyKeepsItsPromise(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 8))
	for range 2 {
		w := randomWorld(rng, 25, 110) // 110 choose 3 = 215,820, more than are tried
		for _, objective := range []siting.Objective{siting.Cover, siting.Time} {
			p := siting.Params{Objective: objective, ThresholdS: 300, Most: 900, Points: 3}
			got, err := siting.Find(context.Background(), w.people, w.now, w.reach(p.Most), p)
			if err != nil {
				t.Fatal(err)
			}
			want, value := w.best(p.Points, p), w.value(got.Chosen, p)
			if value < (1-1/math.E)*want-1e-6 || got.Bound < want-1e-6 || value > want+1e-6 {
				t.Errorf("%s: chosen is worth %v, the best %v, the bound %v", objective, value, want, got.Bound)
			}
			one := p
			one.Points = 1
			first, err := siting.Find(context.Background(), w.people, w.now, w.reach(p.Most), one)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(w.value(first.Chosen, one)-w.best(1, one)) > 1e-6 || !first.Exact {
				t.Errorf("one point: %v", first.Chosen)
			}
		}
	}
}

// TestLaws: more points never help less, a candidate where a facility is helps
// nobody, and the order of the candidates does not matter to what is reached.
func TestLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		w := randomWorld(rng, rapid.IntRange(1, 40).Draw(t, "places"), rapid.IntRange(1, 12).Draw(t, "candidates"))
		w.times[0] = w.now
		objective := rapid.SampledFrom([]siting.Objective{siting.Cover, siting.Time}).Draw(t, "objective")
		before := 0.0
		for points := 1; points <= 4; points++ {
			p := siting.Params{Objective: objective, ThresholdS: 600, Most: 1800, Points: points}
			got, err := siting.Find(context.Background(), w.people, w.now, w.reach(p.Most), p)
			if err != nil {
				t.Fatal(err)
			}
			value := w.value(got.Chosen, p)
			if value < before-1e-6 {
				t.Fatalf("%d points are worth %v, one less %v", points, value, before)
			}
			before = value
			if got.Alone[0].People != 0 || got.Alone[0].Seconds != 0 {
				t.Fatalf("a facility where one is gives %+v", got.Alone[0])
			}
			back := world{people: w.people, now: w.now}
			for c := range w.times {
				back.times = append(back.times, w.times[len(w.times)-1-c])
			}
			turned, err := siting.Find(context.Background(), w.people, w.now, back.reach(p.Most), p)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(back.value(turned.Chosen, p)-value) > 1e-6 {
				t.Fatalf("candidates the other way round: %v, not %v", back.value(turned.Chosen, p), value)
			}
		}
	})
}

func TestFindRefuses(t *testing.T) {
	t.Parallel()
	good := siting.Params{Objective: siting.Cover, ThresholdS: 600, Most: 600, Points: 1}
	for name, change := range map[string]func(p *siting.Params){
		"objective": func(p *siting.Params) { p.Objective = "best" },
		"threshold": func(p *siting.Params) { p.ThresholdS = 0 },
		"most":      func(p *siting.Params) { p.Most = 60 },
		"points":    func(p *siting.Params) { p.Points = siting.MaxPoints + 1 },
	} {
		p := good
		change(&p)
		if _, err := siting.Find(context.Background(), []float64{1}, []float32{inf}, nil, p); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := siting.Find(context.Background(), []float64{1}, []float32{inf}, []siting.Reach{{Row: []int32{1}, Seconds: []float32{1}}}, good); !fault.Is(err, fault.Invalid) {
		t.Errorf("a place that is not there: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := siting.Find(ctx, []float64{1}, []float32{inf}, []siting.Reach{{Row: []int32{0}, Seconds: []float32{1}}}, good); !fault.Is(err, fault.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
