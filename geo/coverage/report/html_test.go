package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"html"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

func draw(t testing.TB, r *coverage.Report, s *report.Sketch, lang string) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.HTML(&b, r, s, lang); err != nil {
		t.Fatalf("draw in %s: %v", lang, err)
	}
	return b.String()
}

// The structure of the page: headings, captions, head cells, legends.
func TestPageStructure(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{report.English, report.Italian} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			r, s := sample(t, checkers(9), 900, 1800)
			surface(t, s)
			got := outlineOf(draw(t, r, s, lang))
			path := filepath.Join("testdata", "structure-"+lang+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("structure differs (run with -update after looking at the page):\n%s", diff)
			}
		})
	}
}

var (
	parts = regexp.MustCompile(`(?s)<(h1|h2|h3|figcaption|caption|th|dt|li)\b([^>]*)>(.*?)</(?:h1|h2|h3|figcaption|caption|th|dt|li)>`)
	tags  = regexp.MustCompile(`(?s)<svg.*?</svg>|<[^>]*>`)
	space = regexp.MustCompile(`\s+`)
)

func outlineOf(page string) string {
	_, page, _ = strings.Cut(page, "<body")
	var out strings.Builder
	for _, m := range parts.FindAllStringSubmatch(page, -1) {
		if m[1] == "th" && !strings.Contains(m[2], `scope="col"`) {
			continue
		}
		text := strings.TrimSpace(space.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(m[3], " ")), " "))
		out.WriteString(m[1] + ": " + text + "\n")
	}
	return out.String()
}

// Nothing is fetched, nothing runs, and the page's own policy fits its style.
func TestPageIsSelfContained(t *testing.T) {
	t.Parallel()
	r, s := sample(t, checkers(9), 900, 1800)
	surface(t, s)
	page := draw(t, r, s, "it")
	if !strings.HasPrefix(page, "<!DOCTYPE html>\n<html lang=\"it\">") {
		t.Errorf("page starts with %.60q", page)
	}
	rest := strings.ReplaceAll(page, `xmlns="http://www.w3.org/2000/svg"`, "")
	for _, bad := range []string{"http:", "https:", "<script", "<link", "<iframe", "@import", " style=", "javascript:", "onload", "ZgotmplZ", "%!", "NaN"} {
		if strings.Contains(rest, bad) {
			t.Errorf("page contains %q", bad)
		}
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(rest, -1) {
		if !strings.HasPrefix(m[1], "#") && !strings.HasPrefix(m[1], "data:image/png;base64,") {
			t.Errorf("page refers to %.80q", m[1])
		}
	}
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(page)[1]
	sum := sha256.Sum256([]byte(style))
	policy := html.UnescapeString(regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)[1])
	if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
		t.Errorf("policy %q does not hold the hash of the style", policy)
	}
}

// Pictures have a title, a description and a table; ids are unique and all
// that refer to an id find it.
func TestPageIsAccessible(t *testing.T) {
	t.Parallel()
	r, s := sample(t, checkers(30), 600, 900, 1800)
	surface(t, s)
	page := draw(t, r, s, "en")
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]]++; ids[m[1]] > 1 {
			t.Errorf("id %q is there twice", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?:aria-labelledby|href|fill)="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		for _, ref := range strings.Fields(m[1]) {
			ref = strings.TrimSuffix(strings.TrimPrefix(ref, "url("), ")")
			id, isRef := strings.CutPrefix(ref, "#")
			if strings.Contains(m[0], "labelledby") {
				id, isRef = ref, true
			}
			if regexp.MustCompile(`^#[0-9a-f]{3}([0-9a-f]{3})?$`).MatchString(ref) {
				continue
			}
			if isRef && ids[id] == 0 {
				t.Errorf("nothing has the id %q", id)
			}
		}
	}
	pictures := strings.Count(page, `role="img"`)
	if pictures != 5 || strings.Count(page, "<desc ") != pictures || strings.Count(page, "<figcaption>") != pictures {
		t.Errorf("%d pictures, %d descriptions, %d captions; want 5 of each", pictures, strings.Count(page, "<desc "), strings.Count(page, "<figcaption>"))
	}
	for _, table := range []string{"t-thresholds", "t-areas", "t-ages", "t-gaps", "t-curve", "t-inputs"} {
		if !strings.Contains(page, `<table id="`+table+`"`) {
			t.Errorf("no table %s", table)
		}
	}
	if n := strings.Count(page, "<h1>"); n != 1 {
		t.Errorf("%d headings of level 1", n)
	}
	if strings.Count(page, "<table") != strings.Count(page, "<caption") || strings.Contains(page, "<th>") {
		t.Error("a table without caption, or a heading cell without scope")
	}
}

