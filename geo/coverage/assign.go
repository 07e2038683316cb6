package coverage

// CapacityPlace is a facility of limited capacity.
type CapacityPlace struct {
	ID, Name string
	Capacity float64 // people, ≥ 0
}
