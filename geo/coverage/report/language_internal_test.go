package report

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"contado/geo/coverage"
	"contado/geo/fault"
)

func mustLanguage(t *testing.T, tag string) *language {
	t.Helper()
	l, err := languageOf(tag)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var holes = regexp.MustCompile(`\{\d\}`)

// Both catalogues hold the same keys, with the same holes to fill.
func TestCataloguesAgree(t *testing.T) {
	t.Parallel()
	en, it := english(), italian()
	for key, text := range en {
		other, ok := it[key]
		if !ok {
			t.Errorf("no Italian text for %q", key)
			continue
		}
		if text == "" || other == "" {
			t.Errorf("%q is empty", key)
		}
		a, b := holes.FindAllString(text, -1), holes.FindAllString(other, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
			t.Errorf("%q: holes %v in English, %v in Italian", key, a, b)
		}
	}
	for key := range it {
		if _, ok := en[key]; !ok {
			t.Errorf("no English text for %q", key)
		}
	}
}

// Texts that are the same in both languages are few, and known to be.
func TestItalianIsTranslated(t *testing.T) {
	t.Parallel()
	same := regexp.MustCompile(`^(time\.short\..*|compass\.(n|ne|e|se|s)|map\.north|area\.any|gap\.part|value\.false)$`)
	it := italian()
	for key, text := range english() {
		if it[key] == text && !same.MatchString(key) {
			t.Errorf("%q is %q in both languages", key, text)
		}
	}
}

// Every key that the code or the page asks for is in the catalogue.
func TestKeysExist(t *testing.T) {
	t.Parallel()
	en := english()
	plain := regexp.MustCompile(`\.(?:t|T) ?\(?"([a-z0-9.-]+)"`)
	counted := regexp.MustCompile(`\.count\("([a-z0-9.-]+)"`)
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range files {
		if strings.HasSuffix(f.Name(), "_test.go") || (!strings.HasSuffix(f.Name(), ".go") && !strings.HasSuffix(f.Name(), ".tmpl")) {
			continue
		}
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range plain.FindAllStringSubmatch(string(b), -1) {
			seen++
			if _, ok := en[m[1]]; !ok && !strings.HasSuffix(m[1], ".") {
				t.Errorf("%s asks for %q, which is not in the catalogue", f.Name(), m[1])
			}
		}
		for _, m := range counted.FindAllStringSubmatch(string(b), -1) {
			seen++
			for _, form := range []string{".one", ".many"} {
				if _, ok := en[m[1]+form]; !ok && !strings.HasSuffix(m[1], ".") {
					t.Errorf("%s asks for %q, which is not in the catalogue", f.Name(), m[1]+form)
				}
			}
		}
	}
	if seen < 80 {
		t.Errorf("found %d uses of keys only: does the search still work?", seen)
	}
	for _, code := range []string{
		coverage.NoticeInventedData, coverage.NoticeNobody, coverage.NoticeBandsIncomplete,
		coverage.NoticeEmptyAreas + ".one", coverage.NoticeEmptyAreas + ".many", coverage.NoticeUnplaced + ".one", coverage.NoticeUnplaced + ".many",
	} {
		if _, ok := en["notice."+code]; !ok {
			t.Errorf("notice %q has no text", code)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	en, it := mustLanguage(t, "en"), mustLanguage(t, "it-IT")
	share := func(v float64) *float64 { return &v }
	cases := []struct{ name, got, want string }{
		{"whole en", en.whole(1234567), "1,234,567"},
		{"whole it", it.whole(1234567), "1.234.567"},
		{"whole small", it.whole(999), "999"},
		{"negative", en.whole(-1234), "−1,234"},
		{"number it", it.number(1234.5, 3), "1.234,5"},
		{"number en", en.number(1234.5, 3), "1,234.5"},
		{"number negative", it.number(-0.25, 2), "−0,25"},
		{"number zero", en.number(-0.0001, 2), "0"},
		{"number huge", en.number(1e300, 2), "1e+300"},
		{"percent it", it.percent(share(0.802)), "80,2\u00a0%"},
		{"percent en", en.percent(share(0.802)), "80.2\u00a0%"},
		{"percent all", en.percent(share(1)), "100\u00a0%"},
		{"percent none", en.percent(share(0)), "0\u00a0%"},
		{"percent nearly all", en.percent(share(0.99999)), ">\u00a099.9\u00a0%"},
		{"percent hardly any", it.percent(share(0.00001)), "<\u00a00,1\u00a0%"},
		{"percent null", en.percent(nil), "–"},
		{"minutes", en.short(1800), "30\u00a0min"},
		{"rounded up", en.short(1800.5), "31\u00a0min"},
		{"hours", it.short(4500), "1\u00a0h\u00a015\u00a0min"},
		{"full hour", en.short(3600), "1\u00a0h"},
		{"nothing", en.short(0), "0\u00a0min"},
		{"exact", en.exact(90), "1\u00a0min\u00a030\u00a0s"},
		{"long", it.long(5460), "1\u00a0ora\u00a031\u00a0minuti"},
		{"long one", en.long(3660), "1\u00a0hour\u00a01\u00a0minute"},
		{"quantile null", it.quantile(nil, 10), "non raggiungibile"},
		{"quantile nobody", it.quantile(nil, 0), "–"},
		{"date it", it.date(time.Date(2026, 1, 5, 23, 7, 0, 0, time.FixedZone("", 3600))), "5 gennaio 2026, 22:07 UTC"},
		{"date en", en.date(time.Date(2026, 8, 5, 4, 7, 0, 0, time.UTC)), "5 August 2026, 04:07 UTC"},
		{"no date", en.date(time.Time{}), "–"},
		{"position", it.position(-10.5, 45.25), "45,2500°\u00a0N 10,5000°\u00a0O"},
		{"metres", en.distance(250), "250\u00a0m"},
		{"kilometres", it.distance(12340), "12,3\u00a0km"},
		{"service", en.service(&coverage.Report{Service: "pharmacies"}), "a pharmacy"},
		{"service it", it.service(&coverage.Report{Service: "post_office"}), "un ufficio postale"},
		{"service unknown", it.service(&coverage.Report{Service: "x1", ServiceTitle: "Isole ecologiche"}), "«Isole ecologiche»"},
		{"profile unknown", en.profile("mule"), "with profile “mule”"},
		{"no injection", en.t("subtitle", "{1}{2}"), "Coverage report for {1}{2}"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	if _, err := languageOf("de"); !fault.Is(err, fault.Unsupported) {
		t.Errorf("German: %v, want unsupported", err)
	}
}

func TestGapNames(t *testing.T) {
	t.Parallel()
	it := mustLanguage(t, "it")
	near := &coverage.Gap{Kind: coverage.GapNear, Place: "Prato", DistanceM: 6100, Bearing: "SW", Name: "near Prato"}
	if got, want := it.gapName(near), "presso Prato (6,1\u00a0km SO)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	part := &coverage.Gap{Kind: coverage.GapArea, AreaName: "Valle", Part: 2, Name: "Valle, group 2"}
	if got, want := it.gapName(part), "Valle, gruppo 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoticeTexts(t *testing.T) {
	t.Parallel()
	it := mustLanguage(t, "it")
	own := &coverage.Notice{Code: "other", Text: "English", Texts: map[string]string{"it": "Italiano"}}
	if got := it.notice(own); got != "Italiano" {
		t.Errorf("got %q", got)
	}
	if got := it.notice(&coverage.Notice{Code: "other", Text: "English"}); got != "English" {
		t.Errorf("a notice without translation gave %q, want its English text", got)
	}
	bands := &coverage.Notice{Code: coverage.NoticeBandsIncomplete, Values: map[string]float64{"bands": 1200, "population": 1500}}
	if got := it.notice(bands); !strings.Contains(got, "1.200 persone, il territorio 1.500") {
		t.Errorf("got %q", got)
	}
}

func TestBandName(t *testing.T) {
	t.Parallel()
	for band, want := range map[string]string{
		"age_0_2": "0–2", "age_65_79": "65–79", "age_80_plus": "80+", "age_x": "age_x", "women": "women",
	} {
		if got := bandName(&coverage.BandResult{Band: band}); got != want {
			t.Errorf("%s is called %q, want %q", band, got, want)
		}
	}
	if got := bandName(&coverage.BandResult{Band: "age_0_2", Label: "piccoli"}); got != "piccoli" {
		t.Errorf("the label of a band is %q", got)
	}
}
