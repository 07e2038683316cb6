// Package disclosure keeps counts of few people from being read, or computed,
// out of what is published.
//
//	func ProtectStudy(ctx context.Context, s *coverage.Study, threshold float64) error    // in place; 0 = DefaultThreshold
//	func ProtectReport(ctx context.Context, r *coverage.Report, threshold float64) error  // the same for one report
//	func VerdictOf(r *coverage.Report) *Verdict                                           // what is hidden, for tiles and exports
//	func (v *Verdict) Area(code string, threshold int) bool                               // true: hide it
//	func (v *Verdict) Band(code, band string, threshold int) bool
//	func NewPartition(…) (*Partition, error); (*Partition).Count(inside) (*Drawn, error)  // polygons that users draw
package disclosure

// DefaultThreshold is the count below which people are not shown, as the
// Italian statistical office does for most tables.
const DefaultThreshold = 3
