package osm

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"contado/ingest/osm/stream"

	"github.com/BurntSushi/toml"
)

//go:embed services.toml
var servicesTOML string

// ServiceKind is one kind of service of the table.
type ServiceKind struct {
	Kind  string   `toml:"kind"`
	Group string   `toml:"group"`
	EN    string   `toml:"en"`
	IT    string   `toml:"it"`
	Tags  []string `toml:"tags"`
	// FinerOf is the kind that is not named where this one fits.
	FinerOf string `toml:"finer_of"`
	// Rest says that the kind is named only when nothing before it fits.
	Rest bool `toml:"rest"`

	any [][]condition
}

// condition is one test of the tags of an element.
type condition struct {
	key     string
	op      operator
	values  []string
	pattern *regexp.Regexp
}

type operator uint8

const (
	equals operator = iota
	differs
	present
	absent
	matches
)

var services = sync.OnceValues(func() (*serviceTable, error) { return parseServices(servicesTOML) })

// Services are the kinds of services that are told apart, in order of weight.
func Services() []ServiceKind {
	t, err := services()
	if err != nil {
		panic(err) // the table is part of the program, and tested
	}
	return append([]ServiceKind(nil), t.kinds...)
}

// serviceTable finds the kinds of an element. Kinds are looked up by the keys
// of their first conditions, so that most elements cost little.
type serviceTable struct {
	kinds []ServiceKind
	keys  map[string]bool // keys that some alternative begins with
}

func parseServices(text string) (*serviceTable, error) {
	var doc struct {
		Service []ServiceKind `toml:"service"`
	}
	meta, err := toml.Decode(text, &doc)
	if err != nil {
		return nil, fmt.Errorf("table of services: %w", err)
	}
	if rest := meta.Undecoded(); len(rest) > 0 {
		return nil, fmt.Errorf("table of services: %s is not known", rest[0])
	}
	t := &serviceTable{kinds: doc.Service, keys: map[string]bool{}}
	seen := map[string]bool{}
	for i := range t.kinds {
		k := &t.kinds[i]
		if k.Kind == "" || k.EN == "" || k.IT == "" || k.Group == "" || len(k.Tags) == 0 || seen[k.Kind] {
			return nil, fmt.Errorf("table of services: entry %d (%q) is not whole, or there twice", i+1, k.Kind)
		}
		seen[k.Kind] = true
		for _, alternative := range k.Tags {
			all, err := parseConditions(alternative)
			if err != nil {
				return nil, fmt.Errorf("table of services: %s: %w", k.Kind, err)
			}
			k.any = append(k.any, all)
			t.keys[all[0].key] = true
		}
	}
	for _, k := range t.kinds {
		if k.FinerOf != "" && !seen[k.FinerOf] {
			return nil, fmt.Errorf("table of services: %s is finer than %q, which is not there", k.Kind, k.FinerOf)
		}
	}
	return t, nil
}

// parseConditions reads "amenity=school & school=primary".
func parseConditions(text string) ([]condition, error) {
	var out []condition
	for part := range strings.SplitSeq(text, " & ") {
		c, err := parseCondition(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if out[0].op != equals && out[0].op != present {
		return nil, fmt.Errorf("%q must begin with key=value or key=*", text)
	}
	return out, nil
}

func parseCondition(s string) (condition, error) {
	if key, ok := strings.CutPrefix(s, "!"); ok && key != "" && !strings.ContainsAny(key, "=~") {
		return condition{key: key, op: absent}, nil
	}
	i := strings.IndexAny(s, "=~!")
	if i <= 0 {
		return condition{}, fmt.Errorf("condition %q has no key", s)
	}
	c := condition{key: s[:i]}
	rest := s[i:]
	switch {
	case strings.HasPrefix(rest, "!="):
		c.op, c.values = differs, strings.Split(rest[2:], "|")
	case rest == "=*":
		c.op = present
	case rest[0] == '=':
		c.op, c.values = equals, strings.Split(rest[1:], "|")
	case rest[0] == '~':
		p, err := regexp.Compile(rest[1:])
		if err != nil {
			return c, err
		}
		c.op, c.pattern = matches, p
	default:
		return c, fmt.Errorf("condition %q has no =, != or ~", s)
	}
	for _, v := range c.values {
		if v == "" {
			return c, fmt.Errorf("condition %q has an empty value", s)
		}
	}
	return c, nil
}

func (c *condition) holds(tags stream.Tags) bool {
	v := tags.Get(c.key)
	switch c.op {
	case present:
		return v != "" && v != "no"
	case absent:
		return v == "" || v == "no"
	case matches:
		return v != "" && c.pattern.MatchString(v)
	}
	return c.hasValue(v) == (c.op == equals)
}

// hasValue reports whether one of the values of a tag, parted by ";", is among
// those of the condition.
func (c *condition) hasValue(tag string) bool {
	if tag == "" {
		return false
	}
	for one := range strings.SplitSeq(tag, ";") {
		one = strings.TrimSpace(one)
		for _, v := range c.values {
			if v == one {
				return true
			}
		}
	}
	return false
}

// find appends the indices of the kinds that an element is.
func (t *serviceTable) find(tags stream.Tags, out []int) []int {
	out = out[:0]
	maybe := false
	for i := range tags {
		if t.keys[tags[i].Key] {
			maybe = true
			break
		}
	}
	if !maybe {
		return out
	}
	for i := range t.kinds {
		k := &t.kinds[i]
		if k.Rest && len(out) > 0 || t.coarser(k.Kind, out) || !k.fits(tags) {
			continue
		}
		out = append(out, i)
	}
	return out
}

func (t *serviceTable) coarser(kind string, found []int) bool {
	for _, i := range found {
		if t.kinds[i].FinerOf == kind {
			return true
		}
	}
	return false
}

func (k *ServiceKind) fits(tags stream.Tags) bool {
	for _, all := range k.any {
		ok := true
		for i := range all {
			if !all[i].holds(tags) {
				ok = false
				break
			}
		}
		if ok {
			return true
		}
	}
	return false
}
