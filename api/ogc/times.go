package ogc

import (
	"strings"
	"time"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/cql2"
)

// times are the attributes that date the rows of a dataset, by position: one
// instant, or a begin and an end; −1 where there is none.
type times struct{ instant, start, end int }

// timeNames are attributes that by their name are the time of a row where
// there are several of the type.
var timeNames = []string{"datetime", "date", "timestamp", "time", "data", "data_ora", "dataora", "observed_at", "phenomenon_time"}

// Words in names of the ends of a span.
var (
	startWords = []string{"start", "begin", "from", "since", "inizio", "dal", "da"}
	endWords   = []string{"end", "finish", "to", "until", "fine", "al", "a"}
)

// timesOf finds what dates the rows: a pair of attributes whose names differ
// by a word for begin and end; else the only attribute of type date or
// datetime; else one of them with a telling name. With several others nobody
// can say which is meant, and rows have no time.
func timesOf(s geo.Schema) times {
	out := times{-1, -1, -1}
	var dated []int
	starts, ends := map[string]int{}, map[string]int{}
	for i, f := range s.Fields {
		if f.Type != geo.Date && f.Type != geo.DateTime {
			continue
		}
		dated = append(dated, i)
		if stem, ok := without(f.Name, startWords); ok {
			starts[stem] = i
		}
		if stem, ok := without(f.Name, endWords); ok {
			ends[stem] = i
		}
	}
	pairs := 0
	for stem, i := range starts {
		if j, ok := ends[stem]; ok && i != j {
			out.start, out.end = i, j
			pairs++
		}
	}
	if pairs == 1 {
		return out
	}
	out = times{-1, -1, -1}
	if len(dated) == 1 {
		out.instant = dated[0]
		return out
	}
	for _, name := range timeNames {
		for _, i := range dated {
			if strings.EqualFold(s.Fields[i].Name, name) {
				out.instant = i
				return out
			}
		}
	}
	return out
}

// without takes one of the words out of a name.
func without(name string, words []string) (stem string, ok bool) {
	var parts []string
	word := ""
	lower := true
	for _, r := range name {
		upper := r >= 'A' && r <= 'Z'
		if r == '_' || r == '-' || r == ' ' || r == ':' || upper && lower {
			parts = append(parts, word)
			word = ""
		}
		if lower = !upper; r != '_' && r != '-' && r != ' ' && r != ':' {
			word += strings.ToLower(string(r))
		}
	}
	parts = append(parts, word)
	for i, p := range parts {
		for _, w := range words {
			if p == w {
				return strings.Join(append(append([]string{}, parts[:i]...), parts[i+1:]...), "_"), true
			}
		}
	}
	return "", false
}

// during is the condition that a row is of an interval of time. A row without
// a time is of any (17-069r4 §7.15.4).
func (t times) during(s geo.Schema, when *rest.Interval) cql2.Expr {
	if when == nil {
		return nil
	}
	span := &cql2.Interval{Start: instant(when.From), End: instant(when.To)}
	property := func(i int) cql2.Expr { return &cql2.Property{Name: s.Fields[i].Name} }
	switch {
	case t.instant >= 0:
		return &cql2.Logic{Or: true, Args: []cql2.Expr{
			&cql2.IsNull{Arg: property(t.instant)},
			&cql2.Temporal{Op: "t_intersects", Left: property(t.instant), Right: span},
		}}
	case t.start >= 0:
		// Ends without a value are open.
		var all []cql2.Expr
		if span.End != nil {
			all = append(all, &cql2.Logic{Or: true, Args: []cql2.Expr{
				&cql2.IsNull{Arg: property(t.start)},
				&cql2.Not{Arg: &cql2.Temporal{Op: "t_after", Left: property(t.start), Right: span.End}},
			}})
		}
		if span.Start != nil {
			all = append(all, &cql2.Logic{Or: true, Args: []cql2.Expr{
				&cql2.IsNull{Arg: property(t.end)},
				&cql2.Not{Arg: &cql2.Temporal{Op: "t_before", Left: property(t.end), Right: span.Start}},
			}})
		}
		return both(all...)
	}
	return nil
}

// both joins conditions; nil among them are none.
func both(list ...cql2.Expr) cql2.Expr {
	var args []cql2.Expr
	for _, e := range list {
		if e != nil {
			args = append(args, e)
		}
	}
	switch len(args) {
	case 0:
		return nil
	case 1:
		return args[0]
	}
	return &cql2.Logic{Args: args}
}

// instant is nil for an open end.
func instant(t time.Time) cql2.Expr {
	if t.IsZero() {
		return nil
	}
	return cql2.Instant{Time: t}
}
