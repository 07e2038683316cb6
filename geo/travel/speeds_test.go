package travel

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"contado/geo/fault"
)

func parse(t testing.TB, text string) *SpeedTable {
	t.Helper()
	table, err := ParseSpeeds(strings.NewReader(text), "test")
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// One table in the spellings that spreadsheets make of it.
func TestParseSpellings(t *testing.T) {
	t.Parallel()
	const want = "kind,class,label,speed_kmh,slope,source\n" +
		"landcover,10,Trees,3.06,yes,a book\nlandcover,80,Water,0,yes,\nroad,track,,4.5,no,\nbarrier,river,River,0.5,yes,\ndefault,,Rest,2,yes,\n"
	texts := map[string]string{
		"canonical": want,
		"semicolons, decimal comma, BOM, CRLF": "\ufeff# a comment; with, marks\r\nkind;class;label;speed_kmh;slope;source\r\n" +
			"landcover;10;Trees;3,06;yes;a book\r\nlandcover;80;Water;0;;\r\n;;;;;\r\nroad;Track;;4,5;NO;\r\nbarrier; River ;River;0,50;Yes;\r\ndefault;;Rest;2,0;;\r\n",
		"other order, quotes": "speed_kmh,Class,KIND,label,source,slope\n\"3,06\",10,landcover,Trees,a book,yes\n0,80,landcover,Water\n" +
			"# note\n4.5,TRACK,road,,,no\n.5,river,barrier,River,,\n2.,,default,Rest,,\n",
	}
	for name, text := range texts {
		table := parse(t, text)
		if got := table.String(); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
		if table.SHA256() != parse(t, want).SHA256() {
			t.Errorf("%s: another hash", name)
		}
	}
}

func TestParseSpeedsRefuses(t *testing.T) {
	t.Parallel()
	const head = "kind,class,speed_kmh,slope\n"
	for name, c := range map[string]struct{ text, want string }{
		"empty":          {"", "no rows"},
		"only comments":  {"# a\n# b\n", "no rows"},
		"no header":      {"landcover,10,3\n", `line 1: column "landcover" is not known`},
		"missing column": {"# a\nkind,class\n", `line 2: there is no column "speed_kmh"`},
		"column twice":   {"kind,class,class,speed_kmh\n", `"class" stands twice`},
		"kind":           {head + "water,1,0,\n", `line 2: kind is "water"`},
		"class":          {head + "\n# x\nlandcover,ten,3,\n", `line 4: land-cover class is "ten"`},
		"class range":    {head + "landcover,3000000000,3,\n", "land-cover class"},
		"class missing":  {head + "road,,3,\n", "road row without a class"},
		"no speed":       {head + "landcover,1,,\n", `speed_kmh is ""`},
		"negative":       {head + "landcover,1,-3,\n", `speed_kmh is "-3"`},
		"not a number":   {head + "landcover,1,NaN,\n", `speed_kmh is "NaN"`},
		"exponent":       {head + "landcover,1,1e1,\n", `speed_kmh is "1e1"`},
		"thousands":      {head + "landcover,1,\"1.000,5\",\n", `speed_kmh is "1.000,5"`},
		"too fast":       {head + "landcover,1,361,\n", "from 0 to 360"},
		"slope":          {head + "landcover,1,3,maybe\n", `slope is "maybe"`},
		"twice":          {head + "landcover,1,3,\nroad,a,2,\nlandcover,01,3,\n", "line 4: landcover class 1 stands already on line 2"},
		"road twice":     {head + "default,,3,\nroad,a,2,\nroad,A,3,\n", "already on line 3"},
		"default class":  {head + "default,x,3,\n", `the default row has class "x"`},
		"two defaults":   {head + "default,,3,\ndefault,,4,\n", "already on line 2"},
		"no ground":      {head + "road,path,3,\n", "neither landcover rows nor a default row"},
		"open quote":     {head + "landcover,\"1,3,\n", "line 2"},
		"not text":       {"kind,class,speed_kmh\nlandcover,1,3\xff\n", "UTF-8"},
		"too many bytes": {"#" + strings.Repeat("x", maxSpeedBytes), "over 1048576 bytes"},
		"decimal comma":  {head + "landcover,1,3,5\n", `slope is "5"`},
	} {
		_, err := ParseSpeeds(strings.NewReader(c.text), "mine")
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "speed table mine") {
			t.Errorf("%s: error %v; want one with %q", name, err, c.want)
		} else if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
			t.Errorf("%s: kind %v", name, k)
		}
	}
	rows := head + "default,,1,\n" + strings.Repeat("\n", 5) // blank lines do not count
	for i := range maxSpeedRows + 1 {
		rows += "landcover," + string(rune('0'+i%10)) + ",1,\n"
		if i > 20 {
			break
		}
	}
	if _, err := ParseSpeeds(strings.NewReader(rows), "mine"); err == nil {
		t.Error("repeated classes pass")
	}
	broken := errors.New("disk gone")
	if _, err := ParseSpeeds(iotest.ErrReader(broken), "mine"); !errors.Is(err, broken) {
		t.Errorf("a read error becomes %v", err)
	}
}

