// Package rest is what every resource of the API shares: errors as
// problem+json, strict parameters, representations with validators, links.
package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/geo/fault"
)

// Problem is an error as clients get it (RFC 9457).
type Problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty"`
	// Hint says what to do next.
	Hint string `json:"hint,omitempty"`
}

// Typed gives an error the problem type that a standard asks for.
type Typed struct {
	Type string // URI
	Err  error
}

func (e *Typed) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *Typed) Unwrap() error { return e.Err }

// Refusal is an error with a status of HTTP that no kind of fault has.
type Refusal struct {
	Status int
	Detail string
}

func (e *Refusal) Error() string { return e.Detail }

// Refuse makes a refusal.
func Refuse(status int, format string, args ...any) error {
	return &Refusal{status, fmt.Sprintf(format, args...)}
}

// MediaProblem is the media type of errors.
const MediaProblem = "application/problem+json"

// statusClientGone is what nginx made customary for a client that has left.
const statusClientGone = 499

// statuses maps kinds of faults to HTTP, in one place.
var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusBadRequest, fault.NotExist: http.StatusNotFound,
	fault.Exist: http.StatusConflict, fault.Conflict: http.StatusConflict,
	fault.TooLarge: http.StatusRequestEntityTooLarge, fault.Unsupported: http.StatusNotImplemented,
	fault.Unavailable: http.StatusServiceUnavailable, fault.Canceled: http.StatusServiceUnavailable,
}

// ErrorHandler writes any error as problem+json and logs what is ours. Texts
// of unknown errors stay in the log.
func ErrorHandler(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			log.WarnContext(c.Request().Context(), "error after the answer began", "error", err, "request", RequestID(c))
			return
		}
		p := problemOf(err, c)
		if p.Status >= http.StatusInternalServerError && p.Status != http.StatusServiceUnavailable && p.Status != http.StatusNotImplemented {
			log.ErrorContext(c.Request().Context(), "request failed", "error", err, "request", RequestID(c), "path", c.Path())
		}
		if p.Status == http.StatusServiceUnavailable {
			c.Response().Header().Set(echo.HeaderRetryAfter, "5")
		}
		if err := p.write(c); err != nil {
			log.WarnContext(c.Request().Context(), "error not delivered", "error", err, "request", RequestID(c))
		}
	}
}

func (p *Problem) write(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	h.Del("Content-Encoding")
	if c.Request().Method == http.MethodHead {
		h.Set(echo.HeaderContentType, MediaProblem)
		return c.NoContent(p.Status)
	}
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.Blob(p.Status, MediaProblem, b)
}

func problemOf(err error, c echo.Context) *Problem {
	p := &Problem{Instance: c.Request().URL.Path}
	var he *echo.HTTPError
	var tooBig *http.MaxBytesError
	var f *fault.Error
	var typed *Typed
	var refusal *Refusal
	if errors.As(err, &typed) {
		defer func() { p.Type = typed.Type }()
	}
	switch {
	case errors.Is(c.Request().Context().Err(), context.Canceled):
		p.Status, p.Detail = statusClientGone, "the client has left"
	case errors.As(err, &tooBig):
		p.Status, p.Detail = http.StatusRequestEntityTooLarge, fmt.Sprintf("the request body is over %d bytes", tooBig.Limit)
		p.Type = "/problems/" + fault.TooLarge.String()
	case errors.As(err, &refusal):
		p.Status, p.Detail = refusal.Status, refusal.Detail
	case errors.As(err, &f) && fault.KindOf(err) != fault.Other:
		kind := fault.KindOf(err)
		p.Status, p.Type, p.Hint = statuses[kind], "/problems/"+kind.String(), hintOf(err)
		p.Detail = strings.TrimSuffix(err.Error(), " ("+p.Hint+")")
		if kind == fault.Canceled {
			p.Detail = "the answer took longer than this request may"
			p.Hint = "ask for less, or run the process as a job with the header Prefer: respond-async"
		}
	case errors.As(err, &he):
		p.Status = he.Code
		p.Detail = fmt.Sprint(he.Message)
		switch he.Code {
		case http.StatusNotFound:
			p.Detail, p.Hint = "there is nothing at "+c.Request().URL.Path, "see /api for all addresses"
		case http.StatusMethodNotAllowed:
			p.Detail = c.Request().Method + " is not allowed here"
		}
	case errors.Is(err, context.DeadlineExceeded):
		p.Status, p.Detail = http.StatusServiceUnavailable, "the answer took longer than this request may"
		p.Hint = "ask for less, or run the process as a job with the header Prefer: respond-async"
	default:
		p.Status = http.StatusInternalServerError
		p.Detail = "something went wrong on our side; the log has it under request " + RequestID(c)
	}
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Title = http.StatusText(p.Status); p.Title == "" {
		p.Title = "status " + strconv.Itoa(p.Status)
	}
	return p
}

// hintOf is the outermost hint in the chain.
func hintOf(err error) string {
	for err != nil {
		var f *fault.Error
		if !errors.As(err, &f) {
			return ""
		}
		if f.Hint != "" {
			return f.Hint
		}
		err = f.Err
	}
	return ""
}

// RequestID is the id that the log has a request under.
func RequestID(c echo.Context) string {
	return c.Response().Header().Get(echo.HeaderXRequestID)
}
