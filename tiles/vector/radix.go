package vector

import (
	"math/bits"
	"slices"
)

// sorter sorts numbers by their upper bits.
type sorter struct{ spare []uint64 }

// sort sorts keys from bit on; those alike there stay as they stand. It goes
// over them once for each byte that differs: several times as fast as
// comparing thousands of them.
func (s *sorter) sort(keys []uint64, from int) {
	const few = 256
	if len(keys) < few {
		slices.SortStableFunc(keys, func(a, b uint64) int {
			switch a, b = a>>from, b>>from; {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		})
		return
	}
	differ := uint64(0)
	for _, k := range keys {
		differ |= k ^ keys[0]
	}
	s.spare = slices.Grow(s.spare[:0], len(keys))[:len(keys)]
	src, dst := keys, s.spare
	for shift := from; shift < 64 && bits.Len64(differ) > shift; shift += 8 {
		if differ>>shift&0xff == 0 {
			continue
		}
		var at [257]int
		for _, k := range src {
			at[k>>shift&0xff+1]++
		}
		for i := range 256 {
			at[i+1] += at[i]
		}
		for _, k := range src {
			b := k >> shift & 0xff
			dst[at[b]] = k
			at[b]++
		}
		src, dst = dst, src
	}
	if &src[0] != &keys[0] {
		copy(keys, src)
	}
}
