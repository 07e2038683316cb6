// Package jobs runs long work outside the request: queued, with progress,
// cancelled on demand, retried, surviving a crash. It holds the portable
// types; a Driver keeps the queue (see sqlite), and jobstest is the suite
// that every driver passes.
package jobs

import (
	"context"
	"encoding/json"
	"time"
)

// State is where a job stands.
type State string

// The states, named after OGC API Processes status codes.
const (
	Accepted   State = "accepted"
	Running    State = "running"
	Successful State = "successful"
	Failed     State = "failed"
	Dismissed  State = "dismissed"
)

// Final reports whether the job will not change any more.
func (s State) Final() bool { return s == Successful || s == Failed || s == Dismissed }

// Job is one piece of long work.
type Job struct {
	ID         string          `json:"id"`
	Kind       string          `json:"kind"` // the process id: "coverage-report"
	Args       json.RawMessage `json:"args"`
	State      State           `json:"state"`
	Progress   int             `json:"progress"` // percent, 0 to 100
	Message    string          `json:"message,omitempty"`
	Result     json.RawMessage `json:"result,omitempty"`
	Error      string          `json:"error,omitempty"`
	ErrorKind  string          `json:"error_kind,omitempty"` // fault.Kind name
	Attempt    int             `json:"attempt"`
	CreatedAt  time.Time       `json:"created_at"`
	StartedAt  *time.Time      `json:"started_at,omitempty"`
	FinishedAt *time.Time      `json:"finished_at,omitempty"`
}

// Progress tells the queue how far the work is: done in [0, 1].
type Progress func(done float64, message string)

// Handler does the work of one kind of job. An error of kind fault.Invalid,
// NotExist, TooLarge or Unsupported is final; others, and panics, are tried
// up to three times in all. A job may also be run again because its worker
// died: a handler must be able to begin anew over what it left.
type Handler func(ctx context.Context, args json.RawMessage, progress Progress) (json.RawMessage, error)

// Driver keeps and runs jobs.
type Driver interface {
	// Enqueue adds a job; unknown kinds and args that are not JSON are
	// fault.Invalid. Nil args become null.
	Enqueue(ctx context.Context, kind string, args json.RawMessage) (Job, error)
	// Get returns a job; fault.NotExist when there is none.
	Get(ctx context.Context, id string) (Job, error)
	// List returns the newest jobs first.
	List(ctx context.Context, limit int) ([]Job, error)
	// Cancel dismisses a job; a running handler sees its context end, also in
	// another process. A job that has finished stays as it is.
	Cancel(ctx context.Context, id string) (Job, error)
	// Run works on jobs with the handlers (by kind) until the context ends,
	// then waits for running handlers. A job whose handler had to be
	// interrupted goes back to the queue. The end of the context is no error.
	Run(ctx context.Context, handlers map[string]Handler) error
	Close() error
}
