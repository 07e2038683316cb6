package travel

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"contado/geo/fault"
)

// maxProfileBytes bounds a profile file.
const maxProfileBytes = 256 << 10

// The file's form. Keys that are not listed here are errors.
type profileFile struct {
	Name  string            `yaml:"name"`
	Title map[string]string `yaml:"title"`
	Mode  string            `yaml:"mode"`
	Speed struct {
		Factor float64 `yaml:"factor"`
		Low    float64 `yaml:"low"`
		High   float64 `yaml:"high"`
	} `yaml:"speed"`
	Slope      string         `yaml:"slope"`
	MaxSlope   float64        `yaml:"max_slope"`
	Speeds     string         `yaml:"speeds"`
	Road       roadFile       `yaml:"road"`
	Access     string         `yaml:"access"`
	Assumption string         `yaml:"assumption"`
	Sources    []citationFile `yaml:"sources"`
}

type citationFile struct {
	Figure string `yaml:"figure"`
	Text   string `yaml:"text"`
}

type roadFile struct {
	KMH              map[string]spanFile `yaml:"kmh"`
	Surface          map[string]float64  `yaml:"surface"`
	UseMaxspeed      bool                `yaml:"use_maxspeed"`
	MaxspeedShare    float64             `yaml:"maxspeed_share"`
	OneWay           bool                `yaml:"oneway"`
	AccessKeys       []string            `yaml:"access_keys"`
	Ferries          bool                `yaml:"ferries"`
	MaxSlope         float64             `yaml:"max_slope"`
	Surfaces         []string            `yaml:"surfaces"`
	TurnRestrictions bool                `yaml:"turn_restrictions"`
}

type spanFile struct {
	Low    float64 `yaml:"low"`
	Mid    float64 `yaml:"mid"`
	High   float64 `yaml:"high"`
	Source string  `yaml:"source"`
}

// ParseProfile reads a profile: YAML, at most 256 KiB, keys as in the files
// under profiles/. name is for messages, and the profile's when the file
// gives none. Errors: Invalid with what is wrong, TooLarge.
func ParseProfile(r io.Reader, name string) (Profile, error) {
	const op = "travel.ParseProfile"
	text, err := io.ReadAll(io.LimitReader(r, maxProfileBytes+1))
	if err != nil {
		return Profile{}, fmt.Errorf("read travel profile %s: %w", name, err)
	}
	if len(text) > maxProfileBytes {
		return Profile{}, fault.Errorf(op, fault.TooLarge, "travel profile %s is over %d bytes", name, maxProfileBytes)
	}
	var f profileFile
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
		return Profile{}, fault.E(op, fault.Invalid, fmt.Errorf("travel profile %s: %w", name, err))
	}
	if err := d.Decode(new(profileFile)); !errors.Is(err, io.EOF) {
		return Profile{}, fault.Errorf(op, fault.Invalid, "travel profile %s holds more than one document", name)
	}
	p, err := f.profile(name)
	if err != nil {
		return Profile{}, fault.E(op, fault.Invalid, fmt.Errorf("travel profile %s: %w", name, err))
	}
	return p, nil
}

func (f *profileFile) profile(name string) (Profile, error) {
	p := Profile{
		Name: f.Name, Title: f.Title, SpeedFactor: f.Speed.Factor, Low: f.Speed.Low, High: f.Speed.High,
		MaxSlope: f.MaxSlope, Speeds: f.Speeds, Access: f.Access, Assumption: strings.TrimSpace(f.Assumption),
	}
	if p.Name == "" {
		p.Name = name
	}
	mode := slices.Index(modeNames, f.Mode)
	if mode < 0 {
		return p, fmt.Errorf("mode is %q; want one of %s", f.Mode, strings.Join(modeNames, ", "))
	}
	p.Mode = Mode(mode)
	var err error
	if p.Slope, err = ParseSlopeFunc(f.Slope); err != nil {
		return p, err
	}
	for _, c := range f.Sources {
		p.Sources = append(p.Sources, Citation(c))
	}
	if p.Road, err = f.Road.rules(); err != nil {
		return p, fmt.Errorf("road: %w", err)
	}
	return p, p.check()
}

func (f *roadFile) rules() (RoadRules, error) {
	r := RoadRules{
		Surface: f.Surface, UseMaxspeed: f.UseMaxspeed, MaxspeedShare: f.MaxspeedShare, OneWay: f.OneWay,
		AccessKeys: f.AccessKeys, Ferries: f.Ferries, MaxSlope: f.MaxSlope, Surfaces: f.Surfaces, TurnRestrictions: f.TurnRestrictions,
		KMH: make(map[string]Span, len(f.KMH)),
	}
	for class, s := range f.KMH {
		if className(class) != class || class == "" {
			return r, fmt.Errorf("class %q; want lower case without blanks at the ends", class)
		}
		span := Span(s)
		if err := span.check(MaxSpeed * 3.6); err != nil {
			return r, fmt.Errorf("kmh of %s: %w", class, err)
		}
		if span.Source == "" {
			return r, fmt.Errorf("kmh of %s has no source", class)
		}
		r.KMH[class] = span
	}
	for surface, factor := range f.Surface {
		if !(factor > 0 && factor <= 2) {
			return r, fmt.Errorf("surface %s has factor %g; want a number above 0, at most 2", surface, factor)
		}
	}
	if f.UseMaxspeed && !(f.MaxspeedShare > 0 && f.MaxspeedShare <= 1) {
		return r, fmt.Errorf("maxspeed_share is %g; want a number above 0, at most 1", f.MaxspeedShare)
	}
	return r, checkMaxSlope(f.MaxSlope)
}

func (s Span) check(most float64) error {
	if !(s.Low >= 0 && s.Low <= s.Mid && s.Mid <= s.High && s.High <= most) {
		return fmt.Errorf("low %g, mid %g, high %g; want 0 ≤ low ≤ mid ≤ high ≤ %g", s.Low, s.Mid, s.High, most)
	}
	return nil
}

func checkMaxSlope(m float64) error {
	if !(m >= 0 && m <= 100) {
		return fmt.Errorf("max_slope is %g; want 0 (no limit) or a rise over run up to 100", m)
	}
	return nil
}

// check holds a profile to what its fields promise.
func (p *Profile) check() error {
	if !(p.SpeedFactor > 0) {
		return fmt.Errorf("speed factor is %g; want a number above 0", p.SpeedFactor)
	}
	if err := (Span{Low: p.Low, Mid: p.SpeedFactor, High: p.High}).check(MaxSpeed); err != nil {
		return fmt.Errorf("speed: %w", err)
	}
	if err := checkMaxSlope(p.MaxSlope); err != nil {
		return err
	}
	if p.Speeds != "" && !slices.Contains(BuiltinSpeedNames(), p.Speeds) {
		return fmt.Errorf("speeds is %q; want one of %s, or nothing", p.Speeds, strings.Join(BuiltinSpeedNames(), ", "))
	}
	if p.Mode != Walk && p.Access == "" {
		return fmt.Errorf("mode %s needs access: the name of the profile that walks to the road", p.Mode)
	}
	if p.Mode == Walk && p.Access != "" {
		return errors.New("a walking profile goes over the ground itself; leave access out")
	}
	return nil
}
