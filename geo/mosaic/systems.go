package mosaic

import (
	"sync"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/grid"
)

// maxMemo bounds the systems and boxes that are remembered.
const maxMemo = 4096

// systems remembers what it is costly to find out about reference systems.
type systems struct {
	mu           sync.Mutex
	transformers map[[2]geo.CRS]*crs.Transformer
	geographic   map[geo.CRS]bool
	boxes        map[placed]geo.BBox
}

// placed is a grid seen from a reference system.
type placed struct {
	g grid.Grid
	c geo.CRS
}

func (s *systems) transformer(src, dst geo.CRS) (*crs.Transformer, error) {
	s.mu.Lock()
	t, ok := s.transformers[[2]geo.CRS{src, dst}]
	s.mu.Unlock()
	if ok {
		return t, nil
	}
	t, err := crs.New(src, dst)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.transformers == nil || len(s.transformers) >= maxMemo {
		s.transformers = map[[2]geo.CRS]*crs.Transformer{}
	}
	s.transformers[[2]geo.CRS{src, dst}] = t
	return t, nil
}

// Transformer gives a transformer, made once.
func (r *Reader) Transformer(src, dst geo.CRS) (*crs.Transformer, error) {
	return r.systems.transformer(src, dst)
}

func (s *systems) isGeographic(c geo.CRS) (bool, error) {
	s.mu.Lock()
	is, ok := s.geographic[c]
	s.mu.Unlock()
	if ok {
		return is, nil
	}
	is, err := crs.IsGeographic(c)
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.geographic == nil || len(s.geographic) >= maxMemo {
		s.geographic = map[geo.CRS]bool{}
	}
	s.geographic[c] = is
	return is, nil
}

// box is where a grid lies in a reference system; empty when that cannot be
// told.
func (s *systems) box(g grid.Grid, c geo.CRS) (geo.BBox, error) {
	key := placed{g, c}
	s.mu.Lock()
	b, ok := s.boxes[key]
	s.mu.Unlock()
	if ok {
		return b, nil
	}
	t, err := s.transformer(g.CRS, c)
	if err != nil {
		return geo.BBox{}, err
	}
	if b, err = t.BBox(g.Bounds()); err != nil {
		if !fault.Is(err, fault.Invalid) {
			return geo.BBox{}, err
		}
		b = geo.EmptyBBox()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boxes == nil || len(s.boxes) >= maxMemo {
		s.boxes = map[placed]geo.BBox{}
	}
	s.boxes[key] = b
	return b, nil
}
