package ingest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/ingest/vector"
)

// Join says how the rows of a table find the rows of a dataset that is there
// already: the result has the dataset's geometry and columns, and the table's.
type Join struct {
	Dataset string // whose geometry it is
	Key     string // column of the table
	On      string // attribute of the dataset; "" = its territory code
}

// maxJoined bounds the rows of a table that are kept in memory by key.
const maxJoined = 5_000_000

// joinBase opens the dataset that is joined to.
func (r *run) joinBase(ctx context.Context) (*vector.Layer, func(), error) {
	const op = "ingest.Join"
	j := r.o.Join
	d, ok, err := current(ctx, r.st.Catalog, j.Dataset)
	switch {
	case err != nil:
		return nil, nil, err
	case !ok:
		return nil, nil, fault.Errorf(op, fault.NotExist, "--join: there is no dataset %s", j.Dataset)
	case d.Version.Vector == nil || d.Version.Vector.File == "":
		return nil, nil, fault.Errorf(op, fault.Invalid, "--join: dataset %s has no rows of its own to join to", j.Dataset)
	}
	if r.o.Append {
		return nil, nil, fault.Errorf(op, fault.Invalid, "--join makes a new state of the dataset and cannot append to it")
	}
	if j.On == "" && d.Version.Territory != nil {
		r.o.Join = &Join{j.Dataset, j.Key, d.Version.Territory.Code}
	}
	path, err := r.st.Blobs.Path(d.Version.Vector.File)
	if err != nil {
		return nil, nil, err
	}
	var none notice.List
	l, err := vector.Open(ctx, path, j.Dataset, []string{"GPKG"}, vector.OpenOptions{Layer: d.Version.Vector.Layer}, &none)
	if err != nil {
		return nil, nil, err
	}
	return l, func() { l.Close() }, nil // read only: nothing to lose
}

// join puts the columns of the one table beside those of the dataset.
func (r *run) join(ctx context.Context, base *vector.Layer, tables []vector.Rows, notes *notice.List) ([]vector.Rows, error) {
	const op = "ingest.Join"
	if len(tables) != 1 {
		return nil, fault.Errorf(op, fault.Invalid, "--join takes one table, and there are %d", len(tables))
	}
	out := &joined{base: base, name: tables[0].Name(), byKey: map[string][]any{}, width: len(tables[0].Schema().Fields)}
	var err error
	ts, bs := tables[0].Schema(), base.Schema()
	if out.key, err = fieldNamed(&ts, r.o.Join.Key, "--join-key", tables[0].Name()); err != nil {
		return nil, err
	}
	if out.on, err = fieldNamed(&bs, r.o.Join.On, "--join-on", base.Name()); err != nil {
		return nil, err
	}
	if err := out.load(ctx, tables[0], notes); err != nil {
		return nil, err
	}
	if err := out.match(ctx, notes); err != nil {
		return nil, err
	}
	out.schema = bs
	out.schema.Fields = slices.Clone(bs.Fields)
	for i, f := range ts.Fields {
		if i != out.key {
			out.schema.Fields = append(out.schema.Fields, f)
		}
	}
	return []vector.Rows{out}, nil
}

func fieldNamed(s *geo.Schema, name, flag, of string) (int, error) {
	if i := s.FieldIndex(name); i >= 0 {
		return i, nil
	}
	var names []string
	for i, f := range s.Fields {
		if strings.EqualFold(f.Name, name) {
			return i, nil
		}
		names = append(names, f.Name)
	}
	err := fault.Errorf("ingest.Join", fault.Invalid, "%s: %s has no attribute %q", flag, of, name)
	if name == "" {
		err = fault.Errorf("ingest.Join", fault.Invalid, "%s must name an attribute of %s", flag, of)
	}
	return -1, fault.WithHint(err, "its attributes are: "+strings.Join(names, ", "))
}

// joined are the rows of a dataset with the columns of a table beside them.
type joined struct {
	base    *vector.Layer
	name    string
	schema  geo.Schema
	key, on int
	width   int
	byKey   map[string][]any // values of the table's rows
	bare    bool             // keys are compared without leading zeros
}

func (j *joined) Name() string       { return j.name }
func (j *joined) Schema() geo.Schema { return j.schema }
func (j *joined) Count() int64       { return j.base.Count() }

// keyOf spells a key the same way in both: codes are texts or numbers.
func (j *joined) keyOf(v any) string {
	if v == nil {
		return ""
	}
	s := strings.TrimSpace(vector.PlainText(v))
	if j.bare {
		if t := strings.TrimLeft(s, "0"); t != "" {
			return t
		}
	}
	return s
}

