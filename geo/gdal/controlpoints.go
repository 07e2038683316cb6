package gdal

import (
	"strconv"

	"contado/geo"
	"contado/geo/fault"
	"github.com/airbusgeo/godal"
)

// ControlPoint ties a place of a raster, in fractional cells from its outer
// corner, to a place in the CRS.
type ControlPoint struct {
	Col, Row float64
	X, Y, Z  float64
}

// ControlPoints are the ground control points of a raster, nil when it has
// none. Their CRS is that of Grid.
func (r *Raster) ControlPoints() []ControlPoint {
	var out []ControlPoint
	for _, p := range r.ds.GCPs() {
		out = append(out, ControlPoint{Col: p.DfGCPPixel, Row: p.DfGCPLine, X: p.DfGCPX, Y: p.DfGCPY, Z: p.DfGCPZ})
	}
	return out
}

// setControlPoints places a new raster by control points.
func (w *RasterWriter) setControlPoints(points []ControlPoint, crs geo.CRS) error {
	const op = "gdal.CreateGeoTIFF"
	var c call
	log := godal.ErrLogger(c.handle)
	id, err := ParseCRS(string(crs))
	if err != nil {
		return err
	}
	sr, err := godal.NewSpatialRef(string(id), log)
	if err != nil {
		return wrap(op, fault.Invalid, err, "reference system of %s", w.path)
	}
	defer sr.Close()
	list := make([]godal.GCP, len(points))
	for i, p := range points {
		list[i] = godal.GCP{PszId: strconv.Itoa(i + 1), DfGCPPixel: p.Col, DfGCPLine: p.Row, DfGCPX: p.X, DfGCPY: p.Y, DfGCPZ: p.Z}
	}
	return wrap(op, fault.Invalid, w.ds.SetGCPs(list, godal.GCPSpatialRef(sr), log), "place %s", w.path)
}
