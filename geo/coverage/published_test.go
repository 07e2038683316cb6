package coverage_test

import (
	"math"
	"slices"
	"testing"

	"contado/geo/coverage"
)

// gridTown is the town that the tests of PySAL's access make (util.py:
// create_nxn_grid of 4 × 4 with random values, of seed 44 for supply, of seed 7
// and ten times as much for people, row by row), with ways of
// 1 + 9·(|Δx| + |Δy|) minutes.
func gridTown() (people, supply []float64, trips []coverage.Trip) {
	supply = []float64{105, 134, 139, 180, 30, 46, 98, 58, 75, 8, 58, 30, 146, 3, 26, 41}
	people = []float64{830, 390, 1020, 1670, 130, 190, 1380, 250, 940, 1500, 150, 1300, 550, 100, 230, 1120}
	for i := range people {
		for j := range supply {
			minutes := 1 + 9*(math.Abs(float64(i/4-j/4))+math.Abs(float64(i%4-j%4)))
			trips = append(trips, coverage.Trip{Cell: int32(i), Facility: int32(j), Seconds: float32(60 * minutes)})
		}
	}
	return people, supply, trips
}

// TestGridTown compares with what access 1.1.10.post3 (PyPI) answers for the
// same town, to the nine digits that were printed. Its raam deals whole people
// out step by step: there it was given 100,000 times the people, tau = 60,
// max_cycles 6000, min_step 1e-5 and half_life 400, and agrees with itself at a
// tenth of the people to 5e-5.
func TestGridTown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p         coverage.AccessParams
		tolerance float64 // of the value
		want      []float64
	}{
		"two_stage_fca(max_cost=25)": {
			coverage.AccessParams{Method: coverage.FCA2, Decay: coverage.Decay{Kind: coverage.DecayStep, Seconds: 1500}},
			5e-9,
			[]float64{
				0.101332622, 0.127301266, 0.136341498, 0.0965123552, 0.13311485, 0.130345635, 0.120638614, 0.104458044,
				0.110049572, 0.118887723, 0.0974934645, 0.0794061479, 0.070380486, 0.0920967279, 0.08421043, 0.0369808364,
			},
		},
		"enhanced_two_stage_fca(step_fn({10: 1, 20: .68, 30: .22}))": {
			coverage.AccessParams{Method: coverage.E2FCA},
			5e-9,
			[]float64{
				0.106235454, 0.122426928, 0.128976788, 0.102798194, 0.119246301, 0.12501602, 0.119947231, 0.0990134807,
				0.105140203, 0.11196157, 0.0989394544, 0.0764204537, 0.0795263543, 0.0880136088, 0.077771729, 0.0508242345,
			},
		},
		"enhanced_two_stage_fca(gaussian(20))": {
			coverage.AccessParams{Method: coverage.E2FCA, Decay: coverage.Decay{Kind: coverage.DecayGaussian, Seconds: 1200}},
			5e-9,
			[]float64{
				0.105860305, 0.117190422, 0.119214049, 0.101496369, 0.109788109, 0.119297747, 0.117714154, 0.0994769722,
				0.0991445811, 0.107824689, 0.104055833, 0.0853642235, 0.0809723218, 0.0875382801, 0.0836521553, 0.0661046503,
			},
		},
		"three_stage_fca(step_fn({10: .962, 20: .704, 30: .377, 60: .042}))": {
			coverage.AccessParams{Method: coverage.FCA3},
			5e-9,
			[]float64{
				0.130694847, 0.126090776, 0.133986752, 0.125489293, 0.120403319, 0.0965383988, 0.0934426393, 0.0989303044,
				0.11020753, 0.0848951515, 0.0737193445, 0.0727147386, 0.104793554, 0.0904370426, 0.073933487, 0.0582378519,
			},
		},
		"weighted_catchment(gravity(1, -1))": {
			coverage.AccessParams{Method: coverage.Gravity, Decay: coverage.Decay{Kind: coverage.DecayPower, Seconds: 60, Width: 1}},
			5e-9,
			[]float64{
				155.691844, 192.910914, 203.999904, 228.497972, 89.3997579, 110.803597, 161.51963, 118.938656,
				125.189085, 67.7359175, 113.590469, 82.1748968, 180.73341, 55.0827244, 73.9791541, 80.7930647,
			},
		},
		"raam(tau=60)": {
			coverage.AccessParams{Method: coverage.RAAM},
			1e-4,
			[]float64{
				0.808488, 0.937347, 0.969023, 0.971187, 0.937339, 1.08735, 1.11902, 1.12119,
				1.08735, 1.23735, 1.12119, 1.27119, 0.937355, 1.08724, 1.23734, 1.38735,
			},
		},
	} {
		people, supply, trips := gridTown()
		f := floating(t, people, supply, trips, c.p)
		for i, want := range c.want {
			if !(math.Abs(f.Values[i]-want) <= c.tolerance*want) {
				t.Errorf("%s: place %d has %v, want %v", name, i, f.Values[i], want)
			}
		}
	}
}

