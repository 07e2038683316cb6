package mosaic

import (
	"bytes"
	"context"

	"contado/geo/fault"
)

// stack lays items under each other, the first on top, and stops when each
// pixel has a value.
func (j *job) stack(ctx context.Context, t *target, c canvas) error {
	looked, over := j.within()
	left := c.cells()
	area := rect{0, 0, c.win.Width, c.win.Height}
	var want []uint8 // nil: everywhere
	defer func() { j.r.buffers.putBytes(want) }()
	for _, src := range looked {
		if left == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fault.E("mosaic.Read", fault.Canceled, err)
		}
		g, err := j.evaluate(ctx, t, src, want, area)
		if err != nil {
			return err
		}
		j.res.Reads += g.reads
		if g.skip != "" {
			j.skip(src, g.skip)
			continue
		}
		n := 0
		for i := range g.pieces {
			if want == nil {
				want = j.r.buffers.byte(c.cells())
				fill(want, 255)
			}
			n += c.lay(&g.pieces[i], want)
			j.res.Direct = g.direct
		}
		j.r.drop(&g)
		if n > 0 {
			left -= n
			j.used[src] += n
			area = bounds(want, area, c.win.Width)
		}
	}
	if left > 0 {
		return j.leaveOut(t, over)
	}
	return nil
}

// lay puts the valid cells of a piece where there is nothing yet, and returns
// how many.
func (c canvas) lay(p *piece, want []uint8) int {
	n := 0
	for y := range p.r.h {
		from := y * p.r.w
		valid := p.valid[from : from+p.r.w]
		here := (p.r.y+y)*c.win.Width + p.r.x
		want := want[here : here+p.r.w]
		at := c.at(p.r.x, p.r.y+y)
		mask := c.res.Mask[at : at+p.r.w]
		if bytes.IndexByte(valid, 0) < 0 && bytes.IndexByte(want, 0) < 0 {
			fill(mask, 255)
			fill(want, 0)
			n += p.r.w
			for k, b := range p.outs {
				copy(c.res.Bands[k][at:at+p.r.w], b[from:from+p.r.w])
			}
			continue
		}
		for x, v := range valid {
			if v == 0 || want[x] == 0 {
				valid[x] = 0
				continue
			}
			mask[x], want[x] = 255, 0
			n++
		}
		for k, b := range p.outs {
			out, b := c.res.Bands[k][at:at+p.r.w], b[from:from+p.r.w]
			for x, v := range valid {
				if v != 0 {
					out[x] = b[x]
				}
			}
		}
	}
	return n
}

// bounds is the smallest rectangle within area that holds all wanted cells.
func bounds(want []uint8, area rect, width int) rect {
	x0, y0, x1, y1 := area.x+area.w, area.y+area.h, area.x, area.y
	for y := area.y; y < area.y+area.h; y++ {
		row := want[y*width+area.x : y*width+area.x+area.w]
		first := bytes.IndexByte(row, 255)
		if first < 0 {
			continue
		}
		x0, x1 = min(x0, area.x+first), max(x1, area.x+bytes.LastIndexByte(row, 255)+1)
		y0, y1 = min(y0, y), y+1
	}
	return rect{x0, y0, x1 - x0, y1 - y0}
}
