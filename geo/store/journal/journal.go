// Package journal keeps the changes that people make to the rows of vector
// datasets after ingest. A version's files never change; its state is those
// rows with the journal applied, and its audit trail is the journal itself.
// It holds the portable types; a Driver keeps them (see sqlite, postgis), and
// journaltest is the suite that every driver passes.
package journal

import (
	"context"
	"time"

	"contado/geo"
)

// Op is what a change does to a row.
type Op string

// The operations.
const (
	Create  Op = "create"
	Replace Op = "replace" // all of the row, or parts of it
	Delete  Op = "delete"
)

// Change is one row of the audit trail.
type Change struct {
	Dataset string
	Version int   // whose rows it changes
	Seq     int64 // 1, 2, 3 … within the version; assigned by Append
	Feature int64
	Op      Op
	At      time.Time // UTC; assigned by Append when zero
	Who     string    // "" = not known
	// Origin says how the change came: "api", or "outside" when it was noticed
	// in an attached table.
	Origin string
	// Before is nil for Create, After for Delete. Values run parallel to the
	// version's schema.
	Before, After *geo.Feature
	// Expect is the Seq of the feature's last change that the author had seen;
	// 0 = the row as published. Append compares it; it is not kept.
	Expect int64
}

// Driver keeps journals. All methods are safe for concurrent use.
type Driver interface {
	// Append adds changes of one version in one transaction, all or none, and
	// returns them with Dataset, Version, Seq and At. See Check for what is
	// fault.Invalid; a dataset that is not there is NotExist. A version that is
	// not the current one, and changes that do not fit the newest change of
	// their feature (Change.Fits: changed after Expect, deleted, created
	// already), are fault.Conflict.
	Append(ctx context.Context, dataset string, version int, changes []Change) ([]Change, error)
	// Changes returns up to limit changes after a Seq, in order; limit 0 means
	// all. A dataset or version without any has none: that is no error.
	Changes(ctx context.Context, dataset string, version int, after int64, limit int) ([]Change, error)
	// Heads returns the newest Seq of every current version that has changes, by dataset.
	Heads(ctx context.Context) (map[string]int64, error)
}
