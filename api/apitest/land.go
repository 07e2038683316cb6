// Package apitest makes a small installation through the real ingest and
// stores, serves it, and checks every exchange with it against the OpenAPI
// document. It is for tests.
package apitest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"contado/api"
	"contado/api/upload"
	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/store/dir"
	"contado/geo/store/gpkg"
	"contado/geo/store/sqlite"
	"contado/ingest"
	"contado/tiles"
)

// The plain: 10 × 10 km in UTM 32 N round 9° E.
const (
	Side     = 100   // cells of a side
	CellSize = 100.0 // metres
	West     = 495_000.0
	North    = 5_105_000.0
)

// Wells is the number of rows of dataset "wells".
const Wells = 20

// Sites is the number of rows of dataset "sites".
const Sites = 57

// Land is the installation, opened. Datasets:
//
//   - municipalities (territory, 3857): 001 Westland and 002 Eastland of province 9;
//   - landcover, population, elevation (rasters, 32632): grass with a river in
//     column 90, one person a cell, heights that rise eastwards;
//   - clinic (service): one in the west;
//   - sites (other, 4326): Sites points with attributes of all types, ids from
//     1, the last without geometry;
//   - islands (other, 4326): polygons on both sides of the antimeridian;
//   - wells (other, 32632): Wells polygons, for tests that edit;
//   - people (population table by municipality, without geometry) is not there:
//     one population is enough for a report;
//   - scenes (imagery, 32632): two dates, three bands.
type Land struct {
	Dir    string
	Deps   api.Deps
	Server *api.Server
	jobs   *sqlite.Jobs
	cat    *sqlite.Catalog
	blobs  *dir.Store
}

// WhoHeader is the header that says who edits.
const WhoHeader = "X-Test-User"

// Program is what the land says that it was made by.
const Program = "contado 0.0.1-test"

// NewLand makes the installation in a folder. The limits are the server's.
func NewLand(ctx context.Context, folder string, limits api.Limits) (*Land, error) {
	l := &Land{Dir: folder}
	var err error
	if l.blobs, err = dir.Open(folder); err != nil {
		return nil, err
	}
	if l.cat, err = sqlite.OpenCatalog(ctx, filepath.Join(folder, "catalog.db")); err != nil {
		return nil, err
	}
	if err := l.fill(ctx); err != nil {
		return nil, err
	}
	at, err := atlas.Open(ctx, atlas.Stores{Catalog: l.cat, Features: gpkg.New(), Blobs: l.blobs, Journal: l.cat.Journal()})
	if err != nil {
		return nil, err
	}
	pool := gdal.NewPool(nil)
	maker, err := tiles.New(tiles.FromPool(pool), &tiles.Options{Locate: l.blobs.Path})
	if err != nil {
		return nil, err
	}
	l.jobs, err = sqlite.OpenJobs(ctx, filepath.Join(folder, "jobs.db"), &sqlite.JobsOptions{PollInterval: 20 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	l.Deps = api.Deps{
		Atlas: at, Pool: pool, Tiles: maker, Engine: analysis.New(at, pool, Program), Jobs: l.jobs, Blobs: l.blobs,
		Edit:   api.EditBy(WhoHeader),
		Stores: l.stores(), Manage: &api.Manage{Who: api.EditBy(WhoHeader), Uploads: filepath.Join(folder, "uploads"), Limits: upload.Limits{Spare: 1, Unpacked: 32 << 20}},
		Log: slog.New(slog.DiscardHandler), Program: Program, Limits: limits,
	}
	l.Server, err = api.New(l.Deps) //nolint:contextcheck // requests bring their own
	return l, err
}

// Close closes what was opened.
func (l *Land) Close() error {
	err := l.Deps.Atlas.Close()
	l.Deps.Pool.Close()
	return errors.Join(err, l.jobs.Close(), l.cat.Close(), l.blobs.Close())
}

// Work runs jobs until the context ends.
func (l *Land) Work(ctx context.Context) error { return l.jobs.Run(ctx, l.Server.Handlers()) }

// stores are those that datasets are made in.
func (l *Land) stores() ingest.Stores {
	return ingest.Stores{Catalog: l.cat, Blobs: l.blobs, Staging: filepath.Join(l.Dir, "staging"), Program: Program}
}

func (l *Land) fill(ctx context.Context) error {
	src := filepath.Join(l.Dir, "source")
	if err := os.MkdirAll(src, 0o755); err != nil {
		return err
	}
	for _, d := range []struct {
		o    ingest.Options
		file string
		make func(path string) error
	}{
		{ingest.Options{
			Dataset: "municipalities", Role: catalog.TerritoryRole, Title: "Municipalities", CodeField: "code", NameField: "name",
			ParentFields: []string{"prov"}, LevelName: "municipality",
		}, "municipalities.geojson", municipalities},
		{ingest.Options{Dataset: "landcover", Role: catalog.LandCover}, "landcover.tif", func(p string) error { return raster(p, cover) }},
		{ingest.Options{Dataset: "population", Role: catalog.Population}, "population.tif", func(p string) error { return raster(p, person) }},
		{ingest.Options{Dataset: "elevation", Role: catalog.Elevation}, "elevation.tif", func(p string) error { return raster(p, height) }},
		{ingest.Options{Dataset: "clinic", Role: catalog.Service, Title: "Clinics", Description: "Invented for tests"}, "clinic.geojson", clinics},
		{ingest.Options{Dataset: "sites", Role: catalog.OtherRole, Title: "Sites <&>"}, "sites.geojson", sites},
		{ingest.Options{Dataset: "islands", Role: catalog.OtherRole}, "islands.geojson", islands},
		{ingest.Options{Dataset: "wells", Role: catalog.OtherRole, Title: "Wells"}, "wells.geojson", wells},
		{ingest.Options{Dataset: "scenes", Role: catalog.Imagery, Datetime: "2024-05-01"}, "scene_a.tif", scene},
		{ingest.Options{Dataset: "scenes", Append: true, Datetime: "2024-07-01T10:00:00Z"}, "scene_b.tif", scene},
	} {
		path := filepath.Join(src, d.file)
		if err := d.make(path); err != nil {
			return fmt.Errorf("make %s: %w", d.file, err)
		}
		if _, err := ingest.Run(ctx, l.stores(), []string{path}, d.o, nil); err != nil {
			return fmt.Errorf("ingest %s: %w", d.file, err)
		}
	}
	return nil
}

// LandGrid is the grid of the rasters.
func LandGrid() grid.Grid {
	return grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{West, CellSize, 0, North, 0, -CellSize}, Width: Side, Height: Side}
}

func cover(col, _ int) float32 {
	if col == 90 {
		return 80 // water
	}
	return 30 // grass
}

func person(_, _ int) float32 { return 1 }

func height(col, _ int) float32 { return 200 + float32(col) }

func raster(path string, value func(col, row int) float32) error {
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: LandGrid(), DataType: "float32", Bands: []gdal.BandSpec{{}}})
	if err != nil {
		return err
	}
	cells := make([]float32, Side*Side)
	for i := range cells {
		cells[i] = value(i%Side, i/Side)
	}
	return errors.Join(w.Write(1, LandGrid().Full(), cells), w.Close())
}

