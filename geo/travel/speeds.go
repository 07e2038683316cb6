package travel

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/csv"
	"encoding/hex"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"contado/geo/fault"
)

// Speed is a row of a speed table.
type Speed struct {
	Label string
	// KMH is km/h on level ground for an adult; 0 cannot be walked.
	KMH    float64
	Slope  SlopeRule
	Source string // where the figure is from
	Line   int    // of the file
}

// SpeedTable gives walking speeds by land-cover class, road class and barrier
// class. It is immutable.
type SpeedTable struct {
	Name      string
	landcover map[int32]Speed
	road      map[string]Speed
	barrier   map[string]Speed
	other     *Speed // the default row
}

// LandCover is the speed of a land-cover class, the default row's when the
// class is not listed; ok is false when there is neither. listed tells which.
func (t *SpeedTable) LandCover(class int32) (s Speed, listed, ok bool) {
	if s, ok := t.landcover[class]; ok {
		return s, true, true
	}
	if t.other != nil {
		return *t.other, false, true
	}
	return Speed{}, false, false
}

// Road is the speed of a road class (case does not matter). 0 is a road
// closed to walkers: it leaves the ground under it as it is. To make roads of
// a class block the way, list the class under barrier.
func (t *SpeedTable) Road(class string) (Speed, bool) {
	s, ok := t.road[className(class)]
	return s, ok
}

// Barrier is the speed at which a class of barrier is crossed, 0 for not at
// all.
func (t *SpeedTable) Barrier(class string) (Speed, bool) {
	s, ok := t.barrier[className(class)]
	return s, ok
}

// className is how classes of roads and barriers are compared.
func className(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// String is the table in one canonical spelling, without comments: rows by
// kind and class, comma-separated. Tables that compute the same, with the
// same labels and sources, are spelled the same.
func (t *SpeedTable) String() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	row := func(kind, class string, s Speed) {
		slope := "yes"
		if s.Slope == SlopeIgnored {
			slope = "no"
		}
		// A strings.Builder never fails.
		_ = w.Write([]string{kind, class, s.Label, strconv.FormatFloat(s.KMH, 'g', -1, 64), slope, s.Source})
	}
	_ = w.Write(speedColumns[:])
	for _, c := range sortedKeys(t.landcover) {
		row(kindLandCover, strconv.Itoa(int(c)), t.landcover[c])
	}
	for _, c := range sortedKeys(t.road) {
		row(kindRoad, c, t.road[c])
	}
	for _, c := range sortedKeys(t.barrier) {
		row(kindBarrier, c, t.barrier[c])
	}
	if t.other != nil {
		row(kindDefault, "", *t.other)
	}
	w.Flush()
	return b.String()
}

// SHA256 is the hash of String in hexadecimal, for provenance.
func (t *SpeedTable) SHA256() string {
	sum := sha256.Sum256([]byte(t.String()))
	return hex.EncodeToString(sum[:])
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

//go:embed speeds/*.csv
var builtin embed.FS

// BuiltinSpeeds is a table that comes with the program: "walking-worldcover"
// (ESA WorldCover classes 10 to 100) or "walking-corine" (CORINE classes by
// code 111 to 523 and by number 1 to 44). Errors: NotExist.
func BuiltinSpeeds(name string) (*SpeedTable, error) {
	f, err := builtin.Open("speeds/" + name + ".csv")
	if err != nil {
		return nil, fault.WithHint(fault.Errorf("travel.BuiltinSpeeds", fault.NotExist, "there is no speed table %q", name),
			"there are: "+strings.Join(BuiltinSpeedNames(), ", "))
	}
	defer f.Close()
	return ParseSpeeds(f, name)
}

// BuiltinSpeedNames lists the tables that come with the program.
func BuiltinSpeedNames() []string {
	entries, err := fs.ReadDir(builtin, "speeds")
	if err != nil {
		return nil // embedded: cannot happen
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".csv"))
	}
	return names
}
