package manage

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math"

	"github.com/paulmach/orb/encoding/wkb"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// comparison is what a version has that the one before had not, and the other
// way round. A row that was changed counts as removed and as added.
type comparison struct {
	With int `json:"with"`
	// What is counted: rows or items; "" when there were too many to compare,
	// or nothing that can be.
	What    string   `json:"what,omitempty"`
	Added   int64    `json:"added"`
	Removed int64    `json:"removed"`
	Same    int64    `json:"same"`
	Fields  []string `json:"fields_added,omitempty"`
	Gone    []string `json:"fields_removed,omitempty"`
}

// maxCompared bounds the rows of a version that are compared.
const maxCompared = 1_000_000

// compare counts what two versions have in common.
func (h *Handler) compare(ctx context.Context, state *atlas.Snapshot, id string, a, b catalog.Version) (*comparison, error) {
	out := &comparison{With: a.Number}
	if a.Vector == nil && b.Vector == nil {
		return out, h.compareItems(ctx, out, id, a, b)
	}
	if a.Vector == nil || b.Vector == nil {
		return out, nil
	}
	out.Fields, out.Gone = missing(b.Vector.Schema, a.Vector.Schema), missing(a.Vector.Schema, b.Vector.Schema)
	if a.Vector.Count > maxCompared || b.Vector.Count > maxCompared {
		return out, nil
	}
	var fields []string
	for _, f := range b.Vector.Schema.Fields {
		if a.Vector.Schema.FieldIndex(f.Name) >= 0 {
			fields = append(fields, f.Name)
		}
	}
	seed := maphash.MakeSeed()
	count := map[uint64]int64{}
	for _, side := range []struct {
		v    catalog.Version
		each int64
	}{{a, -1}, {b, 1}} {
		// As published: its edits are told apart.
		l, err := state.LayerAsOf(ctx, id, atlas.AsOf{Version: side.v.Number})
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotExist) { // it has another kind now
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if err := hashRows(ctx, l, fields, seed, func(sum uint64) {
			if side.each > 0 && count[sum] < 0 {
				out.Same++
			}
			count[sum] += side.each
		}); err != nil {
			return nil, err
		}
	}
	out.What = "rows"
	for _, n := range count {
		if n > 0 {
			out.Added += n
		} else {
			out.Removed -= n
		}
	}
	return out, nil
}

// missing are the fields of a schema that another has not.
func missing(a, b geo.Schema) (out []string) {
	for _, f := range a.Fields {
		if b.FieldIndex(f.Name) < 0 {
			out = append(out, f.Name)
		}
	}
	return out
}

// hashRows gives a number for each row that is the same for rows with the same
// values and geometry.
func hashRows(ctx context.Context, l *layer.Layer, fields []string, seed maphash.Seed, yield func(uint64)) error {
	var at []int
	s := l.Schema()
	for _, name := range fields {
		at = append(at, s.FieldIndex(name))
	}
	var failed error
	err := l.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, i := range at {
			hashValue(&h, f.Values[i])
		}
		failed = hashGeometry(&h, f)
		yield(h.Sum64())
		return failed == nil
	})
	if err != nil {
		return err
	}
	return failed
}

func hashValue(h *maphash.Hash, v any) {
	switch v := v.(type) {
	case nil:
		h.WriteByte(0)
	case string:
		h.WriteByte(1)
		hashNumber(h, uint64(len(v)))
		h.WriteString(v)
	case int64:
		h.WriteByte(2)
		hashNumber(h, uint64(v))
	case float64:
		h.WriteByte(3)
		hashNumber(h, math.Float64bits(v))
	case []byte:
		h.WriteByte(4)
		hashNumber(h, uint64(len(v)))
		h.Write(v)
	default:
		h.WriteByte(5)
		fmt.Fprint(h, v)
	}
}

func hashNumber(h *maphash.Hash, n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	h.Write(b[:])
}

func hashGeometry(h *maphash.Hash, f geo.Feature) error {
	if f.Geometry == nil {
		h.WriteByte(0)
		return nil
	}
	b, err := wkb.Marshal(f.Geometry)
	if err != nil {
		return fmt.Errorf("row %d: %w", f.ID, err)
	}
	h.Write(b)
	for _, axis := range [][]float64{f.Z, f.M} {
		hashNumber(h, uint64(len(axis)))
		for _, v := range axis {
			hashNumber(h, math.Float64bits(v))
		}
	}
	return nil
}

// compareItems compares rasters by their files.
func (h *Handler) compareItems(ctx context.Context, out *comparison, id string, a, b catalog.Version) error {
	before, err := h.Stores.Catalog.VersionItems(ctx, id, a.Number)
	if err != nil {
		return err
	}
	after, err := h.Stores.Catalog.VersionItems(ctx, id, b.Number)
	if err != nil {
		return err
	}
	if len(before)+len(after) == 0 {
		return nil
	}
	out.What = "items"
	had := sums(before, a)
	for name, sum := range sums(after, b) {
		if old, ok := had[name]; ok && old == sum {
			out.Same++
			delete(had, name)
		} else {
			out.Added++
		}
	}
	out.Removed = int64(len(had))
	return nil
}

// sums are the digests of the files of items, by id.
func sums(items []catalog.Item, v catalog.Version) map[string]string {
	byKey := map[string]string{}
	for _, f := range v.Files {
		byKey[f.Key] = f.SHA256
	}
	out := map[string]string{}
	for i := range items {
		sum := ""
		for _, p := range items[i].Parts() {
			sum += byKey[p.File] + p.Href + p.ETag + " "
		}
		out[items[i].ID] = sum
	}
	return out
}
