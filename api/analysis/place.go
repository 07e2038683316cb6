package analysis

import (
	"context"
	"slices"

	"contado/api/territory"
	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/store/catalog"
)

// place is the areas of a request.
type place struct {
	areas analysis.ZonalAreas
	below string // with level: all territories of a level below this one
	level string
}

// place checks the areas as far as it goes without the catalog.
func (a *areasInput) place() (place, error) {
	p := place{areas: analysis.ZonalAreas{Dataset: a.Dataset, Territories: a.Territories, Below: a.Below, Features: a.Features}}
	if a.Level != "" {
		p.below, p.level, p.areas.Below = a.Below, a.Level, ""
	}
	if a.Dataset != "" && !catalog.ValidID(a.Dataset) {
		return p, invalid("areas: %.80q is no dataset id", a.Dataset)
	}
	for _, code := range append(slices.Clone(a.Territories), a.Below) {
		if code == "" {
			continue
		}
		if err := territory.CheckCode(code); err != nil {
			return p, invalid("areas: %w", err)
		}
	}
	return p, nil
}

// check looks whether the catalog has what the areas name.
func (p *place) check(ctx context.Context, h *Handler) error {
	state := h.Atlas.Current()
	if p.areas.Dataset != "" {
		if _, err := state.Dataset(p.areas.Dataset); err != nil {
			return asInvalid("areas", err)
		}
	}
	codes := slices.Clone(p.areas.Territories)
	for _, c := range []string{p.areas.Below, p.below} {
		if c != "" {
			codes = append(codes, c)
		}
	}
	return asInvalid("areas", checkTerritories(ctx, state, codes...))
}

// resolve finds the territories of a level.
func (p *place) resolve(ctx context.Context, h *Handler) (analysis.ZonalAreas, error) {
	if p.level == "" {
		return p.areas, nil
	}
	out := p.areas
	tree, err := h.Atlas.Current().Territories(ctx)
	if err != nil {
		return out, err
	}
	top, err := tree.Get(p.below)
	if err != nil {
		return out, asInvalid("areas", err)
	}
	var walk func(t geo.Territory)
	walk = func(t geo.Territory) {
		if t.Level == p.level {
			out.Territories = append(out.Territories, t.Code)
			return
		}
		for _, child := range tree.Children(t.Code) {
			walk(child)
		}
	}
	walk(top)
	if len(out.Territories) == 0 {
		return out, invalid("areas: no territory of level %.40q below %s", p.level, p.below)
	}
	return out, nil
}
