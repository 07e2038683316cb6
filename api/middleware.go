package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
)

// exposed are the headers that scripts of other origins may read.
const exposed = "Accept-Ranges, Allow, ETag, Link, Location, Content-Bbox, Content-Crs, Content-Datetime, Content-Language, Content-Range, OGC-NumberMatched, OGC-NumberReturned, Retry-After, X-Contado-Complete, X-Contado-Version, X-Contado-Source, X-Contado-Dropped, X-Contado-Area-Kept, X-Contado-Items, X-Contado-Items-Used, X-Contado-Items-Skipped, X-Request-Id"

// plainPolicy is for everything that is no page.
const plainPolicy = "default-src 'none'; frame-ancestors 'none'"

// requestID names each request by 16 random letters; what a client sends is
// not believed.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, newRequestID())
		return next(c)
	}
}

func newRequestID() string { return rand.Text()[:16] }

// accessLog writes one line a request, and has errors answered first so that
// the line tells the status.
func accessLog(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			if err := next(c); err != nil {
				c.Error(err)
			}
			r := c.Request()
			answered{r.Method, r.URL.Path, c.Path(), c.Response().Status, c.Response().Size, start, rest.RequestID(c)}.tell(r.Context(), log)
			return nil
		}
	}
}

// answered is a request in the log.
type answered struct {
	method, path, route string
	status              int
	bytes               int64 // of the body
	start               time.Time
	request             string // its id
}

// tell writes the line. It does so without slog.Logger, which would look up
// who called it.
func (a answered) tell(ctx context.Context, log *slog.Logger) {
	h := log.Handler()
	if !h.Enabled(ctx, slog.LevelInfo) {
		return
	}
	now := time.Now()
	r := slog.NewRecord(now, slog.LevelInfo, "request", 0)
	r.AddAttrs(
		slog.String("method", a.method), slog.String("path", a.path), slog.String("route", a.route),
		slog.Int("status", a.status), slog.Int64("bytes", a.bytes),
		slog.Float64("ms", float64(now.Sub(a.start).Microseconds())/1000), slog.String("request", a.request),
	)
	_ = h.Handle(ctx, r) // as slog.Logger has it: there is nowhere to say that a log cannot be written
}

// recovered turns a panic into an error, with its stack for the log.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			if e, ok := r.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(r)
			}
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}()
		return next(c)
	}
}

// common are headers of every answer, by canonical names. The values are
// shared by all answers: who wants another sets another, as Header.Set does.
var common = []struct {
	name  string
	value []string
}{
	// what browsers guard by
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Referrer-Policy", []string{"strict-origin-when-cross-origin"}},
	{"Content-Security-Policy", []string{plainPolicy}},
	{"X-Frame-Options", []string{"DENY"}},
	{"Cross-Origin-Resource-Policy", []string{"cross-origin"}},
	// reading by scripts of every origin
	{"Access-Control-Allow-Origin", []string{"*"}},
	{"Access-Control-Expose-Headers", []string{exposed}},
}

// secured sets the headers that browsers guard by, and those that open
// reading to every origin, on errors too: the data are public, and there are
// no cookies to abuse. Pages relax the policy to what they need.
func secured(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		for i := range common {
			h[common[i].name] = common[i].value
		}
		return next(c)
	}
}

// crossOrigin answers browsers that ask what scripts of other origins may do:
// read and compute. Dismissing jobs is left to this origin.
func crossOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h := c.Response().Header()
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "Content-Type, Accept, Accept-Language, If-None-Match, Prefer, Range, If-Range, If-Match")
			h.Set("Access-Control-Max-Age", "86400")
		}
		return next(c)
	}
}

// bodyLimit refuses larger bodies, by their announced length at once and by
// what is read otherwise.
func bodyLimit(limit int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			if r.ContentLength > limit {
				c.Response().Header().Set("Connection", "close")
				return fault.Errorf("api", fault.TooLarge, "the request body has %d bytes; at most %d are taken", r.ContentLength, limit)
			}
			r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
			return next(c)
		}
	}
}
