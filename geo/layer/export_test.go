package layer

// Limit makes a layer of few rows go the ways of one of many.
func (l *Layer) Limit(ordered, hits, held int) { l.base.limits = limits{ordered, hits, held} }
