package layer

import (
	"context"

	"contado/geo/fgb"
	"contado/geo/store/features"
)

// Rows is Scan for who reads rows in place: nothing is made of a row that is
// not asked for. SkipGeometry and Fields of the query mean nothing here.
func (l *Layer) Rows(ctx context.Context, q features.Query, yield func(Row) bool) error {
	return l.read(ctx, q, false, yield)
}

// RowsOrUnplaced is Rows where rows without a geometry are in every box: as
// OGC API Features has it (17-069r4 §7.15.3). A box that holds no point
// selects them alone.
func (l *Layer) RowsOrUnplaced(ctx context.Context, q features.Query, yield func(Row) bool) error {
	return l.read(ctx, q, true, yield)
}

func (l *Layer) read(ctx context.Context, q features.Query, unplaced bool, yield func(Row) bool) error {
	s, err := l.newScan(q, unplaced)
	if err != nil {
		return err
	}
	return s.run(ctx, yield)
}

// visitUnplaced gives the rows without a geometry, in no set order.
func (l *Layer) visitUnplaced(yield func(Row) bool) {
	for _, i := range l.base.unplaced() {
		if !l.over.hidden.has(int(i)) && !yield(l.base.at(int(i))) {
			return
		}
	}
	w := l.over.byID.first()
	for e := l.over.next(w); e != nil; e = l.over.next(w) {
		if e.box.IsEmpty() && !yield(l.over.row(e)) {
			return
		}
	}
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
