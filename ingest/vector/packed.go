package vector

import (
	"context"
	"errors"
	"fmt"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/notice"
)

// packedDriver is GDAL's name of FlatGeobuf, which is read by geo/fgb: it keeps
// dates and JSON apart from text, and the names for people.
const packedDriver = "FlatGeobuf"

type packedSource struct{ f *fgb.File }

func (s packedSource) Close() error { return s.f.Close() }

func (s packedSource) scan(ctx context.Context, _ string, problem func(int64, error) error, yield func(geo.Feature) (bool, error)) error {
	const op = "vector.Scan"
	fields := make([]int, len(s.f.Schema().Fields))
	for i := range fields {
		fields[i] = i
	}
	var err error
	s.f.Rows(func(r fgb.Row) bool {
		if r.Ordinal()%64 == 0 && ctx.Err() != nil {
			err = fault.E(op, fault.Canceled, ctx.Err())
			return false
		}
		var more bool
		f := geo.Feature{ID: r.ID(), Values: make([]any, len(fields))}
		r.Values(fields, f.Values)
		if err = s.geometry(r, &f); err != nil {
			if err = problem(f.ID, err); err != nil {
				return false
			}
		}
		more, err = yield(f)
		return more && err == nil
	})
	return err
}

// geometry reads the geometry of a row with its heights and measures.
func (s packedSource) geometry(r fgb.Row, f *geo.Feature) error {
	g, err := r.Geometry()
	if err != nil || g == nil {
		return err
	}
	b := g.Bound()
	for _, v := range []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
		if v-v != 0 {
			return errors.New("a coordinate is not a finite number")
		}
	}
	z, m, err := r.ZM()
	if err != nil {
		return err
	}
	f.Geometry, f.Z, f.M = g, z, m
	return nil
}

func openPacked(path, label string, o OpenOptions, notes *notice.List) (*Layer, error) {
	f, err := fgb.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label, err)
	}
	// Rows that are damaged, or curves, are told before any is taken in.
	if err := f.Verify(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", label, err), f.Close())
	}
	l := &Layer{src: packedSource{f}, name: label, schema: f.Schema(), count: int64(f.Len())}
	return l, l.settle(packedDriver, o, notes)
}
