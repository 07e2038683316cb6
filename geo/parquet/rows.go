package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	pq "github.com/parquet-go/parquet-go"

	"contado/geo"
	"contado/geo/fault"

	"github.com/paulmach/orb"
)

// ScanOptions tunes Rows; nil means all rows.
type ScanOptions struct {
	// BBox leaves out rows whose box does not meet it, as far as the file has
	// boxes: whole row groups by their statistics, then rows.
	BBox *geo.BBox
	// OnProblem hears of rows that cannot be decoded wholly, which are yielded
	// without the geometry or the value. An error from it ends the scan; nil:
	// such a row ends the scan with Invalid.
	OnProblem func(row int64, problem error) error
}

// Rows yields the rows in the order of the file, ids from 1, until yield
// returns false or an error.
func (f *File) Rows(ctx context.Context, o *ScanOptions, yield func(geo.Feature) (bool, error)) (err error) {
	const op = "parquet.Rows"
	if o == nil {
		o = &ScanOptions{}
	}
	var own error // of yield: not the file's fault
	defer func() {
		if r := recover(); r != nil {
			err = recovered(op, r, err)
		}
		if own != nil {
			err = own
		}
	}()
	first := int64(0)
	for i, g := range f.pq.RowGroups() {
		if f.apart(i, o.BBox) {
			first += g.NumRows()
			continue
		}
		more, err := f.group(ctx, g, first, o, func(ft geo.Feature) (bool, error) {
			ok, err := yield(ft)
			own = err
			return ok, err
		})
		if err != nil || !more {
			return err
		}
		first += g.NumRows()
	}
	return nil
}

func (f *File) group(ctx context.Context, g pq.RowGroup, first int64, o *ScanOptions, yield func(geo.Feature) (bool, error)) (more bool, err error) {
	const op = "parquet.Rows"
	rows := g.Rows()
	defer rows.Close()
	buf := make([]pq.Row, 64)
	values := make([][]pq.Value, f.width)
	for n := first; ; {
		if ctx.Err() != nil {
			return false, fault.E(op, fault.Canceled, ctx.Err())
		}
		got, err := rows.ReadRows(buf)
		for _, row := range buf[:got] {
			n++
			for i := range values {
				values[i] = nil
			}
			row.Range(func(c int, v []pq.Value) bool {
				if c >= 0 && c < len(values) {
					values[c] = v
				}
				return true
			})
			if f.outside(values, o.BBox) {
				continue
			}
			ft, problem := f.feature(n, values)
			if problem != nil {
				if o.OnProblem == nil {
					return false, fault.Errorf(op, fault.Invalid, "row %d: %w", n, problem)
				}
				if err := o.OnProblem(n, problem); err != nil {
					return false, err
				}
			}
			if more, err := yield(ft); err != nil || !more {
				return false, err
			}
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, fault.E(op, fault.Invalid, fmt.Errorf("after row %d: %w", n, err))
		}
		if got == 0 {
			return false, fault.Errorf(op, fault.Invalid, "no row comes after row %d", n)
		}
	}
}

// feature reads one row; a problem is told beside what could be read.
func (f *File) feature(id int64, values [][]pq.Value) (geo.Feature, error) {
	ft := geo.Feature{ID: id, Values: make([]any, len(f.fields))}
	var problem error
	for i := range f.fields {
		v, err := f.fields[i].value(values)
		if err != nil && problem == nil {
			problem = fmt.Errorf("field %s: %w", f.fields[i].Name, err)
		}
		ft.Values[i] = v
	}
	if f.geometry != nil {
		g, z, m, err := f.geometry.read(values)
		if err != nil {
			problem = fmt.Errorf("geometry: %w", err)
		}
		ft.Geometry, ft.Z, ft.M = g, z, m
	}
	return ft, problem
}

func (f *field) value(values [][]pq.Value) (any, error) {
	v := values[f.first]
	switch {
	case len(v) == 0:
		return nil, fmt.Errorf("a value is missing")
	case f.nested != nil:
		own := make([][]pq.Value, f.last-f.first)
		copy(own, values[f.first:f.last])
		return f.jsonOf(own)
	case v[0].IsNull():
		return nil, nil
	}
	out, err := f.read(v[0])
	if s, ok := out.(string); ok && !utf8.ValidString(s) {
		return strings.ToValidUTF8(s, "�"), fmt.Errorf("text is not UTF-8")
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// outside reports whether the row's own box is apart from b.
func (f *File) outside(values [][]pq.Value, b *geo.BBox) bool {
	if b == nil || f.box[0] < 0 {
		return false
	}
	var side [4]float64
	for k, leaf := range f.box {
		if len(values[leaf]) == 0 || values[leaf][0].IsNull() {
			return true
		}
		side[k] = number(values[leaf][0])
	}
	return !b.Intersects(geo.BBox{MinX: side[0], MinY: side[1], MaxX: side[2], MaxY: side[3]})
}

func number(v pq.Value) float64 {
	if v.Kind() == pq.Float {
		return float64(v.Float())
	}
	return v.Double()
}

func finite(p orb.Point) bool { return p[0]-p[0]+p[1]-p[1] == 0 }
