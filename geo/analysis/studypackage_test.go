package analysis_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/analysis"
	"contado/geo/coverage/report/studytest"
	"contado/geo/fault"
)

// GDAL reads what was written.
func TestStudyGeoPackage(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ogrinfo"); err != nil {
		t.Skip("no ogrinfo here")
	}
	st, sketches, err := studytest.Make(studytest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "study.gpkg")
	if err := analysis.StudyGeoPackage(t.Context(), path, st, sketches); err != nil {
		t.Fatal(err)
	}
	if err := analysis.StudyGeoPackage(t.Context(), path, st, sketches); !fault.Is(err, fault.Exist) {
		t.Errorf("over a file that is there: %v", err)
	}
	count := func(sql string) string {
		out, err := exec.CommandContext(t.Context(), "ogrinfo", "-q", "-ro", path, "-sql", sql).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", sql, err, out)
		}
		return string(out)
	}
	for sql, want := range map[string]string{
		"SELECT COUNT(*) AS n FROM areas WHERE geom IS NOT NULL":                          "= 9",
		"SELECT COUNT(*) AS n FROM areas WHERE share_pharmacy_walking_900 IS NULL":        "= 2",
		"SELECT COUNT(*) AS n FROM checks":                                                "= 1",
		"SELECT COUNT(*) AS n FROM siting WHERE ST_X(geom) > 9":                           "= 15",
		"SELECT COUNT(*) AS n FROM table_rules":                                           "= 3",
		"SELECT COUNT(*) AS n FROM gaps WHERE ST_X(geom) < 9 OR ST_Y(geom) < 46":          "= 0",
		"SELECT COUNT(DISTINCT service) AS n FROM facilities":                             "= 6",
		"SELECT COUNT(*) AS n FROM table_coverage WHERE level = 'territory'":              "= 24",
		"SELECT COUNT(*) AS n FROM table_coverage WHERE suppressed AND share IS NOT NULL": "= 0",
	} {
		if got := count(sql); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}
