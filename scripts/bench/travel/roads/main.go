// Command roads measures the time to the nearest service of every node of a
// network of roads, ours beside pandana (PyPI), on the same edges.
//
//	go run ./scripts/bench/travel/roads -side 274                      a made town of some 300,000 edges
//	go run ./scripts/bench/travel/roads -network …/network.roads       a graph that Contado has kept
//	… -python /path/to/python3                                         one that has pandana
//
// Times of processor and clock are printed for the parts that users wait for:
// building (from lines, or opening a kept file), weighing, and the search.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/paulmach/orb"

	"contado/geo/travel"
	"contado/geo/travel/road"
)

func main() {
	side := flag.Int("side", 274, "streets of the made town each way: 4·side² arcs")
	network := flag.String("network", "", "graph to use instead of a made town")
	facilities := flag.Int("facilities", 60, "services, on as many nodes")
	python := flag.String("python", "python3", "Python with pandana; none to leave it out")
	flag.Parse()
	if err := run(*side, *network, *facilities, *python); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// clock measures a part by the clock and by the processor.
func clock(what string, do func() error) error {
	cpu, began := processor(), time.Now()
	err := do()
	fmt.Printf("%-44s %8.3f s   processor %8.3f s\n", what, time.Since(began).Seconds(), processor()-cpu)
	return err
}

func processor() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func run(side int, network string, facilities int, python string) error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "bench-roads-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var net *road.Network
	if network == "" {
		network = filepath.Join(dir, "town"+road.Extension)
		if err := clock("build from lines", func() error {
			net, err = road.Build(ctx, town(side), nil, nil)
			return err
		}); err != nil {
			return err
		}
		if err := clock("write the file", func() error { return road.Create(network, net) }); err != nil {
			return err
		}
	}
	if err := clock("open the file", func() error {
		net, err = road.Open(network)
		return err
	}); err != nil {
		return err
	}
	defer net.Close()
	car, err := travel.ProfileByName("car")
	if err != nil {
		return err
	}
	var g *road.Graph
	if err := clock("times of the profile", func() error {
		g, err = net.Weigh(ctx, car, &road.WeighOptions{Unheeded: true})
		return err
	}); err != nil {
		return err
	}
	fmt.Printf("%d nodes, %d edges, %d services\n", net.Nodes(), net.Edges(), facilities)
	where := services(net, facilities)
	var times *road.Times
	for _, k := range []int{1, 2, 3} {
		if err := clock(fmt.Sprintf("nearest service of every node, run %d", k), func() error {
			times, err = g.Search(ctx, seedsAt(net, where), road.Options{Direction: travel.FromFacility})
			return err
		}); err != nil {
			return err
		}
	}
	if err := clock("the 3 nearest of every node", func() error {
		_, err := g.KNearest(ctx, seedsAt(net, where), 3, road.Options{Direction: travel.FromFacility})
		return err
	}); err != nil {
		return err
	}
	if python == "none" {
		return nil
	}
	return peer(ctx, dir, python, g, where, times)
}

// town is a grid of streets with some one-way roads and some faster ones.
func town(side int) iter.Seq2[road.Way, error] {
	r := rand.New(rand.NewPCG(1, 2))
	at := func(x, y int) orb.Point { return orb.Point{10 + float64(x)*1.3e-3, 45 + float64(y)*0.9e-3} }
	return func(yield func(road.Way, error) bool) {
		id := int64(0)
		street := func(a, b orb.Point, line int) bool {
			id++
			w := road.Way{ID: id, Line: orb.LineString{a, b}, Attributes: road.Attributes{Class: "residential"}}
			if line%10 == 0 {
				w.Class = "primary"
			}
			if r.IntN(5) == 0 {
				w.OneWay = int8(2*r.IntN(2) - 1)
			}
			return yield(w, nil)
		}
		for y := range side {
			for x := range side {
				if x+1 < side && !street(at(x, y), at(x+1, y), y) || y+1 < side && !street(at(x, y), at(x, y+1), x) {
					return
				}
			}
		}
	}
}

// services are nodes spread over the network.
func services(n *road.Network, count int) []int {
	r := rand.New(rand.NewPCG(3, 4))
	out := make([]int, count)
	for i := range out {
		out[i] = r.IntN(n.Nodes())
	}
	return out
}

// seedsAt puts a seed at the end of each edge at a node.
func seedsAt(n *road.Network, nodes []int) []road.Seed {
	facility := map[int]int{}
	for i, v := range nodes {
		if _, ok := facility[v]; !ok {
			facility[v] = i
		}
	}
	var out []road.Seed
	for e := range n.Edges() {
		a, b := n.Ends(e)
		if f, ok := facility[a]; ok {
			out = append(out, road.Seed{Edge: int32(e), Along: 0, Facility: int32(f)})
		}
		if f, ok := facility[b]; ok {
			out = append(out, road.Seed{Edge: int32(e), Along: 1, Facility: int32(f)})
		}
	}
	return out
}

// peer runs pandana on the same arcs and compares the answers: it searches
// from nodes to services, so it gets the arcs turned round.
func peer(ctx context.Context, dir, python string, g *road.Graph, where []int, times *road.Times) error {
	path := filepath.Join(dir, "arcs.bin")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	put := func(v ...float64) {
		for _, x := range v {
			_ = binary.Write(w, binary.LittleEndian, x) // Flush tells
		}
	}
	arcs := 0
	for a := range 2 * g.Edges() {
		if _, ok := g.Millis(a); ok {
			arcs++
		}
	}
	put(float64(g.Nodes()), float64(arcs), float64(len(where)))
	for i := range g.Nodes() {
		at, _ := g.Node(i)
		put(at[0], at[1], times.Node(i).Seconds())
	}
	for a := range 2 * g.Edges() {
		if ms, ok := g.Millis(a); ok {
			from, to := g.Ends(a / 2)
			if a%2 == 1 {
				from, to = to, from
			}
			put(float64(to), float64(from), float64(ms)/1000)
		}
	}
	for _, v := range where {
		put(float64(v))
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, python, filepath.Join("scripts", "bench", "travel", "roads", "pandana_peer.py"), path)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	fmt.Print(strings.TrimSuffix(string(out), "\n") + "\n")
	return err
}
