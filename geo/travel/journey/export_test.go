package journey

// Door is a door as tests see it.
type Door struct {
	Edge, Cell int
	Along      float64
	Seconds    float64
}

// List gives the doors.
func (w *World) List() []Door {
	var out []Door
	for _, d := range w.doors {
		out = append(out, Door{int(d.edge), int(d.cell), float64(d.along), float64(d.seconds)})
	}
	return out
}