// TestEverybodyInReach: five of 25 places with one unit of supply and one
// person each, from access's test_floating_catchment_area.py: all supply goes to
// the five when everything is within reach, each has its own when nothing else is.
func TestEverybodyInReach(t *testing.T) {
	t.Parallel()
	homes := []int{0, 7, 12, 18, 23}
	people, supply := slices.Repeat([]float64{1}, len(homes)), slices.Repeat([]float64{1}, 25)
	var trips []coverage.Trip
	for i, h := range homes {
		for j := range supply {
			far := math.Hypot(float64(h/5-j/5), float64(h%5-j%5))
			trips = append(trips, coverage.Trip{Cell: int32(i), Facility: int32(j), Seconds: float32(60 * far)})
		}
	}
	for _, method := range []coverage.AccessMethod{coverage.FCA2, coverage.E2FCA, coverage.FCA3} {
		for within, want := range map[float64]float64{600: 5, 54: 1} {
			decay := coverage.Decay{Kind: coverage.DecayStep, Seconds: within}
			f := floating(t, people, supply, trips, coverage.AccessParams{Method: method, Decay: decay})
			for i, v := range f.Values {
				if !near(v, want, 1e-14) {
					t.Errorf("%s within %v s: home %d has %v, want %v", method, within, homes[i], v, want)
				}
			}
		}
	}
}

