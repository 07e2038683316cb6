package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/labstack/echo/v4"
)

func fetch(t *testing.T, files fstest.MapFS, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	s, err := newSite(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Use(secured)
	s.register(e)
	e.GET("/", s.home)
	req := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, req)
	return rec
}

func TestSite(t *testing.T) {
	t.Parallel()
	script := strings.Repeat("let who = 'is out of reach';\n", 100)
	files := fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html><title>x</title>")}, "assets/index-abc.js": {Data: []byte(script)},
		"assets/index-abc.js.map": {Data: []byte("{}")}, ".gitkeep": {}, ".env": {Data: []byte("secret")}, "robots.txt": {Data: []byte("User-agent: *")},
		"assets/logo-1.png": {Data: []byte("\x89PNG")},
	}
	home := fetch(t, files, "/")
	if home.Code != 200 || home.Header().Get("Content-Type") != "text/html; charset=utf-8" || home.Header().Get("Cache-Control") != "no-cache" ||
		!strings.Contains(home.Header().Get("Content-Security-Policy"), "script-src 'self';") {
		t.Errorf("%d %v", home.Code, home.Header())
	}
	js := fetch(t, files, "/assets/index-abc.js")
	if js.Body.String() != script || !strings.Contains(js.Header().Get("Cache-Control"), "immutable") || js.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%v", js.Header())
	}
	zipped := fetch(t, files, "/assets/index-abc.js", "Accept-Encoding", "gzip")
	if zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Body.Len() >= len(script) || zipped.Header().Get("ETag") == js.Header().Get("ETag") {
		t.Errorf("%v", zipped.Header())
	}
	for _, r := range []*httptest.ResponseRecorder{js, zipped} {
		again := fetch(t, files, "/assets/index-abc.js", "If-None-Match", r.Header().Get("ETag"), "Accept-Encoding", r.Header().Get("Content-Encoding"))
		if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("asked again: %d", again.Code)
		}
	}
	if png := fetch(t, files, "/assets/logo-1.png", "Accept-Encoding", "gzip"); png.Header().Get("Content-Encoding") != "" || png.Header().Get("Content-Type") != "image/png" {
		t.Errorf("%v", png.Header())
	}
	for _, path := range []string{"/.gitkeep", "/.env", "/assets/index-abc.js.map", "/index.html", "/assets/", "/assets/../.env", "/assets/%2e%2e/.env"} {
		if r := fetch(t, files, path); r.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.Code)
		}
	}
}

func TestSiteCompressedByTheBuild(t *testing.T) {
	t.Parallel()
	script := strings.Repeat("let who = 'is out of reach';\n", 100)
	files := fstest.MapFS{
		"assets/a.js": {Data: []byte(script)}, "assets/a.js.br": {Data: []byte("as brotli")}, "assets/a.js.gz": {Data: []byte("as gzip")},
		"assets/b.css": {Data: []byte(script)}, "assets/c.woff2": {Data: []byte("wOF2")}, "assets/c.woff2.br": {Data: []byte("no")},
	}
	tags := map[string]bool{}
	for accept, want := range map[string]string{
		"gzip, deflate, br, zstd": "br", "br;q=0, gzip": "gzip", "gzip": "gzip", "*": "gzip", "": "", "identity": "", "br": "br", "GZIP;q=0.5": "gzip",
	} {
		r := fetch(t, files, "/assets/a.js", "Accept-Encoding", accept)
		body := map[string]string{"br": "as brotli", "gzip": "as gzip", "": script}[want]
		if r.Header().Get("Content-Encoding") != want || r.Body.String() != body || r.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v", accept, r.Header())
		}
		tags[r.Header().Get("ETag")] = true
	}
	if len(tags) != 3 {
		t.Errorf("each form needs a tag of its own: %v", tags)
	}
	if r := fetch(t, files, "/assets/b.css", "Accept-Encoding", "br, gzip"); r.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("without a twin: %v", r.Header())
	}
	if r := fetch(t, files, "/assets/c.woff2", "Accept-Encoding", "br"); r.Header().Get("Content-Encoding") != "" || r.Body.String() != "wOF2" {
		t.Errorf("a font is compressed already: %v", r.Header())
	}
	for _, path := range []string{"/assets/a.js.br", "/assets/a.js.gz"} {
		if r := fetch(t, files, path); r.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.Code)
		}
	}
}

func TestSitePolicy(t *testing.T) {
	t.Parallel()
	own := sitePolicy(nil)
	for _, bad := range []string{"unsafe", "http", "*"} {
		if strings.Contains(own, bad) {
			t.Errorf("%q in %s", bad, own)
		}
	}
	s, err := newSite(fstest.MapFS{}, []string{"https://tiles.example.it"})
	if err != nil || !strings.Contains(s.policy, "connect-src 'self' https://tiles.example.it;") || !strings.Contains(s.policy, "blob: https://tiles.example.it;") {
		t.Errorf("%v %v", s, err)
	}
	for _, bad := range []string{"tiles.example.it", "https://a.it/path", "https://a.it; script-src *", "ftp://a.it", "https://*", "", "https://a.it b.it"} {
		if _, err := newSite(fstest.MapFS{}, []string{bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestSiteThatWasNotBuilt(t *testing.T) {
	t.Parallel()
	r := fetch(t, fstest.MapFS{".gitkeep": {}}, "/", "Accept-Language", "it")
	if r.Code != 200 || !strings.Contains(r.Body.String(), "non è stata inclusa") || !strings.Contains(r.Body.String(), "/collections?f=html") {
		t.Errorf("%d %s", r.Code, r.Body)
	}
}
