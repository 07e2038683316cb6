package demoland

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/ingest/demoland/settle"
)

// writer writes the files of a land.
type writer struct {
	ctx  context.Context
	dir  string
	o    Options
	land *Land
}

func (w *writer) path(name string) string { return filepath.Join(w.dir, name) }

// gridOf is the map grid of the land at a cell size.
func gridOf(z *field, cell float64) grid.Grid {
	n := int(float64(z.n)*z.cell/cell + 0.5)
	return grid.Grid{CRS: mapCRS, Transform: grid.Transform{westEdge, cell, 0, northEdge, 0, -cell}, Width: n, Height: n}
}

// raster writes one GeoTIFF with as many bands as data has.
func raster(path string, spec gdal.RasterSpec, data ...any) error {
	spec.Metadata = map[string]string{"TIFFTAG_IMAGEDESCRIPTION": invented, "TIFFTAG_COPYRIGHT": attribution}
	if err := removeOld(path); err != nil {
		return err
	}
	w, err := gdal.CreateGeoTIFF(path, spec)
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	for b, d := range data {
		if err := w.Write(b+1, spec.Grid.Full(), d); err != nil {
			_ = w.Close() // the first error says more
			return fmt.Errorf("write %s: %w", filepath.Base(path), err)
		}
	}
	return w.Close()
}

