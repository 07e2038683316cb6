package postgis

import (
	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
)

// filter is the part of a query that is decided row by row here.
type filter struct {
	matches func(*geo.Feature) (bool, error)
}

// restrict makes the filter part of the plan.
func (p *plan) restrict(*features.Query) (term string, err error) {
	return "", fault.Errorf("postgis.Query", fault.Unsupported, "rows are not filtered yet")
}

func (p *plan) matches(f *geo.Feature) (bool, error) {
	if p.filter == nil {
		return true, nil
	}
	return p.filter.matches(f)
}
