package analysis_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/crs"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/store/dir"
	"contado/geo/store/gpkg"
	"contado/geo/store/sqlite"
)

// utm is the CRS of the test land, whose middle lies on the zone's meridian.
const utm geo.CRS = "EPSG:32632"

const (
	side     = 100   // cells
	cellSize = 100.0 // metres
	west     = 495_000.0
	north    = 5_105_000.0
)

// land is a plain of 10 × 10 km: municipalities 001 (west half) and 002 (east
// half) of province 9, one person a cell of 100 m, grass everywhere but a
// river (water) in column 90, one clinic in the west.
type land struct {
	t      testing.TB
	dir    string
	cat    *sqlite.Catalog
	blobs  *dir.Store
	atlas  *atlas.Atlas
	engine *analysis.Engine
}

func newLand(t *testing.T) *land {
	t.Helper()
	l := emptyLand(t)
	l.fill()
	return l
}

// emptyLand has a catalog and nothing in it.
func emptyLand(t testing.TB) *land {
	t.Helper()
	ctx := context.Background()
	l := &land{t: t, dir: t.TempDir()}
	var err error
	if l.blobs, err = dir.Open(l.dir); err != nil {
		t.Fatal(err)
	}
	if l.cat, err = sqlite.OpenCatalog(ctx, filepath.Join(l.dir, "catalog.db")); err != nil {
		t.Fatal(err)
	}
	if l.atlas, err = atlas.Open(ctx, atlas.Stores{Catalog: l.cat, Features: gpkg.New(), Blobs: l.blobs}); err != nil {
		t.Fatal(err)
	}
	pool := gdal.NewPool(nil)
	t.Cleanup(func() {
		if err := l.atlas.Close(); err != nil {
			t.Error(err)
		}
		pool.Close()
		if err := l.cat.Close(); err != nil {
			t.Error(err)
		}
	})
	l.engine = analysis.New(l.atlas, pool, "contado test")
	return l
}

// fill publishes the datasets of the plain.
func (l *land) fill() {
	l.territories()
	cover := make([]uint8, side*side)
	people := make([]uint8, side*side)
	for i := range cover {
		cover[i], people[i] = 30, 1
		if i%side == 90 {
			cover[i] = 80
		}
	}
	l.raster("landcover", catalog.LandCover, cover, catalog.Band{Name: "class"})
	l.raster("population", catalog.Population, people, catalog.Band{Name: "total"})
	l.points("clinic", catalog.Service, map[string][2]int{"Clinic": {25, 50}})
	l.points("hamlets", catalog.Place, map[string][2]int{"Far Side": {95, 50}, "Corner": {80, 95}})
	if err := l.atlas.Refresh(context.Background()); err != nil {
		l.t.Fatal(err)
	}
}

func landGrid() grid.Grid {
	return grid.Grid{CRS: utm, Transform: grid.Transform{west, cellSize, 0, north, 0, -cellSize}, Width: side, Height: side}
}

func (l *land) raster(id string, role catalog.Role, values []uint8, band catalog.Band) {
	l.t.Helper()
	l.rasterOn(id, role, landGrid(), [][]uint8{values}, []catalog.Band{band})
}

// rasterOn publishes a raster of several bands on any grid.
func (l *land) rasterOn(id string, role catalog.Role, g grid.Grid, values [][]uint8, bands []catalog.Band) {
	l.t.Helper()
	tmp := filepath.Join(l.t.TempDir(), id+".tif")
	spec := gdal.RasterSpec{Grid: g, DataType: "uint8"}
	for i := range bands {
		spec.Bands = append(spec.Bands, gdal.BandSpec{Name: bands[i].Name})
		bands[i].DataType, bands[i].Scale = "uint8", 1
	}
	w, err := gdal.CreateGeoTIFF(tmp, spec)
	if err != nil {
		l.t.Fatal(err)
	}
	for i := range values {
		if err := w.Write(i+1, g.Full(), values[i]); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		l.t.Fatal(err)
	}
	key := "datasets/" + id + "/v1/" + id + ".tif"
	box := l.wgs84(g.Bounds())
	l.publish(id, catalog.Raster, role, tmp, key, catalog.Version{CRS: utm, BBox: g.Bounds(), BBoxWGS84: box},
		[]catalog.Item{{ID: id, Dataset: id, File: key, Grid: g, BBox: box, Bands: bands}})
}

