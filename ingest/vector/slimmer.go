package vector

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

var (
	errLarge  = errors.New("there is a large geometry")
	errNoText = errors.New("the coordinates are not those of GeoJSON")
)

// slimmer copies JSON and takes large arrays of coordinates out of it. It
// follows no more of the language than where objects, arrays and strings begin
// and end: what is wrong besides goes into the copy.
type slimmer struct {
	ctx       context.Context //nolint:containedctx // ends with run
	in        *bufio.Reader
	out       *bufio.Writer // nil: nothing is written
	side      *bufio.Writer
	threshold int
	look      bool

	path    []byte   // '{' or '[' of what is open
	keys    []string // the last key of each, "" for arrays
	name    bool     // a string that comes is a key
	shapes  []largeGeometry
	written int64 // bytes beside
	held    []byte
	at      int // of held, when it is read again
}

func (s *slimmer) put(b ...byte) error {
	if s.out == nil {
		return nil
	}
	_, err := s.out.Write(b)
	return err
}

func (s *slimmer) run() error {
	for n := 0; ; n++ {
		if n%(1<<16) == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		b, err := s.in.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if b == '[' && s.coordinates() {
			if err := s.array(); err != nil {
				return err
			}
			continue
		}
		if err := s.put(b); err != nil {
			return err
		}
		if err := s.step(b); err != nil {
			return err
		}
	}
}

const maxPath = 1000

func (s *slimmer) step(b byte) error {
	switch b {
	case '{', '[':
		if len(s.path) == maxPath {
			return errNoText
		}
		s.path, s.keys, s.name = append(s.path, b), append(s.keys, ""), b == '{'
	case '}', ']':
		if n := len(s.path); n > 0 {
			s.path, s.keys = s.path[:n-1], s.keys[:n-1]
		}
		s.name = false
	case ',':
		s.name = len(s.path) > 0 && s.path[len(s.path)-1] == '{'
	case '"':
		key, err := s.text()
		if s.name && err == nil {
			s.keys[len(s.keys)-1], s.name = key, false
		}
		return err
	}
	return nil
}

// text copies a string to its end, and gives its beginning.
func (s *slimmer) text() (string, error) {
	var key []byte
	for escaped := false; ; {
		b, err := s.in.ReadByte()
		if err != nil {
			return "", err
		}
		if err := s.put(b); err != nil {
			return "", err
		}
		switch {
		case escaped:
			escaped = false
		case b == '\\':
			escaped = true
		case b == '"':
			return string(key), nil
		}
		if len(key) < 32 {
			key = append(key, b)
		}
	}
}

// coordinates reports whether the value that begins is the coordinates of the
// geometry of a feature, or of a geometry by itself.
func (s *slimmer) coordinates() bool {
	n := len(s.keys)
	if n == 0 || s.keys[n-1] != "coordinates" {
		return false
	}
	switch n {
	case 1:
		return true
	case 2:
		return s.keys[0] == "geometry"
	case 4:
		return s.keys[0] == "features" && s.path[1] == '[' && s.keys[2] == "geometry"
	}
	return false
}

// array copies an array of coordinates, or takes it out when it is large.
func (s *slimmer) array() error {
	s.held, s.at = append(s.held[:0], '['), 0
	for depth := 1; depth > 0; {
		b, err := s.in.ReadByte()
		if err != nil {
			return err
		}
		s.held = append(s.held, b)
		switch b {
		case '[':
			depth++
		case ']':
			depth--
		case '"', '{', '}':
			return errNoText
		}
		if len(s.held) > s.threshold {
			if s.look {
				return errLarge
			}
			return s.takeOut()
		}
	}
	return s.put(s.held...)
}

// next gives the bytes that were held, and then those that come.
func (s *slimmer) next() (byte, error) {
	if s.at < len(s.held) {
		s.at++
		return s.held[s.at-1], nil
	}
	return s.in.ReadByte()
}

// takeOut writes the numbers of an array beside, and a mark into the copy.
func (s *slimmer) takeOut() error {
	c := coordinateReader{s: s, shape: largeGeometry{offset: s.written}}
	for {
		b, err := s.next()
		if err != nil {
			return err
		}
		done, err := c.byte(b)
		if err != nil {
			return err
		}
		if done {
			break
		}
	}
	if c.leaf < 2 || c.leaf > 4 {
		return errNoText
	}
	n := len(s.shapes)
	s.shapes = append(s.shapes, c.shape)
	s.written += int64(c.shape.vertices) * int64(c.shape.dims) * 8
	z := ""
	if c.shape.dims == 3 {
		z = ",0"
	}
	x := strconv.FormatFloat(markX+float64(n), 'f', 0, 64)
	ring := fmt.Sprintf("[[%[1]s,7e15%[2]s],[%[1]s,7000000000000002%[2]s],[9007000000000000,7000000000000002%[2]s],[%[1]s,7e15%[2]s]]", x, z)
	for range c.leaf - 2 {
		ring = "[" + ring + "]"
	}
	return s.put([]byte(ring)...)
}

// coordinateReader reads nested arrays of positions.
type coordinateReader struct {
	s      *slimmer
	shape  largeGeometry
	depth  int
	leaf   int // depth of positions, 0 before the first
	number []byte
	place  [4]float64 // the position that is read
	n      int        // its numbers
	ring   int        // vertices of the ring that is read
	rings  int        // of the polygon that is read
}

const maxNumber = 400 // characters

func (c *coordinateReader) byte(b byte) (done bool, err error) {
	switch {
	case b == '[':
		if c.n > 0 || len(c.number) > 0 || c.depth == 8 {
			return false, errNoText
		}
		c.depth++
	case b == ',' || b == ' ' || b == '\n' || b == '\r' || b == '\t':
		err = c.endNumber()
	case b == ']':
		if err := c.endNumber(); err != nil {
			return false, err
		}
		last := c.depth == 1
		return last, c.close()
	case len(c.number) < maxNumber:
		c.number = append(c.number, b)
	default:
		err = errNoText
	}
	return false, err
}

func (c *coordinateReader) endNumber() error {
	if len(c.number) == 0 {
		return nil
	}
	v, err := strconv.ParseFloat(string(c.number), 64)
	if err != nil || c.n == 3 || math.IsInf(v, 0) || math.IsNaN(v) {
		return errNoText
	}
	c.number = c.number[:0]
	c.place[c.n] = v
	c.n++
	return nil
}

// close ends a position, a ring or a polygon.
func (c *coordinateReader) close() error {
	at := c.depth
	c.depth--
	switch {
	case c.n > 0:
		return c.endPosition(at)
	case c.leaf == 0 || at >= c.leaf:
		return errNoText // an array without positions
	case at == c.leaf-1:
		c.shape.rings = append(c.shape.rings, c.ring)
		c.ring, c.rings = 0, c.rings+1
	case at == c.leaf-2 && c.leaf == 4:
		c.shape.parts = append(c.shape.parts, c.rings)
		c.rings = 0
	}
	return nil
}

func (c *coordinateReader) endPosition(at int) error {
	if c.leaf == 0 {
		c.leaf, c.shape.dims = at, c.n
	}
	if at != c.leaf || c.n != c.shape.dims || c.n < 2 {
		return errNoText
	}
	var b [24]byte
	for i, v := range c.place[:c.n] {
		binary.LittleEndian.PutUint64(b[8*i:], math.Float64bits(v))
	}
	c.n = 0
	c.shape.vertices++
	c.ring++
	_, err := c.s.side.Write(b[:8*c.shape.dims])
	return err
}
