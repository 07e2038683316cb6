package fgb

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	flatbuffers "github.com/google/flatbuffers/go"

	"contado/geo"
	"contado/geo/fault"
	"contado/scripts/shareddata"
)

// use calls all there is on a file of doubtful bytes; only a panic is wrong.
func use(data []byte) {
	f, err := read("doubtful", data)
	if err != nil {
		return
	}
	var s Shape
	raw := make([]Raw, len(f.fields))
	values := make([]any, len(f.fields))
	n := 0
	look := func(r Row) bool {
		n++
		if g, err := r.Geometry(); err == nil && g != nil {
			_ = g.Bound()
		}
		if r.Shape(&s) == nil {
			_ = s.Geometry()
		}
		_, _, _ = r.ZM()
		_ = r.Box()
		r.RawValues(raw)
		for i := range raw {
			_ = raw[i].Any()
			_, _ = raw[i].Float()
			_ = raw[i].Bytes()
		}
		r.Values([]int{0}[:min(1, len(values))], values)
		return n < 1000
	}
	f.Search(geo.BBox{MinX: -1e9, MinY: -1e9, MaxX: 1e9, MaxY: 1e9}, look)
	n = 0
	f.Rows(look)
	if f.Len() < 100_000 {
		f.ByID(3)
		f.Ascending(0, func(Row) bool { return false })
		_ = f.Verify()
		fields := make([]int, len(f.fields))
		for i := range fields {
			fields[i] = i
		}
		columns, err := f.Columns(context.Background(), fields)
		if err != nil {
			panic(err)
		}
		for _, c := range columns {
			for row := 0; c != nil && row < f.Len(); row++ {
				_ = c.Raw(row).Any()
			}
		}
		_, _ = f.IDs(context.Background())
	}
	_, _, _ = f.Schema(), f.Bounds(), f.Err()
}

func samples(t testing.TB) [][]byte {
	t.Helper()
	dir := t.TempDir()
	var out [][]byte
	read := func(path string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	writeTo(t, filepath.Join(dir, "a.fgb"), everyType, nil, everyKind())
	read(filepath.Join(dir, "a.fgb"))
	writeTo(t, filepath.Join(dir, "b.fgb"), parcelSchema, nil, parcels(40, 1))
	read(filepath.Join(dir, "b.fgb"))
	var b bytes.Buffer
	rest := everyKind()
	if err := Encode(&b, everyType, -1, func() (f geo.Feature, ok bool, err error) {
		if ok = len(rest) > 0; ok {
			f, rest = rest[0], rest[1:]
		}
		return f, ok, nil
	}); err != nil {
		t.Fatal(err)
	}
	return append(out, b.Bytes())
}

func FuzzOpen(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, data []byte) { use(data) })
}

