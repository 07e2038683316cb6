package road

import (
	"context"
	"math"

	"github.com/paulmach/orb"

	"contado/geo/fault"
)

// relief takes the heights of nodes and along edges. Bridges and tunnels run
// straight between the heights of their ends.
func (b *builder) relief(ctx context.Context) error {
	n := b.n
	n.sampleAt = make([]uint32, len(n.edges)+1)
	if b.o.Elevation == nil {
		n.notes.NoHeight = int64(len(n.nodes))
		return nil
	}
	if err := b.nodeHeights(ctx); err != nil {
		return err
	}
	b.structures()
	s := &sampler{take: b.o.Elevation}
	step := b.o.StepM
	if step == 0 {
		step = defaultStep
	}
	var line []orb.Point
	for i := range n.edges {
		n.sampleAt[i] = uint32(len(n.samples) + len(s.lon))
		if n.ways[n.edges[i].way].flags&(flagBridge|flagTunnel) == 0 && n.textOf(n.ways[n.edges[i].way].class) != ferry {
			line = n.Shape(i, line[:0])
			s.along(line, float64(n.edges[i].metres), step)
		}
		if len(s.lon) >= sampleBatch {
			if err := b.flush(ctx, s); err != nil {
				return err
			}
		}
		if uint64(len(n.samples)+len(s.lon)) > maxVertices {
			return fault.WithHint(fault.Errorf(opBuild, fault.TooLarge, "road network: more than %d heights along the roads", maxVertices), "take heights at a longer step")
		}
	}
	n.sampleAt[len(n.edges)] = uint32(len(n.samples) + len(s.lon))
	n.notes.HasRelief = true
	return b.flush(ctx, s)
}

// ferry is the class of ferries: their roads are level, whatever the sea bed.
const ferry = "ferry"

const sampleBatch = 1 << 16

func (b *builder) nodeHeights(ctx context.Context) error {
	n := b.n
	for from := 0; from < len(n.nodes); from += sampleBatch {
		part := n.nodes[from:min(from+sampleBatch, len(n.nodes))]
		s := &sampler{take: b.o.Elevation}
		for _, p := range part {
			at := p.at.point()
			s.lon, s.lat = append(s.lon, at[0]), append(s.lat, at[1])
		}
		z, err := s.heights(ctx)
		if err != nil {
			return err
		}
		for i := range part {
			part[i].z = z[i]
			if z[i] != z[i] {
				n.notes.NoHeight++
			}
		}
	}
	return nil
}

func (b *builder) flush(ctx context.Context, s *sampler) error {
	z, err := s.heights(ctx)
	b.n.samples = append(b.n.samples, z...)
	s.lon, s.lat = s.lon[:0], s.lat[:0]
	return err
}

// sampler gathers places whose height is wanted.
type sampler struct {
	take     Elevation
	lon, lat []float64
}

// along adds the inner places of an edge, evenly spaced by at most step.
func (s *sampler) along(line []orb.Point, metres, step float64) {
	pieces := int(math.Ceil(metres / step))
	done, at := 0.0, 0
	for i := 1; i < pieces; i++ {
		want := metres * float64(i) / float64(pieces)
		d := lengthOf(quantize(line[at]), quantize(line[at+1]))
		for done+d < want && at+2 < len(line) {
			done += d
			at++
			d = lengthOf(quantize(line[at]), quantize(line[at+1]))
		}
		t := min(max((want-done)/max(d, 1e-9), 0), 1)
		s.lon = append(s.lon, line[at][0]+t*(line[at+1][0]-line[at][0]))
		s.lat = append(s.lat, line[at][1]+t*(line[at+1][1]-line[at][1]))
	}
}

func (s *sampler) heights(ctx context.Context) ([]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.E(opBuild, fault.Canceled, err)
	}
	z := make([]float32, len(s.lon))
	if len(z) == 0 {
		return z, nil
	}
	if err := s.take(ctx, s.lon, s.lat, z); err != nil {
		return nil, err
	}
	for i := range z {
		if math.IsInf(float64(z[i]), 0) || math.Abs(float64(z[i])) > 1e5 {
			z[i] = float32(math.NaN())
		}
	}
	return z, nil
}

// structures gives nodes that lie within bridges and tunnels the height of a
// straight line between the ends: heights there solve Laplace's equation over
// the edges of such ways, weighted by 1/length, with the ground at the ends.
// What has no end on the ground keeps the heights that it has.
func (b *builder) structures() {
	n := b.n
	inside := b.insideStructures()
	if len(inside) == 0 {
		return
	}
	const sweeps, close = 2000, 1e-3
	for range sweeps {
		moved := 0.0
		for _, i := range inside {
			sum, weight := 0.0, 0.0
			for _, arc := range n.arcs[n.head[i]:n.head[i+1]] {
				z := float64(n.nodes[n.tip(arc)].z)
				if w := 1 / max(float64(n.edges[arc>>1].metres), 0.01); z == z && n.tip(arc) != i {
					sum, weight = sum+w*z, weight+w
				}
			}
			if weight == 0 {
				continue
			}
			z := float32(sum / weight)
			if d := math.Abs(float64(z - n.nodes[i].z)); !(d <= moved) {
				moved = d
			}
			n.nodes[i].z = z
		}
		if moved <= close {
			return
		}
	}
}

// insideStructures lists the nodes between bridges and tunnels alone that
// lead to the ground somewhere.
func (b *builder) insideStructures() []uint32 {
	n := b.n
	hanging := make([]bool, len(n.nodes))
	var queue []uint32
	for i := range n.nodes {
		arcs := n.arcs[n.head[i]:n.head[i+1]]
		hanging[i] = len(arcs) > 1
		for _, arc := range arcs {
			if n.ways[n.edges[arc>>1].way].flags&(flagBridge|flagTunnel) == 0 {
				hanging[i] = false
				break
			}
		}
		if !hanging[i] {
			queue = append(queue, uint32(i))
		}
	}
	var out []uint32
	for len(queue) > 0 { // outwards from the ground: long chains settle in few sweeps
		i := queue[0]
		queue = queue[1:]
		for _, arc := range n.arcs[n.head[i]:n.head[i+1]] {
			if j := n.tip(arc); hanging[j] {
				hanging[j] = false
				out = append(out, j)
				queue = append(queue, j)
			}
		}
	}
	return out
}
