package coverage

import (
	"context"
	"math"

	"contado/geo/fault"
)

// Access computes a measure of supply within reach, by cell and by area: the
// means are weighted by people; for raam, people out of all reach have no
// cost and stay out of its means and its Equity (which counts those left).
// rank and rankedBy are for the equity, as in Equality; nil for none. Of d,
// people and areas are read. The second result has the values of cells.
// Errors: fault.Invalid, fault.TooLarge, fault.Canceled.
func Access(ctx context.Context, d Demand, areas []Area, supply []float64, trips *Trips, p AccessParams, rank []float64, rankedBy string) (*AccessMeasure, *Floated, error) {
	if len(d.Area) != len(d.People) {
		return nil, nil, fault.Errorf(opFloating, fault.Invalid, "%d areas for %d cells", len(d.Area), len(d.People))
	}
	for i, a := range d.Area {
		if a < 0 || int(a) >= len(areas) {
			return nil, nil, fault.Errorf(opFloating, fault.Invalid, "cell %d: area %d of %d", i, a, len(areas))
		}
	}
	f, err := Floating(ctx, d.People, supply, trips, p)
	if err != nil {
		return nil, nil, err
	}
	out := &AccessMeasure{Method: string(f.Params.Method), Unit: accessUnit(f.Params.Method), Areas: make([]AreaValue, len(areas))}
	mean := meansByArea(f.Values, d.People, d.Area, len(areas))
	for a, area := range areas {
		out.Areas[a] = AreaValue{Code: area.Code, Name: area.Name, Value: mean[a]}
	}
	out.Mean = mean[len(areas)]
	equity, err := Equality(string(f.Params.Method), f.Values, d.People, rank, rankedBy)
	if err != nil {
		return nil, nil, err
	}
	out.Equity = &equity
	if f.Params.Method == RAAM {
		out.Parameters = []Parameter{{Name: "tau", Value: f.Params.TauS, Unit: "s", Source: "Saxon and Snow 2020"}}
	} else {
		out.Parameters = []Parameter{{Name: "decay", Value: f.Params.Decay.String(), Label: map[string]string{"en": "Weight of a trip", "it": "Peso di uno spostamento"}}}
	}
	out.Parameters = append(out.Parameters, Parameter{
		Name: "supply-unused", Value: f.Unused,
		Label: map[string]string{"en": "Supply with nobody in reach", "it": "Offerta che nessuno raggiunge"},
	})
	formula := accessFormulas[f.Params.Method]
	out.Formula = &formula
	return out, f, nil
}

// meansByArea are the means of areas, and last that of all, weighted by
// people; nil where nobody has a value. Sums are of integers: see tally.
func meansByArea(values, people []float64, area []int32, areas int) []*float64 {
	most, crowd := 0.0, 0.0
	for i, v := range values {
		if people[i] > 0 && !math.IsInf(v, 1) {
			most, crowd = math.Max(most, v*people[i]), math.Max(crowd, people[i])
		}
	}
	n := float64(len(values))
	held, living := newTally(areas+1, n*most), newTally(areas+1, n*crowd)
	for i, v := range values {
		if people[i] == 0 || math.IsInf(v, 1) {
			continue
		}
		for _, a := range [2]int{int(area[i]), areas} {
			held.add(a, v*people[i])
			living.add(a, people[i])
		}
	}
	out := make([]*float64, areas+1)
	for a := range out {
		if p := living.value(a); p > 0 {
			m := held.value(a) / p
			out[a] = &m
		}
	}
	return out
}

func accessUnit(m AccessMethod) map[string]string {
	switch m {
	case RAAM:
		return map[string]string{"en": "cost of travel and crowding", "it": "costo di viaggio e affollamento"}
	case Cumulative, Gravity:
		return map[string]string{"en": "supply within reach", "it": "offerta raggiungibile"}
	}
	return map[string]string{"en": "supply per person", "it": "offerta per persona"}
}

var accessFormulas = map[AccessMethod]Formula{
	Cumulative: {"cumulative", "A_i = sum of S_j with t_ij <= T", "Hansen 1959"},
	Gravity:    {"gravity", "A_i = sum of S_j * f(t_ij)", "Hansen 1959"},
	FCA2:       {"2SFCA", "R_j = S_j / (sum of P_k with t_kj <= T); A_i = sum of R_j with t_ij <= T", "Luo and Wang 2003"},
	E2FCA:      {"E2SFCA", "R_j = S_j / sum of P_k*w_kj; A_i = sum of R_j*w_ij", "Luo and Qi 2009"},
	FCA3: {
		"3SFCA", "G_ij = w_ij / sum over j of w_ij; R_j = S_j / sum of G_kj*P_k*w_kj; A_i = sum of G_ij*R_j*w_ij",
		"Wan, Zou and Sternberg 2012",
	},
	RAAM: {"RAAM", "cost_i = least over j of t_ij/tau + D_j/(rho*S_j), rho = people / supply, in equilibrium", "Saxon and Snow 2020"},
}
