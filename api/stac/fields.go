package stac

import (
	"encoding/json"
	"slices"
	"strings"
)

// fields say which members of items are wanted.
type fields struct {
	Include []string `json:"include"`
	Exclude []string `json:"exclude"`
	given   bool
}

// parseFields reads "id,properties.datetime,-geometry".
func parseFields(text string) (fields, error) {
	f := fields{given: text != ""}
	for _, s := range list(text) {
		if name, no := strings.CutPrefix(s, "-"); no {
			f.Exclude = append(f.Exclude, name)
		} else {
			f.Include = append(f.Include, strings.TrimLeft(s, "+ "))
		}
	}
	return f, f.check()
}

func (f *fields) check() error {
	if len(f.Include)+len(f.Exclude) > 100 {
		return bad("fields has more than 100 names")
	}
	for _, n := range slices.Concat(f.Include, f.Exclude) {
		if n == "" || len(n) > 200 {
			return bad("fields has a name that is none")
		}
	}
	return nil
}

// always are members that an item is not one without.
var always = []string{"type", "id", "collection"}

// apply leaves out what is not wanted: with names to include, all others but
// those that make an item; then those to exclude.
func (f *fields) apply(doc *Item) (any, error) {
	if !f.given || len(f.Include)+len(f.Exclude) == 0 {
		return doc, nil
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	out := all
	if len(f.Include) > 0 {
		out = map[string]any{}
		for _, n := range slices.Concat(always, f.Include) {
			keep(out, all, strings.Split(path(n, all), "."))
		}
	}
	for _, n := range f.Exclude {
		if !slices.Contains(always, n) {
			drop(out, strings.Split(path(n, out), "."))
		}
	}
	return out, nil
}

// path is where a name leads: one that is no member of the item itself is
// meant as a property.
func path(name string, doc map[string]any) string {
	head, _, _ := strings.Cut(name, ".")
	if _, ok := doc[head]; ok {
		return name
	}
	return "properties." + name
}

// keep copies what is at a path.
func keep(to, from map[string]any, at []string) {
	v, ok := from[at[0]]
	if !ok {
		return
	}
	if len(at) == 1 {
		to[at[0]] = v
		return
	}
	sub, ok := v.(map[string]any)
	if !ok {
		return
	}
	into, ok := to[at[0]].(map[string]any)
	if !ok {
		into = map[string]any{}
		to[at[0]] = into
	}
	keep(into, sub, at[1:])
}

// drop removes what is at a path.
func drop(from map[string]any, at []string) {
	if len(at) == 1 {
		delete(from, at[0])
		return
	}
	if sub, ok := from[at[0]].(map[string]any); ok {
		drop(sub, at[1:])
	}
}

// itemCollection is a page of items.
type itemCollection struct {
	Type     string `json:"type"`
	Matched  int    `json:"numberMatched"`
	Returned int    `json:"numberReturned"`
	Features []any  `json:"features"`
	Links    []link `json:"links"`
}

func newItemCollection(n int) *itemCollection {
	return &itemCollection{Type: "FeatureCollection", Features: make([]any, 0, n), Links: []link{}}
}
