// Package siting answers where one more service point, or several, would help
// most: from one travel time per place where people live, as it is now, and
// the times from these places to each candidate. It computes on arrays only.
//
// Two measures, both of the classical kind:
//
//   - Cover: people who come within a threshold (inclusive) of a facility and
//     were not (the maximal covering location problem: Church and ReVelle 1974);
//   - Time: person-seconds saved, each person's time to the nearest facility
//     counted at most as Params.Most, with those who cannot get there at all
//     counted as Most (the p-median problem: Hakimi 1964).
//
// One point is found by trying every candidate: no candidate is better. Several
// are found exactly while the choices are few, else one after the other, each
// the best beside those before. Both measures rise with more points, and each
// point helps less the more there are (they are submodular), so that the greedy
// choice has at least 1 − 1/e, some 63 %, of what the best choice has
// (Nemhauser, Wolsey and Fisher 1978). Plan.Bound tells what no choice exceeds:
// what the chosen ones have and, beside them, the largest further gains
// (Minoux 1978), so that the share reached is known and seldom as low.
package siting

// Objective is what is to be largest.
type Objective string

// The objectives.
const (
	Cover Objective = "cover"
	Time  Objective = "time"
)

// Limits of one question.
const (
	MaxPoints     = 20
	MaxCandidates = 20_000
	// MaxTrips bounds the times held of all candidates; 8 bytes each.
	MaxTrips = 1 << 26
	// maxChoices bounds the choices that are tried one by one.
	maxChoices = 200_000
)
