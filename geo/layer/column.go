package layer

import (
	"context"
	"sync"
	"sync/atomic"

	"contado/geo/fgb"
)

const (
	// mostColumns bounds the memory of the columns of a version, in bytes: a
	// million rows of ten attributes take about half of it.
	mostColumns = 128 << 20
	// columnsAtOnce bounds what is held while they are read.
	columnsAtOnce = 64 << 20
)

// columns are attributes of all rows of the base, laid side by side: what
// filters and tiles ask of many rows.
type columns struct {
	mu    sync.Mutex // one reading at a time
	size  int64
	tried []atomic.Bool // by field
	of    []atomic.Pointer[fgb.Column]
	ids   atomic.Pointer[[]int64]
}

func newColumns(fields int) *columns {
	return &columns{tried: make([]atomic.Bool, fields), of: make([]atomic.Pointer[fgb.Column], fields)}
}

// Column is an attribute of all rows of the base; nil when it was not read, or
// has no such form.
func (l *Layer) Column(field int) *fgb.Column { return l.base.columns.of[field].Load() }

// IDs are those of the rows of the base; nil when they were not read.
func (l *Layer) IDs() []int64 {
	if p := l.base.columns.ids.Load(); p != nil {
		return *p
	}
	return nil
}

// ReadColumns reads attributes, and the ids, of all rows of the base, for
// Column, IDs and the filters on them; all states of the version share them.
// What was read before is not read again. Rows in memory have no columns, nor
// have attributes for which there is no room.
//
// It does not wait for others who read: ok tells whether all that can be had
// is there.
func (l *Layer) ReadColumns(ctx context.Context, fields []int) (ok bool, err error) {
	c, f := l.base.columns, l.base.file
	if f == nil || !c.lack(fields) {
		return true, nil
	}
	if !c.mu.TryLock() {
		return false, nil
	}
	defer c.mu.Unlock()
	if c.ids.Load() == nil {
		ids, err := f.IDs(ctx)
		if err != nil {
			return false, err
		}
		if ids == nil {
			ids = make([]int64, f.Len())
			for i := range ids {
				ids[i] = int64(i) + 1
			}
		}
		c.ids.Store(&ids)
	}
	var wanted []int
	for _, i := range fields {
		if !c.tried[i].Load() {
			wanted = append(wanted, i)
		}
	}
	for len(wanted) > 0 && c.size < mostColumns {
		n := min(len(wanted), max(1, columnsAtOnce/8/max(1, f.Len())))
		read, err := f.Columns(ctx, wanted[:n])
		if err != nil {
			return false, err
		}
		for k, i := range wanted[:n] {
			if read[k] != nil {
				c.size += read[k].Size()
				c.of[i].Store(read[k])
			}
			c.tried[i].Store(true)
		}
		wanted = wanted[n:]
	}
	for _, i := range wanted {
		c.tried[i].Store(true) // there is no room
	}
	return true, nil
}

// lack tells whether some of it was never read.
func (c *columns) lack(fields []int) bool {
	if c.ids.Load() == nil {
		return true
	}
	for _, i := range fields {
		if !c.tried[i].Load() {
			return true
		}
	}
	return false
}
