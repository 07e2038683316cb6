package fgb

import (
	"cmp"
	"slices"
	"sort"
	"sync"
)

// idTable finds rows by id: both lists in the order of ids, made on first use
// (12 bytes a row; 16 while it is made).
type idTable struct {
	once sync.Once
	ids  []int64
	rows []uint32
}

func (f *File) table() *idTable {
	t := &f.ids
	t.once.Do(func() {
		type entry struct {
			id  int64
			row uint32
		}
		all := make([]entry, f.n)
		sorted := true
		for i := range all {
			all[i] = entry{f.At(i).ID(), uint32(i)}
			sorted = sorted && (i == 0 || all[i-1].id < all[i].id)
		}
		if !sorted {
			slices.SortFunc(all, func(a, b entry) int {
				if c := cmp.Compare(a.id, b.id); c != 0 {
					return c
				}
				return cmp.Compare(a.row, b.row)
			})
		}
		t.ids, t.rows = make([]int64, f.n), make([]uint32, f.n)
		for i, e := range all {
			t.ids[i], t.rows[i] = e.id, e.row
		}
	})
	return t
}

// ByID finds the row with an id. The first call (of this or Ascending) reads
// the ids of all rows once.
func (f *File) ByID(id int64) (Row, bool) {
	if f.head.id < 0 {
		if id < 1 || id > int64(f.n) {
			return Row{}, false
		}
		return f.At(int(id - 1)), true
	}
	t := f.table()
	i, ok := slices.BinarySearch(t.ids, id)
	if !ok {
		return Row{}, false
	}
	return f.At(int(t.rows[i])), true
}

// Ascending calls yield for the rows with an id greater than after, in
// ascending order of ids, until it returns false. With after = 0 it begins at
// the first row, whatever its id.
func (f *File) Ascending(after int64, yield func(Row) bool) {
	if f.head.id < 0 {
		for i := max(after, 0); i < int64(f.n); i++ {
			if !yield(f.At(int(i))) {
				return
			}
		}
		return
	}
	t := f.table()
	first := 0
	if after != 0 {
		first = sort.Search(len(t.ids), func(i int) bool { return t.ids[i] > after })
	}
	for _, row := range t.rows[first:] {
		if !yield(f.At(int(row))) {
			return
		}
	}
}
