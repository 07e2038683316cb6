package analysis

import (
	"errors"
	"testing"
)

func TestPrinterIsLookedForAgain(t *testing.T) {
	t.Parallel()
	var p printer
	looked := 0
	look := func() (string, error) {
		if looked++; looked == 1 {
			return "", errors.New("busy")
		}
		return "pdf/ua-1", nil
	}
	for i, want := range []string{"none", "pdf/ua-1", "pdf/ua-1"} {
		if got := p.of(look); got != want {
			t.Errorf("look %d: %q, want %q", i+1, got, want)
		}
	}
	if looked != 2 {
		t.Errorf("looked %d times, want 2", looked)
	}
}
