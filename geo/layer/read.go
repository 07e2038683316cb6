package layer

import (
	"context"

	"contado/geo/fgb"
	"contado/geo/store/features"
)

// Rows is Scan for who reads rows in place: nothing is made of a row that is
// not asked for. SkipGeometry and Fields of the query mean nothing here.
func (l *Layer) Rows(ctx context.Context, q features.Query, yield func(Row) bool) error {
	s, err := l.newScan(q)
	if err != nil {
		return err
	}
	return s.run(ctx, yield)
}

// RawValues finds all values of the row in place: dst[i] becomes that of field
// i of the schema. ok is false for rows that were created or changed since
// the version was published, or are in memory: use Value.
func (r Row) RawValues(dst []fgb.Raw) (ok bool) {
	if r.own != nil {
		return false
	}
	r.packed.RawValues(dst)
	return true
}

// ZM are the heights and the measures of the positions, in the order in which
// Geometry holds them; nil when there are none.
func (r Row) ZM() (z, m []float64, err error) {
	if r.own != nil {
		return r.own.feature.Z, r.own.feature.M, nil
	}
	return r.packed.ZM()
}
