package analysis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// Service names the facilities of a report: a dataset, or the part of it of
// one kind or that a filter keeps. As text: "pharmacies",
// "osm-services:pharmacy" or "schools[level = 'primary' AND pupils > 20]"
// (CQL2).
type Service struct {
	Dataset string
	Kind    string // "" = all
	Filter  cql2.Expr
	text    string
}

// ParseService reads a service as text. Errors: Invalid.
func ParseService(text string) (Service, error) {
	s := Service{text: strings.TrimSpace(text)}
	rest := s.text
	if open := strings.IndexByte(rest, '['); open >= 0 {
		if !strings.HasSuffix(rest, "]") {
			return s, fault.WithHint(fault.Errorf("analysis.ParseService", fault.Invalid, "service %q: the filter does not end", text), `write dataset[filter], for example schools[level = 'primary']`)
		}
		var err error
		if s.Filter, err = cql2.ParseText(rest[open+1 : len(rest)-1]); err != nil {
			return s, fmt.Errorf("service %q: %w", text, err)
		}
		rest = rest[:open]
	}
	s.Dataset, s.Kind, _ = strings.Cut(rest, ":")
	if s.Dataset == "" {
		return s, fault.WithHint(fault.Errorf("analysis.ParseService", fault.Invalid, "service %q names no dataset", text), "write a dataset, or dataset:kind")
	}
	return s, nil
}

// String is the text that the service was read from.
func (s Service) String() string { return s.text }

// kindFields hold the kind of a facility, best first; those with several
// kinds in one text part them by ; or ,.
var kindFields = []string{"kind", "kinds", "class", "amenity", "type", "tipo", "tipologia", "categoria"}

// chosen is a service with its dataset.
type chosen struct {
	Service
	set catalog.Dataset
}

// service finds a service. Errors: NotExist, Invalid.
func (r *run) service(text string) (chosen, error) {
	s, err := ParseService(text)
	if err != nil {
		return chosen{}, err
	}
	d, err := r.snapshot.Dataset(s.Dataset)
	return chosen{s, d}, err
}

// title is the name of the service for people.
func (c chosen) title() string {
	title := c.set.Title
	if title == "" {
		title = c.set.ID
	}
	switch {
	case c.Kind != "":
		return strings.ToUpper(c.Kind[:1]) + strings.ReplaceAll(c.Kind[1:], "_", " ") + " – " + title
	case c.Filter != nil:
		return title + " [" + c.text[strings.IndexByte(c.text, '[')+1:]
	}
	return title
}

// keep tells which rows of the layer's schema are of the service's kind.
// Errors: Invalid when no attribute holds kinds.
func (c chosen) keep(s geo.Schema) (func(geo.Feature) bool, error) {
	if c.Kind == "" {
		return func(geo.Feature) bool { return true }, nil
	}
	var fields []int
	for _, name := range kindFields {
		for i, f := range s.Fields {
			if f.Type == geo.String && strings.EqualFold(f.Name, name) {
				fields = append(fields, i)
			}
		}
	}
	if len(fields) == 0 {
		return nil, fault.WithHint(fault.Errorf("analysis.service", fault.Invalid, "service %q: dataset %q has no attribute that tells kinds (%s)", c.text, c.set.ID, strings.Join(kindFields, ", ")),
			"choose rows with a filter: dataset[attribute = 'value']")
	}
	return func(f geo.Feature) bool {
		for _, i := range fields {
			v, _ := f.Values[i].(string)
			if slices.Contains(strings.FieldsFunc(v, func(r rune) bool { return r == ';' || r == ',' || r == ' ' || r == '|' }), c.Kind) {
				return true
			}
		}
		return false
	}, nil
}

// kinds lists the kinds that rows of the service's dataset have, for an error
// that says what there is.
func (r *run) kinds(ctx context.Context, c chosen) (string, error) {
	l, err := r.snapshot.Layer(ctx, c.set.ID)
	if err != nil {
		return "", err
	}
	schema, field := l.Schema(), -1
	for _, name := range kindFields {
		if field = schema.FieldIndex(name); field >= 0 {
			break
		}
	}
	if field < 0 {
		return "", nil
	}
	seen := map[string]bool{}
	err = l.Scan(ctx, features.Query{Fields: []string{schema.Fields[field].Name}, SkipGeometry: true}, func(f geo.Feature) bool {
		if v := fieldText(f, 0); v != "" {
			seen[v] = true
		}
		return len(seen) < 200
	})
	list := make([]string, 0, len(seen))
	for k := range seen {
		list = append(list, k)
	}
	slices.Sort(list)
	return strings.Join(list[:min(40, len(list))], ", "), err
}

// extent holds all rows of the service's dataset, in longitude and latitude:
// a little more than the box of the catalog, which rounds.
func (c chosen) extent() geo.BBox { return c.set.Version.BBoxWGS84.Buffer(0.01) }
