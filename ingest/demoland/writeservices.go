package demoland

import (
	"fmt"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/store/catalog"
	"contado/ingest/demoland/settle"
)

// services writes each service in a format of its own, as they come from
// different offices.
func (w *writer) services(s *settle.Society) error {
	for i, service := range s.Services {
		var path string
		var err error
		switch i % 3 {
		case 0:
			path, err = w.serviceCSV(service)
		case 1:
			path, err = w.serviceGeoJSON(service)
		default:
			path, err = w.serviceGPKG(service)
		}
		if err != nil {
			return err
		}
		w.add(File{Dataset: service.ID, Role: catalog.Service, Title: service.TitleIT, Paths: []string{path}})
	}
	return nil
}

func (w *writer) serviceCSV(s settle.Service) (string, error) {
	rows := [][]string{{"NOME", "LOCALITA", "CODICE_ISTAT", "CAPIENZA", "ORARIO", "LATITUDINE", "LONGITUDINE"}}
	for _, f := range s.Facilities {
		lat, lon, err := commas(f.Point)
		if err != nil {
			return "", err
		}
		rows = append(rows, []string{f.Name, f.Hamlet, f.Municipality, number(f.Capacity), f.Opening, lat, lon})
	}
	path := w.path(s.ID + ".csv")
	return path, writeCSV(path, rows)
}

func (w *writer) serviceGeoJSON(s settle.Service) (string, error) {
	tr, err := crs.New(mapCRS, geo.WGS84)
	if err != nil {
		return "", err
	}
	fc := geojson.NewFeatureCollection()
	for _, f := range s.Facilities {
		x, y, ok := tr.Point(f.Point[0], f.Point[1])
		if !ok {
			return "", fmt.Errorf("facility %s is not on the map", f.Name)
		}
		one := geojson.NewFeature(orb.Point{x, y})
		one.Properties = map[string]any{"name": f.Name, "hamlet": f.Hamlet, "com_istat_code": f.Municipality, "capacity": capacity(f), "opening_hours": orNull(f.Opening)}
		fc.Append(one)
	}
	path := w.path(s.ID + ".geojson")
	return path, writeGeoJSON(path, s.ID, fc)
}

func (w *writer) serviceGPKG(s settle.Service) (string, error) {
	schema := geo.Schema{GeometryType: "Point", CRS: mapCRS, Fields: []geo.Field{
		{Name: "name", Type: geo.String},
		{Name: "hamlet", Type: geo.String},
		{Name: "com_istat_code", Type: geo.String},
		{Name: "capacity", Type: geo.Integer},
		{Name: "opening_hours", Type: geo.String},
	}}
	path := w.path(s.ID + ".gpkg")
	return path, w.layer(path, s.ID, schema, len(s.Facilities), func(i int) (orb.Geometry, []any) {
		f := s.Facilities[i]
		return f.Point, []any{f.Name, f.Hamlet, f.Municipality, capacity(f), orNull(f.Opening)}
	})
}

// capacity is null where a service has none.
func capacity(f settle.Facility) any {
	if f.Capacity == 0 {
		return nil
	}
	return int64(f.Capacity)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// number is empty for 0.
func number(v int) string {
	if v == 0 {
		return ""
	}
	return strconv.Itoa(v)
}
