package gtfs

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"contado/geo/fault"
	"contado/geo/store/catalog"

	"github.com/paulmach/orb"
)

// pointBytes is the length of a point of a shape in the sorter: longitude,
// latitude, distance.
const pointBytes = 3 * 8

// ShapeLines yields the shapes that trips name, in the order of Shapes, with
// the distance of each position along the shape in units of the feed (NaN when
// not given). Shapes of fewer than two positions are passed over. The slices
// are the caller's. false ends the reading.
func (f *Feed) ShapeLines(ctx context.Context, yield func(shape int, line orb.LineString, distance []float64) (bool, error)) error {
	if err := f.preparePoints(ctx); err != nil {
		return err
	}
	var line orb.LineString
	var along []float64
	shape, stopped := int64(-1), false
	flush := func() (bool, error) {
		if len(line) < 2 {
			return true, nil
		}
		return yield(int(shape), line, along)
	}
	err := f.points.each(ctx, func(key uint64, rec []byte) (bool, error) {
		if s := int64(key >> 32); s != shape {
			if more, err := flush(); err != nil || !more {
				stopped = true
				return false, err
			}
			shape, line, along = s, nil, nil
		}
		v := func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(rec[8*i:])) }
		if p := (orb.Point{v(0), v(1)}); len(line) == 0 || line[len(line)-1] != p {
			line, along = append(line, p), append(along, v(2))
		}
		return true, nil
	})
	if err == nil && !stopped {
		_, err = flush()
	}
	return err
}

func (f *Feed) preparePoints(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.points != nil {
		return nil
	}
	points, err := f.sortPoints(ctx)
	if err != nil {
		points.close()
		return err
	}
	f.points = points
	return nil
}

// sortPoints reads shapes.txt and sorts it by shape and sequence.
func (f *Feed) sortPoints(ctx context.Context) (*sorter, error) {
	path, err := f.file("gtfs-points.tmp")
	if err != nil {
		return nil, err
	}
	points := newSorter(path, pointBytes)
	var c struct{ id, lat, lon, seq, dist int }
	unused := map[string]bool{}
	n := 0
	err = f.read("shapes.txt", []string{"shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"}, func(t *table) {
		c.id, c.lat, c.lon = t.column("shape_id"), t.column("shape_pt_lat"), t.column("shape_pt_lon")
		c.seq, c.dist = t.column("shape_pt_sequence"), t.column("shape_dist_traveled")
	}, func(t *table) error {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return fault.E("gtfs.ShapeLines", fault.Canceled, ctx.Err())
		}
		id := t.value(c.id)
		shape, ok := f.shapeIDs[id]
		if !ok {
			if len(unused) < maxUnused && !unused[id] {
				unused[id] = true
				f.notes.Count(catalog.Info, "shapes-unused", "shapes that no trip follows were left out", t.at(id))
			}
			return nil
		}
		x, y, ok1 := position(t.value(c.lon), t.value(c.lat))
		seq, ok2 := number(t.value(c.seq), 0, math.MaxInt32, -1)
		if !ok1 || !ok2 || seq < 0 {
			f.warn("shape-points-wrong", "points of shapes without a position or a sequence were left out", t.at(fmt.Sprintf("%s %s %s", t.value(c.lat), t.value(c.lon), t.value(c.seq))))
			return nil
		}
		dist, ok := decimal(t.value(c.dist))
		if !ok {
			f.warn("values-wrong", msgValues, t.at(t.value(c.dist)))
		}
		var rec [pointBytes]byte
		for i, v := range []float64{x, y, dist} {
			binary.LittleEndian.PutUint64(rec[8*i:], math.Float64bits(v))
		}
		return points.add(uint64(shape)<<32|uint64(seq), rec[:])
	})
	if err == nil {
		err = points.finish()
	}
	return points, err
}

// maxUnused bounds how many shapes that nobody uses are told apart.
const maxUnused = 1 << 20
