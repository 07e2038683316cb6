package analysis

import (
	"testing"

	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/dir"
)

func TestReportIDs(t *testing.T) {
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
	for _, id := range []string{"", "..", "a/b", "A", "a.b", "-a"} {
		if err := StoreReport(t.Context(), blobs, &coverage.Report{ID: id}, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	// What is no report leaves nothing behind that looks like one.
	if err := StoreReport(t.Context(), blobs, &coverage.Report{ID: "half"}, nil); err == nil {
		t.Error("an empty report is stored")
	}
	if _, _, err := blobs.Open(t.Context(), reportKey("half", "json")); !fault.Is(err, fault.NotExist) {
		t.Errorf("half a report is there: %v", err)
	}
	for about, want := range map[string]bool{"": true, "---": true, "-svc-walking": true, "016-pharmacy-walking": true, "a123456789-123456789-123456789-123456789-123456789-1234567890": true} {
		id := ownID(about)
		if catalog.ValidID(id) != want {
			t.Errorf("%q becomes %q", about, id)
		}
	}
	for key, want := range map[string]string{
		"reports/a.json": "a", "reports/demo-1.json": "demo-1", "reports/a.csv": "", "reports/it/a.json": "", "reports/A.json": "", "reports/.json": "",
	} {
		if got := idOf(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}
