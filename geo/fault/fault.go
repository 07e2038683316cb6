// Package fault gives every error of the program an operation, a kind and a
// cause. The kind decides the HTTP status and the exit code; the message is
// written for the person who has to act on it: what, where, what to do.
package fault

import (
	"context"
	"errors"
	"fmt"
)

// Kind classifies an error by what the caller can do about it.
type Kind uint8

// The kinds. Other (the zero value) is a bug or an outage: its text is for
// the log, not for the user.
const (
	Other       Kind = iota
	Invalid          // the request or the input is wrong: fix it
	NotExist         // no such thing
	Exist            // it is there already
	Conflict         // it changed meanwhile, or is in use
	TooLarge         // over a stated limit
	Unsupported      // understood, and not done by this version
	Unavailable      // busy or shutting down: try again
	Canceled         // the caller went away or the time ran out
)

var names = [...]string{
	"internal", "invalid", "not-found", "already-exists", "conflict",
	"too-large", "unsupported", "unavailable", "canceled",
}

// String is the stable name used in problem+json types and logs.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return "internal"
}

// Error is an error with its operation, kind and an optional remedy.
type Error struct {
	Op   string // where: "catalog.Publish"
	Kind Kind
	Err  error
	// Hint says what to do next, in one sentence; may be empty.
	Hint string
}

func (e *Error) Error() string {
	msg := e.Kind.String()
	if e.Err != nil {
		msg = e.Err.Error()
	}
	if e.Hint != "" {
		msg += " (" + e.Hint + ")"
	}
	return msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// E wraps err with an operation and a kind. A nil err gives nil.
func E(op string, kind Kind, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Kind: kind, Err: err}
}

// Errorf makes an error of a kind with a message of its own.
func Errorf(op string, kind Kind, format string, args ...any) error {
	return &Error{Op: op, Kind: kind, Err: fmt.Errorf(format, args...)}
}

// WithHint adds what to do next to an error, keeping its kind.
func WithHint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: KindOf(err), Err: err, Hint: hint}
}

// KindOf is the kind of the outermost Error in the chain that has one.
func KindOf(err error) Kind {
	for e := err; e != nil; {
		var f *Error
		if !errors.As(e, &f) {
			break
		}
		if f.Kind != Other {
			return f.Kind
		}
		e = f.Err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Canceled
	}
	return Other
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
