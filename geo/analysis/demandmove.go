package analysis

import (
	"contado/geo/demand"
	"contado/geo/notice"
)

// maxResettle is how far, in metres, people who are counted on ground where
// nobody can be are moved to the nearest ground of their own area.
const maxResettle = 1000.0

// resettlement adds people to the cells of a footing, and moves those of
// cells where nobody can be: population grids smear people over water and
// cliffs. None is lost: each is moved, or stays and cannot be reached.
type resettlement struct {
	ground demand.Ground
	moves  demand.Moves
	buffer []int32
	parts  []float64
}

func newResettlement(f *footing) (*resettlement, error) {
	w, h, err := cellSides(f.grid)
	if err != nil {
		return nil, err
	}
	return &resettlement{ground: demand.Ground{
		Width: f.grid.Width, Height: f.grid.Height, CellW: w, CellH: h, Passable: f.passable, Area: f.area,
	}}, nil
}

// add puts people, with their bands, on a cell, or on the nearest of the area
// that can be: alike on several that are equally near.
func (s *resettlement) add(out *people, a int32, cell int, lon, lat, n float64, bands []float64) {
	if s.ground.Passable(cell) {
		out.row(a, cell, lon, lat, n, bands)
		return
	}
	var metres float64
	s.buffer, metres = s.ground.Nearest(s.buffer, cell, a, maxResettle)
	if len(s.buffer) == 0 {
		s.moves.Left += n
		out.row(a, cell, lon, lat, n, bands)
		return
	}
	s.moves.People += n
	s.moves.Farthest = max(s.moves.Farthest, metres)
	for i, to := range s.buffer {
		s.parts = s.parts[:0]
		for _, b := range bands {
			s.parts = append(s.parts, demand.Portion(b, int32(len(s.buffer)), i == 0))
		}
		out.row(a, int(to), lon, lat, demand.Portion(n, int32(len(s.buffer)), i == 0), s.parts)
	}
}

// report says in the run what was moved.
func (s *resettlement) report(r *run) {
	if m := &s.moves; m.People > 0 {
		r.notice("people-moved",
			notice.Text("%.1f people are counted on ground where nobody can be, such as water; they were moved to the nearest ground of their own area, at most %.0f m away. Nobody was lost.", m.People, m.Farthest),
			notice.Italian("%.1f persone risultano dove nessuno può stare, per esempio sull'acqua: sono state spostate sul terreno più vicino della propria area, a non più di %.0f m. Nessuno è andato perso.", m.People, m.Farthest))
	}
	if m := &s.moves; m.Left > 0 {
		r.notice("people-left",
			notice.Text("%.1f people are counted on ground where nobody can be, with none of their own area within %g m; they count as unreachable.", m.Left, maxResettle),
			notice.Italian("%.1f persone risultano dove nessuno può stare, senza terreno della propria area entro %g m: contano come non raggiungibili.", m.Left, maxResettle))
	}
}
