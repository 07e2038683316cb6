package demoland

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"contado/ingest/gtfs"
)

type silent struct{}

func (silent) Stage(string)      {}
func (silent) Step(int64, int64) {}

// The timetable is a feed that has nothing to be warned of, says that it is
// invented, and runs on ordinary days, less on Saturdays and holidays.
func TestTimetable(t *testing.T) {
	t.Parallel()
	l := makeLand(t, Options{Seed: 1, Size: 8000, Population: 6000})
	i := slices.IndexFunc(l.Files, func(f File) bool { return f.Dataset == "bus" })
	if i < 0 {
		t.Fatal("no timetable")
	}
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	r, err := gtfs.Convert(context.Background(), l.Files[i].Paths[0], gtfs.Options{Now: day}, t.TempDir(), silent{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Notices) > 0 {
		t.Errorf("the feed is not clean: %+v", r.Notices)
	}
	s := r.Summary
	if s.First != "2025-09-08" || s.Last != "2034-12-31" || s.Timezone != "Europe/Rome" || s.Weekday == "" || s.Saturday == "" || s.Sunday == "" {
		t.Errorf("the feed runs so: %+v", s)
	}
	if s.Stops < 5 || s.Routes < 2 || s.Shapes != 2*s.Routes || s.Runs < 40 {
		t.Errorf("the feed holds %+v", s)
	}
	for _, layer := range r.Layers {
		if l.Files[i].LayerTitles[layer.Name] == "" {
			t.Errorf("layer %s has no title", layer.Name)
		}
	}
	checkPeak(t, l.Files[i].Paths[0])
}

// checkPeak: in the two hours that reports look at, something arrives.
func checkPeak(t *testing.T, path string) {
	t.Helper()
	if filepath.Ext(path) != ".zip" {
		t.Fatalf("the feed is %s", path)
	}
	for kind, want := range [dayKinds]int{20, 13, 4} {
		if n := len(runs(true, kind)); n != want {
			t.Errorf("%d runs of a main line on day %s, want %d", n, serviceIDs[kind], want)
		}
		all := runs(true, kind)
		for _, m := range runs(false, kind) {
			if !slices.Contains(all, m) {
				t.Errorf("day %s: a bus of a small line meets none at minute %d", serviceIDs[kind], m)
			}
		}
	}
	busy := 0
	for _, m := range runs(true, weekday) {
		if m > 7*60 && m <= 9*60 {
			busy++
		}
	}
	if busy != 4 {
		t.Errorf("%d runs meet between 7 and 9, want 4", busy)
	}
}