// What names say must not become part of the page.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>'&{{.}}</style></svg>`
	shapes := checkers(3)
	for i := range shapes {
		shapes[i].name, shapes[i].code = evil, evil+string(rune('0'+i))
	}
	r, s := sample(t, shapes, 300)
	surface(t, s)
	s.BackdropLegend[2].Label = evil
	r.ID, r.Title, r.Service, r.ServiceTitle, r.Profile = evil, evil, evil, evil, evil
	r.Territory = coverage.Territory{Code: evil, Name: evil}
	r.AreaLevel = evil
	r.Program = coverage.Program{Name: evil, Version: evil}
	for i := range r.AgeBands {
		r.AgeBands[i].Band, r.AgeBands[i].Label = evil, evil
	}
	r.Inputs[0] = coverage.Input{Dataset: evil, Version: evil, Role: evil, SHA256: evil, Title: evil, Attribution: evil}
	r.Method.Model = evil
	r.Method.Parameters = append(r.Method.Parameters, coverage.Parameter{Name: evil, Value: evil, Unit: evil, Source: evil, Label: map[string]string{"it": evil}},
		coverage.Parameter{Name: "x", Value: []any{evil}})
	r.Method.Formulas[0] = coverage.Formula{Name: evil, Text: evil, Source: evil}
	r.Notices = append(r.Notices, coverage.Notice{Code: evil, Text: evil})
	r.Facilities.Unplaced[0] = coverage.UnplacedFacility{Name: evil, Reason: evil}
	for i := range r.Gaps {
		r.Gaps[i].Name, r.Gaps[i].Place, r.Gaps[i].Facility, r.Gaps[i].Bearing = evil, evil, evil, evil
	}
	for _, lang := range []string{"en", "it"} {
		page := draw(t, r, s, lang)
		for _, bad := range []string{"<script", "<img", "{{", "</style></svg>"} {
			if strings.Contains(strings.ReplaceAll(page, "{{.}}", ""), bad) {
				t.Errorf("%s: page contains %q", lang, bad)
			}
		}
		if strings.Count(page, "</style>") != 1 {
			t.Errorf("%s: the style was closed from inside", lang)
		}
	}
}

func TestHeadline(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	make := func(p1, p2, p3 float64) *coverage.Report {
		r, err := coverage.Compute(t.Context(), coverage.Demand{
			Area: []int32{0, 0, 0}, Seconds: []float32{1800, 1801, inf}, People: []float64{p1, p2, p3},
			X: []float64{10, 10, 10}, Y: []float64{46, 46, 46},
		}, []coverage.Area{{Code: "1", Name: "Valle"}}, nil, coverage.Params{Thresholds: []float64{1800}})
		if err != nil {
			t.Fatal(err)
		}
		r.Service, r.Profile = "pharmacy", "walking"
		return r
	}
	cases := []struct {
		r        *coverage.Report
		lang     string
		headline string
	}{
		{make(48120, 9800, 2080), "en", "Of 60,000 people, 48,120 (80.2\u00a0%) reach a pharmacy on foot within 30\u00a0minutes; 9,800 need longer; 2,080 cannot reach one at all."},
		{make(48120, 9800, 2080), "it", "Su 60.000 persone, 48.120 (80,2\u00a0%) raggiungono una farmacia a piedi entro 30\u00a0minuti; a 9.800 serve più tempo; 2.080 non possono arrivarci affatto."},
		{make(10, 0, 0), "en", "Of 10 people, 10 (100\u00a0%) reach a pharmacy on foot within 30\u00a0minutes; nobody is left out."},
		{make(1, 1, 1), "it", "Su 3 persone, 1 (33,3\u00a0%) raggiunge una farmacia a piedi entro 30\u00a0minuti; a 1 serve più tempo; 1 non può arrivarci affatto."},
		{make(0, 0, 0), "it", "Secondo i dati sulla popolazione qui non abita nessuno."},
	}
	for _, c := range cases {
		page := html.UnescapeString(draw(t, c.r, nil, c.lang))
		if !strings.Contains(page, `<p class="headline">`+c.headline+"</p>") {
			t.Errorf("no headline %q in\n%s", c.headline, regexp.MustCompile(`<p class="headline">[^<]*`).FindString(page))
		}
	}
}