func TestDamagedFilesNeverPanic(t *testing.T) {
	t.Parallel()
	all := samples(t)
	if names, _ := filepath.Glob(filepath.Join(shareddata.Path(t, "vector-variety/flatgeobuf"), "*.fgb")); len(names) > 0 {
		for _, name := range names {
			if b, err := os.ReadFile(name); err == nil && len(b) < 20_000 {
				all = append(all, b)
			}
		}
	}
	if pythonWithGDAL() != "" { // arcs, which we do not write
		dir := t.TempDir()
		python(t, variety, dir)
		for _, name := range []string{"compoundYES", "curvepolygonNO", "multisurfaceYES"} {
			b, err := os.ReadFile(filepath.Join(dir, name+".fgb"))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, b := range all {
		for n := 0; n < len(b); n += 1 + len(b)/700 {
			use(b[:n:n])
		}
		for range 2000 {
			c := bytes.Clone(b)
			for range 1 + rnd.IntN(4) {
				at := rnd.IntN(len(c))
				switch rnd.IntN(3) {
				case 0:
					c[at] ^= 1 << rnd.IntN(8)
				case 1:
					c[at] = byte(rnd.Uint32())
				default:
					copy(c[at:], [][]byte{{0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0}, {0xff, 0xff, 0xff, 0x7f}, {0, 0, 0, 0x80}}[rnd.IntN(4)])
				}
			}
			use(c)
		}
	}
}

// TestPartsWithoutEnd has collections of collections of the same parts: a few
// hundred bytes that would take for ever.
func TestPartsWithoutEnd(t *testing.T) {
	t.Parallel()
	b := flatbuffers.NewBuilder(1024)
	b.StartVector(8, 2, 8)
	b.PrependFloat64(1)
	b.PrependFloat64(2)
	xy := b.EndVector(2)
	b.StartObject(geometryFields)
	b.PrependUOffsetTSlot(geometryXY, xy, 0)
	b.PrependByteSlot(geometryType, byte(Point), 0)
	g := b.EndObject()
	for range maxDepth - 1 {
		b.StartVector(4, 10, 4)
		for range 10 {
			b.PrependUOffsetT(g)
		}
		parts := b.EndVector(10)
		b.StartObject(geometryFields)
		b.PrependUOffsetTSlot(geometryParts, parts, 0)
		b.PrependByteSlot(geometryType, byte(Collection), 0)
		g = b.EndObject()
	}
	b.StartObject(2)
	b.PrependUOffsetTSlot(featureGeometry, g, 0)
	b.FinishSizePrefixed(b.EndObject())
	schema := geo.Schema{GeometryType: "Geometry"}
	start, err := (&head{schema: &schema, bounds: geo.EmptyBBox(), count: 1}).encode()
	if err != nil {
		t.Fatal(err)
	}
	f, err := read("bomb", append(start, b.FinishedBytes()...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.At(0).Geometry(); !fault.Is(err, fault.Invalid) {
		t.Errorf("Geometry: %v", err)
	}
	if _, _, err := f.At(0).ZM(); !fault.Is(err, fault.Invalid) {
		t.Errorf("ZM: %v", err)
	}
	f.At(0).Box()
}

func TestDamageIsTold(t *testing.T) {
	t.Parallel()
	b := samples(t)[1]
	f, err := read("parcels", b)
	if err != nil {
		t.Fatal(err)
	}
	row := f.At(5)
	at := len(b) - len(f.rows) + int(f.tree.leafOffset(row.Ordinal()))
	c := bytes.Clone(b)
	copy(c[at+4:], []byte{0xff, 0xff, 0xff, 0x7f}) // its table is far away
	f, err = read("parcels", c)
	if err != nil {
		t.Fatal(err)
	}
	if v := f.At(5).Value(0); v != nil {
		t.Errorf("value %v of a damaged row", v)
	}
	var s Shape
	for name, err := range map[string]error{"Shape": f.At(5).Shape(&s), "Err": f.Err(), "Verify": f.Verify()} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := read("cut", b[:len(b)-len(b)/3]); err != nil && fault.KindOf(err) != fault.Other {
		t.Errorf("cut: %v", err)
	}
	path := filepath.Join(t.TempDir(), "text.fgb")
	if err := os.WriteFile(path, []byte("no FlatGeobuf at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !fault.Is(err, fault.Invalid) {
		t.Errorf("a text: %v", err)
	}
}

// TestUnalignedRowsAreCopied shifts a file by one byte in memory.
func TestUnalignedRowsAreCopied(t *testing.T) {
	t.Parallel()
	for _, b := range samples(t)[:2] {
		straight, err := read("straight", b)
		if err != nil {
			t.Fatal(err)
		}
		shifted := append(make([]byte, 1, len(b)+1), b...)[1:]
		f, err := read("shifted", shifted)
		if err != nil {
			t.Fatal(err)
		}
		for i := range f.Len() {
			if got, want := feature(t, f, f.At(i)), feature(t, straight, straight.At(i)); !same(got.Geometry, want.Geometry) {
				t.Errorf("row %d: %v, want %v", i, got, want)
			}
		}
	}
}
