//go:build !linux

package report

func limitMemory(int, int64) {}
