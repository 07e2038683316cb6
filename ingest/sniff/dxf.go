package sniff

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"contado/geo/fault"
)

// Blocks of a DXF file may hold blocks that hold blocks: a few lines can stand
// for more figures than any machine can draw, and whoever reads them copies
// each. maxFigures bounds what a file may stand for, maxBlockDepth how deep.
const (
	maxFigures    = 5_000_000
	maxBlockDepth = 64
	maxDXFLine    = 1 << 20
)

// dxfPart is a block, or the drawing itself.
type dxfPart struct {
	figures int64
	inserts map[string]int64 // by the name of the block, how often
	total   int64            // with all inserts, once known
	state   byte             // 0 not counted, 1 being counted, 2 counted
}

// checkBlocks refuses a drawing that stands for too many figures, and one
// whose blocks hold themselves.
func checkBlocks(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fault.E("sniff.File", fault.Invalid, err)
	}
	defer f.Close()
	d := &dxfCounter{blocks: map[string]*dxfPart{}, drawing: &dxfPart{inserts: map[string]int64{}}}
	in := bufio.NewScanner(f)
	in.Buffer(make([]byte, 64<<10), maxDXFLine)
	for in.Scan() {
		code, err := strconv.Atoi(strings.TrimSpace(in.Text()))
		if err != nil || !in.Scan() {
			break // GDAL says what is wrong
		}
		d.take(code, strings.TrimSpace(in.Text()))
	}
	d.end()
	name := filepath.Base(path)
	n, ok := d.count(d.drawing, 0)
	switch {
	case !ok:
		return fault.Errorf("sniff.File", fault.Invalid, "%s has blocks that hold themselves, or lie more than %d deep", name, maxBlockDepth)
	case n > maxFigures:
		return fault.WithHint(fault.Errorf("sniff.File", fault.TooLarge, "%s stands for more than %d figures by blocks within blocks", name, int64(maxFigures)),
			"explode only the blocks that are needed, or export the layers as GeoPackage")
	}
	return nil
}

type dxfCounter struct {
	blocks  map[string]*dxfPart
	drawing *dxfPart
	block   *dxfPart // being read; nil outside
	entity  string
	name    string // code 2 of the entity
	times   int64  // rows × columns of an insert
}

// take reads one pair of a group code and its value.
func (d *dxfCounter) take(code int, value string) {
	switch code {
	case 0:
		d.end()
		d.entity, d.name, d.times = value, "", 1
	case 2:
		if d.name == "" {
			d.name = strings.ToUpper(value)
		}
	case 70, 71:
		if n, err := strconv.ParseInt(value, 10, 32); err == nil && n > 1 && d.entity == "INSERT" {
			d.times = min(d.times*n, maxFigures+1)
		}
	}
}

// end closes the entity that was being read.
func (d *dxfCounter) end() {
	into := d.drawing
	if d.block != nil {
		into = d.block
	}
	switch d.entity {
	case "", "SECTION", "ENDSEC", "TABLE", "ENDTAB", "EOF":
	case "BLOCK":
		d.block = &dxfPart{inserts: map[string]int64{}}
		d.blocks[d.name] = d.block
	case "ENDBLK":
		d.block = nil
	case "INSERT", "DIMENSION":
		into.inserts[d.name] = min(into.inserts[d.name]+d.times, maxFigures+1)
	default:
		into.figures++
	}
	d.entity = ""
}

// count is how many figures a part stands for, at most maxFigures+1; ok is
// false for blocks that hold themselves.
func (d *dxfCounter) count(p *dxfPart, depth int) (n int64, ok bool) {
	switch {
	case p.state == 2:
		return p.total, true
	case p.state == 1 || depth > maxBlockDepth:
		return 0, false
	}
	p.state = 1
	n = p.figures
	for name, times := range p.inserts {
		b := d.blocks[name]
		if b == nil {
			continue
		}
		each, ok := d.count(b, depth+1)
		if !ok {
			return 0, false
		}
		if each > 0 && times > (maxFigures+1-min(n, maxFigures))/each {
			n = maxFigures + 1
		} else {
			n = min(n+times*each, maxFigures+1)
		}
	}
	p.total, p.state = n, 2
	return n, true
}
