// Package notice is geo/notice under the name that ingest knows.
package notice

import "contado/geo/notice"

// MaxExamples is the most examples a notice names; the count goes on.
const MaxExamples = notice.MaxExamples

// List gathers notices; see geo/notice.
type List = notice.List
