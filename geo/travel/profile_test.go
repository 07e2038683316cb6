package travel

import (
	"slices"
	"strings"
	"testing"

	"contado/geo/fault"
)

// Every profile says in two languages who it is, where each figure is from,
// and who walks.
func TestBuiltinProfiles(t *testing.T) {
	t.Parallel()
	want := []string{"adult", "bicycle", "bus-and-walk", "car", "child", "e-bike", "senior-65", "senior-80", "wheelchair"}
	if got := ProfileNames(); !slices.Equal(got, want) {
		t.Fatalf("profiles %v, want %v", got, want)
	}
	for _, name := range want {
		p, err := ProfileByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if p.Name != name || p.Title["en"] == "" || p.Title["it"] == "" || p.Assumption == "" || len(p.Sources) == 0 {
			t.Errorf("%s: name %q, title %v, assumption %q, %d sources", name, p.Name, p.Title, p.Assumption, len(p.Sources))
		}
		for _, c := range p.Sources {
			if c.Figure == "" || c.Text == "" {
				t.Errorf("%s: source %+v", name, c)
			}
		}
		if len(p.Road.KMH) == 0 || len(p.Road.AccessKeys) == 0 {
			t.Errorf("%s: roads %+v", name, p.Road)
		}
		w, err := p.Walker()
		if err != nil || w.Mode != Walk || p.OnGround() != (p.Mode == Walk) {
			t.Errorf("%s is walked by %s (%v), %v", name, w.Name, w.Mode, err)
		}
		if s, ok := p.Speed("Residential "); !ok || !(s.Low > 0 && s.Low < s.Mid && s.Mid < s.High) {
			t.Errorf("%s on residential roads: %+v, %v", name, s, ok)
		}
	}
	if chair, err := ProfileByName("wheelchair"); err != nil || chair.Options().MaxSlope != 0.08 || chair.Road.KMH["steps"].Mid != 0 || len(chair.Road.Surfaces) == 0 {
		t.Errorf("wheelchair %+v, %v", chair, err)
	}
	for alias, name := range map[string]string{"walking": "adult", "walking-elderly": "senior-80", "elderly": "senior-80"} {
		if p, err := ProfileByName(alias); err != nil || p.Name != name {
			t.Errorf("%s is %s, %v", alias, p.Name, err)
		}
	}
	if Adult().SpeedFactor != 1 || Elderly().Name != "senior-80" {
		t.Errorf("adult %+v, elderly %+v", Adult(), Elderly())
	}
}

// Wheels keep off steps, tracks and rough surfaces, and off nothing that is not
// known to be so; walkers keep off nothing.
func TestProfileRefuses(t *testing.T) {
	t.Parallel()
	chair, err := ProfileByName("wheelchair")
	if err != nil {
		t.Fatal(err)
	}
	own, err := ParseProfile(strings.NewReader(plainProfile), "own")
	if err != nil {
		t.Fatal(err)
	}
	adult := Adult()
	for _, c := range []struct {
		class, surface string
		refused        bool
	}{
		{"steps", "", true},
		{"Track", "", true},
		{"bridleway", "asphalt", true},
		{"residential", "", false},
		{"residential", "asphalt", false},
		{"footway", "Gravel", true},
		{"footway", "mud", true},
		{"footway", "paving_stones", false},
		{"secondary highway", "", false},
		{"", "", false},
		{"motorway", "", false},
	} {
		if got := chair.Refuses(c.class, c.surface); got != c.refused {
			t.Errorf("wheelchair on %q, surface %q: refused %t", c.class, c.surface, got)
		}
		if adult.Refuses(c.class, c.surface) || own.Refuses(c.class, c.surface) {
			t.Errorf("a walker keeps off %q, surface %q", c.class, c.surface)
		}
	}
}

const plainProfile = "mode: walk\nspeed: {factor: 1, low: 0.5, high: 2}\n"

func TestParseProfileRefuses(t *testing.T) {
	t.Parallel()
	if p, err := ParseProfile(strings.NewReader(plainProfile), "plain"); err != nil || p.Name != "plain" || p.Slope != Tobler {
		t.Fatalf("%+v, %v", p, err)
	}
	for what, text := range map[string]string{
		"empty":            "",
		"unknown key":      plainProfile + "colour: red\n",
		"unknown mode":     strings.Replace(plainProfile, "walk", "fly", 1),
		"no factor":        "mode: walk\n",
		"range upside":     strings.Replace(plainProfile, "low: 0.5", "low: 3", 1),
		"not a number":     strings.Replace(plainProfile, "factor: 1", "factor: .nan", 1),
		"unknown slope":    plainProfile + "slope: steep\n",
		"negative slope":   plainProfile + "max_slope: -1\n",
		"unknown speeds":   plainProfile + "speeds: ../x\n",
		"speed, no source": plainProfile + "road: {kmh: {path: {low: 1, mid: 2, high: 3}}}\n",
		"class in capital": plainProfile + "road: {kmh: {Path: {low: 1, mid: 2, high: 3, source: x}}}\n",
		"bad surface":      plainProfile + "road: {surface: {mud: 0}}\n",
		"bad share":        plainProfile + "road: {use_maxspeed: true}\n",
		"car, nobody":      strings.Replace(plainProfile, "walk", "car", 1),
		"walker, walked":   plainProfile + "access: adult\n",
		"two documents":    plainProfile + "---\n" + plainProfile,
	} {
		if _, err := ParseProfile(strings.NewReader(text), what); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := ParseProfile(strings.NewReader(strings.Repeat("#", maxProfileBytes+1)), "long"); !fault.Is(err, fault.TooLarge) {
		t.Errorf("too long: %v", err)
	}
}

func FuzzParseProfile(f *testing.F) {
	f.Add(plainProfile)
	f.Add("a: &a [*a, *a]\n")
	for _, name := range []string{"adult", "car", "wheelchair"} {
		text, err := profileFiles.ReadFile("profiles/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseProfile(strings.NewReader(text), "fuzz")
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatalf("kind %v of %v", k, err)
			}
			return
		}
		o := p.Options()
		if err := o.check(); err != nil || !(p.Low <= p.SpeedFactor && p.SpeedFactor <= p.High) {
			t.Fatalf("%+v: %v", p, err)
		}
	})
}
