package rest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
)

// serve answers a request with one handler, errors as the server does.
func serve(h echo.HandlerFunc, target string, header ...string) (*httptest.ResponseRecorder, string) {
	e := echo.New()
	var log bytes.Buffer
	e.HTTPErrorHandler = rest.ErrorHandler(slog.New(slog.NewTextHandler(&log, nil)))
	rest.Get(e, "/*", h)
	req := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, req)
	return rec, log.String()
}

func TestProblems(t *testing.T) {
	t.Parallel()
	hint := fault.WithHint(fault.Errorf("op", fault.NotExist, "there is no dataset %q", "x"), "there are a, b")
	for name, c := range map[string]struct {
		err                        error
		status                     int
		kind, detail, hint, logged string
	}{
		"not found":    {hint, 404, "/problems/not-found", `there is no dataset "x"`, "there are a, b", ""},
		"wrapped":      {fmt.Errorf("look: %w", hint), 404, "/problems/not-found", `look: there is no dataset "x"`, "there are a, b", ""},
		"invalid":      {fault.Errorf("op", fault.Invalid, "no"), 400, "/problems/invalid", "no", "", ""},
		"exists":       {fault.Errorf("op", fault.Exist, "no"), 409, "/problems/already-exists", "no", "", ""},
		"conflict":     {fault.Errorf("op", fault.Conflict, "no"), 409, "/problems/conflict", "no", "", ""},
		"too large":    {fault.Errorf("op", fault.TooLarge, "no"), 413, "/problems/too-large", "no", "", ""},
		"unsupported":  {fault.Errorf("op", fault.Unsupported, "no"), 501, "/problems/unsupported", "no", "", ""},
		"busy":         {fault.Errorf("op", fault.Unavailable, "no"), 503, "/problems/unavailable", "no", "", ""},
		"too long":     {context.DeadlineExceeded, 503, "about:blank", "the answer took longer than this request may", "ask for less, or run the process as a job with the header Prefer: respond-async", ""},
		"ours":         {errors.New("secret path /etc/x"), 500, "about:blank", "", "", "secret path"},
		"internal":     {fault.E("op", fault.Other, errors.New("secret")), 500, "about:blank", "", "", "secret"},
		"typed":        {&rest.Typed{Type: "http://example.org/e", Err: fault.Errorf("op", fault.NotExist, "no")}, 404, "http://example.org/e", "no", "", ""},
		"body":         {&http.MaxBytesError{Limit: 7}, 413, "/problems/too-large", "the request body is over 7 bytes", "", ""},
		"echo's own":   {echo.ErrNotFound, 404, "about:blank", "there is nothing at /a/b", "see /api for all addresses", ""},
		"echo's other": {echo.ErrMethodNotAllowed, 405, "about:blank", "GET is not allowed here", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec, log := serve(func(echo.Context) error { return c.err }, "/a/b?q=1")
			var p rest.Problem
			if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if rec.Code != c.status || p.Status != c.status || p.Type != c.kind || p.Hint != c.hint || p.Instance != "/a/b" || p.Title == "" {
				t.Errorf("%d %+v", rec.Code, p)
			}
			if c.detail != "" && p.Detail != c.detail {
				t.Errorf("detail %q, want %q", p.Detail, c.detail)
			}
			if got := rec.Header().Get("Content-Type"); got != rest.MediaProblem || rec.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", rec.Header())
			}
			if (rec.Header().Get("Retry-After") != "") != (c.status == 503) {
				t.Errorf("Retry-After %q", rec.Header().Get("Retry-After"))
			}
			if !strings.Contains(log, c.logged) || (c.logged == "") != (log == "") {
				t.Errorf("log %q, want %q", log, c.logged)
			}
			if c.logged != "" && strings.Contains(rec.Body.String(), "secret") {
				t.Errorf("the client is told %s", rec.Body)
			}
		})
	}
}

func TestClientGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	e := echo.New()
	e.HTTPErrorHandler = rest.ErrorHandler(slog.New(slog.DiscardHandler))
	rest.Get(e, "/", func(c echo.Context) error {
		cancel()
		<-c.Request().Context().Done()
		return c.Request().Context().Err()
	}, rest.Within(time.Minute))
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
	if rec.Code != 499 {
		t.Errorf("status %d, want 499", rec.Code)
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	rec, _ := serve(func(c echo.Context) error {
		return rest.Within(time.Millisecond)(func(c echo.Context) error {
			<-c.Request().Context().Done()
			return fmt.Errorf("deep down: %w", c.Request().Context().Err())
		})(c)
	}, "/")
	if rec.Code != 503 || !strings.Contains(rec.Body.String(), "respond-async") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "json"},
		{"", "*/*", "json"},
		{"", "text/html", "html"},
		{"", "application/json", "json"},
		{"", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"},
		{"", "text/html;q=0,application/json", "json"},
		{"", "text/html;q=0", "json"},
		{"", "text/html;q=0.1, application/geo+json;q=0.2", "json"},
		{"", "TEXT/HTML; charset=utf-8; q=0.7", "html"},
		{"", "image/png", "json"},
		{"", "text/html;q=nonsense", "json"},
		{"f=html", "application/json", "html"},
		{"f=json", "text/html", "json"},
		{"f=xml", "", "error"},
		{"f=csv", "", "csv"},
		{"", "text/csv", "csv"},
	} {
		rec, _ := serve(func(e echo.Context) error {
			f, err := rest.Choose(e, rest.JSONFormat, rest.HTMLFormat, rest.CSVFormat)
			if err != nil {
				return e.String(200, "error")
			}
			return e.String(200, f.Name)
		}, "/?"+c.query, "Accept", c.accept)
		if rec.Body.String() != c.want || rec.Header().Get("Vary") != "Accept" {
			t.Errorf("%q Accept %q: %s (Vary %q), want %s", c.query, c.accept, rec.Body, rec.Header().Get("Vary"), c.want)
		}
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "en"},
		{"", "it", "it"},
		{"", "it-IT,it;q=0.9,en;q=0.8", "it"},
		{"", "en;q=0.3,it;q=0.4", "it"},
		{"", "de", "en"},
		{"lang=it", "en", "it"},
		{"lang=en", "it", "en"},
		{"lang=de", "", "error"},
		{"", "it;q=0", "en"},
	} {
		rec, _ := serve(func(e echo.Context) error {
			l, err := rest.Language(e)
			if err != nil {
				l = "error"
			}
			return e.String(200, l)
		}, "/?"+c.query, "Accept-Language", c.accept)
		if rec.Body.String() != c.want {
			t.Errorf("%q %q: %s, want %s", c.query, c.accept, rec.Body, c.want)
		}
	}
}

func TestValidatorsAndCompression(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("who is out of reach? ", 200)
	handler := func(c echo.Context) error { return rest.JSON(c, rest.MediaJSON, long) }
	plain, _ := serve(handler, "/")
	zipped, _ := serve(handler, "/", "Accept-Encoding", "br, gzip;q=0.5")
	if plain.Header().Get("Content-Encoding") != "" || zipped.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("encodings %q, %q", plain.Header().Get("Content-Encoding"), zipped.Header().Get("Content-Encoding"))
	}
	r, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(b, plain.Body.Bytes()) {
		t.Errorf("the compressed body is another: %v", err)
	}
	tags := [2]string{plain.Header().Get("ETag"), zipped.Header().Get("ETag")}
	if tags[0] == tags[1] || strings.HasPrefix(tags[0], "W/") || !strings.HasPrefix(tags[0], `"`) {
		t.Errorf("tags %q: want two strong ones", tags)
	}
	for _, match := range []string{tags[0], "W/" + tags[0], `"other", ` + tags[0], "*"} {
		if rec, _ := serve(handler, "/", "If-None-Match", match); rec.Code != 304 || rec.Body.Len() > 0 || rec.Header().Get("ETag") != tags[0] {
			t.Errorf("If-None-Match %s: %d", match, rec.Code)
		}
	}
	if rec, _ := serve(handler, "/", "If-None-Match", tags[1]); rec.Code != 200 {
		t.Errorf("the tag of the other encoding matches: %d", rec.Code)
	}
	for _, accept := range []string{"", "br", "gzip;q=0", "identity, *;q=0"} {
		if rec, _ := serve(handler, "/", "Accept-Encoding", accept); rec.Header().Get("Content-Encoding") != "" {
			t.Errorf("Accept-Encoding %q: compressed", accept)
		}
	}
	if rec, _ := serve(handler, "/", "Accept-Encoding", "*"); rec.Header().Get("Content-Encoding") != "gzip" {
		t.Error("Accept-Encoding *: not compressed")
	}
}

func TestURLEscapesParts(t *testing.T) {
	t.Parallel()
	rec, _ := serve(func(c echo.Context) error {
		return rest.SetBase("https://x.example/base/")(func(c echo.Context) error {
			return c.String(200, rest.URL(c, "territories", "a/b c?d")+" "+rest.URL(c))
		})(c)
	}, "/")
	if got, want := rec.Body.String(), "https://x.example/base/territories/a%2Fb%20c%3Fd https://x.example/base/"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
