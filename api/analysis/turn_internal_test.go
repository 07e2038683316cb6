package analysis

import (
	"context"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"contado/geo/fault"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	h := &Handler{Sync: 1, Patience: time.Millisecond}
	h.Register(echo.New())
	if err := h.turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.turn(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the place is taken: %v", err)
	}
	h.Patience = time.Hour
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.turn(gone); !fault.Is(err, fault.Canceled) {
		t.Errorf("the client has left: %v", err)
	}
	<-h.turns
	if err := h.turn(t.Context()); err != nil {
		t.Errorf("the place is free again: %v", err)
	}
}

func FuzzInputs(f *testing.F) {
	for _, s := range []string{
		`{"territory":"9","service":"clinic","thresholds":["15m",900]}`, `{"dataset":"dem","areas":{"territory":"9","level":"x"},"band":2}`,
		`{"dataset":"dem","areas":{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":1},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}]}}`,
		`{"dataset":"dem","areas":{"type":"FeatureCollection","features":[null]}}`, `{"areas":{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"MultiPolygon","coordinates":[]}}]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range processes() {
			if _, err := p.parse(b); err != nil && !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Unsupported) {
				t.Fatalf("%s: %v", p.id, err)
			}
		}
	})
}
