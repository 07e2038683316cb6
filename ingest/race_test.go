//go:build race

package ingest

// raced is whether the race detector watches, which makes work on many cells
// some ten times slower.
const raced = true