func TestTooManyRows(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("kind,class,speed_kmh\n")
	for i := range maxSpeedRows + 1 {
		b.WriteString("landcover," + strings.Repeat("1", 1) + itoa(i) + ",3\n")
	}
	if _, err := ParseSpeeds(strings.NewReader(b.String()), "mine"); !fault.Is(err, fault.TooLarge) {
		t.Errorf("error %v; want too large", err)
	}
}

func itoa(i int) string {
	s := []byte("00000")
	for k := 4; i > 0; k, i = k-1, i/10 {
		s[k] = byte('0' + i%10)
	}
	return string(s)
}

func TestBuiltinSpeeds(t *testing.T) {
	t.Parallel()
	names := BuiltinSpeedNames()
	if strings.Join(names, " ") != "walking-corine walking-open walking-worldcover" {
		t.Fatalf("tables %v", names)
	}
	corine, err := BuiltinSpeeds("walking-corine")
	if err != nil {
		t.Fatal(err)
	}
	// Grid codes 1 to 44 stand for the 44 classes in order of their codes.
	grid := int32(0)
	for _, code := range sortedKeys(corine.landcover) {
		if code < 100 {
			continue
		}
		grid++
		a, b := corine.landcover[code], corine.landcover[grid]
		if a.KMH != b.KMH || a.Label != b.Label || a.Label == "" {
			t.Errorf("class %d is %v, grid code %d %v", code, a, grid, b)
		}
	}
	if grid != 44 || len(corine.landcover) != 88 {
		t.Errorf("%d classes in %d rows", grid, len(corine.landcover))
	}
	cover, err := BuiltinSpeeds("walking-worldcover")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int32{10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100} {
		if _, listed, _ := cover.LandCover(code); !listed {
			t.Errorf("WorldCover class %d is not listed", code)
		}
	}
	if s, _ := cover.Road("Residential"); s.KMH != 5.036 {
		t.Errorf("residential %g km/h", s.KMH)
	}
	for _, table := range []*SpeedTable{cover, corine} {
		if again := parse(t, table.String()); again.String() != table.String() {
			t.Errorf("%s does not survive its own spelling", table.Name)
		}
		for class, s := range table.landcover {
			if s.Source == "" {
				t.Errorf("%s class %d has no source", table.Name, class)
			}
		}
	}
	if _, err := BuiltinSpeeds("../speeds/walking-corine"); !fault.Is(err, fault.NotExist) {
		t.Errorf("error %v", err)
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	if p, err := ProfileByName("elderly"); err != nil || p.SpeedFactor*5.036/3.6 < 0.7999 || p.SpeedFactor*5.036/3.6 > 0.8001 {
		t.Errorf("elderly %v, %v", p, err)
	}
	if p, err := ProfileByName("adult"); err != nil || p.SpeedFactor != 1 {
		t.Errorf("adult %v, %v", p, err)
	}
	if _, err := ProfileByName("horse"); !fault.Is(err, fault.NotExist) {
		t.Errorf("horse: %v", err)
	}
}

func FuzzParseSpeeds(f *testing.F) {
	for _, name := range BuiltinSpeedNames() {
		table, err := BuiltinSpeeds(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(table.String())
	}
	f.Add("\ufeff#x\nkind;class;speed_kmh\ndefault;;3,5\n")
	f.Add("kind,class,label,speed_kmh\nroad,\"a\nb\",\"# ;,\",1\ndefault,,,0\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := ParseSpeeds(strings.NewReader(text), "fuzz")
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatalf("kind %v of %v", k, err)
			}
			return
		}
		canonical := table.String()
		if len(canonical) > maxSpeedBytes {
			return
		}
		again, err := ParseSpeeds(strings.NewReader(canonical), "fuzz")
		if err != nil {
			t.Fatalf("%v\n%q\n%q", err, text, canonical)
		}
		if again.String() != canonical {
			t.Fatalf("%q\nbecomes\n%q", canonical, again.String())
		}
	})
}
