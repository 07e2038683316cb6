package analysis

import (
	"math"
	"path/filepath"

	"contado/geo"
	"contado/geo/demand"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// cellGrid is a grid of square cells in the UTM zone of a box, on whole
// multiples of the cell.
func cellGrid(box geo.BBox, cell float64) (grid.Grid, error) {
	utm := utmOf((box.MinX+box.MaxX)/2, (box.MinY+box.MaxY)/2)
	b, err := fromLonLat(box, utm)
	if err != nil {
		return grid.Grid{}, err
	}
	x0, y1 := math.Floor(b.MinX/cell)*cell, math.Ceil(b.MaxY/cell)*cell
	w, h := math.Ceil((b.MaxX-x0)/cell), math.Ceil((y1-b.MinY)/cell)
	if n := w * h; !(n > 0 && n <= maxSampleCells) {
		return grid.Grid{}, fault.WithHint(fault.Errorf("analysis.SpreadPeople", fault.TooLarge, "%.0f × %.0f cells of %g m, the limit is %d", w, h, cell, maxSampleCells), "take larger cells")
	}
	return grid.Grid{CRS: utm, Transform: grid.Transform{x0, cell, 0, y1, 0, -cell}, Width: int(w), Height: int(h)}, nil
}

// describe adds what came of the spread, and says what did not go by the method.
func (s *spreader) describe(rep *SpreadReport, got *demand.Spread) {
	rep.Fallback = got.Fallback
	for k, d := range got.Classes {
		if s.classes[k] != noClass {
			rep.Densities = append(rep.Densities, GroundDensity{Class: int(s.classes[k]), Name: s.named[int(s.classes[k])], PerKm2: d.PerArea * 1e6, Samples: d.Samples})
		}
	}
	if f := got.Fallback; f.Sections > 0 {
		s.notice("sections-spread-evenly",
			notice.Text("%d [section|sections] with %.0f [person|people] [1:has|have] nothing that people could live on: people were spread over all the surface there.", f.Sections, f.People),
			notice.Italian("%d [sezione|sezioni] con %.0f [abitante|abitanti] non [1:ha|hanno] nulla su cui abitare: lì gli abitanti sono stati distribuiti su tutta la superficie.", f.Sections, f.People))
	}
}

// write sums the pieces by cell and writes the grid.
func (s *spreader) write(rep *SpreadReport, got *demand.Spread) (*Map, error) {
	m := &Map{
		Process: "population-spread", Title: "People, from " + s.q.Sections, Role: catalog.Population, Grid: s.target, Unit: "people", Details: rep,
		Method:  notice.Text("people of %d census [section|sections] spread over cells by the method %s, each section's people kept to the last", rep.Sections, rep.Method),
		Files:   []MapFile{{Path: filepath.Join(s.q.Dir, "people.tif")}},
		Figures: map[string]float64{"people": rep.People},
	}
	for _, a := range rep.Accuracy {
		if a.Method == rep.Method {
			m.Figures["tae_share_held_out"], m.Figures["rmse_held_out"] = a.Share, a.RMSE
		}
	}
	zero := -1.0
	spec := gdal.RasterSpec{Grid: s.target, DataType: "float64", Compress: "ZSTD", BlockSize: 512}
	for _, name := range rep.Bands {
		spec.Bands = append(spec.Bands, gdal.BandSpec{Name: name, Unit: "people", Nodata: &zero})
	}
	w, err := gdal.CreateGeoTIFF(m.Files[0].Path, spec)
	if err != nil {
		return nil, err
	}
	for b, column := range append([][]float64{got.People}, got.Bands...) {
		sums := make([]float64, s.target.Cells())
		for i, n := range column {
			sums[s.pieces.Cell[i]] += n
		}
		if err := w.Write(b+1, s.target.Full(), sums); err != nil {
			return nil, firstError(err, w.Close())
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	used := map[string][]string{}
	for _, in := range s.inputs {
		used[in.Dataset] = nil
	}
	params := map[string]any{"sections": s.q.Sections, "ground": s.q.Ground, "inhabited": s.q.Inhabited, "buildings": s.q.Buildings, "method": rep.Method, "cell": s.q.Cell, "whole": s.q.Whole}
	return m, s.seal(m, params, used)
}

// Table is the errors of the methods on sections held out, the least first.
func (r *SpreadReport) Table(l table.Locale, m *Map) *table.Table {
	t := &table.Table{
		Name: m.Title, About: about(l, m.Title, m.Method, m.Inputs, m.Notices, m.Program),
		Columns: []table.Column{
			{Name: "method"},
			{Name: "taken", Kind: table.Flag},
			{Name: "sections", Kind: table.Integer},
			{Name: "merged", Kind: table.Integer},
			{Name: "people", Kind: table.Real, Digits: 0},
			{Name: "tae", Kind: table.Real, Digits: 1},
			{Name: "tae_share", Kind: table.Share},
			{Name: "rmse", Kind: table.Real, Digits: 2},
			{Name: "mae", Kind: table.Real, Digits: 2},
		},
	}
	for _, a := range r.Accuracy {
		t.Rows = append(t.Rows, []any{string(a.Method), a.Method == r.Method, a.Sections, a.Merged, a.People, a.TAE, a.Share, a.RMSE, a.MAE})
	}
	return t
}