func scene(path string) error {
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: LandGrid(), DataType: "uint16", Bands: []gdal.BandSpec{{Name: "B04"}, {Name: "B03"}, {Name: "B02"}}})
	if err != nil {
		return err
	}
	for band := 1; band <= 3; band++ {
		cells := make([]uint16, Side*Side)
		for i := range cells {
			cells[i] = uint16(500 + band*100 + (i%Side)*10 + i/Side)
		}
		if err := w.Write(band, LandGrid().Full(), cells); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

// object is a JSON object.
type object = map[string]any

func collection(path, crs string, features []object) error {
	fc := object{"type": "FeatureCollection", "features": features}
	if crs != "" {
		fc["crs"] = object{"type": "name", "properties": object{"name": crs}}
	}
	b, err := json.Marshal(fc)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}

func feature(geometry object, properties object) object {
	return object{"type": "Feature", "geometry": geometry, "properties": properties}
}

func box(x0, y0, x1, y1 float64) object {
	return object{"type": "Polygon", "coordinates": [][][2]float64{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}}
}

func municipalities(path string) error {
	half := Side * CellSize / 2
	south := North - Side*CellSize
	return collection(path, "urn:ogc:def:crs:EPSG::32632", []object{
		feature(box(West, south, West+half, North), object{"code": "001", "name": "Westland", "prov": "9"}),
		feature(box(West+half, south, West+2*half, North), object{"code": "002", "name": "Eastland", "prov": "9"}),
	})
}

func clinics(path string) error {
	x, y := LandGrid().Center(25, 50)
	return collection(path, "urn:ogc:def:crs:EPSG::32632", []object{
		feature(object{"type": "Point", "coordinates": [2]float64{x, y}}, object{"name": "Clinic"}),
	})
}

// SiteAt is where site i of 1 … Sites lies.
func SiteAt(i int) (lon, lat float64) { return 9 + float64(i%10)/100, 46 + float64(i/10)/100 }

func sites(path string) error {
	var list []object
	for i := 1; i <= Sites; i++ {
		lon, lat := SiteAt(i)
		g := object{"type": "Point", "coordinates": [2]float64{lon, lat}}
		if i == Sites {
			g = nil
		}
		kind := []string{"mill", "<b>bridge</b>", "chapel & tower"}[i%3]
		list = append(list, feature(g, object{
			"kind": kind, "number": i, "weight": float64(i) / 8, "open": i%2 == 0,
			"seen": fmt.Sprintf("2024-01-%02dT10:00:00Z", 1+i%28), "tags": []string{"a", kind},
		}))
	}
	return collection(path, "", list)
}

func wells(path string) error {
	var list []object
	for i := 1; i <= Wells; i++ {
		x, y := West+float64(i)*100, North-float64(i)*100
		list = append(list, feature(box(x, y, x+10, y+10), object{
			"name": fmt.Sprintf("well %d", i), "depth": float64(i) / 2, "count": i, "dry": i%2 == 0,
			"built_from": fmt.Sprintf("19%02d-05-01", 40+i), "built_to": fmt.Sprintf("19%02d-05-01", 45+i),
		}))
	}
	return collection(path, "urn:ogc:def:crs:EPSG::32632", list)
}

func islands(path string) error {
	return collection(path, "", []object{
		feature(box(177, -18, 179.5, -16), object{"name": "west of the line"}),
		feature(box(-179.5, -18, -177, -16), object{"name": "east of the line"}),
		feature(box(0, 0, 1, 1), object{"name": "far away"}),
		feature(object{"type": "MultiPolygon", "coordinates": [][][][2]float64{
			{{{179.8, -10}, {180, -10}, {180, -9}, {179.8, -9}, {179.8, -10}}},
			{{{-180, -10}, {-179.8, -10}, {-179.8, -9}, {-180, -9}, {-180, -10}}},
		}}, object{"name": "across"}),
	})
}
