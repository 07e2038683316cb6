package analysis

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contado/geo/coverage/report"
	"contado/geo/coverage/report/studytest"
	"contado/geo/fault"
	"contado/geo/store/dir"
)

func TestParseStudy(t *testing.T) {
	t.Parallel()
	w, err := parseStudy(json.RawMessage(`{"territory": "016", "services": ["osm:pharmacy", "schools[level = 'primary']"], "profiles": ["walking", "car"],
		"thresholds": ["15m", 3600], "capacity": {"within": "30m", "field": "posti"}, "access": ["2sfca"], "rules": ["it-standards"],
		"people": {"hide_below": 0}, "transit": {"departing": "07:00-08:00"}, "open_at": "wednesday 10:30", "registered": {"osm:pharmacy": 12}, "report_id": "mine"}`))
	if err != nil {
		t.Fatal(err)
	}
	q := w.(*studyWork).q
	if q.ID != "mine" || q.Territory != "016" || len(q.Services) != 2 || q.Capacity != 1800 || q.CapacityField != "posti" || q.HideBelow != -1 ||
		q.OpenAt == nil || q.OpenAt.Minute != 630 || q.Registered["osm:pharmacy"] != 12 || len(q.Rules) != 1 || !strings.Contains(q.Recipe, "osm:pharmacy") {
		t.Errorf("request %+v", q)
	}
	for name, text := range map[string]string{
		"no territory":          `{"services": ["a"]}`,
		"no service":            `{"territory": "1", "services": []}`,
		"unknown input":         `{"territory": "1", "services": ["a"], "colour": "red"}`,
		"a path as rules":       `{"territory": "1", "services": ["a"], "rules": ["/etc/passwd.yaml"]}`,
		"rules up a folder":     `{"territory": "1", "services": ["a"], "rules": ["../x.yml"]}`,
		"a filter that is none": `{"territory": "1", "services": ["a[b ==]"]}`,
		"an id with a slash":    `{"territory": "1", "services": ["a"], "report_id": "../x"}`,
		"a schedule":            `{"territory": "1", "services": ["a"], "schedule": "daily"}`,
		"territories":           `{"territory": "1", "territories": ["2"], "services": ["a"]}`,
		"falling thresholds":    `{"territory": "1", "services": ["a"], "thresholds": ["30m", "15m"]}`,
		"text for a number":     `{"territory": "1", "services": ["a"], "nearest": "many"}`,
	} {
		if _, err := parseStudy(json.RawMessage(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: error %v, want invalid", name, err)
		}
	}
}

// Files made on demand are those of the study that was kept.
func TestMade(t *testing.T) {
	t.Parallel()
	blobs, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	// A small one: its PDF takes a second, that of a large one half a minute.
	st, sketches, err := studytest.Make(studytest.Options{Services: []string{"pharmacy"}, Profiles: []string{"walking"}, Areas: 4})
	if err != nil {
		t.Fatal(err)
	}
	st.ID = "kept"
	if err := StoreStudy(t.Context(), blobs, st, sketches); err != nil {
		t.Fatal(err)
	}
	h := &Handler{Blobs: blobs, Work: t.TempDir(), making: make(chan struct{}, 1)}
	again, err := h.sketches(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sketches, again); diff != "" {
		t.Errorf("the maps came back otherwise: %s", diff)
	}
	begins := map[string]string{"zip": "PK", "xlsx": "PK", "gpkg": "SQLite format 3"}
	if report.CanPDF(nil) == nil {
		begins["it.pdf"], begins["en.pdf"] = "%PDF-", "%PDF-"
	}
	for ending, want := range begins {
		b, err := h.made(t.Context(), "kept", ending)
		if err != nil || !bytes.HasPrefix(b, []byte(want)) {
			t.Errorf("%s: %.20q, %v", ending, b, err)
			continue
		}
		if kept, _, err := h.read(t.Context(), reportKey("kept", ending)); err != nil || !bytes.Equal(kept, b) {
			t.Errorf("%s is not kept: %v", ending, err)
		}
	}
	if _, err := h.made(t.Context(), "none", "zip"); !fault.Is(err, fault.NotExist) {
		t.Errorf("a report that is not there: %v", err)
	}
}
