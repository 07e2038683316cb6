package travel

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"contado/geo/fault"
)

// Mode is what people travel by.
type Mode uint8

// The modes.
const (
	Walk Mode = iota
	Bicycle
	Car
	Transit // public transport, on foot to the stop
)

var modeNames = []string{"walk", "bicycle", "car", "transit"}

// String is the name in profile files: walk, bicycle, car or transit.
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return "unknown"
}

// Profile is who travels, and how: a readable file (profiles/*.yaml), every
// figure of it with its source.
type Profile struct {
	Name  string
	Title map[string]string // by language: en, it
	Mode  Mode
	// SpeedFactor multiplies the speeds of the ground (for those who go over
	// the ground) and of Road. Low and High are its range: Low ≤ SpeedFactor ≤ High.
	SpeedFactor, Low, High float64
	Slope                  SlopeFunc
	// MaxSlope is the steepest move (rise over run, up or down) that can be
	// made; 0 = no limit.
	MaxSlope float64
	// Speeds names a built-in speed table of the ground; "" = by land cover.
	Speeds string
	Road   RoadRules
	// Access names the profile that walks to the road or stop; "" for those
	// who go over the ground themselves: see Walker.
	Access string
	// Assumption says in a sentence what was assumed.
	Assumption string
	Sources    []Citation
}

// Citation is where a figure of a profile is from.
type Citation struct {
	Figure string // what: "factor", "max_slope", …
	Text   string // author, year, place in it; or "assumption: …"
}

// Span is a figure with its range: Low ≤ Mid ≤ High.
type Span struct {
	Low, Mid, High float64
	Source         string
}

// RoadRules is what a profile may do on roads. Keys of OpenStreetMap.
type RoadRules struct {
	// KMH is the speed by class of road (highway=*), km/h, for SpeedFactor 1;
	// a class that is not listed is closed.
	KMH map[string]Span
	// Surface multiplies speeds by surface=* (also tracktype=*, as grade1 …).
	Surface map[string]float64
	// UseMaxspeed bounds or sets the speed by maxspeed=* times MaxspeedShare.
	UseMaxspeed   bool
	MaxspeedShare float64
	OneWay        bool // one-way roads are respected
	// AccessKeys are the keys that open and close ways, the most general first.
	AccessKeys []string
	Ferries    bool
	// MaxSlope closes steeper edges; 0 = no limit.
	MaxSlope float64
	// Surfaces lists what can be travelled on; ways of known other surfaces
	// are closed. Empty = all.
	Surfaces         []string
	TurnRestrictions bool
}

// Speed is the speed on a class of road in km/h for the profile, with its
// range over both the class and the factor; ok is false for closed classes.
func (p *Profile) Speed(class string) (s Span, ok bool) {
	s, ok = p.Road.KMH[className(class)]
	s.Low *= p.Low
	s.Mid *= p.SpeedFactor
	s.High *= p.High
	return s, ok && s.Mid > 0
}

// Refuses tells whether somebody on foot, or in a wheelchair, keeps off a road:
// its surface is known and not among those of the profile, or its class is one
// that walkers go on and the profile does not list. Classes of other
// vocabularies than OpenStreetMap's are left to the speed table.
func (p *Profile) Refuses(class, surface string) bool {
	if len(p.Road.Surfaces) > 0 && surface != "" && !slices.Contains(p.Road.Surfaces, className(surface)) {
		return true
	}
	if _, listed := p.Speed(class); listed || len(p.Road.KMH) == 0 {
		return false
	}
	adult := Adult()
	_, walked := adult.Speed(class)
	return walked
}

// Options gives the options of a search for the profile: slope function and
// steepest move.
func (p *Profile) Options() Options { return Options{Slope: p.Slope, MaxSlope: p.MaxSlope} }

// OnGround reports whether the profile crosses the ground itself. Others need
// roads and a Walker to get there.
func (p *Profile) OnGround() bool { return p.Access == "" }

// Walker is who walks over the ground to the road or the stop: the profile
// itself when it is OnGround. Errors: NotExist.
func (p *Profile) Walker() (Profile, error) {
	if p.OnGround() {
		return *p, nil
	}
	return ProfileByName(p.Access)
}

//go:embed profiles/*.yaml
var profileFiles embed.FS

// builtinProfiles parses the files that come with the program, once.
var builtinProfiles = sync.OnceValues(func() (map[string]Profile, error) {
	entries, err := fs.ReadDir(profileFiles, "profiles")
	if err != nil {
		return nil, err
	}
	all := make(map[string]Profile, len(entries))
	for _, e := range entries {
		f, err := profileFiles.Open("profiles/" + e.Name())
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(e.Name(), ".yaml")
		p, err := ParseProfile(f, name)
		f.Close()
		if err != nil {
			return nil, err
		}
		all[name] = p
	}
	return all, nil
})

// profileAliases are further names of built-in profiles.
var profileAliases = map[string]string{"walking": "adult", "walking-elderly": "senior-80", "elderly": "senior-80"}

// ProfileByName gives a profile that comes with the program: see ProfileNames;
// walking is adult, walking-elderly and elderly are senior-80. What it holds
// is shared: do not change maps and slices. Errors: NotExist.
func ProfileByName(name string) (Profile, error) {
	all, err := builtinProfiles()
	if err != nil {
		return Profile{}, err
	}
	key := name
	if alias, ok := profileAliases[name]; ok {
		key = alias
	}
	p, ok := all[key]
	if !ok {
		return Profile{}, fault.WithHint(fault.Errorf("travel.ProfileByName", fault.NotExist, "there is no travel profile %q", name),
			"there are: "+strings.Join(ProfileNames(), ", "))
	}
	return p, nil
}

// ProfileNames lists the profiles that come with the program, in the order of
// the alphabet and without aliases.
func ProfileNames() []string {
	all, err := builtinProfiles()
	if err != nil {
		return nil // embedded, and tested
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Adult walks at the speeds of the table.
func Adult() Profile { return embeddedProfile("adult") }

// Elderly walks at 0.8 m/s where Tobler's adult walks at 5.036 km/h on level
// ground, and slower in proportion elsewhere: the profile senior-80.
func Elderly() Profile { return embeddedProfile("senior-80") }

func embeddedProfile(name string) Profile {
	p, err := ProfileByName(name)
	if err != nil {
		panic(err) // a file of the program itself is broken
	}
	return p
}
