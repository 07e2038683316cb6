package travel

import (
	"math"

	"golang.org/x/sys/cpu"
)

// hasKernels tells whether the processor has what the kernels need.
var hasKernels = cpu.X86.HasAVX2

// relaxBlock offers eight cells the moves into them: seconds and near point to
// the first of them within a tile, weights to the times of its moves (moves·8
// values, 8, 16 or 32 moves). Moves along the row are repeated until nothing
// changes among the eight. lanes tells which cells have a new label.
//
//go:noescape
func relaxBlock(seconds *float32, near *int32, weights *float32, moves int, limit float32) (lanes uint32)

// offersBlock finds the labels that eight cells with several each might take
// from the moves into them; lanes tells for which cells there are any. seconds
// and near are those of the first rank, others lie a plane further each.
//
//go:noescape
func offersBlock(seconds *float32, near *int32, weights *float32, moves, ranks int, limit float32, offers *offers) (lanes uint32)

//go:noescape
func weighLevel(weights, pace, z *float32, rates *rate, law *law, moves int)

//go:noescape
func weighLangmuir(weights, pace, z *float32, rates *rate, law *law, moves int)

//go:noescape
func weighTobler(weights, pace, z *float32, rates *rate, law *law, moves int)

//go:noescape
func weighMinetti(weights, pace, z *float32, rates *rate, law *law, moves int)

//go:noescape
func weighTable(weights, pace, z *float32, rates *rate, law *law, moves int)

//go:noescape
func weighTables(weights, pace, z *float32, rates *rate, law *law, moves int)

// law is what the kernels need to know of a slope function. The numbers come
// eight times each: sign, steepest, +Inf, 1, all bits but the sign's, then what
// the function alone needs.
type law struct {
	numbers       [15][tileLane]float32
	shares        [3][tileLane]float32 // of far moves: a sixth, a twelfth, a quarter
	first, second *float32             // the tables of slopeTable
}

// kernelOf gives the kernel that computes the times of moves of a search, for
// cells that do not ignore slope; nil when there is none.
func kernelOf(s *search) (func(weights, pace, z *float32, rates *rate, law *law, moves int), *law) {
	l := new(law)
	numbers := []float32{s.sign, s.steepest, float32(math.Inf(1)), 1, math.Float32frombits(math.MaxInt32)}
	kernel := weighLevel
	switch {
	case !s.relief:
	case s.slope == Langmuir:
		kernel = weighLangmuir
		numbers = append(numbers, langmuirD/langmuirA, langmuirSteep, langmuirC/langmuirA, langmuirB/langmuirA)
	case s.slope == Tobler:
		kernel = weighTobler
		numbers = append(numbers, 0.05, toblerPower, 126, 0.5,
			power6, power5, power4, power3, power2, power1)
	case s.slope == Minetti:
		kernel = weighMinetti
		numbers = append(numbers, -minettiMost, minettiMost,
			minetti5, minetti4, minetti3, minetti2, minetti1, minettiFlat, 1/minettiFlat)
	case s.table != nil:
		t := s.table
		kernel, l.first = weighTable, &t.first[0]
		if t.second != nil {
			kernel, l.second = weighTables, &t.second[0]
		}
		numbers = append(numbers, -t.most, t.most, t.scale, math.Float32frombits(tableParts), t.floor)
	default: // level, with a steepest slope
		return nil, nil
	}
	for i, v := range numbers {
		for lane := range l.numbers[i] {
			l.numbers[i][lane] = v
		}
	}
	for lane := range tileLane {
		l.shares[0][lane], l.shares[1][lane], l.shares[2][lane] = farEnd, 1.0/12, 1.0/4
	}
	return kernel, l
}
