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

//go:noescape
func weighLevel(weights, pace, z *float32, rates *rate, law *law, moves int)

//go:noescape
func weighLangmuir(weights, pace, z *float32, rates *rate, law *law, moves int)

//go:noescape
func weighTobler(weights, pace, z *float32, rates *rate, law *law, moves int)

// law is what the kernels need to know of a slope function, eight times each:
// sign, steepest, +Inf, 1, all bits but the sign's, then what it alone needs.
type law [15][tileLane]float32

// kernelOf gives the kernel that computes the times of moves of a search, nil
// when there is none.
func kernelOf(s *search) (func(weights, pace, z *float32, rates *rate, law *law, moves int), *law) {
	if s.e.level != nil {
		return nil, nil
	}
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
	default:
		return nil, nil
	}
	l := new(law)
	for i, v := range numbers {
		for lane := range l[i] {
			l[i][lane] = v
		}
	}
	return kernel, l
}
