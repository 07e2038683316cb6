package parquet

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// assembler puts the values of the leaves below one column together again
// (Melnik et al., "Dremel", VLDB 2010, §4.2).
type assembler struct {
	values [][]pq.Value // what is left, by leaf
	first  int          // number of the first leaf
}

// jsonOf writes the values of a nested column as JSON text; nil when the
// column is null.
func (f *field) jsonOf(values [][]pq.Value) (any, error) {
	a := &assembler{values: values, first: f.first}
	v, err := a.column(f.nested, f.first, 0, 0)
	if err != nil || v == nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

func (a *assembler) peek(leaf int) (pq.Value, error) {
	if len(a.values[leaf-a.first]) == 0 {
		return pq.Value{}, fmt.Errorf("a value is missing")
	}
	return a.values[leaf-a.first][0], nil
}

// drop takes one (null) value of every leaf of a column.
func (a *assembler) drop(leaf, n int) error {
	for i := leaf; i < leaf+n; i++ {
		if _, err := a.peek(i); err != nil {
			return err
		}
		a.values[i-a.first] = a.values[i-a.first][1:]
	}
	return nil
}

// column reads a column whose parent is there with the levels rep and def.
func (a *assembler) column(c *pq.Column, leaf, rep, def int) (any, error) {
	n := leaves(c)
	switch {
	case c.Repeated():
		return a.repeated(c, leaf, n, rep+1, def+1)
	case c.Optional():
		def++
		v, err := a.peek(leaf)
		if err != nil {
			return nil, err
		}
		if v.DefinitionLevel() < def {
			return nil, a.drop(leaf, n)
		}
	}
	return a.value(c, leaf, rep, def)
}

func (a *assembler) repeated(c *pq.Column, leaf, n, rep, def int) (any, error) {
	v, err := a.peek(leaf)
	if err != nil {
		return nil, err
	}
	out := []any{}
	if v.DefinitionLevel() < def {
		return out, a.drop(leaf, n)
	}
	for {
		item, err := a.value(c, leaf, rep, def)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
		rest := a.values[leaf-a.first]
		if len(rest) == 0 || rest[0].RepetitionLevel() != rep {
			return out, nil
		}
	}
}

// value reads what is there: a leaf, a list, a map or a record.
func (a *assembler) value(c *pq.Column, leaf, rep, def int) (any, error) {
	if c.Leaf() {
		v, err := a.peek(leaf)
		if err != nil {
			return nil, err
		}
		a.values[leaf-a.first] = a.values[leaf-a.first][1:]
		return plainJSON(c.Type(), v)
	}
	members := c.Columns()
	if list, isMap := wrapped(c); list {
		inner, err := a.column(members[0], leaf, rep, def)
		if err != nil || isMap {
			return pairs(inner), err
		}
		return unwrap(inner), nil
	}
	out := make(map[string]any, len(members))
	for _, m := range members {
		v, err := a.column(m, leaf, rep, def)
		if err != nil {
			return nil, err
		}
		out[m.Name()] = v
		leaf += leaves(m)
	}
	return out, nil
}

// wrapped tells the groups that stand for lists and maps: one repeated member
// (Parquet's LogicalTypes.md).
func wrapped(c *pq.Column) (list, isMap bool) {
	m := c.Columns()
	if len(m) != 1 || !m[0].Repeated() {
		return false, false
	}
	if l := c.Type().LogicalType(); l != nil {
		switch l.Value.(type) {
		case *format.ListType:
			return true, false
		case *format.MapType:
			return true, true
		}
	}
	switch m[0].Name() {
	case "list", "bag", "array":
		return true, false
	case "key_value", "map":
		return true, true
	}
	return false, false
}

// unwrap takes the elements out of their records: {"element": v} is v.
func unwrap(v any) any {
	items, ok := v.([]any)
	if !ok {
		return v
	}
	for i, item := range items {
		if m, ok := item.(map[string]any); ok && len(m) == 1 {
			for _, only := range m {
				items[i] = only
			}
		}
	}
	return items
}

// pairs makes an object of a map whose keys are texts; others stay pairs.
func pairs(v any) any {
	items, ok := v.([]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(items))
	for _, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			return items
		}
		key, ok := m["key"].(string)
		if !ok {
			return items
		}
		out[key] = m["value"]
	}
	return out
}

// plainJSON is a leaf's value as JSON has it: numbers that it has no word for
// are null, bytes are base64.
func plainJSON(t pq.Type, v pq.Value) (any, error) {
	if v.IsNull() {
		return nil, nil
	}
	_, read := scalar(t)
	p, err := read(v)
	switch p := p.(type) {
	case float64:
		if math.IsNaN(p) || math.IsInf(p, 0) {
			return nil, err
		}
	case []byte:
		return base64.StdEncoding.EncodeToString(p), err
	}
	return p, err
}
