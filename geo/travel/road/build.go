package road

import (
	"context"
	"iter"
	"math"

	"github.com/paulmach/orb"

	"contado/geo/crs"
	"contado/geo/fault"
)

// Elevation fills z with the heights in metres at places in longitude and
// latitude, NaN where none is known.
type Elevation func(ctx context.Context, lon, lat []float64, z []float32) error

// BuildOptions steer Build; nil means the zero value.
type BuildOptions struct {
	// ToleranceM joins ends of lines to the nearest vertex of another line
	// within so many metres; 0 joins only what shares a place. At most 50.
	ToleranceM float64
	// StepM is how far apart heights are taken along an edge; 0 = 25.
	StepM float64
	// Elevation gives the heights; nil leaves the network level.
	Elevation Elevation
}

const (
	opBuild     = "road.Build"
	maxVertices = 1 << 30
	maxEdges    = 1 << 29 // arcs are 32 bits
	defaultStep = 25.0
	maxJoin     = 50.0
)

// Build makes a network of lines and turn restrictions. Lines of fewer than
// two different places or with places off the globe are left out and counted.
// Errors: Invalid for options out of range or no line at all, TooLarge,
// Canceled, and those of the input.
func Build(ctx context.Context, ways iter.Seq2[Way, error], restrictions []Restriction, o *BuildOptions) (*Network, error) {
	if o == nil {
		o = &BuildOptions{}
	}
	if !(o.ToleranceM >= 0 && o.ToleranceM <= maxJoin) || !(o.StepM >= 0 && o.StepM <= 1e6) {
		return nil, fault.Errorf(opBuild, fault.Invalid, "road network: tolerance %g m and step %g m; want 0 to %g and 0 to 1e6", o.ToleranceM, o.StepM, maxJoin)
	}
	b := &builder{o: o, n: &Network{textAt: []uint32{0, 0}}, texts: map[string]uint32{"": 0}}
	b.n.notes.ToleranceM = o.ToleranceM
	if err := b.read(ctx, ways); err != nil {
		return nil, err
	}
	if o.ToleranceM > 0 {
		b.join()
	}
	if err := b.split(ctx); err != nil {
		return nil, err
	}
	b.adjacency()
	if err := b.relief(ctx); err != nil {
		return nil, err
	}
	b.restrict(restrictions)
	return b.n, ctx.Err()
}

// builder holds all vertices of all lines until the edges are made: 8 bytes a
// vertex and some 30 for each different place.
type builder struct {
	o      *BuildOptions
	n      *Network
	at     []position
	first  []int // first vertex of each way, in at
	texts  map[string]uint32
	uses   map[position]int32  // how often a place stands in lines, ends counting twice
	nodeAt map[position]uint32 // nodes by place
	// edgesOf are the first edge of each way, and one more.
	edgesOf []uint32
}

func (b *builder) read(ctx context.Context, ways iter.Seq2[Way, error]) error {
	for w, err := range ways {
		if err != nil {
			return err
		}
		if len(b.first)%4096 == 0 && ctx.Err() != nil {
			return fault.E(opBuild, fault.Canceled, ctx.Err())
		}
		if len(b.at)+len(w.Line) > maxVertices {
			return fault.Errorf(opBuild, fault.TooLarge, "road network: more than %d vertices", maxVertices)
		}
		b.add(&w)
	}
	if len(b.first) == 0 {
		return fault.Errorf(opBuild, fault.Invalid, "road network: there is no line to build it of (%d were left out)", b.n.notes.LeftOut)
	}
	b.first = append(b.first, len(b.at))
	return nil
}

// add keeps a line, without places that follow themselves.
func (b *builder) add(w *Way) {
	start := len(b.at)
	for _, p := range w.Line {
		if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) < 90) {
			b.at = b.at[:start]
			break
		}
		q := quantize(p)
		if n := len(b.at); n > start && b.at[n-1] == q {
			continue
		}
		b.at = append(b.at, q)
	}
	if len(b.at)-start < 2 {
		b.at = b.at[:start]
		b.n.notes.LeftOut++
		return
	}
	b.first = append(b.first, start)
	b.n.ways = append(b.n.ways, b.keep(w))
	b.n.notes.Ways++
	if w.Area {
		b.n.notes.Areas++
	}
}

func quantize(p orb.Point) position {
	return position{int32(math.Round(p[0] * perDegree)), int32(math.Round(p[1] * perDegree))}
}

func (b *builder) keep(w *Way) way {
	out := way{
		id: w.ID, name: b.word(w.Name), ref: b.word(w.Ref), class: b.word(w.Class), surface: b.word(w.Surface), track: b.word(w.Track),
		maxForward: sane(w.MaxForward), maxBackward: sane(w.MaxBackward), seconds: sane(w.Seconds),
	}
	for m := range Modes {
		out.access[m] = uint8(min(w.Access[m], accessKinds-1))
	}
	for flag, set := range map[uint32]bool{
		flagLink: w.Link, flagBridge: w.Bridge, flagTunnel: w.Tunnel,
		flagForward: w.OneWay > 0, flagBackward: w.OneWay < 0, flagBicycleBoth: w.BicycleBoth,
	} {
		if set {
			out.flags |= flag
		}
	}
	return out
}

