package main

import "testing"

func TestGarbageFor(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: 1600, 1 << 20: 1600, 4 << 20: 800, 32 << 20: 100, 64 << 20: 50, 1 << 30: 50, 1 << 45: 50,
	} {
		if got := garbageFor(live); got != want {
			t.Errorf("%d bytes live: %d %%, want %d", live, got, want)
		}
	}
}
