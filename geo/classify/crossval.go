package classify

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"contado/geo/fault"
)

// Validation tunes CrossValidate; nil means the defaults.
type Validation struct {
	// Folds is into how many parts the training areas are dealt (2 … 50);
	// 0 = 5, or as many as there are areas.
	Folds int
	// Buffer is a distance in the unit of X and Y: training samples within it
	// of a test sample are left out of that fold, so that neighbours never
	// stand on both sides. 0 = areas alone keep them apart.
	Buffer float64
	// Confidence of the interval; 0 = 0.95.
	Confidence float64
}

// Fold is one round: tested on some areas, trained on the others.
type Fold struct {
	Areas, Tested, Trained int
	// LeftOut are samples of other areas within the buffer.
	LeftOut int
	Overall float64
	// Unlearnt are classes that had too few samples left to be learnt; their
	// test samples count as errors.
	Unlearnt []uint8
}

// Report is the account of a cross-validation. Every sample is tested once,
// by a model that has seen nothing of its area.
type Report struct {
	Confusion *Confusion
	// Accuracy is that of the matrix, but for the interval: samples of one
	// area resemble each other, so the share right is taken as of a cluster
	// sample of areas (ratio estimate, Cochran 1977, Sampling Techniques,
	// section 9A.2), and Wilson's interval with the number of independent
	// samples that has the same variance; where all or none are right, with
	// the number of areas.
	Accuracy Accuracy
	// Effective is that number of independent samples.
	Effective float64
	Areas     int
	Folds     []Fold
}

// CrossValidate tells how well a model made by Train(s, o) would do on areas
// it has not seen. Areas (Samples.Groups) are dealt to folds so that each
// class is spread over as many as can be; the same samples give the same
// folds. A class that has one area alone is fault.Invalid.
func CrossValidate(ctx context.Context, s *Samples, o *Options, v *Validation) (*Report, error) {
	const op = "classify.CrossValidate"
	if v == nil {
		v = &Validation{}
	}
	set := *v
	if set.Folds == 0 {
		set.Folds = 5
	}
	if set.Confidence == 0 {
		set.Confidence = 0.95
	}
	if err := s.check(op); err != nil {
		return nil, err
	}
	if set.Folds < 2 || set.Folds > 50 || !(set.Buffer >= 0) || math.IsInf(set.Buffer, 0) {
		return nil, fault.Errorf(op, fault.Invalid, "%d folds with a buffer of %g; it takes 2 to 50 folds and a distance", set.Folds, set.Buffer)
	}
	if set.Buffer > 0 && !s.placed() {
		return nil, fault.Errorf(op, fault.Invalid, "a buffer needs the position of each sample")
	}
	fold, areas, err := deal(s, set.Folds)
	if err != nil {
		return nil, err
	}
	r := &Report{Confusion: NewConfusion(s.Classes()), Areas: areas}
	predicted := make([]uint8, s.Len())
	for f := range slices.Max(fold) + 1 {
		if err := ctx.Err(); err != nil {
			return nil, fault.E(op, fault.Canceled, err)
		}
		round, err := runFold(s, o, fold, f, set.Buffer, predicted)
		if err != nil {
			return nil, fault.E(op, fault.KindOf(err), fmt.Errorf("fold %d: %w", f+1, err))
		}
		r.Folds = append(r.Folds, round)
	}
	for i, p := range predicted {
		if err := r.Confusion.Add(p, s.Labels[i]); err != nil {
			return nil, err
		}
	}
	if r.Accuracy, err = r.Confusion.Accuracy(set.Confidence); err != nil {
		return nil, err
	}
	r.Effective = effective(s, predicted, r.Accuracy.Overall)
	r.Accuracy.Low, r.Accuracy.High = wilson(r.Accuracy.Overall, r.Effective, set.Confidence)
	return r, nil
}

func (s *Samples) placed() bool {
	for i := range s.X {
		if d := s.X[i] - s.Y[i]; d-d != 0 {
			return false
		}
	}
	return s.X != nil
}

// deal gives each sample the fold of its area, and the number of areas: the
// largest areas first, each to the fold that has least of its classes.
func deal(s *Samples, folds int) ([]int, int, error) {
	classes := s.Classes()
	index := indexOf(classes)
	number := map[int]int{}
	var areas [][]int // samples by class
	var ids []int
	for i, g := range s.Groups {
		a, ok := number[g]
		if !ok {
			a = len(areas)
			number[g] = a
			areas = append(areas, make([]int, len(classes)))
			ids = append(ids, g)
		}
		areas[a][index[s.Labels[i]]]++
	}
	if err := enoughAreas(areas, classes); err != nil {
		return nil, 0, err
	}
	folds = min(folds, len(areas))
	order := make([]int, len(areas))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(sum(areas[b]), sum(areas[a])), cmp.Compare(ids[a], ids[b]))
	})
	total := make([]int, len(classes))
	for _, a := range areas {
		for c, n := range a {
			total[c] += n
		}
	}
	held := make([][]int, folds)
	for f := range held {
		held[f] = make([]int, len(classes))
	}
	of := make([]int, len(areas))
	for _, a := range order {
		best, bestCost := 0, math.Inf(1)
		for f := range held {
			var cost float64
			for c, n := range areas[a] {
				cost += float64(n) / float64(total[c]) * float64(held[f][c]) / float64(total[c])
			}
			if cost += 1e-9 * float64(sum(held[f])) / float64(s.Len()); cost < bestCost {
				best, bestCost = f, cost
			}
		}
		of[a] = best
		for c, n := range areas[a] {
			held[best][c] += n
		}
	}
	out := make([]int, s.Len())
	for i, g := range s.Groups {
		out[i] = of[number[g]]
	}
	return out, len(areas), nil
}