func removeOld(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// ground writes elevation and land cover.
func (w *writer) ground(z *field, cover []uint8) error {
	g := gridOf(z, z.cell)
	dem := w.path("elevation.tif")
	nodata := -9999.0
	if err := raster(dem, gdal.RasterSpec{Grid: g, DataType: "float32", Bands: []gdal.BandSpec{{Name: "elevation", Unit: "m", Nodata: &nodata}}}, z.v); err != nil {
		return err
	}
	w.add(File{Dataset: "elevation", Role: catalog.Elevation, Title: "Altimetria", Paths: []string{dem}})
	b := gdal.BandSpec{Name: "class", Categories: make([]string, coverMoss+1)}
	for _, c := range coverClasses {
		b.Colors = append(b.Colors, gdal.ColorEntry{Value: int(c.value), R: c.r, G: c.g, B: c.b, A: 255})
		b.Categories[c.value] = c.name
	}
	zero := 0.0
	b.Nodata = &zero
	path := w.path("landcover.tif")
	if err := raster(path, gdal.RasterSpec{Grid: g, DataType: "uint8", Bands: []gdal.BandSpec{b}}, cover); err != nil {
		return err
	}
	w.add(File{Dataset: "landcover", Role: catalog.LandCover, Title: "Copertura del suolo", Paths: []string{path}})
	return nil
}

// band writes one band of a satellite scene.
func (w *writer) band(path string, z *field, cell float64, name string, data any) error {
	zero := 0.0
	spec := gdal.RasterSpec{Grid: gridOf(z, cell), DataType: "uint16", Bands: []gdal.BandSpec{{Name: name, Nodata: &zero}}}
	if name == "SCL" {
		spec.DataType = "uint8"
	} else {
		spec.Bands[0].Scale = 0.0001
	}
	return raster(path, spec, data)
}

// society writes people, areas, roads, services and buses.
func (w *writer) society(s *settle.Society, h *hydrology) error {
	steps := []func() error{
		func() error { return w.people(s) },
		func() error { return w.areas(s) },
		func() error { return w.hamlets(s) },
		func() error { return w.roads(s) },
		func() error { return w.rivers(h) },
		func() error { return w.services(s) },
		func() error { return w.timetable(s) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) people(s *settle.Society) error {
	p := s.Population
	spec := gdal.RasterSpec{
		Grid: grid.Grid{
			CRS: mapCRS, Transform: grid.Transform{westEdge, p.Cell, 0, northEdge, 0, -p.Cell}, Width: p.Width, Height: p.Height,
		},
		DataType: "uint16",
	}
	data := make([]any, len(p.Bands))
	for i, name := range p.Bands {
		spec.Bands = append(spec.Bands, gdal.BandSpec{Name: name, Unit: "people"})
		data[i] = p.Values[i]
	}
	for i, women := range p.Women {
		spec.Bands = append(spec.Bands, gdal.BandSpec{Name: "female_" + p.Bands[i+1], Unit: "people"})
		data = append(data, women)
	}
	path := w.path("population.tif")
	if err := raster(path, spec, data...); err != nil {
		return err
	}
	w.add(File{Dataset: "population", Role: catalog.Population, Title: "Residenti per età, 100 m", Paths: []string{path}})
	return nil
}

// areas writes the three levels of territories as GeoJSON in longitude and
// latitude; vertices that neighbours share stay the same numbers.
func (w *writer) areas(s *settle.Society) error {
	most := -1
	for _, a := range s.Municipalities {
		if a.Population > most {
			most, w.land.Town = a.Population, a.Code
		}
	}
	unions := map[string]string{}
	for _, u := range s.Unions {
		unions[u.Code] = u.Name
	}
	type level struct {
		file, dataset, title, code, level string
		areas                             []settle.Area
		parents                           []string
		properties                        func(a settle.Area) map[string]any
	}
	for _, l := range []level{
		{"provincia.geojson", "province", "Provincia", "prov_code", "province", []settle.Area{s.Province}, nil, func(a settle.Area) map[string]any {
			return map[string]any{"prov_code": a.Code, "name": a.Name, "population": a.Population}
		}},
		{"unioni.geojson", "unions", "Unioni di comuni", "union_code", "union", s.Unions, []string{"prov_code"}, func(a settle.Area) map[string]any {
			return map[string]any{"union_code": a.Code, "name": a.Name, "prov_code": a.Parent, "prov_name": s.Province.Name, "population": a.Population}
		}},
		{"comuni.geojson", "municipalities", "Comuni", "com_istat_code", "municipality", s.Municipalities, []string{"union_code", "prov_code"}, func(a settle.Area) map[string]any {
			return map[string]any{
				"com_istat_code": a.Code, "name": a.Name, "union_code": a.Parent, "union_name": unions[a.Parent],
				"prov_code": s.Province.Code, "prov_name": s.Province.Name, "population": a.Population,
			}
		}},
	} {
		fc := geojson.NewFeatureCollection()
		for _, a := range l.areas {
			g, err := lonLat(a.Polygon)
			if err != nil {
				return err
			}
			f := geojson.NewFeature(g)
			f.Properties = l.properties(a)
			fc.Append(f)
		}
		path := w.path(l.file)
		if err := writeGeoJSON(path, l.dataset, fc); err != nil {
			return err
		}
		w.add(File{
			Dataset: l.dataset, Role: catalog.TerritoryRole, Title: l.title, Paths: []string{path},
			CodeField: l.code, NameField: "name", ParentFields: l.parents, Level: l.level,
		})
	}
	return nil
}

// lonLat turns map coordinates into longitude and latitude, vertex by vertex.
func lonLat(mp orb.MultiPolygon) (orb.MultiPolygon, error) {
	tr, err := crs.New(mapCRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	out := mp.Clone()
	for _, p := range out {
		for _, ring := range p {
			for i := range ring {
				x, y, ok := tr.Point(ring[i][0], ring[i][1])
				if !ok {
					return nil, fmt.Errorf("vertex %v is not on the map", ring[i])
				}
				ring[i] = orb.Point{x, y}
			}
		}
	}
	return out, nil
}

func writeGeoJSON(path, name string, fc *geojson.FeatureCollection) error {
	fc.ExtraMembers = geojson.Properties{"name": name, "description": invented, "attribution": attribution}
	b, err := json.Marshal(fc)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o600)
}

// hamlets are a table with a semicolon, decimal commas and text in quotes, as
// registers come.
func (w *writer) hamlets(s *settle.Society) error {
	rows := [][]string{{"nome", "tipo", "codice_comune", "abitanti", "quota_m", "latitudine", "longitudine"}}
	for _, h := range s.Hamlets {
		lat, lon, err := commas(h.Point)
		if err != nil {
			return err
		}
		rows = append(rows, []string{h.Name, h.Kind, h.Municipality, strconv.Itoa(h.Population), strconv.FormatFloat(h.Elevation, 'f', 0, 64), lat, lon})
	}
	path := w.path("localita.csv")
	if err := writeCSV(path, rows); err != nil {
		return err
	}
	w.add(File{Dataset: "hamlets", Role: catalog.Place, Title: "Località", Paths: []string{path}, NameField: "nome"})
	return nil
}

// commas is a position with decimal commas.
func commas(p orb.Point) (lat, lon string, err error) {
	tr, err := crs.New(mapCRS, geo.WGS84)
	if err != nil {
		return "", "", err
	}
	x, y, ok := tr.Point(p[0], p[1])
	if !ok {
		return "", "", fmt.Errorf("position %v is not on the map", p)
	}
	text := func(v float64) string { return strings.Replace(strconv.FormatFloat(v, 'f', 7, 64), ".", ",", 1) }
	return text(y), text(x), nil
}

func writeCSV(path string, rows [][]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	c := csv.NewWriter(f)
	c.Comma = ';'
	if err := c.WriteAll(rows); err != nil {
		_ = f.Close() // the first error says more
		return err
	}
	return f.Close()
}

func (w *writer) roads(s *settle.Society) error {
	schema := geo.Schema{GeometryType: "LineString", CRS: mapCRS, Fields: []geo.Field{
		{Name: "class", Type: geo.String},
		{Name: "name", Type: geo.String},
		{Name: "surface", Type: geo.String},
		{Name: "maxspeed", Type: geo.Integer},
		{Name: "bridge", Type: geo.Boolean},
	}}
	path := w.path("strade.gpkg")
	if err := w.layer(path, "strade", schema, len(s.Roads), func(i int) (orb.Geometry, []any) {
		r := s.Roads[i]
		return r.Line, []any{r.Class, r.Name, r.Surface, int64(r.MaxSpeed), r.Bridge}
	}); err != nil {
		return err
	}
	w.add(File{Dataset: "roads", Role: catalog.Road, Title: "Strade e sentieri", Paths: []string{path}})
	return nil
}

func (w *writer) rivers(h *hydrology) error {
	schema := geo.Schema{GeometryType: "LineString", CRS: mapCRS, Fields: []geo.Field{
		{Name: "name", Type: geo.String}, {Name: "strahler", Type: geo.Integer}, {Name: "catchment_km2", Type: geo.Real},
	}}
	path := w.path("fiumi.gpkg")
	if err := w.layer(path, "fiumi", schema, len(h.lines), func(i int) (orb.Geometry, []any) {
		r := h.lines[i]
		return onMap(r.line, westEdge, northEdge), []any{r.name, int64(r.order), r.km2}
	}); err != nil {
		return err
	}
	w.add(File{Dataset: "rivers", Role: catalog.OtherRole, Title: "Fiumi e torrenti", Paths: []string{path}})
	return nil
}

// layer writes a GeoPackage of n features.
func (w *writer) layer(path, name string, s geo.Schema, n int, at func(i int) (orb.Geometry, []any)) error {
	if err := removeOld(path); err != nil {
		return err
	}
	i := 0
	return gdal.WriteVector(w.ctx, path, "GPKG", name, s, func() (geo.Feature, bool, error) {
		if i == n {
			return geo.Feature{}, false, nil
		}
		g, values := at(i)
		i++
		return geo.Feature{ID: int64(i), Geometry: g, Values: values}, true, nil
	})
}

// onMap are the rivers as the settlers see them.
func (h *hydrology) onMap() []settle.River {
	out := make([]settle.River, len(h.lines))
	for i, r := range h.lines {
		out[i] = settle.River{Name: r.name, Order: r.order, Line: onMap(r.line, westEdge, northEdge)}
	}
	return out
}
