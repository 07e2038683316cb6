// Package stream reads the elements of OpenStreetMap files, PBF or XML, one
// after the other and with bounded memory. It trusts nothing in the file:
// whatever the bytes, it answers with elements or an error.
package stream

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"contado/geo/fault"

	"github.com/klauspost/compress/gzip"
)

// Tag is one key and value of an element.
type Tag struct{ Key, Value string }

// Tags are those of an element in the order of the file.
type Tags []Tag

// Get is the value of a key, "" when it is not there.
func (t Tags) Get(key string) string {
	for i := range t {
		if t[i].Key == key {
			return t[i].Value
		}
	}
	return ""
}

// Kind is the kind of an element.
type Kind uint8

// The kinds; as numbers they are the last two bits of feature ids.
const (
	NodeKind Kind = iota
	WayKind
	RelationKind
)

// String is "node", "way" or "relation".
func (k Kind) String() string { return [...]string{"node", "way", "relation", "element"}[min(k, 3)] }

// Position is longitude and latitude in units of 1e-7 degrees, which is all
// that OpenStreetMap keeps.
type Position struct{ Lon, Lat int32 }

// Node is a point. Valid is false when its position is none.
type Node struct {
	ID    int64
	At    Position
	Valid bool
	Tags  Tags
}

// Way is a list of nodes. At is set, parallel to Refs, when the file keeps
// positions in ways.
type Way struct {
	ID   int64
	Refs []int64
	At   []Position
	Tags Tags
}

// Member is one member of a relation.
type Member struct {
	Kind Kind
	Ref  int64
	Role string
}

// Relation is a list of elements that belong together.
type Relation struct {
	ID      int64
	Members []Member
	Tags    Tags
}

// Visitor hears of elements; a nil function passes over its kind, which is
// faster. Elements and their slices are valid during the call only; strings
// stay valid but may hold a large block: clone what is kept.
type Visitor struct {
	Node     func(*Node) error
	Way      func(*Way) error
	Relation func(*Relation) error
}

// Header is what the file says of itself; zero values are not known.
type Header struct {
	Program string
	Time    time.Time
}

// Bounds on what one element may hold; real data stay far below.
const (
	maxRefs    = 1 << 20
	maxTags    = 1 << 14
	maxMembers = 1 << 20
)

// File is an OpenStreetMap file.
type File struct {
	f      *os.File
	name   string
	size   int64
	header Header
	form   form
	index  []extent // of PBF: where the blobs with ways are, once known
}

type form uint8

const (
	pbf form = iota
	plainXML
	gzipXML
	bzip2XML
)

// Open tells the form of a file by its content and reads its header.
//
// Errors: Invalid for what is no OpenStreetMap file or is damaged,
// Unsupported for histories, changes, and PBF with features not known here.
func Open(path string) (*File, error) {
	const op = "osm.Open"
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	out := &File{f: f, name: filepath.Base(path)}
	if err := out.prepare(); err != nil {
		f.Close() // read only: nothing to lose
		return nil, err
	}
	return out, nil
}

func (f *File) prepare() error {
	info, err := f.f.Stat()
	if err != nil {
		return fault.E("osm.Open", fault.Invalid, err)
	}
	f.size = info.Size()
	head := make([]byte, 16)
	n, err := f.f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fault.E("osm.Open", fault.Invalid, err)
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		f.form = gzipXML
	case bytes.HasPrefix(head, []byte("BZh")):
		f.form = bzip2XML
	case n >= 15 && string(head[4:15]) == "\x0a\x09OSMHeader":
		f.form = pbf
	default:
		f.form = plainXML
	}
	if f.form == pbf {
		return f.readHeaderBlock()
	}
	return f.readRoot()
}

// Close releases the file.
func (f *File) Close() error { return f.f.Close() }

// Header is what the file says of itself.
func (f *File) Header() Header { return f.header }

// Scan yields the elements in the order of the file. step, which may be nil,
// hears how many bytes of the file were read, of how many.
func (f *File) Scan(ctx context.Context, v Visitor, step func(done, total int64)) error {
	if step == nil {
		step = func(int64, int64) {}
	}
	if f.form == pbf {
		return f.scanPBF(ctx, v, step)
	}
	return f.scanXML(ctx, v, step)
}

// text opens the text of an XML file from its beginning.
func (f *File) text() (io.Reader, *counter, error) {
	c := &counter{r: io.NewSectionReader(f.f, 0, f.size)}
	in := bufio.NewReaderSize(c, 1<<20)
	switch f.form {
	case gzipXML:
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, f.damaged(err)
		}
		return z, c, nil
	case bzip2XML:
		return bzip2.NewReader(in), c, nil
	}
	return in, c, nil
}

// counter counts the bytes read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (f *File) damaged(err error) error {
	if k := fault.KindOf(err); k != fault.Other {
		return err
	}
	return fault.WithHint(fault.Errorf("osm.Scan", fault.Invalid, "%s is damaged or no OpenStreetMap file: %w", f.name, err), "download the extract again, or check it with osmium fileinfo -e")
}
