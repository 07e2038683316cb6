package gpkg

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"contado/geo"
	"contado/geo/fault"
)

// raw builds bytes little-endian: uint8, uint32 and float64 as they come.
func raw(parts ...any) []byte {
	var out []byte
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			out = append(out, v...)
		case byte:
			out = append(out, v)
		case uint32:
			out = binary.LittleEndian.AppendUint32(out, v)
		case int:
			out = binary.LittleEndian.AppendUint32(out, uint32(v))
		case float64:
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		case []byte:
			out = append(out, v...)
		}
	}
	return out
}

const (
	le      = byte(1)
	noFlags = byte(1)    // little-endian, no envelope
	empty   = byte(0x11) // the same, empty
)

var head = raw("GP", byte(0), noFlags, 4326)

func TestDecodeGeometry(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, c := range map[string]struct {
		blob []byte
		want orb.Geometry
	}{
		"point":                {raw(head, le, 1, 1.5, 2.5), orb.Point{1.5, 2.5}},
		"point Z":              {raw(head, le, 1001, 1.0, 2.0, 3.0), orb.Point{1, 2}},
		"point M":              {raw(head, le, 2001, 1.0, 2.0, 3.0), orb.Point{1, 2}},
		"point ZM":             {raw(head, le, 3001, 1.0, 2.0, 3.0, 4.0), orb.Point{1, 2}},
		"point Z, old bits":    {raw(head, le, uint32(0x80000001), 1.0, 2.0, 3.0), orb.Point{1, 2}},
		"point ZM, old bits":   {raw(head, le, uint32(0xC0000001), 1.0, 2.0, 3.0, 4.0), orb.Point{1, 2}},
		"Z may be NaN":         {raw(head, le, 1001, 1.0, 2.0, nan), orb.Point{1, 2}},
		"empty by flag":        {raw("GP", byte(0), empty, 4326), nil},
		"empty point":          {raw(head, le, 1, nan, nan), nil},
		"empty line":           {raw(head, le, 2, 0), nil},
		"empty polygon":        {raw(head, le, 3, 0), nil},
		"empty multipolygon":   {raw(head, le, 6, 0), nil},
		"empty collection":     {raw(head, le, 7, 0), nil},
		"polygon, empty ring":  {raw(head, le, 3, 1, 0), nil},
		"multipoint, one gone": {raw(head, le, 4, 2, le, 1, nan, nan, le, 1, 1.0, 2.0), orb.MultiPoint{{1, 2}}},
		"multipolygon of empties": {
			raw(head, le, 6, 2, le, 3, 0, le, 3, 1, 0), nil,
		},
		"collection in collection": {
			raw(head, le, 7, 2, le, 7, 1, le, 1, 1.0, 2.0, le, 2, 0), orb.Collection{orb.Collection{orb.Point{1, 2}}},
		},
		"line ZM in multiline": {
			raw(head, le, 3005, 1, le, 3002, 2, 1.0, 2.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0), orb.MultiLineString{{{1, 2}, {3, 4}}},
		},
		"XYZM envelope": {raw("GP", byte(0), byte(1|4<<1), 4326, 1.0, 1.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, le, 1, 1.0, 2.0), orb.Point{1, 2}},
		"members in the other order": {
			raw(head, le, 4, 1, byte(0), []byte{0, 0, 0, 1}, []byte{0x3f, 0xf0, 0, 0, 0, 0, 0, 0}, []byte{0x40, 0, 0, 0, 0, 0, 0, 0}), orb.MultiPoint{{1, 2}},
		},
	} {
		got, _, _, err := decodeGeometry(c.blob)
		if err != nil || (got == nil) != (c.want == nil) || got != nil && !orb.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}

func TestDecodeGeometryErrors(t *testing.T) {
	t.Parallel()
	deep := head
	for range maxDepth + 2 {
		deep = raw(deep, le, 7, 1)
	}
	for name, c := range map[string]struct {
		blob []byte
		kind fault.Kind
		says string
	}{
		"nothing":            {nil, fault.Invalid, "header"},
		"short header":       {raw("GP", byte(0)), fault.Invalid, "header"},
		"other magic":        {raw("XX", byte(0), noFlags, 0), fault.Invalid, "header"},
		"version":            {raw("GP", byte(1), noFlags, 0), fault.Unsupported, "version"},
		"extended":           {raw("GP", byte(0), byte(0x21), 0), fault.Unsupported, "extended"},
		"envelope code":      {raw("GP", byte(0), byte(1|6<<1), 0), fault.Invalid, "envelope"},
		"envelope cut":       {raw("GP", byte(0), byte(1|1<<1), 0, 1.0), fault.Invalid, "envelope"},
		"no body":            {head, fault.Invalid, "short"},
		"byte order":         {raw(head, byte(2), 1, 1.0, 2.0), fault.Invalid, "byte order"},
		"unknown type":       {raw(head, le, 99), fault.Invalid, "type 99"},
		"huge type":          {raw(head, le, 4001), fault.Invalid, "unknown"},
		"point cut":          {raw(head, le, 1, 1.0), fault.Invalid, "short"},
		"point Z cut":        {raw(head, le, 1001, 1.0, 2.0), fault.Invalid, "short"},
		"infinite":           {raw(head, le, 1, math.Inf(1), 2.0), fault.Invalid, "coordinate"},
		"half NaN":           {raw(head, le, 1, math.NaN(), 2.0), fault.Invalid, "coordinate"},
		"NaN in a line":      {raw(head, le, 2, 1, math.NaN(), math.NaN()), fault.Invalid, "empty position"},
		"four billion":       {raw(head, le, 2, uint32(math.MaxUint32), 1.0, 2.0), fault.Invalid, "short"},
		"four billion rings": {raw(head, le, 3, uint32(math.MaxUint32), 0), fault.Invalid, "short"},
		"four billion parts": {raw(head, le, 6, uint32(math.MaxUint32), le, 3, 0), fault.Invalid, "short"},
		"wrong member":       {raw(head, le, 6, 1, le, 2, 0), fault.Invalid, "member"},
		"hole only":          {raw(head, le, 3, 2, 0, 0), fault.Invalid, "outer ring"},
		"too deep":           {raw(deep, le, 1, 1.0, 2.0), fault.Invalid, "nested"},
		"surface of patches": {raw(head, le, 15, 0), fault.Unsupported, "patches"},
		"arc of two":         {raw(head, le, 8, 2, 1.0, 2.0, 3.0, 4.0), fault.Invalid, "arcs"},
		"arc in a surface":   {raw(head, le, 12, 1, le, 8, 3, 0.0, 0.0, 1.0, 1.0, 2.0, 0.0), fault.Invalid, "member"},
		"point in a curve":   {raw(head, le, 9, 1, le, 1, 1.0, 2.0), fault.Invalid, "member"},
		"bytes at the end":   {raw(head, le, 1, 1.0, 2.0, byte(7)), fault.Invalid, "too many"},
	} {
		g, _, _, err := decodeGeometry(c.blob)
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v (kind %v), want %v and %q", name, g, err, fault.KindOf(err), c.kind, c.says)
		}
	}
}