func (l *land) territories() {
	l.t.Helper()
	s := geo.Schema{GeometryType: "Polygon", CRS: utm, Fields: []geo.Field{
		{Name: "code", Type: geo.String}, {Name: "name", Type: geo.String}, {Name: "prov", Type: geo.String},
	}}
	half := side * cellSize / 2
	box := func(x0, x1 float64) orb.Polygon {
		return orb.Bound{Min: orb.Point{x0, north - side*cellSize}, Max: orb.Point{x1, north}}.ToPolygon()
	}
	l.vector("municipalities", catalog.TerritoryRole, s, []geo.Feature{
		{ID: 1, Geometry: box(west, west+half), Values: []any{"001", "Westland", "9"}},
		{ID: 2, Geometry: box(west+half, west+2*half), Values: []any{"002", "Eastland", "9"}},
	}, &catalog.TerritoryFields{Code: "code", Name: "name", Parents: []string{"prov"}, ParentLevels: []string{"province"}, LevelName: "municipality"}, nil)
}

func (l *land) points(id string, role catalog.Role, at map[string][2]int) {
	l.t.Helper()
	s := geo.Schema{GeometryType: "Point", CRS: utm, Fields: []geo.Field{{Name: "name", Type: geo.String}}}
	var fs []geo.Feature
	for name, cell := range at {
		x, y := landGrid().Center(cell[0], cell[1])
		fs = append(fs, geo.Feature{ID: int64(len(fs) + 1), Geometry: orb.Point{x, y}, Values: []any{name}})
	}
	l.vector(id, role, s, fs, nil, nil)
}

func (l *land) vector(id string, role catalog.Role, s geo.Schema, fs []geo.Feature, tf *catalog.TerritoryFields, pf *catalog.PopulationFields) {
	l.t.Helper()
	tmp := filepath.Join(l.t.TempDir(), id+".gpkg")
	i := 0
	err := gdal.WriteVector(context.Background(), tmp, "GPKG", id, s, func() (geo.Feature, bool, error) {
		if i == len(fs) {
			return geo.Feature{}, false, nil
		}
		i++
		return fs[i-1], true, nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	key := "datasets/" + id + "/v1/" + id + ".gpkg"
	v := catalog.Version{
		CRS: s.CRS, Territory: tf, Table: pf,
		Vector: &catalog.VectorInfo{Schema: s, Count: int64(len(fs)), Layer: id, File: key},
	}
	if s.GeometryType != "" {
		b := geo.EmptyBBox()
		for _, f := range fs {
			b = b.Union(geo.BBoxOf(f.Geometry.Bound()))
		}
		v.BBox, v.BBoxWGS84 = b, l.wgs84(b)
	}
	l.publish(id, catalog.Vector, role, tmp, key, v, nil)
}

func (l *land) publish(id string, kind catalog.Kind, role catalog.Role, tmp, key string, v catalog.Version, items []catalog.Item) {
	l.t.Helper()
	ctx := context.Background()
	info, err := os.Stat(tmp)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.blobs.PutFile(ctx, key, tmp); err != nil {
		l.t.Fatal(err)
	}
	digest := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	v.PublishedAt, v.SHA256, v.Program = time.Now().UTC(), digest, "contado test"
	v.Files = []catalog.File{{Key: key, Size: info.Size(), SHA256: digest}}
	if _, err := l.cat.Publish(ctx, catalog.Publication{
		Dataset: catalog.Dataset{ID: id, Kind: kind, Role: role, Title: id, CreatedAt: v.PublishedAt, Version: v}, Items: items,
	}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *land) wgs84(b geo.BBox) geo.BBox {
	l.t.Helper()
	tr, err := crs.New(utm, geo.WGS84)
	if err != nil {
		l.t.Fatal(err)
	}
	out, err := tr.BBox(b)
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}
