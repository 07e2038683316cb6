// Package osmtest writes OpenStreetMap PBF for tests: just enough of the format
// (wiki.openstreetmap.org/wiki/PBF_Format) to make files good and bad.
package osmtest

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/zlib"
)

func field(b []byte, num, wire int) []byte {
	return binary.AppendUvarint(b, uint64(num)<<3|uint64(wire))
}

// Number appends a field that is a number.
func Number(b []byte, num int, v uint64) []byte {
	return binary.AppendUvarint(field(b, num, 0), v)
}

// Block appends a field that is a block of bytes.
func Block(b []byte, num int, v []byte) []byte {
	return append(binary.AppendUvarint(field(b, num, 2), uint64(len(v))), v...)
}

// Zig is the code of a number with a sign.
func Zig(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

// Packed is a packed field of numbers.
func Packed(vs ...uint64) []byte {
	var b []byte
	for _, v := range vs {
		b = binary.AppendUvarint(b, v)
	}
	return b
}

// Blob frames one block of the file.
func Blob(kind string, data []byte, zip bool) []byte {
	var body []byte
	if zip {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		_, _ = w.Write(data)
		_ = w.Close()
		body = Block(Number(nil, 2, uint64(len(data))), 3, z.Bytes())
	} else {
		body = Block(nil, 1, data)
	}
	head := Number(Block(nil, 1, []byte(kind)), 3, uint64(len(body)))
	out := binary.BigEndian.AppendUint32(nil, uint32(len(head)))
	return append(append(out, head...), body...)
}

// Header is the first block of a file, with the features that it asks for.
func Header(features ...string) []byte {
	var b []byte
	for _, f := range features {
		b = Block(b, 4, []byte(f))
	}
	return Blob("OSMHeader", Block(b, 16, []byte("test")), false)
}

// Primitive is a block with the strings, offsets and groups given.
func Primitive(strs []string, groups ...[]byte) []byte {
	var table []byte
	for _, s := range strs {
		table = Block(table, 1, []byte(s))
	}
	b := Block(nil, 1, table)
	for _, g := range groups {
		b = Block(b, 2, g)
	}
	return b
}

// SmallPBF holds three nodes (one with a tag), a way and a relation.
func SmallPBF(zip bool) []byte {
	strs := []string{"", "highway", "bus_stop", "residential", "type", "multipolygon", "outer"}
	dense := Block(nil, 1, Packed(Zig(10), Zig(1), Zig(1)))
	dense = Block(dense, 8, Packed(Zig(450000000), Zig(1000), Zig(-500)))
	dense = Block(dense, 9, Packed(Zig(95000000), Zig(1000), Zig(1000)))
	dense = Block(dense, 10, Packed(1, 2, 0, 0, 0))
	way := Number(nil, 1, 5)
	way = Block(Block(way, 2, Packed(1)), 3, Packed(3))
	way = Block(way, 8, Packed(Zig(10), Zig(1), Zig(1), Zig(-2)))
	rel := Number(nil, 1, 7)
	rel = Block(Block(rel, 2, Packed(4)), 3, Packed(5))
	rel = Block(Block(Block(rel, 8, Packed(6)), 9, Packed(Zig(5))), 10, Packed(1))
	data := Primitive(strs, Block(nil, 2, dense), Block(nil, 3, way), Block(nil, 4, rel))
	return append(Header("OsmSchema-V0.6", "DenseNodes"), Blob("OSMData", data, zip)...)
}

// Grid writes a made region: ways of ten nodes each, in blocks of 8,000 nodes
// and 800 ways, as real extracts have them. Every way is a residential road.
func Grid(w io.Writer, ways int) error {
	if _, err := w.Write(Header("OsmSchema-V0.6", "DenseNodes")); err != nil {
		return err
	}
	const perBlock = 800
	for first := 0; first < ways; first += perBlock {
		if _, err := w.Write(Blob("OSMData", Primitive([]string{""}, Block(nil, 2, gridNodes(first, min(perBlock, ways-first)))), true)); err != nil {
			return err
		}
	}
	for first := 0; first < ways; first += perBlock {
		var group []byte
		for i := first; i < min(first+perBlock, ways); i++ {
			way := Block(Block(Number(nil, 1, uint64(i+1)), 2, Packed(1, 3)), 3, Packed(2, 4))
			refs := []uint64{Zig(int64(i)*10 + 1)}
			for range 9 {
				refs = append(refs, Zig(1))
			}
			group = Block(group, 3, Block(way, 8, Packed(refs...)))
		}
		if _, err := w.Write(Blob("OSMData", Primitive([]string{"", "highway", "residential", "name", "Via Roma"}, group), true)); err != nil {
			return err
		}
	}
	return nil
}

// gridNodes are the nodes of some ways, row by row.
func gridNodes(first, ways int) []byte {
	var id, lat, lon []uint64
	var lastID, lastLat, lastLon int64
	for i := first * 10; i < (first+ways)*10; i++ {
		way := int64(i / 10)
		x := 90_000_000 + way%2000*10_000 + int64(i%10)*1000 + int64(i*7919%101)
		y := 450_000_000 + way/2000*2000 + int64(i*104_729%103)
		id, lat, lon = append(id, Zig(int64(i)+1-lastID)), append(lat, Zig(y-lastLat)), append(lon, Zig(x-lastLon))
		lastID, lastLat, lastLon = int64(i)+1, y, x
	}
	return Block(Block(Block(nil, 1, Packed(id...)), 8, Packed(lat...)), 9, Packed(lon...))
}
