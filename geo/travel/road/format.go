package road

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"unsafe"

	"contado/geo/fault"
)

// A file is a header of 64 bytes, a table of the sections, and the sections,
// each at a multiple of 64 bytes and as it lies in memory (little-endian):
//
//	header   magic [8]byte, version, sections uint32, size uint64, check uint32 (of the table), 0 …
//	table    one a section: size of an entry, check uint32, offset, length uint64 (bytes)
//
// Checks are CRC-32C. Sections stand in the order of Network.sections.
const (
	magic       = "CONTROAD"
	version     = 1
	headerBytes = 64
	entryBytes  = 24
	alignment   = 64
	// Extension is how names of such files end.
	Extension = ".roads"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// section is one array of a network, as bytes.
type section struct {
	data  []byte
	entry int
	set   func(b []byte) // makes the network's array of bytes of a file
}

// bytesOf is the memory of a slice.
func bytesOf[T any](v []T) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*int(unsafe.Sizeof(v[0])))
}

func sectionOf[T any](v *[]T) section {
	var zero T
	size := int(unsafe.Sizeof(zero))
	return section{data: bytesOf(*v), entry: size, set: func(b []byte) {
		*v = nil
		if len(b) > 0 {
			*v = unsafe.Slice((*T)(unsafe.Pointer(&b[0])), len(b)/size)
		}
	}}
}

// sections lists the arrays of a network; notes is the last.
func (n *Network) sections(notes *[]byte) []section {
	return []section{
		sectionOf(&n.nodes), sectionOf(&n.edges), sectionOf(&n.shapeAt), sectionOf(&n.shape), sectionOf(&n.sampleAt), sectionOf(&n.samples),
		sectionOf(&n.head), sectionOf(&n.arcs), sectionOf(&n.ways), sectionOf(&n.textAt), sectionOf(&n.text),
		sectionOf(&n.banAt), sectionOf(&n.bans), sectionOf(&n.banModes), sectionOf(notes),
	}
}

// littleEndian tells whether memory is laid out as the file is.
func littleEndian() bool {
	v := uint16(1)
	return *(*byte)(unsafe.Pointer(&v)) == 1
}

// Create writes a network to a file, which is there whole or not at all.
func Create(path string, n *Network) (err error) {
	if !littleEndian() {
		return fault.Errorf("road.Create", fault.Unsupported, "road networks are written on little-endian machines only")
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".roads-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := n.write(w); err != nil {
		return fmt.Errorf("write road network %s: %w", path, err)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		d.Close()
		return err
	}
	return d.Close()
}

func (n *Network) write(w io.Writer) error {
	notes, err := json.Marshal(n.notes)
	if err != nil {
		return err
	}
	list := n.sections(&notes)
	table := make([]byte, len(list)*entryBytes)
	offset := align(uint64(headerBytes + len(table)))
	for i, s := range list {
		e := table[i*entryBytes:]
		binary.LittleEndian.PutUint32(e, uint32(s.entry))
		binary.LittleEndian.PutUint32(e[4:], crc32.Checksum(s.data, castagnoli))
		binary.LittleEndian.PutUint64(e[8:], offset)
		binary.LittleEndian.PutUint64(e[16:], uint64(len(s.data)))
		offset = align(offset + uint64(len(s.data)))
	}
	head := make([]byte, headerBytes)
	copy(head, magic)
	binary.LittleEndian.PutUint32(head[8:], version)
	binary.LittleEndian.PutUint32(head[12:], uint32(len(list)))
	binary.LittleEndian.PutUint64(head[16:], offset)
	binary.LittleEndian.PutUint32(head[24:], crc32.Checksum(table, castagnoli))
	for _, part := range append([][]byte{append(head, table...)}, dataOf(list)...) {
		if _, err := w.Write(part); err != nil {
			return err
		}
		if _, err := w.Write(make([]byte, align(uint64(len(part)))-uint64(len(part)))); err != nil {
			return err
		}
	}
	return nil
}

func dataOf(list []section) [][]byte {
	out := make([][]byte, len(list))
	for i, s := range list {
		out[i] = s.data
	}
	return out
}

func align(n uint64) uint64 { return (n + alignment - 1) / alignment * alignment }
