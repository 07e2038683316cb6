package coverage

// The measures beside Compute, each with the arrays that it reads; all take
// the cells of Demand, all count people in the same integers, and none hangs
// on the order of cells or facilities:
//
//	Compute(ctx, d, areas, places, p)                       *Report: shares, quantiles, gaps
//	Choices(ctx, d, kth, thresholds)                        []Choice: the k-th nearest
//	Isolate(ctx, d, areas, profile, services, seconds, ts)  []Isolation: k of n services
//	NewTrips, TripsFromNearest                              *Trips: sparse times
//	Access(ctx, d, areas, supply, trips, p, rank, by)       *AccessMeasure: 2SFCA, E2SFCA, 3SFCA, RAAM, gravity
//	Assign(ctx, d, areas, places, trips, withinS)           *Capacity: the most people, then the least time
//	Equality(of, values, people, rank, by)                  Equity;  FGT
//	ParseDecay, ParseHours, OpenAt, ParseCapacity           parameters and attributes as text