// load keeps the rows of the table by their key.
func (j *joined) load(ctx context.Context, t vector.Rows, notes *notice.List) error {
	const op = "ingest.Join"
	twice := map[string]int{}
	row := 0
	err := t.Scan(ctx, func(int64, error) error { return nil }, func(f geo.Feature) (bool, error) {
		row++
		k := j.keyOf(f.Values[j.key])
		if k == "" {
			notes.Count(catalog.Warning, "join-without-key", "rows of the table without a key were left out", fmt.Sprintf("row %d", row))
			return true, nil
		}
		if _, there := j.byKey[k]; there {
			twice[k]++
		}
		j.byKey[k] = f.Values
		if len(j.byKey) > maxJoined {
			return false, fault.Errorf(op, fault.TooLarge, "%s has more than %d keys, the limit of a join", t.Name(), maxJoined)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if len(twice) > 0 {
		keys := slices.Sorted(maps.Keys(twice))
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%d keys occur more than once in %s: %s", len(twice), t.Name(), strings.Join(keys[:min(10, len(keys))], ", ")),
			"make one row a key, or name another --join-key")
	}
	return nil
}

// match tells how well the two fit, and says what found no partner.
func (j *joined) match(ctx context.Context, notes *notice.List) error {
	const op = "ingest.Join"
	found, err := j.meet(ctx, nil)
	if err != nil {
		return err
	}
	if len(found) == 0 && !j.bare { // 1272 and 001272 are the same municipality
		j.bare = true
		byKey := make(map[string][]any, len(j.byKey))
		for k, v := range j.byKey {
			bare := j.keyOf(k)
			if _, there := byKey[bare]; there {
				return fault.Errorf(op, fault.Invalid, "no key of %s is in %s of %s", j.name, j.base.Schema().Fields[j.on].Name, j.base.Name())
			}
			byKey[bare] = v
		}
		old := j.byKey
		j.byKey = byKey
		if found, err = j.meet(ctx, nil); err != nil {
			return err
		}
		if len(found) == 0 {
			return fault.WithHint(fault.Errorf(op, fault.Invalid, "no key of %s, such as %q, is in %s of %s",
				j.name, anyKey(old), j.base.Schema().Fields[j.on].Name, j.base.Name()), "name the right attributes with --join-key and --join-on")
		}
		notes.Add(catalog.Info, "join-zeros", "keys were compared without their leading zeros: with them none matched")
	}
	if _, err = j.meet(ctx, notes); err != nil {
		return err
	}
	var alone []string
	for k := range j.byKey {
		if !found[k] {
			alone = append(alone, k)
		}
	}
	slices.Sort(alone)
	for _, k := range alone {
		notes.Count(catalog.Warning, "join-unmatched-rows", "rows of the table whose key the dataset does not have were left out", k)
	}
	return nil
}

func anyKey(m map[string][]any) string {
	return slices.Min(slices.Collect(maps.Keys(m)))
}

// meet goes through the dataset and tells which keys of the table it has;
// notes hears of its rows without a partner.
func (j *joined) meet(ctx context.Context, notes *notice.List) (map[string]bool, error) {
	if len(j.byKey) == 0 {
		return nil, fault.Errorf("ingest.Join", fault.Invalid, "%s has no row with a key", j.name)
	}
	found := map[string]bool{}
	err := j.base.Scan(ctx, func(int64, error) error { return nil }, func(f geo.Feature) (bool, error) {
		k := j.keyOf(f.Values[j.on])
		if _, ok := j.byKey[k]; ok {
			found[k] = true
		} else if notes != nil {
			notes.Count(catalog.Warning, "join-unmatched-features", "rows of the dataset that the table says nothing about were kept, with empty columns", k)
		}
		return true, nil
	})
	return found, err
}

// Scan implements vector.Rows.
func (j *joined) Scan(ctx context.Context, problem func(int64, error) error, yield func(geo.Feature) (bool, error)) error {
	return j.base.Scan(ctx, problem, func(f geo.Feature) (bool, error) {
		row := j.byKey[j.keyOf(f.Values[j.on])]
		f.Values = slices.Clone(f.Values)
		for i := range j.width {
			switch {
			case i == j.key:
			case row == nil:
				f.Values = append(f.Values, nil)
			default:
				f.Values = append(f.Values, row[i])
			}
		}
		return yield(f)
	})
}
