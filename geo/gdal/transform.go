package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"unsafe"

	"contado/geo"
	"contado/geo/fault"
)

// Transform turns coordinates of one system into another through PROJ. It
// belongs to one goroutine at a time; Close frees it (a forgotten one is
// freed by the garbage collector).
type Transform struct {
	h        C.OGRCoordinateTransformationH
	src, dst srs
	ok       []C.int
}

// NewTransform finds the best transformation that PROJ's installed grids
// allow; nothing is fetched from the network.
func NewTransform(src, dst geo.CRS) (*Transform, error) {
	const op = "gdal.NewTransform"
	s, err := newSRS(string(src))
	if err != nil {
		return nil, err
	}
	d, err := newSRS(string(dst))
	if err != nil {
		s.close()
		return nil, err
	}
	var e C.ct_err
	h := C.ct_trn_new(s.h, d.h, &e)
	if h == nil {
		s.close()
		d.close()
		return nil, wrap(op, fault.Unsupported, shimError(&e), "transformation from %s to %s", src.Short(), dst.Short())
	}
	t := &Transform{h: h, src: s, dst: d}
	runtime.SetFinalizer(t, (*Transform).Close)
	return t, nil
}

// Apply transforms x[i], y[i] in place, in the order easting or longitude
// first. A point that cannot be transformed becomes NaN, NaN; that is not an
// error.
func (t *Transform) Apply(x, y []float64) error {
	const op = "gdal.Transform.Apply"
	if len(x) != len(y) {
		return fault.Errorf(op, fault.Invalid, "%d x for %d y coordinates", len(x), len(y))
	}
	if t.h == nil {
		return fault.Errorf(op, fault.Other, "the transformation is closed")
	}
	for len(x) > 0 {
		n := min(len(x), 1<<20)
		t.apply(x[:n], y[:n])
		x, y = x[n:], y[n:]
	}
	runtime.KeepAlive(t)
	return nil
}

func (t *Transform) apply(x, y []float64) {
	n := len(x)
	if cap(t.ok) < n {
		t.ok = make([]C.int, n)
	}
	var e C.ct_err
	C.ct_trn_apply(t.h, C.int(n), (*C.double)(unsafe.Pointer(&x[0])), (*C.double)(unsafe.Pointer(&y[0])), &t.ok[:n][0], &e)
	if cap(t.ok) > 1<<16 {
		t.ok = nil
	}
}

// Close frees the transformation; a second call does nothing.
func (t *Transform) Close() {
	if t.h == nil {
		return
	}
	runtime.SetFinalizer(t, nil)
	C.OCTDestroyCoordinateTransformation(t.h)
	t.h = nil
	t.src.close()
	t.dst.close()
}
