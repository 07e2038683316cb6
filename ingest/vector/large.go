package vector

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
)

// GDAL reads a feature of GeoJSON whole into a tree of objects, some 700 bytes
// a vertex. Geometries of more than largeText bytes of text are therefore taken
// out before: their numbers go to a file beside, and a copy of the GeoJSON
// holds a mark in their place, by which they are found again when the row
// comes.
const (
	largeText = 2 << 20
	// markX plus the number of the geometry, and markY, are its first vertex in
	// the copy: no place on earth in any system.
	markX, markY = 9e15, 7e15
)

// largeGeometry is where the numbers of a geometry are.
type largeGeometry struct {
	offset   int64
	vertices int
	dims     int // 2 or 3
	rings    []int
	parts    []int // rings of each polygon of several; nil when there are no such
}

// largeSource puts geometries back into the rows of a copy without them.
type largeSource struct {
	gdalSource
	copy   string
	side   *os.File
	shapes []largeGeometry
}

func (s *largeSource) scan(ctx context.Context, layer string, problem func(int64, error) error, yield func(geo.Feature) (bool, error)) error {
	return s.gdalSource.scan(ctx, layer, problem, func(f geo.Feature) (bool, error) {
		if n, ok := s.marked(f.Geometry); ok {
			var err error
			if f.Geometry, f.Z, err = s.read(&s.shapes[n], f.Geometry); err != nil {
				return false, err
			}
			f.M = nil
		}
		return yield(f)
	})
}

func (s *largeSource) marked(g orb.Geometry) (int, bool) {
	if g == nil {
		return 0, false
	}
	b := g.Bound()
	n := b.Min[0] - markX
	return int(n), b.Min[1] == markY && n >= 0 && n < float64(len(s.shapes))
}

// Close implements source.
func (s *largeSource) Close() error { return errors.Join(s.gdalSource.Close(), s.discard()) }

func (s *largeSource) discard() error {
	return errors.Join(s.side.Close(), os.Remove(s.side.Name()), os.Remove(s.copy))
}

// read makes the geometry of the type that the mark has.
func (s *largeSource) read(l *largeGeometry, mark orb.Geometry) (orb.Geometry, []float64, error) {
	r := bufio.NewReaderSize(io.NewSectionReader(s.side, l.offset, int64(l.vertices)*int64(l.dims)*8), 1<<16)
	points := make([]orb.Point, l.vertices)
	var z []float64
	if l.dims == 3 {
		z = make([]float64, l.vertices)
	}
	var b [24]byte
	for i := range points {
		if _, err := io.ReadFull(r, b[:8*l.dims]); err != nil {
			return nil, nil, fmt.Errorf("read back a large geometry: %w", err)
		}
		points[i] = orb.Point{math.Float64frombits(binary.LittleEndian.Uint64(b[:])), math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))}
		if l.dims == 3 {
			z[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[16:]))
		}
	}
	rings := make([]orb.Ring, len(l.rings))
	for i, end, begin := 0, 0, 0; i < len(rings); i++ {
		begin, end = end, end+l.rings[i]
		rings[i] = points[begin:end:end]
	}
	g, err := l.shape(mark, points, rings)
	return g, z, err
}

func (l *largeGeometry) shape(mark orb.Geometry, points []orb.Point, rings []orb.Ring) (orb.Geometry, error) {
	switch mark.(type) {
	case orb.MultiPoint:
		return orb.MultiPoint(points), nil
	case orb.LineString:
		return orb.LineString(points), nil
	case orb.Polygon:
		return orb.Polygon(rings), nil
	case orb.MultiLineString:
		out := make(orb.MultiLineString, len(rings))
		for i, r := range rings {
			out[i] = orb.LineString(r)
		}
		return out, nil
	case orb.MultiPolygon:
		parts := l.parts
		if parts == nil { // a polygon, in a layer of several
			parts = []int{len(rings)}
		}
		var out orb.MultiPolygon
		for _, n := range parts {
			out = append(out, orb.Polygon(rings[:n:n]))
			rings = rings[n:]
		}
		return out, nil
	}
	return nil, fault.Errorf("vector.Open", fault.Invalid, "the coordinates of a large geometry are not those of a %s", mark.GeoJSONType())
}

// slim makes a copy of a GeoJSON file without its large geometries in a
// folder. It is nil, without an error, for a file that has none, or whose
// coordinates are not as the format has them: GDAL says so better.
func slim(ctx context.Context, path, dir string, threshold int) (*largeSource, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if info, err := in.Stat(); err != nil || info.Size() <= int64(threshold) {
		return nil, err
	}
	// First a look alone: most files have none, and need no copy.
	look := &slimmer{ctx: ctx, in: bufio.NewReaderSize(in, 1<<18), threshold: threshold, look: true}
	if err := look.run(); !errors.Is(err, errLarge) {
		return nil, ctx.Err()
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	out, err := os.CreateTemp(dir, "slim-*.geojson")
	if err != nil {
		return nil, err
	}
	side, err := os.CreateTemp(dir, "large-*.bin")
	if err != nil {
		return nil, errors.Join(err, out.Close(), os.Remove(out.Name()))
	}
	s := &slimmer{ctx: ctx, in: bufio.NewReaderSize(in, 1<<18), out: bufio.NewWriter(out), side: bufio.NewWriterSize(side, 1<<18), threshold: threshold}
	err = s.run()
	if err == nil {
		err = errors.Join(s.out.Flush(), s.side.Flush())
	}
	if err = errors.Join(err, out.Close()); err != nil {
		err = errors.Join(ctx.Err(), side.Close(), os.Remove(side.Name()), os.Remove(out.Name()), onlyDisk(err))
		return nil, err
	}
	return &largeSource{copy: filepath.Clean(out.Name()), side: side, shapes: s.shapes}, nil
}

// onlyDisk drops errors of the text, which GDAL finds again.
func onlyDisk(err error) error {
	if p := (*os.PathError)(nil); errors.As(err, &p) {
		return err
	}
	return nil
}

// openSlim opens GeoJSON that has large geometries; nil for what has none.
func openSlim(ctx context.Context, path, label string, drivers []string, o OpenOptions, notes *notice.List) (*Layer, error) {
	dir := o.Dir
	if dir == "" {
		dir = os.TempDir()
	}
	limit := largeText
	if o.largeText > 0 {
		limit = o.largeText
	}
	large, err := slim(ctx, path, dir, limit)
	if err != nil {
		return nil, fault.E("vector.Open", fault.Other, fmt.Errorf("%s: %w", label, err))
	}
	if large == nil {
		return nil, nil
	}
	l, err := open(ctx, large.copy, label, drivers, nil, o)
	if err != nil {
		return nil, errors.Join(err, large.discard())
	}
	src, ok := l.src.(gdalSource)
	if !ok {
		return nil, errors.Join(fault.Errorf("vector.Open", fault.Other, "%s is not read by GDAL", label), l.Close(), large.discard())
	}
	large.gdalSource = src
	l.src = large
	if err := l.settle(drivers[0], o, notes); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
