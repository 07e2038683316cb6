package osm

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"contado/ingest/osm/stream"

	"github.com/BurntSushi/toml"
)

//go:embed speeds.toml
var speedsTOML string

var speeds = sync.OnceValues(func() (map[string]map[string]float64, error) {
	var out map[string]map[string]float64
	if err := toml.Unmarshal([]byte(speedsTOML), &out); err != nil {
		return nil, fmt.Errorf("table of speeds: %w", err)
	}
	return out, nil
})

// maxKmh bounds what is taken for a speed limit.
const maxKmh = 400

// Maxspeed reads a speed limit in km/h: a number, with mph or knots, a word
// of a country ("IT:urban", "DE:zone30", "walk"). Of several limits parted by
// ";" the lowest counts. False when it is not known, or there is no limit.
func Maxspeed(tag string) (float64, bool) {
	best, ok := math.Inf(1), false
	for i := 0; len(tag) > 0 && i < 8; i++ {
		var one string
		one, tag, _ = strings.Cut(tag, ";")
		if v, good := oneSpeed(strings.TrimSpace(one)); good {
			best, ok = min(best, v), true
		}
	}
	if !ok {
		return 0, false
	}
	return best, true
}

func oneSpeed(s string) (float64, bool) {
	number, unit := s, ""
	if i := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); i >= 0 {
		number, unit = s[:i], strings.ToLower(strings.TrimSpace(s[i:]))
	}
	if number == "" {
		return wordSpeed(s)
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, false
	}
	switch unit {
	case "", "km/h", "kmh", "kph", "kmph":
	case "mph":
		v *= 1.609344
	case "knots", "kn", "kt":
		v *= 1.852
	default:
		return 0, false
	}
	return v, v > 0 && v <= maxKmh
}

// wordSpeed reads "IT:urban", "IT:zone:30", "walk".
func wordSpeed(s string) (float64, bool) {
	table, err := speeds()
	if err != nil {
		return 0, false
	}
	country, word, found := strings.Cut(s, ":")
	if !found || len(country) != 2 {
		country, word = "", s
	}
	word = strings.ToLower(strings.TrimSpace(word))
	if zone, ok := strings.CutPrefix(word, "zone"); ok || digits(word) > 0 && found { // "zone:30", "DE:30"
		v, err := strconv.ParseFloat(strings.TrimLeft(zone, ": "), 64)
		return v, err == nil && v > 0 && v <= maxKmh
	}
	if v, ok := table[strings.ToUpper(country)][word]; ok {
		return v, true
	}
	v, ok := table[""][word]
	return v, ok
}

// Population reads a number of people: "12345", "12 345", "1.234.567",
// "~500", "512 (2011)". False when there is none.
func Population(tag string) (int64, bool) {
	s := strings.TrimLeft(strings.TrimSpace(tag), "~≈<>ca. ")
	number := s[:digits(s)]
	s = s[len(number):]
	for short := len(number) <= 3; short && number != ""; {
		mark, size := utf8.DecodeRuneInString(s)
		if !strings.ContainsRune(" .,'’\u00a0\u202f", mark) || size == 0 || digits(s[size:]) != 3 {
			break
		}
		number, s = number+s[size:size+3], s[size+3:]
	}
	if len(number) == 0 || len(number) > 11 {
		return 0, false
	}
	n, err := strconv.ParseInt(number, 10, 64)
	return n, err == nil
}

// digits is how many digits a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// oneway is 1, −1 or 0: in the direction of the line, against it, both.
func oneway(tags stream.Tags) int64 {
	switch tags.Get("oneway") {
	case "yes", "true", "1":
		return 1
	case "-1", "reverse":
		return -1
	case "no", "false", "0", "reversible", "alternating":
		return 0
	}
	switch {
	case tags.Get("junction") == "roundabout", tags.Get("junction") == "circular", tags.Get("highway") == "motorway":
		return 1
	}
	return 0
}

// whole reads a whole number at the beginning of a value: lanes, layers.
func whole(s string) any {
	s, _, _ = strings.Cut(s, ";")
	v, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err != nil {
		return nil
	}
	return v
}

// metres reads a length: "3", "3.5 m", "12'6\"" is not read.
func metres(s string) any {
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "m"))
	v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > 1e5 {
		return nil
	}
	return v
}

// duration reads hh:mm, hh:mm:ss, minutes, or ISO 8601 (PT1H30M), in seconds.
func duration(s string) any {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "PT"); ok {
		return isoDuration(rest)
	}
	parts := strings.Split(s, ":")
	if s == "" || len(parts) > 3 {
		return nil
	}
	var total int64
	for _, p := range parts {
		v, err := strconv.ParseInt(p, 10, 16)
		if err != nil || v < 0 {
			return nil
		}
		total = total*60 + v
	}
	if len(parts) < 3 {
		total *= 60
	}
	return total
}

func isoDuration(s string) any {
	var total, n int64
	digits := 0
	for _, r := range s {
		unit := map[rune]int64{'H': 3600, 'M': 60, 'S': 1}[r]
		switch {
		case r >= '0' && r <= '9' && digits < 6:
			n, digits = n*10+int64(r-'0'), digits+1
		case unit > 0 && digits > 0:
			total, n, digits = total+n*unit, 0, 0
		default:
			return nil
		}
	}
	if digits > 0 || s == "" {
		return nil
	}
	return total
}

// truth is whether a tag says yes in any way ("viaduct", "culvert" are).
func truth(v string) bool { return v != "" && v != "no" && v != "false" && v != "0" }

// orNil is the value, or no value when empty.
func orNil(s string) any {
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	return strings.Clone(s) // lets go of the block that it came in
}

// noise are keys of those who map, not of what is mapped.
var noise = map[string]bool{
	"created_by": true, "source": true, "note": true, "fixme": true, "FIXME": true, "attribution": true, "type": true, "import": true, "odbl": true,
	"source_ref": true, "history": true, "todo": true, "converted_by": true, "import_uuid": true, "source_id": true, "source:maxspeed": false,
}

var noisePrefixes = []string{"source:", "note:", "tiger:", "gnis:", "import:", "fixme:", "odbl:", "NHD:", "KSJ2:", "geobase:", "canvec:", "naptan:", "dibavod:", "it:fvg:ctrn:", "SRTM"}

func noisy(key string) bool {
	if n, ok := noise[key]; ok {
		return n
	}
	for _, p := range noisePrefixes {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// rest is the tags that no column of the layer holds, as a JSON object in the
// order of the file; nil when there are none.
func rest(tags stream.Tags, columns map[string]bool) any {
	var b []byte
	for i := range tags {
		t := &tags[i]
		if columns[t.Key] || noisy(t.Key) || t.Value == "" || repeated(tags[:i], t.Key) {
			continue
		}
		if b == nil {
			b = append(b, '{')
		} else {
			b = append(b, ',')
		}
		b = append(append(b, quote(t.Key)...), ':')
		b = append(b, quote(t.Value)...)
	}
	if b == nil {
		return nil
	}
	return string(append(b, '}'))
}

func repeated(before stream.Tags, key string) bool {
	for i := range before {
		if before[i].Key == key {
			return true
		}
	}
	return false
}

func quote(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return []byte(`""`) // a string always marshals
	}
	return b
}