func sum(v []int) (n int) {
	for _, x := range v {
		n += x
	}
	return n
}

// enoughAreas wants each class in two areas.
func enoughAreas(areas [][]int, classes []uint8) error {
	for c, class := range classes {
		n := 0
		for _, a := range areas {
			if a[c] > 0 {
				n++
			}
		}
		if n < 2 {
			return fault.WithHint(fault.Errorf("classify.CrossValidate", fault.Invalid,
				"class %d has %d training area; cross-validation takes two of each class", class, n), "draw another area of it elsewhere")
		}
	}
	return nil
}

// runFold trains without the areas of fold f and predicts them.
func runFold(s *Samples, o *Options, fold []int, f int, buffer float64, predicted []uint8) (Fold, error) {
	var test, train []int
	seen := map[int]bool{}
	for i, g := range fold {
		if g == f {
			test = append(test, i)
			seen[s.Groups[i]] = true
		} else {
			train = append(train, i)
		}
	}
	r := Fold{Areas: len(seen), Tested: len(test), LeftOut: len(train)}
	if buffer > 0 {
		train = apart(s, train, test, buffer)
	}
	r.LeftOut -= len(train)
	var count [256]int
	for _, i := range train {
		count[s.Labels[i]]++
	}
	for _, c := range s.Classes() {
		if count[c] < 2 {
			r.Unlearnt = append(r.Unlearnt, c)
		}
	}
	train = slices.DeleteFunc(train, func(i int) bool { return count[s.Labels[i]] < 2 })
	r.Trained = len(train)
	m, err := Train(s.subset(train), o)
	if err != nil {
		return r, err
	}
	right := 0
	bands := make([][]float32, s.Bands)
	for _, i := range test {
		for j, v := range s.row(i) {
			bands[j] = append(bands[j], v)
		}
	}
	dst := make([]uint8, len(test))
	m.Predict(dst, nil, nil, bands)
	for k, i := range test {
		predicted[i] = dst[k]
		if dst[k] == s.Labels[i] {
			right++
		}
	}
	r.Overall = float64(right) / float64(len(test))
	return r, nil
}

// apart gives the training samples farther than buffer from every test
// sample. It decides by squares of a quarter of it, so that none nearer
// stays, and some up to 1.65 times as far go too.
func apart(s *Samples, train, test []int, buffer float64) []int {
	const per = 4
	h := buffer / per
	cell := func(i int) [2]float64 { return [2]float64{math.Floor(s.X[i] / h), math.Floor(s.Y[i] / h)} }
	near := map[[2]float64]bool{} // squares of training samples: beside a test sample?
	for _, i := range train {
		near[cell(i)] = false
	}
	done := map[[2]float64]bool{}
	for _, i := range test {
		at := cell(i)
		if done[at] {
			continue
		}
		done[at] = true
		for dx := -per - 1; dx <= per+1; dx++ {
			for dy := -per - 1; dy <= per+1; dy++ {
				ax, ay := max(0, abs(dx)-1), max(0, abs(dy)-1)
				c := [2]float64{at[0] + float64(dx), at[1] + float64(dy)}
				if _, ok := near[c]; ok && ax*ax+ay*ay <= per*per {
					near[c] = true
				}
			}
		}
	}
	return slices.DeleteFunc(train, func(i int) bool { return near[cell(i)] })
}

func abs(n int) int { return max(n, -n) }

// effective is the number of independent samples whose share right would
// vary as that of these areas does, at most the number of samples.
func effective(s *Samples, predicted []uint8, p float64) float64 {
	type tally struct{ right, all float64 }
	areas := map[int]*tally{}
	var order []*tally // sums in a fixed order
	for i, g := range s.Groups {
		t := areas[g]
		if t == nil {
			t = &tally{}
			areas[g] = t
			order = append(order, t)
		}
		t.all++
		if predicted[i] == s.Labels[i] {
			t.right++
		}
	}
	n, g := float64(s.Len()), float64(len(order))
	var v float64
	for _, t := range order {
		d := t.right - p*t.all
		v += d * d
	}
	v *= g / (g - 1) / (n * n)
	if v <= 0 || p <= 0 || p >= 1 {
		return g
	}
	return math.Max(1, math.Min(n, p*(1-p)/v))
}
