package stream_test

import (
	"bytes"
	"encoding/binary"

	"github.com/klauspost/compress/zlib"
)

// What follows writes PBF, just enough of it for tests.

func field(b []byte, num, wire int) []byte {
	return binary.AppendUvarint(b, uint64(num)<<3|uint64(wire))
}

func number(b []byte, num int, v uint64) []byte {
	return binary.AppendUvarint(field(b, num, 0), v)
}

func block(b []byte, num int, v []byte) []byte {
	return append(binary.AppendUvarint(field(b, num, 2), uint64(len(v))), v...)
}

func zig(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func packed(vs ...uint64) []byte {
	var b []byte
	for _, v := range vs {
		b = binary.AppendUvarint(b, v)
	}
	return b
}

// blob frames one block of the file.
func blob(kind string, data []byte, zip bool) []byte {
	var body []byte
	if zip {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		_, _ = w.Write(data)
		_ = w.Close()
		body = block(number(nil, 2, uint64(len(data))), 3, z.Bytes())
	} else {
		body = block(nil, 1, data)
	}
	head := number(block(nil, 1, []byte(kind)), 3, uint64(len(body)))
	out := binary.BigEndian.AppendUint32(nil, uint32(len(head)))
	return append(append(out, head...), body...)
}

func header(features ...string) []byte {
	var b []byte
	for _, f := range features {
		b = block(b, 4, []byte(f))
	}
	return blob("OSMHeader", block(b, 16, []byte("test")), false)
}

// primitive is a block with the strings, offsets and groups given.
func primitive(strs []string, groups ...[]byte) []byte {
	var table []byte
	for _, s := range strs {
		table = block(table, 1, []byte(s))
	}
	b := block(nil, 1, table)
	for _, g := range groups {
		b = block(b, 2, g)
	}
	return b
}

// smallPBF holds three nodes (one with a tag), a way and a relation.
func smallPBF(zip bool) []byte {
	strs := []string{"", "highway", "bus_stop", "residential", "type", "multipolygon", "outer"}
	dense := block(nil, 1, packed(zig(10), zig(1), zig(1)))
	dense = block(dense, 8, packed(zig(450000000), zig(1000), zig(-500)))
	dense = block(dense, 9, packed(zig(95000000), zig(1000), zig(1000)))
	dense = block(dense, 10, packed(1, 2, 0, 0, 0))
	way := number(nil, 1, 5)
	way = block(block(way, 2, packed(1)), 3, packed(3))
	way = block(way, 8, packed(zig(10), zig(1), zig(1), zig(-2)))
	rel := number(nil, 1, 7)
	rel = block(block(rel, 2, packed(4)), 3, packed(5))
	rel = block(block(block(rel, 8, packed(6)), 9, packed(zig(5))), 10, packed(1))
	data := primitive(strs, block(nil, 2, dense), block(nil, 3, way), block(nil, 4, rel))
	return append(header("OsmSchema-V0.6", "DenseNodes"), blob("OSMData", data, zip)...)
}
