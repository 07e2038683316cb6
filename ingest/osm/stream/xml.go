package stream

import (
	"bufio"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"contado/geo/fault"
)

// maxToken bounds the text of one XML tag.
const maxToken = 16 << 20

// xmlReader reads the elements of OSM XML 0.6.
type xmlReader struct {
	dec  *xml.Decoder
	in   *leash
	time time.Time
	gen  string
}

// leash ends a reading that goes on for too long within one token.
type leash struct {
	r    *bufio.Reader
	left int
}

var errToken = errors.New("a single tag of more than 16 MB")

func (l *leash) ReadByte() (byte, error) {
	if l.left--; l.left < 0 {
		return 0, errToken
	}
	return l.r.ReadByte()
}

func (l *leash) Read(p []byte) (int, error) { return l.r.Read(p) }

func (f *File) newXML() (*xmlReader, *counter, error) {
	text, c, err := f.text()
	if err != nil {
		return nil, nil, err
	}
	l := &leash{r: bufio.NewReaderSize(text, 1<<16)}
	x := &xmlReader{dec: xml.NewDecoder(l), in: l}
	if err := x.begin(); err != nil {
		return nil, nil, f.damaged(err)
	}
	return x, c, nil
}

func (x *xmlReader) token() (xml.Token, error) {
	x.in.left = maxToken
	return x.dec.Token()
}

// begin reads up to the root, which must be <osm>.
func (x *xmlReader) begin() error {
	for {
		t, err := x.token()
		if errors.Is(err, io.EOF) {
			return errors.New("it holds no XML")
		}
		if err != nil {
			return err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "osm":
			x.gen = clip(attr(start, "generator"))
			for _, name := range []string{"timestamp", "osm_base"} {
				if v, err := time.Parse(time.RFC3339, attr(start, name)); err == nil {
					x.time = v.UTC()
				}
			}
			return nil
		case "osmChange":
			return fault.WithHint(fault.Errorf("osm.Open", fault.Unsupported, "this is a file of changes (osmChange), not an extract"), "apply it to its extract with osmium apply-changes first")
		}
		return fmt.Errorf("the root is <%s>, not <osm>", clip(start.Name.Local))
	}
}

func attr(e xml.StartElement, name string) string {
	for i := range e.Attr {
		if e.Attr[i].Name.Local == name {
			return e.Attr[i].Value
		}
	}
	return ""
}

func (f *File) readRoot() error {
	x, _, err := f.newXML()
	if err != nil {
		return err
	}
	f.header = Header{Program: x.gen, Time: x.time}
	return nil
}

func (f *File) scanXML(ctx context.Context, v Visitor, step func(done, total int64)) error {
	x, c, err := f.newXML()
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n%4096 == 0 {
			if ctx.Err() != nil {
				return fault.E("osm.Scan", fault.Canceled, ctx.Err())
			}
			step(c.n, f.size)
		}
		t, err := x.token()
		if errors.Is(err, io.EOF) {
			return nil // the decoder has seen the end of the root
		}
		if err != nil {
			return f.damaged(err)
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if err := x.element(start, v); err != nil {
			var own *visitError
			if errors.As(err, &own) {
				return own.err
			}
			line, _ := x.dec.InputPos()
			return f.damaged(fmt.Errorf("line %d: %w", line, err))
		}
		if start.Name.Local == "meta" && f.header.Time.IsZero() {
			if at, err := time.Parse(time.RFC3339, attr(start, "osm_base")); err == nil {
				f.header.Time = at.UTC()
			}
		}
	}
}

// element reads a node, way or relation and passes over all else.
func (x *xmlReader) element(start xml.StartElement, v Visitor) error {
	name := start.Name.Local
	if name != "node" && name != "way" && name != "relation" {
		return x.skip()
	}
	id, err := strconv.ParseInt(attr(start, "id"), 10, 62)
	if err != nil {
		return fmt.Errorf("<%s> has the id %q", name, clip(attr(start, "id")))
	}
	var c children
	if err := x.children(&c); err != nil {
		return fmt.Errorf("%s %d: %w", name, id, err)
	}
	if attr(start, "visible") == "false" || attr(start, "action") == "delete" {
		return nil
	}
	switch {
	case name == "node" && v.Node != nil:
		n := Node{ID: id, Tags: c.tags}
		n.At, n.Valid = parsePosition(attr(start, "lon"), attr(start, "lat"))
		err = v.Node(&n)
	case name == "way" && v.Way != nil:
		w := Way{ID: id, Refs: c.refs, Tags: c.tags}
		if len(c.at) == len(c.refs) {
			w.At = c.at
		}
		err = v.Way(&w)
	case name == "relation" && v.Relation != nil:
		err = v.Relation(&Relation{ID: id, Members: c.members, Tags: c.tags})
	}
	if err != nil {
		return &visitError{err}
	}
	return nil
}

type children struct {
	tags    Tags
	refs    []int64
	at      []Position // of an Overpass answer with "out geom"
	members []Member
}

// children reads what stands in an element, to its end.
func (x *xmlReader) children(c *children) error {
	for {
		t, err := x.token()
		if err != nil {
			return noEnd(err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := c.add(t); err != nil {
				return err
			}
			if err := x.skip(); err != nil {
				return err
			}
		}
	}
}

// skip reads to the end of an element that has just begun.
func (x *xmlReader) skip() error {
	for depth := 1; depth > 0; {
		t, err := x.token()
		if err != nil {
			return noEnd(err)
		}
		switch t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (c *children) add(t xml.StartElement) error {
	if len(c.tags) > maxTags || len(c.refs) > maxRefs || len(c.members) > maxMembers {
		return errBig
	}
	switch t.Name.Local {
	case "tag":
		c.tags = append(c.tags, Tag{attr(t, "k"), attr(t, "v")})
	case "nd":
		ref, err := strconv.ParseInt(attr(t, "ref"), 10, 62)
		if err != nil {
			return fmt.Errorf("a node reference %q", clip(attr(t, "ref")))
		}
		c.refs = append(c.refs, ref)
		if at, ok := parsePosition(attr(t, "lon"), attr(t, "lat")); ok {
			c.at = append(c.at, at)
		}
	case "member":
		ref, err := strconv.ParseInt(attr(t, "ref"), 10, 62)
		if err != nil {
			return fmt.Errorf("a member reference %q", clip(attr(t, "ref")))
		}
		kind := map[string]Kind{"node": NodeKind, "way": WayKind, "relation": RelationKind}
		k, ok := kind[attr(t, "type")]
		if !ok {
			return fmt.Errorf("a member of type %q", clip(attr(t, "type")))
		}
		c.members = append(c.members, Member{k, ref, strings.Clone(attr(t, "role"))})
	}
	return nil
}

// parsePosition reads decimal degrees; false when they are none.
func parsePosition(lon, lat string) (Position, bool) {
	x, err1 := strconv.ParseFloat(lon, 64)
	y, err2 := strconv.ParseFloat(lat, 64)
	if err1 != nil || err2 != nil || !(math.Abs(x) <= 180 && math.Abs(y) <= 90) {
		return Position{}, false
	}
	return Position{int32(math.Round(x * 1e7)), int32(math.Round(y * 1e7))}, true
}
