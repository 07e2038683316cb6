package mosaic

import (
	"cmp"
	"slices"
	"time"

	"contado/geo/store/catalog"
)

// Order sorts items as a selection wants them, the first on top: by time
// with the newest first (Oldest: the oldest first; those without a time come
// last), for LeastCloudy by cloud cover before that (not known comes last),
// then by id from the end: of two scenes named by number the later one lies
// on top.
func Order(items []catalog.Item, s Selection) {
	slices.SortStableFunc(items, func(a, b catalog.Item) int { return compare(s, &a, &b) })
}

func compare(s Selection, a, b *catalog.Item) int {
	switch s {
	case Oldest:
		return cmp.Or(byTime(a.Datetime, b.Datetime, 1), cmp.Compare(a.ID, b.ID))
	case LeastCloudy:
		if c := byCloud(a.CloudCover, b.CloudCover); c != 0 {
			return c
		}
	}
	return cmp.Or(byTime(a.Datetime, b.Datetime, -1), cmp.Compare(b.ID, a.ID))
}

func byTime(a, b *time.Time, sign int) int {
	switch {
	case a != nil && b != nil:
		return sign * a.Compare(*b)
	case a != nil:
		return -1
	case b != nil:
		return 1
	}
	return 0
}

func byCloud(a, b *float64) int {
	switch {
	case a != nil && b != nil:
		return cmp.Compare(*a, *b)
	case a != nil:
		return -1
	case b != nil:
		return 1
	}
	return 0
}
