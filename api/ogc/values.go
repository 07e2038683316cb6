package ogc

import (
	"context"
	"slices"
	"strings"
	"sync"

	"contado/geo"
	"contado/geo/layer"
)

// Bounds on the values that are listed of an attribute.
const (
	maxValues     = 40
	maxValueBytes = 200
	maxKept       = 64 // states of datasets
)

// values knows which values the text attributes of datasets have, where they
// are few: classes of roads, say. They are found on first use of a state, by
// one pass over its rows that ends when no attribute has few.
type values struct {
	mu    sync.Mutex
	kept  map[string]map[string][]any // by dataset and stamp
	order []string
}

// of lists the values by attribute; attributes of many values are not there.
func (v *values) of(ctx context.Context, l *layer.Layer) (map[string][]any, error) {
	key := l.Dataset().ID + "@" + l.Stamp()
	v.mu.Lock()
	found, ok := v.kept[key]
	v.mu.Unlock()
	if ok {
		return found, nil
	}
	found, err := collect(ctx, l)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.kept == nil {
		v.kept = map[string]map[string][]any{}
	}
	if _, ok := v.kept[key]; !ok {
		if v.order = append(v.order, key); len(v.order) > maxKept {
			delete(v.kept, v.order[0])
			v.order = v.order[1:]
		}
	}
	v.kept[key] = found
	return found, nil
}

func collect(ctx context.Context, l *layer.Layer) (map[string][]any, error) {
	schema := l.Schema()
	seen := map[int]map[string]bool{}
	for i, f := range schema.Fields {
		if f.Type == geo.String {
			seen[i] = map[string]bool{}
		}
	}
	n := 0
	l.Visit(nil, func(r layer.Row) bool {
		if n++; n&1023 == 0 && ctx.Err() != nil {
			return false
		}
		for i, set := range seen {
			s, ok := r.Value(i).(string)
			if !ok || set[s] {
				continue
			}
			if len(set) == maxValues || len(s) > maxValueBytes {
				delete(seen, i)
				continue
			}
			set[s] = true
		}
		return len(seen) > 0
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := map[string][]any{}
	for i, set := range seen {
		// Values that are all different name rows, they do not sort them.
		if len(set) == 0 || n > 2 && len(set) == n {
			continue
		}
		var list []string
		for s := range set {
			list = append(list, strings.ToValidUTF8(s, "\ufffd"))
		}
		slices.Sort(list)
		for _, s := range list {
			out[schema.Fields[i].Name] = append(out[schema.Fields[i].Name], s)
		}
	}
	return out, nil
}
