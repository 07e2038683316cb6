//go:build !linux

package travel

func adviseHuge[T any]([]T) {}
