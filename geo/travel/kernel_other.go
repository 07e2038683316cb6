//go:build !amd64

package travel

const hasKernels = false

type law struct{}

func relaxBlock(*float32, *int32, *float32, int, float32) uint32 { panic("travel: no kernel here") }

func offersBlock(*float32, *int32, *float32, int, int, float32, *offers) uint32 {
	panic("travel: no kernel here")
}

func kernelOf(*search) (func(weights, pace, z *float32, rates *rate, law *law, moves int), *law) {
	return nil, nil
}
