package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much garbage a server lets lie before it is collected: half of what
// lives, and at least leastGarbage. A small server would otherwise collect
// after every few hundred tiles, which costs a sixth of its time.
const (
	garbagePercent = 50
	leastGarbage   = 32 << 20
	mostPercent    = 1600
	garbageEvery   = 2 * time.Second
)

// garbageFor is the percentage of the live heap, in bytes, that makes that.
func garbageFor(live uint64) int {
	if live == 0 {
		return mostPercent
	}
	return int(min(max(garbagePercent, leastGarbage*100/live), mostPercent))
}

// tendGarbage sets the collector to what lives, until the context ends.
func tendGarbage(ctx context.Context) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(garbageEvery)
	defer tick.Stop()
	set := 0
	for {
		metrics.Read(sample)
		// Setting it stops the world for a moment: not for small differences.
		if want := garbageFor(sample[0].Value.Uint64()); want*4 < set*3 || want*3 > set*4 {
			debug.SetGCPercent(want)
			set = want
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