// sane is v, or 0 when it is no number from 0 to 1e6.
func sane(v float32) float32 {
	if v > 0 && v <= 1e6 {
		return v
	}
	return 0
}

// maxText bounds a text: names of roads are short.
const maxText = 1000

// word is the number of a text, kept once.
func (b *builder) word(s string) uint32 {
	s = s[:min(len(s), maxText)]
	if i, ok := b.texts[s]; ok {
		return i
	}
	if len(b.n.text)+len(s) > math.MaxInt32 {
		return 0
	}
	i := uint32(len(b.n.textAt) - 1)
	b.n.text = append(b.n.text, s...)
	b.n.textAt = append(b.n.textAt, uint32(len(b.n.text)))
	b.texts[s] = i
	return i
}

// split cuts the lines at the places that they share.
func (b *builder) split(ctx context.Context) error {
	n := b.n
	b.count()
	b.nodeAt = map[position]uint32{}
	for w := range n.ways {
		if w%4096 == 0 && ctx.Err() != nil {
			return fault.E(opBuild, fault.Canceled, ctx.Err())
		}
		b.edgesOf = append(b.edgesOf, uint32(len(n.edges)))
		line := b.at[b.first[w]:b.first[w+1]]
		start := 0
		for i := 1; i < len(line); i++ {
			if b.uses[line[i]] > 1 {
				if len(n.edges) == maxEdges {
					return fault.Errorf(opBuild, fault.TooLarge, "road network: more than %d edges", maxEdges)
				}
				b.edge(w, line[start:i+1])
				start = i
			}
		}
	}
	b.edgesOf = append(b.edgesOf, uint32(len(n.edges)))
	n.shapeAt = append(n.shapeAt, uint32(len(n.shape)))
	n.notes.Nodes, n.notes.Edges = int64(len(n.nodes)), int64(len(n.edges))
	metres := 0.0
	for i := range n.edges {
		metres += float64(n.edges[i].metres)
	}
	n.notes.Metres = int64(metres)
	b.at, b.uses = nil, nil
	return nil
}

// count tells the places where edges end from those that only bend.
func (b *builder) count() {
	b.uses = make(map[position]int32, len(b.at))
	for w := range b.n.ways {
		line := b.at[b.first[w]:b.first[w+1]]
		for _, p := range line {
			b.uses[p]++
		}
		b.uses[line[0]]++
		b.uses[line[len(line)-1]]++
	}
}

func (b *builder) edge(w int, line []position) {
	n := b.n
	metres := 0.0
	for i := 1; i < len(line); i++ {
		metres += lengthOf(line[i-1], line[i])
	}
	n.shapeAt = append(n.shapeAt, uint32(len(n.shape)))
	n.shape = append(n.shape, line[1:len(line)-1]...)
	n.edges = append(n.edges, edge{from: b.node(line[0]), to: b.node(line[len(line)-1]), way: uint32(w), metres: float32(metres)})
	n.ways[w].metres += float32(metres)
}

func (b *builder) node(p position) uint32 {
	i, ok := b.nodeAt[p]
	if !ok {
		i = uint32(len(b.n.nodes))
		b.n.nodes = append(b.n.nodes, node{at: p, z: float32(math.NaN())})
		b.nodeAt[p] = i
	}
	return i
}

// adjacency lists the arcs out of each node.
func (b *builder) adjacency() {
	n := b.n
	n.head = make([]uint32, len(n.nodes)+1)
	for _, e := range n.edges {
		n.head[e.from+1]++
		n.head[e.to+1]++
	}
	for i := range n.nodes {
		n.head[i+1] += n.head[i]
	}
	next := append([]uint32(nil), n.head...)
	n.arcs = make([]uint32, 2*len(n.edges))
	for i, e := range n.edges {
		n.arcs[next[e.from]] = uint32(2 * i)
		next[e.from]++
		n.arcs[next[e.to]] = uint32(2*i + 1)
		next[e.to]++
	}
}

// lengthOf is the distance of two places in metres. Up to 10 km it is that of
// the plane with the ellipsoid's radii of curvature at the middle latitude:
// relative error below 1e-6 there (TestLengths); beyond it the geodesic.
func lengthOf(a, b position) float64 {
	const equator, e2 = 6378137.0, 6.6943799901413165e-3
	const far = 0.09 * perDegree
	p, q := a.point(), b.point()
	if math.Abs(float64(a.x)-float64(b.x)) > far || math.Abs(float64(a.y)-float64(b.y)) > far || math.Abs(p[1]) > 80 {
		return float64(crs.Distance(p[0], p[1], q[0], q[1]))
	}
	sin, cos := math.Sincos((p[1] + q[1]) / 2 * math.Pi / 180)
	w := 1 - e2*sin*sin
	radius := equator / math.Sqrt(w)
	return math.Pi / 180 * math.Hypot((q[0]-p[0])*radius*cos, (q[1]-p[1])*radius*(1-e2)/w)
}