func TestBoxOf(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, c := range map[string]struct {
		blob []byte
		want geo.BBox
		ok   bool
	}{
		"point":        {raw(head, le, 1, 1.0, 2.0), geo.BBox{MinX: 1, MinY: 2, MaxX: 1, MaxY: 2}, true},
		"envelope":     {raw("GP", byte(0), byte(3), 0, 1.0, 3.0, 2.0, 4.0), geo.BBox{MinX: 1, MinY: 2, MaxX: 3, MaxY: 4}, true},
		"empty":        {raw("GP", byte(0), empty, 0), geo.BBox{}, false},
		"NaN envelope": {raw("GP", byte(0), byte(3), 0, nan, nan, nan, nan, le, 3, 0), geo.BBox{}, false},
	} {
		got, ok, err := boxOf(c.blob)
		if err != nil || ok != c.ok || got != c.want {
			t.Errorf("%s: %v, %t, %v", name, got, ok, err)
		}
	}
}

// FuzzDecodeGeometry: no panic, no memory out of proportion, and what orb's
// own reader understands of plain WKB is read the same.
func FuzzDecodeGeometry(f *testing.F) {
	f.Add(raw(head, le, 1, 1.5, 2.5))
	f.Add(raw(head, le, 1001, 1.0, 2.0, 3.0))
	f.Add(raw(head, le, 3, 1, 4, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0))
	f.Add(raw(head, le, 7, 2, le, 7, 1, le, 1, 1.0, 2.0, le, 2, 0))
	f.Add(raw(head, le, 6, 1, le, 3, 1, 4, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0))
	f.Add(raw("GP", byte(0), byte(3), 0, 1.0, 3.0, 2.0, 4.0, le, 2, 2, 1.0, 2.0, 3.0, 4.0))
	f.Add(raw("GP", byte(0), empty, 0))
	f.Add(raw(head, le, 1009, 2, le, 1008, 3, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 0.0, 3.0, le, 1002, 2, 2.0, 0.0, 3.0, 4.0, 0.0, 5.0))
	f.Add(raw(head, le, 12, 1, le, 10, 1, le, 8, 5, 0.0, 0.0, 1.0, 1.0, 2.0, 0.0, 1.0, -1.0, 0.0, 0.0))
	f.Add(raw(head, byte(0), []byte{0, 0, 0, 1}, []byte{0x3f, 0xf0, 0, 0, 0, 0, 0, 0}, []byte{0x40, 0, 0, 0, 0, 0, 0, 0}))
	f.Fuzz(func(t *testing.T, blob []byte) {
		g, _, _, err := decodeGeometry(blob)
		_, _, _ = boxOf(blob)
		if err != nil || g == nil {
			return
		}
		again, err := wkb.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		other, err := wkb.Unmarshal(again)
		if err != nil || !orb.Equal(g, other) {
			t.Fatalf("%v becomes %v, %v", g, other, err)
		}
		h, err := readHeader(blob)
		if err != nil {
			t.Fatal(err)
		}
		// Equal length means that nothing was dropped: no Z, M or empty part.
		if body := blob[h.size:]; len(body) == len(again) {
			if other, err := wkb.Unmarshal(body); err == nil && !orb.Equal(g, other) {
				t.Fatalf("%v, orb reads %v", g, other)
			}
		}
	})
}
