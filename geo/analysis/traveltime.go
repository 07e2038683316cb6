package analysis

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/travel"
	"contado/geo/travel/isochrone"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/coverage"
)

// timeNoData stands for cells that are not reached in rasters of times.
const timeNoData = -1.0

// TravelTime makes a raster of the seconds from every cell of the territory or
// the box to the nearest facility, or from it; cells that are not reached have
// no value. The map has means by area when w has areas.
func (e *Engine) TravelTime(ctx context.Context, q TravelRequest, w MapWhere, p Progress) (*Map, error) {
	t, err := e.trip(ctx, q, p)
	if err != nil {
		return nil, err
	}
	m, err := t.move(ctx, t.list, &q, p.part(0.5, 0.9))
	if err != nil {
		return nil, err
	}
	g, win, err := t.cut()
	if err != nil {
		return nil, err
	}
	out := &Map{
		Process: "travel-time", Title: t.title(&q), Role: catalog.OtherRole, Unit: "s", Grid: g,
		Files: []MapFile{{Path: filepath.Join(w.Dir, "travel-time.tif")}},
	}
	out.Method = t.method(&q)
	if err := writeTimes(out.Files[0].Path, g, t.mover.grid(), win, m.seconds); err != nil {
		return nil, err
	}
	reached := 0.0
	for row := win.Row; row < win.Row+win.Height; row++ {
		for _, s := range m.seconds[row*t.mover.grid().Width+win.Col:][:win.Width] {
			if !math.IsInf(float64(s), 1) {
				reached++
			}
		}
	}
	out.Figures = map[string]float64{"reached cells": reached, "cells": float64(win.Cells())}
	p.tell(0.95, "areas")
	if err := t.measured(ctx, out, w); err != nil {
		return nil, err
	}
	used := map[string][]string{}
	for _, in := range inputsOf(t.setting.run, t.run) {
		used[in.Dataset] = nil
	}
	if err := t.run.seal(out, q.parameters(), used); err != nil {
		return nil, err
	}
	out.Inputs, out.Notices = inputsOf(t.setting.run, t.run), t.notes()
	return out, nil
}

func (t *trip) measured(ctx context.Context, m *Map, w MapWhere) error {
	if len(w.Areas.Features) == 0 && w.Areas.Dataset == "" {
		return t.run.measure(ctx, m, nil, nil)
	}
	areas, _, err := t.run.mapAreas(ctx, w)
	if err != nil {
		return err
	}
	return t.run.measure(ctx, m, areas, nil)
}

// title says what times they are.
func (t *trip) title(q *TravelRequest) string {
	where := t.whole.Name
	if where == "" {
		where = t.box.String()
	}
	what := q.Service
	if what == "" {
		what = notice.Text("%d [place|places]", len(q.Places))
	}
	to := "to"
	if q.Direction == travel.FromFacility {
		to = "from"
	}
	return fmt.Sprintf("Travel time %s %s, %s, %s", to, what, t.profile, where)
}

// parameters are what a travel time is computed again from.
func (q *TravelRequest) parameters() map[string]any {
	out := map[string]any{
		"territory": q.Territory, "service": q.Service, "profile": q.Profile, "max_seconds": q.MaxSeconds,
		"neighbours": q.Neighbours, "landcover": q.LandCover, "elevation": q.Elevation, "roads": q.Roads, "barriers": q.Barriers,
	}
	if q.BBox != nil {
		out["bbox"] = []float64{q.BBox.MinX, q.BBox.MinY, q.BBox.MaxX, q.BBox.MaxY}
	}
	if q.Direction == travel.FromFacility {
		out["direction"] = "from-facility"
	}
	if q.AnyDirection {
		out["any_direction"] = true
	}
	if len(q.Season) > 0 {
		out["season"] = q.Season
	}
	places := []map[string]any{}
	for i, p := range q.Places {
		if i == maxLeftOut {
			break
		}
		places = append(places, map[string]any{"id": p.ID, "name": p.Name, "lon": p.Lon, "lat": p.Lat})
	}
	if len(places) > 0 {
		out["places"], out["place_count"] = places, len(q.Places)
	}
	return out
}

// cut is the window of the ground over the territory or box itself.
func (t *trip) cut() (grid.Grid, grid.Window, error) {
	g := t.mover.grid()
	native, err := fromLonLat(t.box, g.CRS)
	if err != nil {
		return grid.Grid{}, grid.Window{}, err
	}
	win := g.WindowOf(native)
	if win.Empty() {
		return grid.Grid{}, win, fault.Errorf(opTravel, fault.Invalid, "the ground taken in does not meet the territory")
	}
	return g.Sub(win), win, nil
}

