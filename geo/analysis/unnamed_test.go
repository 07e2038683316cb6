package analysis_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// TestUnnamedFacilities: facilities without a name have words of people
// wherever they are told, in both languages, and keep their identifier.
func TestUnnamedFacilities(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	s := geo.Schema{GeometryType: "Point", CRS: utm, Fields: []geo.Field{
		{Name: "name", Type: geo.String},
		{Name: "kind", Type: geo.String},
		{Name: "kind_en", Type: geo.String},
		{Name: "kind_it", Type: geo.String},
		{Name: "addr_street", Type: geo.String},
	}}
	row := func(id int64, col, line int, values ...any) geo.Feature {
		return geo.Feature{ID: id, Geometry: cellCentre(col, line), Values: values}
	}
	l.vector("osm", catalog.Service, s, []geo.Feature{
		row(571, 84, 52, nil, "post_office;bank", "Post office", "Ufficio postale", nil),
		row(572, 85, 50, " ", "post_office", "Post office", "Ufficio postale", nil),
		row(573, 82, 90, "", "post_office", "Post office", "Ufficio postale", "Via Roma"),
		row(574, 5, 5, nil, "post_office", nil, nil, nil),
		row(575, 40, 40, "Posta centrale", "post_office", "Post office", "Ufficio postale", nil),
	}, nil, nil)
	l.vector("bare", catalog.Service, geo.Schema{GeometryType: "Point", CRS: utm}, []geo.Feature{{ID: 8, Geometry: cellCentre(80, 94)}}, nil, nil)
	l.vector("unnamed-hamlets", catalog.Place, geo.Schema{GeometryType: "Point", CRS: utm}, []geo.Feature{{ID: 3, Geometry: cellCentre(84, 52)}}, nil, nil)
	l.refresh()

	want := map[string][2]string{
		"571": {"Post office without a name, near Far Side (no. 571)", "Ufficio postale senza nome, presso Far Side (n. 571)"},
		"572": {"Post office without a name, near Far Side (no. 572)", "Ufficio postale senza nome, presso Far Side (n. 572)"},
		"573": {"Post office without a name, Via Roma, near Corner", "Ufficio postale senza nome, Via Roma, presso Corner"},
		"574": {"Post office without a name, in the area of Westland", "Post office senza nome, nel territorio di Westland"},
		"575": {"Posta centrale", "Posta centrale"},
	}
	study, _, err := l.engine.Study(context.Background(), analysis.StudyRequest{
		CoverageRequest: analysis.CoverageRequest{Territory: "9", Profile: analysis.Walking, Thresholds: []float64{900}, Places: "hamlets", HideBelow: -1},
		Services:        []string{"osm", "bare"}, Profiles: []string{analysis.Walking}, Capacity: 3600,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][2]string{}
	for _, f := range study.Sections[0].Capacity.Loads {
		it := f.Names["it"]
		if it == "" {
			it = f.Name
		}
		got[f.ID] = [2]string{f.Name, it}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("capacity (-want +got):\n%s", d)
	}
	if f := study.Sections[1].Capacity.Loads[0]; f.ID != "8" || f.Name != "Without a name (bare), near Corner" || f.Names["it"] != "Senza nome (bare), presso Corner" {
		t.Errorf("nothing known but the place: %+v", f)
	}
	checkGapNames(t, study.Sections[0].Gaps, want)

	m, err := l.engine.TravelMatrix(context.Background(), analysis.TravelRequest{Places: []analysis.TravelPlace{{ID: "a", Lon: 9.01, Lat: 46.05}}},
		analysis.TravelRequest{Territory: "9", Service: "osm", Profile: analysis.Walking}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, locale := range []table.Locale{table.English, table.Italian} {
		for _, r := range m.Table(locale).Rows {
			if id := r[2].(string); r[3] != want[id][k] {
				t.Errorf("%v: %s is %q in the table of times, want %q", locale, id, r[3], want[id][k])
			}
		}
	}
	q := asked("osm", 900)
	q.Places = "hamlets"
	for _, f := range explore(t, l, q).Facilities {
		if f.Name != want[f.ID][0] || f.Names["it"] != "" && f.Names["it"] != want[f.ID][1] || (f.ID == "575") != (f.Names == nil) {
			t.Errorf("explored %+v, want %q", f, want[f.ID])
		}
	}
}

// checkGapNames: the facilities of gaps are called as everywhere.
func checkGapNames(t *testing.T, gaps []coverage.Gap, want map[string][2]string) {
	t.Helper()
	italian := map[string]string{}
	for _, w := range want {
		italian[w[0]] = w[1]
	}
	told := 0
	for _, g := range gaps {
		it, known := italian[g.Facility]
		if !known {
			t.Errorf("the gap %s is nearest to %q", g.Name, g.Facility)
		}
		if g.FacilityNames == nil && it != g.Facility || g.FacilityNames != nil && g.FacilityNames["it"] != it {
			t.Errorf("the gap %s is nearest to %q: %v", g.Name, g.Facility, g.FacilityNames)
		}
		if g.FacilityNames != nil {
			told++
		}
	}
	if told == 0 {
		t.Error("no gap is nearest to a facility without a name")
	}
}
