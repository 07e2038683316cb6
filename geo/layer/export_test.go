package layer

// Limit makes a layer of few rows go the ways of one of many; asked is how
// often an order by each attribute would have been of use.
func (l *Layer) Limit(ordered, hits, held int, asked int32) {
	l.base.limits = limits{ordered, hits, held}
	for i := range l.base.asked {
		l.base.asked[i].Store(asked)
	}
}
