// Package vector makes vector tiles: it generalises features for a zoom and
// encodes them as Mapbox Vector Tile 2.1 (github.com/mapbox/vector-tile-spec).
//
// The order is: tell from a summary of the layer what can be seen, cut coarsely
// to the tile's surroundings, put on a grid of quarter units, simplify shared
// edges once, snap to the tile's 4096 grid, cut to the tile and its buffer,
// make valid, encode. Polygons smaller than a pixel are not dropped: their area
// adds up and is drawn as squares. A tile stays within its byte budget by
// generalising harder, and says in its layer "meta" what it leaves out.
package vector

import (
	"context"
	"fmt"
	"math"
	"strings"

	"contado/geo/fault"
	"contado/tiles/tms"
)

const (
	// DefaultBudget is the most bytes of a tile before compression.
	DefaultBudget = 500_000
	// DefaultMaxVertices bounds what one tile keeps in memory: 2.5 million
	// vertices take about 20 MB, and their junctions 60 MB.
	DefaultMaxVertices = 2_500_000
	// basePixel is the side in units of the smallest square drawn: one pixel
	// of a tile shown at 512 pixels.
	basePixel = 8
	// MetaLayer is the name of the layer with what the tile leaves out.
	MetaLayer = "meta"
	// LabelsSuffix is added to the name of a layer for that of its labels.
	LabelsSuffix = "_labels"
)

// Projector maps x and y in place to EPSG:3857; points that have no image
// become NaN. It must be safe for concurrent use.
type Projector interface {
	Points(x, y []float64) error
}

// FromWGS84 projects longitude, latitude by the closed formula.
type FromWGS84 struct{}

// Points implements Projector.
func (FromWGS84) Points(x, y []float64) error {
	for i := range x {
		x[i], y[i] = tms.Forward(x[i], y[i])
	}
	return nil
}

// painting is a tile being made.
type painting struct {
	view   view
	budget int
	plain  bool
	layers []*drawing
	names  map[string]bool
	labels []*layerWriter
}

func newPainting(t tms.Tile, budget int) *painting {
	if budget <= 0 {
		budget = DefaultBudget
	}
	return &painting{view: newView(t), budget: budget, names: map[string]bool{MetaLayer: true}}
}

func (p *painting) add(name string, src *source, fields []int, o Drawing) error {
	for _, n := range []string{name, name + LabelsSuffix} {
		if n == name+LabelsSuffix && !o.Labels {
			continue
		}
		if name == "" || p.names[n] {
			return fault.Errorf("vector.Draw", fault.Invalid, "a tile layer cannot be named %q, or there are two of that name", n)
		}
		p.names[n] = true
	}
	d, err := newDrawing(&p.view, name, src, fields, o)
	if err != nil {
		return err
	}
	p.layers = append(p.layers, d)
	return nil
}

// metaRoom is more than the meta layer takes for a layer beside its texts.
const metaRoom = 320

// paint draws all layers and puts them together.
func (p *painting) paint(ctx context.Context) ([]byte, Stats, error) {
	defer func() {
		for _, d := range p.layers {
			d.free()
		}
	}()
	budget := p.budget
	for _, d := range p.layers {
		if err := d.gather(ctx); err != nil {
			return nil, Stats{}, err
		}
		budget -= metaRoom + len(d.stats.Name) + len(d.stats.Stamp) + d.w.size()
	}
	if err := p.drawWithin(ctx, max(budget, 0)); err != nil {
		return nil, Stats{}, err
	}
	var tile []byte
	var stats Stats
	stats.AreaKept = 1
	for i, d := range p.layers {
		stats.add(d.stats)
		if d.stats.Features > 0 {
			tile = d.w.appendTo(tile)
		}
		if l := p.labels[i]; l != nil && len(l.records) > 0 {
			tile = l.appendTo(tile)
		}
	}
	if len(tile) == 0 && stats.Complete() {
		return nil, stats, nil
	}
	if !p.plain {
		tile = appendMeta(tile, stats.Layers)
	}
	return tile, stats, nil
}

// job draws one kind of shape of a layer.
type job struct {
	d     *drawing
	layer int
	need  float64
	draw  func(bytes int) error
}

// drawWithin shares the budget among what is to be drawn: those that need
// little first, so that the others get what they leave.
func (p *painting) drawWithin(ctx context.Context, budget int) error {
	p.labels = make([]*layerWriter, len(p.layers))
	var jobs []job
	for i, d := range p.layers {
		jobs = append(jobs, d.jobs(ctx, i, float64(budget))...)
	}
	needs := make([]float64, len(jobs))
	for i := range jobs {
		needs[i] = jobs[i].need
	}
	order, shares := splitBudget(float64(budget), needs)
	for k, i := range order {
		j := &jobs[i]
		left := float64(budget - p.size())
		for _, later := range order[k+1:] {
			left -= shares[later]
		}
		if err := j.draw(int(max(left, 0))); err != nil {
			return err
		}
		if j.d.o.Labels {
			p.labels[j.layer] = j.d.labelWriter
		}
	}
	return nil
}

// size is what the layers take so far, beyond their headers.
func (p *painting) size() int {
	n := 0
	for _, d := range p.layers {
		n += d.w.size() - d.w.empty()
		if d.labelWriter != nil {
			n += d.labelWriter.size()
		}
	}
	return n
}

// appendMeta appends the layer that says how honest the tile is: a point for
// each layer, with the figures as attributes. It lies a whole tile away, where
// clients that draw every layer cut it off; without a geometry, as the format
// allows too, much-used readers (orb, mapbox-vector-tile of Python) refuse the
// whole tile.
func appendMeta(tile []byte, layers []LayerStats) []byte {
	names := []string{
		"layer", "complete", "features", "dropped", "tiny", "merged", "invalid",
		"area_kept", "length_kept", "level", "version", "fields_left_out",
	}
	w := newLayerWriter(MetaLayer, len(names))
	round := func(v float64) float64 { return math.Round(v*1e4) / 1e4 }
	for i := range layers {
		s := &layers[i]
		left := any(nil)
		if len(s.FieldsLeftOut) > 0 {
			left = strings.Join(s.FieldsLeftOut, ",")
		}
		w.begin()
		for k, v := range []any{
			s.Name, s.Complete(), int64(s.Features), int64(s.Dropped), int64(s.Tiny), int64(s.Merged), int64(s.Invalid),
			round(s.AreaKept), round(s.LengthKept), int64(s.Level), s.Stamp, left,
		} {
			w.tag(k, names[k], valueOf(v))
		}
		w.points([]vertex{{-extent, -extent}})
		w.end(int64(i+1), geomPoint, math.MaxInt)
	}
	return w.appendTo(tile)
}

func (s LayerStats) String() string {
	return fmt.Sprintf("%s: %d features, %d tiny, %d dropped, level %d, area kept %.3f", s.Name, s.Features, s.Tiny, s.Dropped, s.Level, s.AreaKept)
}
