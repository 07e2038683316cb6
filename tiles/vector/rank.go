package vector

import (
	"fmt"
	"sync"
)

// rankCache keeps the ranks of all rows of a table, by what ranks them, and
// what lines agree in: to ask each row again for each tile takes longer than
// to draw.
type rankCache struct {
	mu         sync.Mutex
	kept       map[string][]uint8
	agreements map[string]*agreements
}

// agreements are the values that rows have in some attributes, encoded: of a
// row, texts[codes[row]].
type agreements struct {
	codes []uint32
	texts []string
}

// agreement is the same text for lines that are drawn together.
func (d *drawing) agreement(ref int32) string {
	i := len(d.src.segments) - 1
	for ; i > 0 && int(ref) < d.src.segments[i].first; i-- {
	}
	g := &d.src.segments[i]
	if d.merge == nil {
		d.merge = make([]*agreements, len(d.src.segments))
	}
	if d.merge[i] == nil {
		d.merge[i] = d.agree(g)
	}
	a := d.merge[i]
	return a.texts[a.codes[int(ref)-g.first]]
}

// agree reads the rows of a segment, once for all tiles.
func (d *drawing) agree(g *segment) *agreements {
	c := &g.sum.ranks
	name := fmt.Sprint(d.o.MergeBy)
	c.mu.Lock()
	defer c.mu.Unlock()
	if a, ok := c.agreements[name]; ok {
		return a
	}
	a := &agreements{codes: make([]uint32, g.table.len())}
	seen := map[string]uint32{}
	var key []byte
	for row := range a.codes {
		values := d.read.row(g, row)
		key = key[:0]
		for _, f := range d.o.MergeBy {
			if f >= 0 && f < len(values) {
				key = appendValue(key, values[f])
			}
		}
		code, ok := seen[string(key)]
		if !ok {
			code = uint32(len(a.texts))
			a.texts = append(a.texts, string(key))
			seen[a.texts[code]] = code
		}
		a.codes[row] = code
	}
	if len(c.agreements) >= mostRankings || c.agreements == nil {
		c.agreements = map[string]*agreements{}
	}
	c.agreements[name] = a
	return a
}

// mostRankings bounds the rankings that are kept for a table.
const mostRankings = 8

// rankOf is the place of a row's value in Rank.Order, at most rankBins−1.
func (d *drawing) rankOf(ref int32) int {
	if d.o.Rank == nil {
		return 0
	}
	for i := len(d.src.segments) - 1; i >= 0; i-- {
		g := &d.src.segments[i]
		if int(ref) < g.first {
			continue
		}
		if d.ranks == nil {
			d.ranks = make([][]uint8, len(d.src.segments))
		}
		if d.ranks[i] == nil {
			d.ranks[i] = d.rankAll(g)
		}
		return int(d.ranks[i][int(ref)-g.first])
	}
	return 0
}

// rankAll ranks the rows of a segment, once for all tiles.
func (d *drawing) rankAll(g *segment) []uint8 {
	r := d.o.Rank
	c := &g.sum.ranks
	key := fmt.Sprintf("%d %q", r.Field, r.Order)
	c.mu.Lock()
	defer c.mu.Unlock()
	if out, ok := c.kept[key]; ok {
		return out
	}
	places := map[string]uint8{}
	for i, o := range r.Order {
		if _, twice := places[o]; !twice {
			places[o] = uint8(min(i, rankBins-1))
		}
	}
	last := uint8(min(len(r.Order), rankBins-1))
	out := make([]uint8, g.table.len())
	for row := range out {
		out[row] = last
		if r.Field < 0 || r.Field >= len(d.src.schema.Fields) {
			continue
		}
		v := d.read.row(g, row)[r.Field]
		text := string(v.text)
		if v.kind != textValue {
			text = v.String()
		}
		if p, ok := places[text]; ok {
			out[row] = p
		}
	}
	if len(c.kept) >= mostRankings || c.kept == nil {
		c.kept = map[string][]uint8{}
	}
	c.kept[key] = out
	return out
}
