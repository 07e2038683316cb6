package travel

import (
	"syscall"
	"unsafe"
)

// adviseHuge asks the kernel to back a large array that was just allocated
// with huge pages: a search jumps between rows, and with small pages it waits
// on address translation. It is advice: refusal changes nothing but the speed.
func adviseHuge[T any](v []T) {
	const huge, advice = 2 << 20, 14 // MADV_HUGEPAGE
	size := uintptr(len(v)) * unsafe.Sizeof(*new(T))
	if size < 2*huge {
		return
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), size)
	skip := -uintptr(unsafe.Pointer(&b[0])) & (huge - 1)
	b = b[skip:]
	_ = syscall.Madvise(b[:len(b)&^(huge-1)], advice)
}
