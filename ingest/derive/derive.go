// Package derive makes computed maps datasets, with their lineage: tiles,
// statistics and reports then use them like any other.
package derive

import (
	"context"
	"time"

	"contado/geo/analysis"
	"contado/ingest"
)

// Options names the dataset to make.
type Options struct {
	Dataset string
	// Title, License and Attribution describe it; an empty Title is that of
	// the map.
	Title, License, Attribution string
	// Replace makes a new version of a dataset that is there already.
	Replace bool
}

// Publish makes a map a dataset. Its files stay where they are.
//
// Errors are those of ingest.Run: fault.Exist for a dataset that is there
// already, fault.Invalid for an id that cannot be.
func Publish(ctx context.Context, st ingest.Stores, m *analysis.Map, o Options, p ingest.Progress) (ingest.Result, error) {
	in := ingest.Options{
		Dataset: o.Dataset, Role: m.Role, Title: o.Title, Description: m.Method, License: o.License, Attribution: o.Attribution,
		Replace: o.Replace, Derived: &m.Derivation,
	}
	if in.Title == "" {
		in.Title = m.Title
	}
	if in.Attribution == "" {
		in.Attribution = m.Credit()
	}
	var paths []string
	for _, f := range m.Files {
		paths = append(paths, f.Path)
	}
	if len(m.Files) == 1 && m.Files[0].Datetime != nil {
		in.Datetime = m.Files[0].Datetime.UTC().Format(time.RFC3339Nano)
	}
	return ingest.Run(ctx, st, paths, in, p)
}
