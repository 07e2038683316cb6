package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"contado/geo/coverage/report"
)

// TestDrawSamples writes samples into $CONTADO_REPORT_SAMPLES, to be looked
// at in a browser after a change of the page.
func TestDrawSamples(t *testing.T) {
	dir := os.Getenv("CONTADO_REPORT_SAMPLES")
	if dir == "" {
		t.Skip("set CONTADO_REPORT_SAMPLES to a folder to draw sample reports there")
	}
	for _, c := range []struct {
		file string
		n    int
	}{{"limits_P_14_municipalities.geojson", 3}, {"limits_P_14_municipalities.geojson", 30}, {"limits_P_16_municipalities.geojson", 243}, {"limits_R_8_municipalities.geojson", 330}} {
		r, s := sample(t, province(t, c.file, c.n), 900, 1800)
		if c.n == 30 {
			surface(t, s)
		}
		for _, lang := range []string{report.English, report.Italian} {
			f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%03d-%s.html", c.n, lang)))
			if err != nil {
				t.Fatal(err)
			}
			if err := report.HTML(f, r, s, lang); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