// writeTimes writes a window of times as a GeoTIFF.
func writeTimes(path string, g, whole grid.Grid, win grid.Window, seconds []float32) (err error) {
	nodata := timeNoData
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{
		Grid: g, DataType: "float32", Compress: "ZSTD", BlockSize: 512,
		Bands: []gdal.BandSpec{{Name: "seconds", Unit: "s", Nodata: &nodata}},
	})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := w.Close(); err == nil {
			err = cerr
		}
	}()
	const rows = 512
	for from := 0; from < win.Height; from += rows {
		part := grid.Window{Row: from, Width: win.Width, Height: min(rows, win.Height-from)}
		values := make([]float32, 0, part.Cells())
		for row := from; row < from+part.Height; row++ {
			for _, s := range seconds[(win.Row+row)*whole.Width+win.Col:][:win.Width] {
				if math.IsInf(float64(s), 1) {
					s = timeNoData
				}
				values = append(values, s)
			}
		}
		if err := w.Write(1, part, values); err != nil {
			return err
		}
	}
	return nil
}

// Isochrones are areas reached within times.
type Isochrones struct {
	Title   string             `json:"title"`
	Limits  []float64          `json:"limits"` // seconds, rising
	Areas   []orb.MultiPolygon `json:"-"`      // longitude, latitude; parallel to Limits
	Square  []float64          `json:"km2"`    // of the cells within
	Method  string             `json:"method"`
	Inputs  []coverage.Input   `json:"inputs"`
	Notices []coverage.Notice  `json:"notices"`
	Program coverage.Program   `json:"program"`
	Grid    grid.Grid          `json:"-"`
}

// Isochrones gives the areas from which the nearest facility is within each of
// the limits (seconds, inclusive), or which are within them from it. Holes and
// islands are kept; areas reach beyond the territory where the ground taken in
// does.
func (e *Engine) Isochrones(ctx context.Context, q TravelRequest, limits []float64, p Progress) (*Isochrones, error) {
	if len(limits) == 0 || len(limits) > isochrone.MaxLimits {
		return nil, fault.Errorf(opTravel, fault.Invalid, "%d limits; want 1 to %d", len(limits), isochrone.MaxLimits)
	}
	for i, l := range limits {
		if !(l > 0 && l <= maxThreshold) || i > 0 && l <= limits[i-1] {
			return nil, fault.Errorf(opTravel, fault.Invalid, "limits have to rise, from more than 0 to %g seconds (a day): %g is limit %d", maxThreshold, l, i+1)
		}
	}
	q.MaxSeconds = limits[len(limits)-1]
	t, err := e.trip(ctx, q, p)
	if err != nil {
		return nil, err
	}
	m, err := t.move(ctx, t.list, &q, p.part(0.5, 0.8))
	if err != nil {
		return nil, err
	}
	p.tell(0.8, "outlines")
	g := t.mover.grid()
	areas, err := isochrone.Polygons(g, m.seconds, limits)
	if err != nil {
		return nil, err
	}
	out := &Isochrones{Title: t.title(&q), Limits: limits, Grid: g, Program: t.run.programOf(), Square: make([]float64, len(limits))}
	out.Method = t.method(&q)
	tr, err := crs.New(g.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	for _, a := range areas {
		moved, err := tr.Geometry(a, nil)
		if err != nil {
			return nil, err
		}
		mp, _ := moved.(orb.MultiPolygon)
		out.Areas = append(out.Areas, mp)
	}
	size, err := crs.CellAreas(g)
	if err != nil {
		return nil, err
	}
	for c, s := range m.seconds {
		for i, l := range limits {
			if float64(s) <= l {
				out.Square[i] += size(c/g.Width) / 1e6
			}
		}
	}
	out.Inputs, out.Notices = inputsOf(t.setting.run, t.run), t.notes()
	return out, nil
}

// IsochroneSchema is that of the features of isochrones.
func IsochroneSchema() geo.Schema {
	return geo.Schema{GeometryType: "MultiPolygon", CRS: geo.WGS84, Fields: []geo.Field{
		{Name: "seconds", Type: geo.Real, Description: "reached within, inclusive"},
		{Name: "minutes", Type: geo.Real},
		{Name: "area_km2", Type: geo.Real},
	}}
}

// Features are the areas as rows of IsochroneSchema, the largest first, so
// that smaller ones are drawn on top.
func (s *Isochrones) Features() []geo.Feature {
	var out []geo.Feature
	for i := len(s.Limits) - 1; i >= 0; i-- {
		out = append(out, geo.Feature{ID: int64(len(out) + 1), Geometry: s.Areas[i], Values: []any{s.Limits[i], s.Limits[i] / 60, s.Square[i]}})
	}
	return out
}