// TestMexicanStates: product per head of the 32 Mexican states, 1940 to 2000
// (libpysal's example mexico.csv). The Theil indices, and Gini's of 1940, are
// those in the tests and documentation of PySAL's inequality 1.1.2 (PyPI); the
// other Gini indices are what it answers.
func TestMexicanStates(t *testing.T) {
	t.Parallel()
	ones := slices.Repeat([]float64{1}, 32)
	for _, c := range []struct {
		year        int
		gini, theil float64
		product     []float64
	}{
		{1940, 0.35372371173452849, 0.20894344, []float64{
			10384, 22361, 9573, 3758, 2934, 8578, 8537, 6909, 17816, 12132, 4359, 2181, 4414, 5309, 3408, 3327,
			6936, 4836, 9073, 1892, 3569, 11016, 21965, 4372, 4840, 6399, 2459, 7508, 3605, 5203, 7990, 3734,
		}},
		{1950, 0.29644613439022827, 0.15222451, []float64{
			6234, 20977, 16013, 4929, 4138, 13997, 9673, 6049, 17119, 8859, 5686, 3629, 5194, 8232, 4972, 5272,
			8962, 7515, 11490, 4538, 6415, 5560, 28747, 7533, 6663, 10345, 3857, 8536, 4178, 10143, 8428, 6435,
		}},
		{1960, 0.2537183285655905, 0.10472941, []float64{
			8714, 17865, 16707, 5925, 5280, 16265, 12318, 6036, 23174, 9323, 8209, 4991, 6399, 9953, 9053, 5244,
			10499, 7621, 20117, 4140, 6542, 7110, 9677, 6440, 9613, 12134, 6494, 8383, 4357, 11404, 10067, 5821,
		}},
		{1970, 0.25513356494927303, 0.10194725, []float64{
			16078, 25321, 24384, 10274, 7015, 19178, 20562, 12551, 32386, 12700, 11635, 6497, 7767, 16288, 17164, 8109,
			13892, 10880, 28206, 5230, 9775, 14073, 17046, 9721, 14477, 22662, 9367, 17128, 6245, 12240, 11665, 7426,
		}},
		{1980, 0.24505338049421577, 0.09560113, []float64{
			21022, 29283, 29038, 12166, 16200, 23399, 25688, 17427, 42028, 16726, 13864, 8727, 12391, 20659, 20165, 11206,
			16513, 13354, 34856, 7730, 13374, 20088, 26695, 12691, 15312, 23181, 42361, 21937, 9882, 14252, 15239, 8876,
		}},
		{1990, 0.25181825879538217, 0.10511256, []float64{
			20787, 26839, 25842, 51123, 8637, 25332, 26084, 18313, 43810, 17353, 13607, 9084, 13091, 20133, 18547, 10980,
			17701, 12757, 34726, 8465, 11895, 22441, 25049, 15436, 15823, 24784, 16055, 19983, 10339, 13796, 13979, 11656,
		}},
		{2000, 0.2581130824882791, 0.10660832, []float64{
			27782, 29855, 26103, 36163, 8684, 30735, 28460, 21358, 54349, 17379, 15585, 11820, 12348, 21610, 16322, 11838,
			18170, 11478, 38672, 9010, 15685, 26149, 33442, 15866, 15242, 24068, 13360, 23546, 11701, 12191, 17509, 11130,
		}},
	} {
		e := equality(t, c.product, ones, nil)
		if math.Abs(*e.Gini-c.gini) > 1e-14 || math.Abs(*e.Theil-c.theil) > 5e-9 {
			t.Errorf("%d: Gini %v, Theil %v; want %v, %v", c.year, *e.Gini, *e.Theil, c.gini, c.theil)
		}
	}
	// From its test_theil.py: half have nothing, half the same.
	if e := equality(t, []float64{0, 0, 0, 10, 10, 10}, slices.Repeat([]float64{1}, 6), nil); math.Abs(*e.Theil-0.6931471805599453) > 1e-15 {
		t.Errorf("half have nothing: Theil %v, want ln 2", *e.Theil)
	}
}

// TestIndianChildren is the worked example of the World Bank for grouped data:
// deaths before the fifth birthday by fifths of wealth, India 1982–92. Quantitative
// Techniques for Health Equity Analysis, Technical Note 7, table 1; O'Donnell
// and others, Analyzing Health Equity Using Household Survey Data (2008), table
// 8.1: −0.1694.
func TestIndianChildren(t *testing.T) {
	t.Parallel()
	births := []float64{29_939, 28_776, 26_528, 24_689, 19_739}
	deaths := []float64{154.7, 152.9, 119.5, 86.9, 54.3} // in a thousand births
	e := equality(t, deaths, births, []float64{1, 2, 3, 4, 5})
	if math.Abs(*e.Concentration-(-0.1694)) > 5e-5 {
		t.Errorf("concentration %v, want −0.1694", *e.Concentration)
	}
}

// TestMarketShares is the example of the Palma ratio in the reference of the R
// package concstats (docs.ropensci.org/concstats, concstats_palma):
// 2.666667 for five shares of a market. There the tenth with the most is the
// largest of the five, and the four tenths with the least are the two smallest,
// whole; a ratio of their means is twice that of their sums.
func TestMarketShares(t *testing.T) {
	t.Parallel()
	e := equality(t, []float64{0.4, 0.2, 0.25, 0.1, 0.05}, slices.Repeat([]float64{1}, 5), nil)
	if math.Abs(*e.Palma/2-2.666667) > 5e-7 {
		t.Errorf("Palma %v, want twice 2.666667", *e.Palma)
	}
}
