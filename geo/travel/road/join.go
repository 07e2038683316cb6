package road

import "math"

// join moves ends of lines that no other line shares to the nearest vertex of
// another line within the tolerance. Ends are taken in order; what has been
// moved does not move again.
func (b *builder) join() {
	b.count()
	metre := b.o.ToleranceM / 111_000 * perDegree // of latitude, rounded up below
	size := int64(math.Ceil(metre * 1.01))
	buckets := map[[2]int64][]int{}
	key := func(p position, squeeze float64) [2]int64 {
		return [2]int64{int64(math.Floor(float64(p.x) * squeeze / float64(size))), floorDiv(int64(p.y), size)}
	}
	// One factor on longitudes for all, that of the latitude nearest to a pole:
	// buckets are then at least as wide as the tolerance everywhere.
	squeeze := 1.0
	for _, p := range b.at {
		squeeze = min(squeeze, math.Cos(float64(p.y)/perDegree*math.Pi/180))
	}
	squeeze = max(squeeze, 0.01)
	for i, p := range b.at {
		k := key(p, squeeze)
		buckets[k] = append(buckets[k], i)
	}
	wayOf := b.wayOfVertices()
	for w := range b.n.ways {
		for _, end := range [2]int{b.first[w], b.first[w+1] - 1} {
			if b.uses[b.at[end]] > 2 {
				continue
			}
			b.joinEnd(end, wayOf, buckets, key(b.at[end], squeeze))
		}
	}
}

func (b *builder) wayOfVertices() []int32 {
	out := make([]int32, len(b.at))
	for w := range b.n.ways {
		for i := b.first[w]; i < b.first[w+1]; i++ {
			out[i] = int32(w)
		}
	}
	return out
}

func (b *builder) joinEnd(end int, wayOf []int32, buckets map[[2]int64][]int, k [2]int64) {
	best, found := b.o.ToleranceM, -1
	for dx := int64(-1); dx <= 1; dx++ {
		for dy := int64(-1); dy <= 1; dy++ {
			for _, i := range buckets[[2]int64{k[0] + dx, k[1] + dy}] {
				if wayOf[i] == wayOf[end] {
					continue
				}
				if d := lengthOf(b.at[i], b.at[end]); d < best || d == best && found < 0 {
					best, found = d, i
				}
			}
		}
	}
	if found < 0 || b.at[found] == b.at[end] {
		return
	}
	b.at[end] = b.at[found]
	b.uses[b.at[found]] += 2
	b.n.notes.Joined++
	b.n.notes.FarthestM = max(b.n.notes.FarthestM, best)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
