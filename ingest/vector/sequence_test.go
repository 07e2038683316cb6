package vector

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"contado/geo/notice"
)

func TestBrokenRecordsAreNamed(t *testing.T) {
	t.Parallel()
	const good = `{"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[9,45]}}`
	for name, c := range map[string]struct {
		text string
		bad  int64
	}{
		"all good":          {good + "\n" + good + "\n", 0},
		"blank lines":       {good + "\r\n\n" + good, 0},
		"one broken":        {good + "\nBROKEN\n" + good + "\n", 1},
		"cut short":         {good + "\n" + good[:40], 1},
		"record separators": {"\x1e" + good + "\n\x1e{\n\"type\":\"Feature\"\n}\n\x1eno\n", 1},
	} {
		path := filepath.Join(t.TempDir(), "a.geojsonl")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var notes notice.List
		if err := checkSequence(context.Background(), path, "a.geojsonl", &notes); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := notes.Counted("records-left-out"); got != c.bad {
			t.Errorf("%s: %d records left out, want %d", name, got, c.bad)
		}
	}
}
