package crs

import (
	"runtime"

	"contado/geo"
	"contado/geo/gdal"
)

// projPool lends PROJ transformations, which serve one goroutine at a time.
type projPool struct {
	src, dst geo.CRS
	free     chan *gdal.Transform
}

// newProjPool makes the first transformation at once, to tell errors early.
func newProjPool(src, dst geo.CRS) (*projPool, error) {
	tr, err := gdal.NewTransform(src, dst)
	if err != nil {
		return nil, err
	}
	p := &projPool{src: src, dst: dst, free: make(chan *gdal.Transform, max(2, runtime.GOMAXPROCS(0)))}
	p.free <- tr
	return p, nil
}

func (p *projPool) apply(x, y []float64) error {
	var tr *gdal.Transform
	select {
	case tr = <-p.free:
	default:
		var err error
		if tr, err = gdal.NewTransform(p.src, p.dst); err != nil {
			return err
		}
	}
	err := tr.Apply(x, y)
	select {
	case p.free <- tr:
	default:
		tr.Close()
	}
	return err
}
