package road

import (
	"sync"

	"github.com/paulmach/orb"
)

// Network is a graph of roads without times. It is immutable and safe for
// concurrent use; Close lets go of the file that it is mapped from.
type Network struct {
	nodes    []node
	edges    []edge
	shapeAt  []uint32 // first inner vertex of each edge, and one more
	shape    []position
	sampleAt []uint32 // first inner height of each edge, and one more
	samples  []float32
	head     []uint32 // first of the arcs out of each node, and one more
	arcs     []uint32 // arcs out of nodes
	ways     []way
	textAt   []uint32
	text     []byte
	banAt    []uint32 // first arc of each forbidden sequence, and one more
	bans     []uint32 // arcs
	banModes []uint32 // bit m: holds for mode m
	notes    Notes

	once  sync.Once
	unmap func() error
}

// position is in 1e-7 degrees.
type position struct{ x, y int32 }

const perDegree = 1e7

func (p position) point() orb.Point {
	return orb.Point{float64(p.x) / perDegree, float64(p.y) / perDegree}
}

type node struct {
	at position
	z  float32 // metres, NaN for unknown
}

type edge struct {
	from, to uint32 // nodes
	way      uint32
	metres   float32
}

// way is a Way as it is kept; its size and layout are those of the file.
type way struct {
	id                      int64
	name, ref               uint32 // texts
	class, surface, track   uint32
	maxForward, maxBackward float32
	seconds, metres         float32
	access                  [4]uint8
	flags                   uint32
	_                       uint32
}

const (
	flagLink = 1 << iota
	flagBridge
	flagTunnel
	flagForward  // one way along the line
	flagBackward // one way against it
	flagBicycleBoth
)

// Notes tell what became of the input.
type Notes struct {
	Ways        int64 `json:"ways"`
	LeftOut     int64 `json:"left_out"` // lines of fewer than two places, or off the globe
	Areas       int64 `json:"areas"`    // outlines of squares, kept as roads around them
	Nodes       int64 `json:"nodes"`
	Edges       int64 `json:"edges"`
	Metres      int64 `json:"metres"`
	Joined      int64 `json:"joined,omitempty"` // ends moved to a vertex within the tolerance
	ToleranceM  float64
	FarthestM   float64 `json:"farthest_m,omitempty"` // of those moves
	NoHeight    int64   `json:"no_height"`            // nodes of unknown height, taken as level
	HasRelief   bool    `json:"has_relief"`
	Restricted  int64   `json:"restricted"` // restrictions that hold
	Restriction struct {
		MissingWay   int64 `json:"missing_way"` // a way or the via node is not in the network
		Ambiguous    int64 `json:"ambiguous"`   // a way passes the via node, or there are several ways over via ways
		Disconnected int64 `json:"disconnected"`
	} `json:"restriction_left_out"`
}

// Notes tell what became of the input when the network was built.
func (n *Network) Notes() Notes { return n.notes }

// Nodes and Edges are how many there are.
func (n *Network) Nodes() int { return len(n.nodes) }

// Edges is the number of edges; there are two arcs each.
func (n *Network) Edges() int { return len(n.edges) }

// Node is the place and the height of a node (NaN when unknown).
func (n *Network) Node(i int) (orb.Point, float32) { return n.nodes[i].at.point(), n.nodes[i].z }

// Ends are the nodes of an edge in the direction of its line.
func (n *Network) Ends(edge int) (from, to int) {
	return int(n.edges[edge].from), int(n.edges[edge].to)
}

// Metres is the length of an edge.
func (n *Network) Metres(edge int) float64 { return float64(n.edges[edge].metres) }

// Shape is the line of an edge, its ends included, appended to dst.
func (n *Network) Shape(edge int, dst []orb.Point) []orb.Point {
	e := n.edges[edge]
	dst = append(dst, n.nodes[e.from].at.point())
	for _, p := range n.shape[n.shapeAt[edge]:n.shapeAt[edge+1]] {
		dst = append(dst, p.point())
	}
	return append(dst, n.nodes[e.to].at.point())
}

// heights calls yield for the pieces of an edge along its line: their length
// and what they rise, NaN when that is not known.
func (n *Network) heights(i int, yield func(metres, rise float64)) {
	e := n.edges[i]
	inner := n.samples[n.sampleAt[i]:n.sampleAt[i+1]]
	piece := float64(e.metres) / float64(len(inner)+1)
	z := n.nodes[e.from].z
	for _, next := range inner {
		yield(piece, float64(next-z))
		z = next
	}
	yield(piece, float64(n.nodes[e.to].z-z))
}

// Climb is what an edge rises and falls along its line, in metres; pieces of
// unknown height count as level.
func (n *Network) Climb(edge int) (up, down float64) {
	n.heights(edge, func(_, rise float64) {
		switch {
		case rise > 0:
			up += rise
		case rise < 0:
			down -= rise
		}
	})
	return up, down
}

// Way is what an edge belongs to, without its line.
func (n *Network) Way(edge int) Way {
	w := &n.ways[n.edges[edge].way]
	out := Way{ID: w.id, Attributes: Attributes{
		Class: n.textOf(w.class), Surface: n.textOf(w.surface), Track: n.textOf(w.track), Name: n.textOf(w.name), Ref: n.textOf(w.ref),
		Link: w.flags&flagLink != 0, BicycleBoth: w.flags&flagBicycleBoth != 0, Bridge: w.flags&flagBridge != 0, Tunnel: w.flags&flagTunnel != 0,
		MaxForward: w.maxForward, MaxBackward: w.maxBackward, Seconds: w.seconds,
	}}
	for m := range Modes {
		out.Access[m] = Access(w.access[m])
	}
	switch {
	case w.flags&flagForward != 0:
		out.OneWay = 1
	case w.flags&flagBackward != 0:
		out.OneWay = -1
	}
	return out
}

func (n *Network) textOf(i uint32) string { return string(n.text[n.textAt[i]:n.textAt[i+1]]) }

// tail and tip are the nodes that an arc leads from and to.
func (n *Network) tail(arc uint32) uint32 {
	if arc&1 == 0 {
		return n.edges[arc>>1].from
	}
	return n.edges[arc>>1].to
}

func (n *Network) tip(arc uint32) uint32 { return n.tail(arc ^ 1) }

// Close lets go of the file; the network and all that was made of it must not
// be used after.
func (n *Network) Close() error {
	var err error
	n.once.Do(func() {
		if n.unmap != nil {
			err = n.unmap()
		}
	})
	return err
}
