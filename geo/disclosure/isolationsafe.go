package disclosure

import "slices"

// safe: no number told is small.
func (t *isolationTable) safe(people []float64, from int) bool {
	rest := 0.0
	for k, v := range people {
		if k < from {
			if v > tiny && v < t.w.k-tiny {
				return false
			}
			continue
		}
		rest += v
	}
	return !(rest > tiny && rest < t.w.k-tiny)
}

// tells: the numbers told of an area are not small, and leave open those that
// are.
func (t *isolationTable) tells(people, lack []float64, from int) bool {
	if !t.safe(people, from) {
		return false
	}
	step := t.w.k - 1
	for x := from; x < len(people); x++ {
		sum := 0.0
		for y := x; y < len(people); y++ {
			sum += people[y]
			whole := x == from && y == len(people)-1
			if whole || sum <= tiny || sum >= t.w.k-tiny {
				continue
			}
			open := false
			for j := from + 1; j < len(people)-1 && !open; j++ {
				down, up := slack(people, lack, j, step)
				open = changes(j, x, y) && down+up >= step-tiny
			}
			if !open {
				return false
			}
		}
	}
	return true
}

// changes reports whether a spread at j changes the sum of the classes x to y.
func changes(j, x, y int) bool {
	by := 0
	for k, d := range map[int]int{j - 1: 1, j: -2, j + 1: 1} {
		if k >= x && k <= y {
			by += d
		}
	}
	return by != 0
}

// slack is how often, up to most times each, people could be contracted and
// spread at j, by what is known of who lacks each service.
func slack(people, lack []float64, j int, most float64) (down, up float64) {
	move := func(times float64) []float64 {
		out := slices.Clone(people)
		out[j-1] += times
		out[j] -= 2 * times
		out[j+1] += times
		return out
	}
	for down < most && possibleLacks(move(-down-1), lack) {
		down++
	}
	for up < most && possibleLacks(move(up+1), lack) {
		up++
	}
	return down, up
}

// possibleLacks reports whether people who lack so many services each can lack
// each service as often as known (Gale 1957, Ryser 1957: the r services lacked
// most are lacked at most min(k, r) times by one who lacks k).
func possibleLacks(people, lack []float64) bool {
	for _, v := range people {
		if v < -tiny {
			return false
		}
	}
	most := slices.Clone(lack)
	slices.SortFunc(most, func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	sum := 0.0
	for r, v := range most {
		sum += v
		room := 0.0
		for k, n := range people {
			room += float64(min(k, r+1)) * n
		}
		if sum > room+tiny {
			return false
		}
	}
	return true
}

// partners are areas, beside those hidden, that can make up for any change in
// the classes told: rich ones, those with least people first. nil: there are
// not enough.
func (t *isolationTable) partners(hidden []bool, from int) []bool {
	out := make([]bool, len(hidden))
	for j := 1; j <= min(from, len(t.i.Services)-1); j++ {
		best, least := -1, 0.0
		for a, v := range t.i.Areas {
			if hidden[a] || !t.rich(v.People, t.lack[v.Code], j) {
				continue
			}
			people := 0.0
			for _, n := range v.People {
				people += n
			}
			if out[a] {
				people = 0 // it is there already
			}
			if best < 0 || people < least {
				best, least = a, people
			}
		}
		if best < 0 {
			return nil
		}
		out[best] = true
	}
	return out
}

// rich: people enough lack j − 1, j and j + 1 services, and not all the same.
func (t *isolationTable) rich(people, lack []float64, j int) bool {
	for _, n := range people[j-1 : j+2] {
		if n < richness*t.w.k {
			return false
		}
	}
	down, up := slack(people, lack, j, t.w.k-1)
	return down >= t.w.k-1-tiny && up >= t.w.k-1-tiny
}
