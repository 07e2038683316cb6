package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"contado/api"
	"contado/api/apitest"
)

// Whatever is asked, scripts of other origins may read the answer, and
// browsers are told to guard it.
func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	for path := range everything {
		h := ask.Do(t, apitest.Request{Path: path, Header: map[string]string{"Origin": "https://other.example"}}).Header()
		for name, must := range map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'", "X-Frame-Options": "DENY", "Referrer-Policy": "strict-origin-when-cross-origin",
		} {
			if !strings.Contains(h.Get(name), must) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || len(h.Get("X-Request-Id")) != 16 || h.Get("Cache-Control") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// What can be revalidated is: the validator is strong, the second answer 304
// without a body, and HEAD says what GET does.
func TestValidatorsAndHead(t *testing.T) {
	// Not parallel: others edit and publish, and this wants a catalog at rest.
	for path, want := range everything {
		if want != http.StatusOK || path == "/reports" { // other tests keep new reports meanwhile
			continue
		}
		r := ask.Get(t, path)
		tag := r.Header().Get("ETag")
		if r.Header().Get("Cache-Control") == "no-store" {
			if tag != "" {
				t.Errorf("%s: not to be kept, and has a validator", path)
			}
			continue
		}
		if !strings.HasPrefix(tag, `"`) {
			t.Errorf("%s: validator %q", path, tag)
			continue
		}
		again := ask.Do(t, apitest.Request{Path: path, Header: map[string]string{"If-None-Match": tag}})
		if again.Code != http.StatusNotModified || again.Body.Len() > 0 || again.Header().Get("ETag") != tag {
			t.Errorf("%s asked again: %d, %d bytes, %s", path, again.Code, again.Body.Len(), again.Header().Get("ETag"))
		}
		head := ask.Do(t, apitest.Request{Method: http.MethodHead, Path: path}).Want(http.StatusOK)
		for _, name := range []string{"ETag", "Content-Type", "Cache-Control", "Content-Length", "Link"} {
			if a, b := strings.Join(r.Header().Values(name), "|"), strings.Join(head.Header().Values(name), "|"); a != b {
				t.Errorf("%s: %s is %q, by HEAD %q", path, name, a, b)
			}
		}
		zipped := ask.Get(t, path, "Accept-Encoding", "gzip")
		if zipped.Header().Get("Content-Encoding") != "gzip" {
			continue
		}
		if zipped.Header().Get("ETag") == tag || !strings.Contains(strings.Join(zipped.Header().Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%s compressed: %v", path, zipped.Header())
		}
		z, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if b, err := io.ReadAll(z); err != nil || !bytes.Equal(b, r.Body.Bytes()) {
			t.Errorf("%s: compressed it is another (%v)", path, err)
		}
	}
}

func TestOptionsAndOtherMethods(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/": "GET HEAD OPTIONS", "/collections/sites/items": "GET HEAD OPTIONS POST", "/processes/coverage-report/execution": "OPTIONS POST",
		"/jobs/x": "DELETE GET HEAD OPTIONS", "/xyz/sites/1/0/0.mvt": "GET HEAD OPTIONS",
	} {
		allow := func(r *apitest.Response) string {
			list := strings.Split(r.Header().Get("Allow"), ", ")
			sort.Strings(list)
			return strings.Join(list, " ")
		}
		o := ask.Do(t, apitest.Request{Method: http.MethodOptions, Path: path}).Want(http.StatusNoContent)
		if got := allow(o); got != want || o.Header().Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("%s allows %q, want %q", path, got, want)
		}
		pre := ask.Do(t, apitest.Request{Method: http.MethodOptions, Path: path, Header: map[string]string{"Origin": "https://o.example", "Access-Control-Request-Method": "POST"}})
		if pre.Header().Get("Access-Control-Allow-Methods") != "GET, HEAD, POST, OPTIONS" || !strings.Contains(pre.Header().Get("Access-Control-Allow-Headers"), "Prefer") {
			t.Errorf("%s: preflight %v", path, pre.Header())
		}
		r := ask.Do(t, apitest.Request{Method: http.MethodPut, Path: path}).Want(http.StatusMethodNotAllowed)
		if got := allow(r); got != want || !strings.Contains(r.Body.String(), "PUT is not allowed here") {
			t.Errorf("PUT %s: Allow %q, %s", path, got, r.Body)
		}
	}
	ask.Do(t, apitest.Request{Method: http.MethodOptions, Path: "/nothing"}).Want(http.StatusNotFound)
}

func TestStatus(t *testing.T) {
	// Not parallel: others edit and publish, and this wants a catalog at rest.
	var s struct {
		Status, Version, Program string
		Datasets                 int
		Demo                     bool
	}
	ask.JSON(t, "/status", &s)
	if s.Status != "ok" || s.Version != "0.0.1-test" || s.Program != "contado" || s.Datasets != 9 || !s.Demo {
		t.Errorf("%+v", s)
	}
}

// The base address can be another than the one that requests come to.
func TestBaseURL(t *testing.T) {
	t.Parallel()
	d := land.Deps
	d.BaseURL = "https://mappe.example.it/contado/"
	s, err := api.New(d)
	if err != nil {
		t.Fatal(err)
	}
	r := (&apitest.Client{Handler: s.Handler()}).Get(t, "/collections/sites/items?limit=3")
	if b := r.Body.String(); strings.Contains(b, "example.com") || !strings.Contains(b, `"https://mappe.example.it/contado/collections/sites/items?after=3`) {
		t.Errorf("%.600s", b)
	}
	for _, bad := range []string{"mappe.example.it", "ftp://x", "https://", "https://x?y=z", "http://x#y", "http://[::1"} {
		d.BaseURL = bad
		if _, err := api.New(d); err == nil {
			t.Errorf("base %q is taken", bad)
		}
	}
	if _, err := api.New(api.Deps{}); err == nil {
		t.Error("a server without anything is made")
	}
}

// One line a request, with its id; a panic is a 500 that tells nothing.
func TestLogAndPanic(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d := land.Deps
	d.Log = slog.New(slog.NewJSONHandler(&log, nil))
	s, err := api.New(d)
	if err != nil {
		t.Fatal(err)
	}
	e, ok := s.Handler().(*echo.Echo)
	if !ok {
		t.Fatal("the handler is no Echo")
	}
	e.GET("/panic", func(echo.Context) error { panic("a secret") })
	one := func(path string) (*httptest.ResponseRecorder, []map[string]any) {
		log.Reset()
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		var lines []map[string]any
		for dec := json.NewDecoder(&log); ; {
			var l map[string]any
			if err := dec.Decode(&l); err != nil {
				return rec, lines
			}
			lines = append(lines, l)
		}
	}
	rec, lines := one("/collections/sites?f=json")
	if len(lines) != 1 || lines[0]["msg"] != "request" || lines[0]["route"] != "/collections/:id" || lines[0]["status"] != 200.0 ||
		lines[0]["request"] != rec.Header().Get("X-Request-Id") || lines[0]["bytes"] != float64(rec.Body.Len()) {
		t.Errorf("%v", lines)
	}
	rec, lines = one("/panic")
	if rec.Code != 500 || strings.Contains(rec.Body.String(), "secret") || !strings.Contains(rec.Body.String(), rec.Header().Get("X-Request-Id")) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if len(lines) != 2 || !strings.Contains(lines[0]["error"].(string), "a secret") || lines[1]["status"] != 500.0 {
		t.Errorf("%v", lines)
	}
}
