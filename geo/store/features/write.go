package features

import (
	"context"

	"contado/geo/store/journal"
)

// Writer is a Table whose rows may be changed: one attached from another
// database. The tables of our own versions never change.
type Writer interface {
	Table
	// Write makes the changes in one transaction, all or none, and puts the rows
	// as the database keeps them into After. A row that is
	// no longer as Before says, or is there already when it is to be created,
	// is fault.Conflict; what the database refuses (constraints, rights) is
	// fault.Invalid with the reason that it gives.
	Write(ctx context.Context, changes []journal.Change) error
}

// Numberer is a Writer that numbers new rows itself, by a sequence.
type Numberer interface {
	// NewIDs reserves ids for n new rows.
	NewIDs(ctx context.Context, n int) ([]int64, error)
}