func TestBannerOnlyForInventedData(t *testing.T) {
	t.Parallel()
	r, s := sample(t, checkers(4), 900)
	if page := draw(t, r, s, "it"); !strings.Contains(page, "Dati inventati") || !strings.Contains(page, `class="banner"`) {
		t.Error("no banner on a report of invented data")
	}
	r.Notices = r.Notices[1:]
	if page := draw(t, r, s, "it"); strings.Contains(page, `class="banner"`) {
		t.Error("banner on a report of real data")
	}
}

// Parts that are missing leave no empty heading and no broken picture.
func TestPageWithLittle(t *testing.T) {
	t.Parallel()
	r, s := sample(t, checkers(1), 900)
	r.AgeBands, r.Inputs, r.Curve, r.Gaps, r.Facilities.Unplaced = nil, nil, nil, nil, nil
	r.Method.Parameters, r.Method.Formulas, r.Notices = nil, nil, nil
	r.GapsOmitted = coverage.GapsOmitted{}
	s.Areas, s.Facilities = nil, nil
	page := draw(t, r, s, "en")
	if strings.Contains(page, `role="img"`) || strings.Contains(page, `id="s-map"`) || strings.Contains(page, `id="s-ages"`) {
		t.Error("a picture of nothing")
	}
	if !strings.Contains(page, "No datasets are recorded") {
		t.Error("missing inputs are not said to be missing")
	}
	r.Areas = nil
	draw(t, r, s, "en")
}

func TestPageSize(t *testing.T) {
	t.Parallel()
	r, s := sample(t, province(t, "limits_R_8_municipalities.geojson", 330), 900, 1800)
	if n := len(draw(t, r, s, "it")); n > 1_500_000 {
		t.Errorf("page of %d bytes for 330 municipalities", n)
	}
}

func TestSketchRefuses(t *testing.T) {
	t.Parallel()
	r, _ := sample(t, checkers(1), 900)
	metres := orb.Polygon{{{500000, 5e6}, {501000, 5e6}, {500000, 5.001e6}, {500000, 5e6}}}
	nan := orb.Polygon{{{math.NaN(), 5}, {1, 5}, {1, 6}, {math.NaN(), 5}}}
	bounds := orb.Bound{Min: orb.Point{9, 45}, Max: orb.Point{10, 46}}
	cases := map[string]struct {
		s    report.Sketch
		kind fault.Kind
	}{
		"metres":        {report.Sketch{Areas: []report.AreaShape{{Code: "a", Geometry: metres}}}, fault.Invalid},
		"not a number":  {report.Sketch{Areas: []report.AreaShape{{Code: "a", Geometry: nan}}}, fault.Invalid},
		"not a picture": {report.Sketch{Backdrop: []byte("GIF89a"), BackdropBounds: bounds}, fault.Invalid},
		"huge picture":  {report.Sketch{Backdrop: make([]byte, report.MaxBackdrop+1), BackdropBounds: bounds}, fault.TooLarge},
		"bad colour":    {report.Sketch{BackdropLegend: []report.LegendEntry{{Color: `red" onload="x`}}}, fault.Invalid},
	}
	for name, c := range cases {
		if err := report.HTML(&bytes.Buffer{}, r, &c.s, "en"); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v, want an error of kind %v", name, err, c.kind)
		}
	}
	if err := report.HTML(&bytes.Buffer{}, nil, nil, "en"); !fault.Is(err, fault.Invalid) {
		t.Errorf("no report: %v", err)
	}
	if err := report.HTML(&bytes.Buffer{}, r, nil, "fr"); !fault.Is(err, fault.Unsupported) {
		t.Errorf("French: %v", err)
	}
}
