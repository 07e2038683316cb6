package gdal

/*
#include "remote.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"contado/geo/fault"
)

// These two are called by GDAL, on a thread of C: no panic may leave them.

// remoteSize opens the file and says how long it is; −1 when it cannot, with
// no message when there is no such file at all.
//
//export remoteSize
func remoteSize(name *C.char, kind *C.int, message *C.char) (size C.longlong) {
	size = -1
	defer caught(kind, message)
	s := remoteFiles.Load()
	if s == nil {
		return size
	}
	text := C.GoString(name)
	if _, ok := remoteOf(text); !ok {
		return size // a sidecar that GDAL looks for
	}
	f, err := s.file(text)
	if err != nil {
		tell(err, kind, message)
		return size
	}
	return C.longlong(f.size)
}

// remoteRead fills n buffers; 0 when it fails.
//
//export remoteRead
func remoteRead(name *C.char, n C.int, buffers *unsafe.Pointer, offsets *C.vsi_l_offset, sizes *C.size_t, kind *C.int, message *C.char) (ok C.int) {
	defer caught(kind, message)
	s := remoteFiles.Load()
	if s == nil {
		tell(fault.Errorf("gdal.remote", fault.Unsupported, "remote files are switched off"), kind, message)
		return 0
	}
	f, err := s.file(C.GoString(name))
	if err == nil {
		bufs, offs := make([][]byte, n), make([]int64, n)
		for i, p := range unsafe.Slice(buffers, n) {
			off, size := unsafe.Slice(offsets, n)[i], unsafe.Slice(sizes, n)[i]
			if off > math.MaxInt64 || size > math.MaxInt32 {
				tell(fault.Errorf("gdal.remote", fault.Invalid, "%d bytes at %d", size, off), kind, message)
				return 0
			}
			bufs[i], offs[i] = unsafe.Slice((*byte)(p), int(size)), int64(off)
		}
		err = s.read(f, bufs, offs)
	}
	if err != nil {
		tell(err, kind, message)
		return 0
	}
	return 1
}

func caught(kind *C.int, message *C.char) {
	if r := recover(); r != nil {
		tell(fmt.Errorf("reading a remote file: %v", r), kind, message)
	}
}

// tell hands an error to C: its kind, and its text cut to the buffer.
func tell(err error, kind *C.int, message *C.char) {
	k := fault.KindOf(err)
	*kind = C.int(k)
	text := err.Error()
	var f *fault.Error
	if errors.As(err, &f) && f.Hint != "" && f.Err != nil {
		text = f.Err.Error() // hints are for who ingests
	}
	if text == "" {
		text = "the remote file cannot be read"
	}
	out := unsafe.Slice((*byte)(unsafe.Pointer(message)), C.CT_REMOTE_MESSAGE)
	n := copy(out[:len(out)-1], text)
	out[n] = 0
}
