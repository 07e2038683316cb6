package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLightAsker(t *testing.T) {
	t.Parallel()
	big := bytes.Repeat([]byte("x"), 100_000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/big", "/chunked":
			if r.URL.Path == "/big" {
				w.Header().Set("Content-Length", "100000")
			}
			_, _ = w.Write(big)
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/bad":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	a, err := newLightAsker(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the connection is used again
		for path, want := range map[string]int{"/big": 100_000, "/chunked": 100_000, "/empty": 0, "/none": 19} {
			if n, err := a.tile(t.Context(), path); err != nil || n != want {
				t.Errorf("%s: %d bytes, %v; want %d", path, n, err, want)
			}
		}
	}
	if len(a.idle) != 1 {
		t.Errorf("%d connections", len(a.idle))
	}
	if _, err := a.tile(t.Context(), "/bad"); err == nil {
		t.Error("500 passes for a tile")
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
}
