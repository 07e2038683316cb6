package report

import "golang.org/x/sys/unix"

// limitMemory bounds the address space of a process that has just begun. When
// the system does not let it, time is bounded still.
func limitMemory(pid int, most int64) {
	limit := unix.Rlimit{Cur: uint64(most), Max: uint64(most)} //nolint:gosec // above 0
	_ = unix.Prlimit(pid, unix.RLIMIT_AS, &limit, nil)
}
