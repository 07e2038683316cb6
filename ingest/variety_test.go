package ingest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"
)

// variety is what must become of a file: items and bands of a raster, rows
// and geometry of a vector, or an error.
type variety struct {
	file    string // several are separated by commas
	o       Options
	want    string // "raster ROLE items=N bands=N" or "vector ROLE N×TYPE"
	notices string // codes that must be there
	kind    fault.Kind
	phrase  string // of the error; "" = no error
}

func crs(s string) Options        { return Options{CRS: s} }
func sub(name, c string) Options  { return Options{Subdataset: name, CRS: c} }
func role(r catalog.Role) Options { return Options{Role: r} }
func (v variety) label() string {
	return strings.NewReplacer("/", "_", ",", "+").Replace(v.file + v.o.CRS + v.o.Subdataset + v.o.ZM + v.o.Layer + string(v.o.Role))
}

const noCRS = "does not say its reference system"

var rasterVariety = []variety{
	{file: "rasterio/N10W110.hgt.zip", want: "raster elevation items=1 bands=1"},
	{file: "rasterio/README.rst", kind: fault.Invalid, phrase: "not a format that can be read"},
	{file: "rasterio/RGB.byte.tif", want: "raster imagery items=1 bands=3"},
	{file: "rasterio/RGB2.byte.tif", want: "raster imagery items=1 bands=3"},
	{file: "rasterio/RGB2.byte.tif.msk", kind: fault.Invalid, phrase: "does not say where it lies"},
	{file: "rasterio/RGBA.uint16.tif", want: "raster imagery items=1 bands=4"},
	{file: "rasterio/all-nodata.tif", want: "raster imagery items=1 bands=4", notices: "band-empty"},
	{file: "rasterio/alpha.tif", want: "raster imagery items=1 bands=4"},
	{file: "rasterio/byte.tif", want: "raster other items=1 bands=1"},
	{file: "rasterio/cogeo.tif", want: "raster imagery items=1 bands=3"},
	{file: "rasterio/corrupt.tif", kind: fault.Invalid, phrase: "corrupt.tif cannot be converted"},
	{file: "rasterio/float.tif", kind: fault.Invalid, phrase: noCRS},
	{file: "rasterio/float.tif", o: crs("EPSG:32632"), want: "raster other items=1 bands=1", notices: "flipped"},
	{file: "rasterio/float32.tif", kind: fault.Invalid, phrase: noCRS},
	{file: "rasterio/float_nan.tif", kind: fault.Invalid, phrase: noCRS},
	{file: "rasterio/float_nan.tif", o: crs("EPSG:32632"), want: "raster other items=1 bands=1"},
	{file: "rasterio/float_raster_with_nodata.tif", want: "raster other items=1 bands=1"},
	{file: "rasterio/issue1446.geojson", want: "vector other 7×LineString", notices: "field-renamed"},
	{file: "rasterio/no_band.h5", kind: fault.Invalid, phrase: "choose one with --subdataset: MyGroup/Group_A/dset2"},
	{file: "rasterio/no_band.h5", o: sub("MyGroup/dset1", ""), kind: fault.Invalid, phrase: "does not say where it lies"},
	{file: "rasterio/rgb1_fake_nir_epsg3857.tif", want: "raster other items=1 bands=1"},
	{file: "rasterio/rgb_deflate.tif", want: "raster imagery items=1 bands=3"},
	{file: "rasterio/rotated.tif", kind: fault.Invalid, phrase: noCRS},
	{file: "rasterio/rotated.tif", o: crs("EPSG:32632"), want: "raster other items=1 bands=1", notices: "warped-from-rotated"},
	{file: "rasterio/test_esri_wkt.tif", want: "raster other items=1 bands=1"},
	{file: "rasterio/two-subs.h5", kind: fault.Invalid, phrase: "holds 2 rasters"},
	{file: "rasterio/two-subs.h5", o: sub("nothing", ""), kind: fault.Invalid, phrase: `holds no raster "nothing"`},
	{file: "rasterio/white-gemini-iv.vrt", kind: fault.Unsupported, phrase: "virtual raster"},
	{file: "rasterio/world.byte.tif", want: "raster other items=1 bands=1"},
	{file: "rasterio/world.rgb.tif", want: "raster imagery items=1 bands=3"},
	{file: "rio-tiler/blue.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/cog.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/cog_cmap.tif", want: "raster landcover items=1 bands=1"},
	{file: "rio-tiler/cog_dateline.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/cog_fullearth.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/cog_gcps.tif", want: "raster other items=1 bands=1", notices: "warped-from-gcps"},
	{file: "rio-tiler/cog_nodata.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/cog_nodata_nan.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/cog_rgb_mask.tif", want: "raster imagery items=1 bands=3"},
	{file: "rio-tiler/cog_rgba.tif", want: "raster imagery items=1 bands=4"},
	{file: "rio-tiler/cog_scale.tif", want: "raster other items=1 bands=2"},
	{file: "rio-tiler/cog_scale_stats.tif", want: "raster other items=1 bands=2"},
	{file: "rio-tiler/cog_tags.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/cog_uint8_rgb_mask.tif", want: "raster imagery items=1 bands=3"},
	{file: "rio-tiler/cog_uint8_rgba.tif", want: "raster imagery items=1 bands=4"},
	{file: "rio-tiler/dataset_2d.nc", kind: fault.Invalid, phrase: "does not say where it lies"},
	{file: "rio-tiler/green.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/inverted_lat.tif", want: "raster other items=1 bands=1", notices: "flipped band-empty"},
	{file: "rio-tiler/lowres.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/mosaic_cog1.tif", want: "raster imagery items=1 bands=3"},
	{file: "rio-tiler/mosaic_value_1.tif", want: "raster imagery items=1 bands=3"},
	{file: "rio-tiler/mosaic_value_2.tif", want: "raster imagery items=1 bands=3"},
	{file: "rio-tiler/nocog.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/red.tif", want: "raster other items=1 bands=1"},
	{file: "rio-tiler/red.tif,rio-tiler/green.tif,rio-tiler/blue.tif", want: "raster imagery items=1 bands=3"},
	{file: "rio-tiler/scene_band1.tif", want: "raster imagery items=1 bands=1"},
	{file: "rio-tiler/scene_band2.tif", want: "raster imagery items=1 bands=1"},
	{file: "rio-tiler/scene_band1.tif,rio-tiler/scene_band2.tif", want: "raster imagery items=1 bands=2"},
	{file: "stars/bcsd_obs_1999.nc", kind: fault.Invalid, phrase: "choose one with --subdataset: pr"},
	{file: "stars/bcsd_obs_1999.nc", o: sub("pr", ""), kind: fault.Invalid, phrase: "--crs EPSG:4326"},
	{file: "stars/bcsd_obs_1999.nc", o: sub("pr", "EPSG:4326"), want: "raster other items=12 bands=1"},
	{file: "stars/bcsd_obs_1999.nc", o: Options{Subdataset: "tas", CRS: "EPSG:4326", Datetime: "1999-07-01"}, want: "raster other items=1 bands=12"},
	{file: "stars/geomatrix.tif", want: "raster other items=1 bands=1", notices: "warped-from-rotated"},
	{file: "stars/lc.tif", want: "raster landcover items=1 bands=1"},
	{file: "stars/lc.tif.aux.xml", kind: fault.Invalid, phrase: "belongs to another file"},
	{file: "stars/na.tif", want: "raster other items=1 bands=1"},
	{file: "stars/reduced.nc", kind: fault.Invalid, phrase: "holds 4 rasters"},
	{file: "stars/reduced.nc", o: sub("sst", "EPSG:4326"), want: "raster other items=1 bands=1", notices: "longitudes-shifted"},
	{file: "stars/s2.gpkg", want: "vector other 4×MultiPolygon"},
}

var vectorVariety = []variety{
	{file: "conveyal-datasource/continents.geojson", want: "vector other 3×MultiPolygon", notices: "field-renamed"},
	{file: "conveyal-datasource/continents.gpkg", want: "vector other 3×MultiPolygon"},
	{file: "conveyal-datasource/continents.shp", want: "vector other 3×MultiPolygon"},
	{file: "conveyal-datasource/duplicate-fields.shp", want: "vector other 1×MultiPolygon", notices: "field-renamed"},
	{file: "conveyal-datasource/empty.geojson", kind: fault.Invalid, phrase: "is empty"},
	{file: "conveyal-datasource/hkzones-extra-attribute.geojson", want: "vector other 3×MultiPolygon"},
	{file: "conveyal-datasource/hkzones-mixed-geometries.geojson", want: "vector other 3×Geometry"},
	{file: "conveyal-datasource/hkzones-mixed-numeric.geojson", want: "vector other 3×MultiPolygon"},
	{file: "conveyal-datasource/hkzones-no-collection.geojson", want: "vector other 1×MultiPolygon"},
	{file: "conveyal-datasource/hkzones-type-mismatch.geojson", want: "vector other 3×MultiPolygon"},
	{file: "conveyal-datasource/new-zealand-antimeridian.geojson", want: "vector other 2×MultiPolygon"},
	{file: "conveyal-datasource/new-zealand-antimeridian.gpkg", want: "vector other 2×MultiPolygon"},
	{file: "conveyal-datasource/new-zealand-antimeridian.shp", want: "vector other 2×MultiPolygon"},
	{file: "conveyal-datasource/nl-null-points.shp", want: "vector other 20×Point", notices: "geometry-missing"},
	{file: "conveyal-datasource/too-small.geojson", kind: fault.Invalid, phrase: `type "feature"`},
	{file: "conveyal-datasource/valid-polygon-projected.geojson", want: "vector other 3×MultiPolygon"},
	{file: "conveyal-datasource/valid-polygon-projected.gpkg", want: "vector other 3×MultiPolygon"},
	{file: "conveyal-datasource/valid-polygon-projected.shp", want: "vector other 3×MultiPolygon"},
	{file: "conveyal-datasource/valid-polygon-wgs84.geojson", want: "vector other 3×MultiPolygon"},
	{file: "conveyal-datasource/valid-polygon-wgs84.gpkg", want: "vector other 3×MultiPolygon"},
	{file: "conveyal-datasource/valid-polygon-wgs84.shp", want: "vector other 3×MultiPolygon"},
	{file: "flatgeobuf/alldatatypes.fgb", kind: fault.Invalid, phrase: noCRS},
	{file: "flatgeobuf/alldatatypes.fgb", o: crs("EPSG:4326"), want: "vector other 1×Point"},
	{file: "flatgeobuf/binary_wkb.fgb", want: "vector other 1×Geometry", notices: "geometry-missing"},
	{file: "flatgeobuf/countries.fgb", want: "vector other 179×MultiPolygon", notices: "geometry-repaired"},
	{file: "flatgeobuf/countries_nocrs.fgb", kind: fault.Invalid, phrase: "--crs EPSG:4326"},
	{file: "flatgeobuf/countries_nogeo.fgb", want: "vector other 179×"},
	{file: "flatgeobuf/empty.fgb", kind: fault.Invalid, phrase: "holds no feature"},
	{file: "flatgeobuf/heterogeneous.fgb", kind: fault.Invalid, phrase: noCRS},
	{file: "flatgeobuf/heterogeneous.fgb", o: crs("EPSG:4326"), want: "vector other 3×Geometry"},
	{file: "flatgeobuf/mp_overlapping.fgb", want: "vector other 2×MultiPolygon"},
	{file: "flatgeobuf/no_properties.fgb", kind: fault.Invalid, phrase: noCRS},
	{file: "flatgeobuf/poly00.fgb", want: "vector other 10×MultiPolygon", notices: "outside-area-of-use"},
	{file: "flatgeobuf/poly00.fgb", o: crs("EPSG:4326"), kind: fault.Invalid, phrase: "which are no degrees"},
	{file: "flatgeobuf/poly01.fgb", want: "vector other 10×MultiPolygon", notices: "outside-area-of-use"},
	{file: "flatgeobuf/surface/triangle.fgb", kind: fault.Invalid, phrase: noCRS},
	{file: "flatgeobuf/surface/triangle.fgb", o: crs("EPSG:4326"), want: "vector other 1×MultiPolygon"},
	{file: "flatgeobuf/topp_states.fgb", kind: fault.Unsupported, phrase: "FlatGeobuf version 2"},
	{file: "flatgeobuf/unknown_feature_count.fgb", want: "vector other 1×MultiPolygon"},
	{file: "planetiler/empty-geom.gpkg", want: "vector other 1×MultiPolygon", notices: "geometry-missing"},
	{file: "planetiler/geopackage-unindexed.gpkg", want: "vector other 86×Point"},
	{file: "planetiler/geopackage.gpkg", want: "vector other 86×Point"},
	{file: "planetiler/geopackage.gpkg.zip", want: "vector other 86×Point"},
	{file: "pyogrio/README.md", kind: fault.Invalid, phrase: "not a format that can be read"},
	{file: "pyogrio/curve.gpkg", want: "vector other 1×LineString", notices: "curves-linearised"},
	{file: "pyogrio/curvepolygon.gpkg", want: "vector other 1×MultiPolygon", notices: "curves-linearised"},
	{file: "pyogrio/line_zm.gpkg", want: "vector other 1×LineString ZM"},
	{file: "pyogrio/line_zm.gpkg", o: Options{ZM: "drop"}, want: "vector other 1×LineString", notices: "dimensions-dropped"},
	{file: "pyogrio/multisurface.gpkg", want: "vector other 1×MultiPolygon", notices: "curves-linearised"},
	{file: "pyogrio/naturalearth_lowres/naturalearth_lowres.shp", want: "vector other 177×MultiPolygon"},
	{file: "pyogrio/list_field_values_file.parquet", kind: fault.Invalid, phrase: noCRS},
	{file: "pyogrio/list_field_values_file.parquet", o: crs("EPSG:4326"), want: "vector other 5×Point"},
	{file: "pyogrio/list_nested_struct_file.parquet", o: crs("EPSG:4326"), want: "vector other 3×Point"},
	{file: "pyogrio/sample.osm.pbf", want: "roads: vector road 36×LineString, services: vector service 5×Point, landuse: vector other 6×MultiPolygon, buildings: vector other 2×MultiPolygon"},
	{file: "planetiler/parquet/all_data_types.parquet", o: crs("EPSG:4326"), want: "vector other 1×Point"},
	{file: "planetiler/parquet/boston.customgeometryname.parquet", want: "vector other 3×MultiPolygon"},
	{file: "planetiler/parquet/boston.geoarrow_from_gdal.parquet", want: "vector other 3×MultiPolygon"},
	{file: "planetiler/parquet/boston.gzip.parquet", want: "vector other 3×MultiPolygon"},
	{file: "planetiler/parquet/boston.lz4hadoop.parquet", want: "vector other 3×MultiPolygon"},
	{file: "planetiler/parquet/boston.lz4raw.parquet", want: "vector other 3×MultiPolygon"},
	{file: "planetiler/parquet/boston.none.parquet", want: "vector other 3×MultiPolygon"},
	{file: "planetiler/parquet/boston.parquet", want: "vector other 3×MultiPolygon"},
	{file: "planetiler/parquet/boston.snappy.parquet", want: "vector other 3×MultiPolygon"},
	{file: "planetiler/parquet/boston.zstd.parquet", want: "vector other 3×MultiPolygon"},
	{file: "pyogrio/test_gpkg_nulls.gpkg", want: "vector other 4×Point"},
	{file: "pyshp/ATTRIBUTION", kind: fault.Invalid, phrase: "not a format that can be read"},
	{file: "pyshp/REL.zip", want: "vector other 1×MultiPolygon Z"},
	{file: "pyshp/blockgroups.shp", kind: fault.Invalid, phrase: noCRS},
	{file: "pyshp/blockgroups.zip", kind: fault.Invalid, phrase: noCRS},
	{file: "pyshp/blockgroups.zip", o: crs("EPSG:4269"), want: "vector other 663×MultiPolygon"},
	{file: "pyshp/corrupt_too_long.shp", kind: fault.Invalid, phrase: noCRS},
	{file: "pyshp/corrupt_too_long.shp", o: crs("EPSG:4326"), want: "vector other 10×LineString"},
	{file: "pyshp/edit.shp", kind: fault.Invalid, phrase: noCRS},
	{file: "pyshp/empty_zipfile.zip", kind: fault.Invalid, phrase: "holds nothing that can be ingested"},
	{file: "pyshp/latin1.shp", kind: fault.Invalid, phrase: "lacks its .shx file"},
}

// realData are whole data sets of a place, given as users would.
var realData = []variety{
	{file: "us-spearfish-accessmod/DEM", want: "raster elevation items=1 bands=1", notices: "colour-table-dropped"},
	{file: "us-spearfish-accessmod/land_cover__demo", want: "raster landcover items=1 bands=1"},
	{file: "us-spearfish-accessmod/population__demo", want: "raster population items=1 bands=1", notices: "population-total"},
	{file: "us-spearfish-accessmod/road__demo", o: role(catalog.Road), want: "vector road 825×LineString"},
	{file: "us-spearfish-accessmod/barrier__demo_river", o: role(catalog.Barrier), want: "vector barrier 107×LineString"},
	{file: "us-spearfish-accessmod/barrier_restricted_area", o: role(catalog.Barrier), want: "vector barrier 4×MultiPolygon"},
	{file: "us-spearfish-accessmod/health_facilities__demo", o: role(catalog.Service), want: "vector service 6×Point"},
	{file: "us-spearfish-accessmod/zone_admin__city", o: role(catalog.TerritoryRole), want: "vector territory 3×MultiPolygon"},
	{file: "us-spearfish-accessmod/table_land_cover__demo/table_land_cover__demo.csv", want: "vector other 6×"},
	{file: "us-spearfish-accessmod/table_land_cover__demo/table_land_cover__demo.xlsx", want: "vector other 6×"},
	{file: "us-spearfish-accessmod/table_model__demo/table_model__demo.csv", want: "vector other 11×"},
	{file: "it-boundaries/limits_R_14_municipalities.geojson", want: "vector territory 136×MultiPolygon"},
	{file: "it-boundaries/limits_P_16_municipalities.geojson", want: "vector territory 243×MultiPolygon"},
	{file: "it-boundaries/limits_P_21_municipalities.geojson", want: "vector territory 116×MultiPolygon"},
	{file: "it-boundaries/limits_R_3_municipalities.topo.json", want: "vector territory 1503×MultiPolygon"},
	{file: "it-snai-aree-interne/mappa-ai-2020-comuni.csv", want: "vector population 7903×"},
	{file: "it-snai-aree-interne/aree-snai-perimetri.geojson", o: role(catalog.TerritoryRole), want: "vector territory 128×MultiPolygon", notices: "code-from-name"},
	{file: "it-milano-census-sections/sezioni.fgb", o: role(catalog.TerritoryRole), kind: fault.Invalid, phrase: "--code-field"},
	{file: "it-lombardia-services/Anagrafe_Scuole_20260215.csv", o: role(catalog.Service), want: "vector service 5854×Point", notices: "coordinates-missing position-suspicious decimal-comma"},
	{file: "it-lombardia-services/Anagrafe_Scuole_Lombarde_20260215.csv", o: role(catalog.Service), want: "vector service 6124×Point", notices: "coordinates-missing position-suspicious"},
	{file: "it-lombardia-services/Elenco_Completo_Farmacie_20260215.csv", o: role(catalog.Service), want: "vector service 3042×Point"},
	{file: "it-lombardia-services/Georeferenziazione_strutture_20260215.csv", o: role(catalog.Service), want: "vector service 212×Point", notices: "coordinates-swapped"},
	{file: "us-alabama-landsat8", want: "raster imagery items=1 bands=10"},
	{file: "us-ny-landsat8-series/L8NY18/LC08_L1TP_013032_20180131_20180207_01_T1", want: "raster imagery items=1 bands=12"},
	{file: "pt-sao-miguel/concelhos.gpkg", o: role(catalog.TerritoryRole), want: "vector territory 6×MultiPolygon", notices: "code-from-name"},
	{file: "pt-sao-miguel/gpw_v411_2020_count_2020.tif", want: "raster population items=1 bands=1", notices: "population-total"},
	{file: "pt-sao-miguel/clc2018_v2020_20u1.tif", want: "raster landcover items=1 bands=1", notices: "nodata-dropped legend-known"},
	{file: "pt-sao-miguel/eu_dem_v11.tif", want: "raster elevation items=1 bands=1"},
	{file: "it-prato-gtfs/bus.gtfs", want: "timetable timetable 2016-04-07–2016-12-31, stops: vector service 1647×Point, lines: vector other 21×MultiLineString"},
	{file: "it-prato-gtfs/bus.gtfs", o: Options{Layer: "stops"}, want: "vector service 1647×Point"},
	{file: "it-prato-gtfs/botteghe.csv", want: "vector other 82×Point"},
	{file: "it-prato-gtfs/ciclabili.geojson", want: "vector other 224×LineString"},
	{file: "it-milano-census-sections/sezioni.fgb", want: "vector other 7095×MultiPolygon"},
	{file: "it-dolomites-osm-poi/osm_peak_bolzano.geojson", want: "vector other 1784×Point"},
	{file: "it-dolomites-osm-poi/osm_peak_trento.geojson", want: "vector other 1564×Point"},
	{file: "it-dolomites-osm-poi/trento_rifugi_osm.geojson", want: "vector other 225×Geometry"},
	{file: "it-dolomites-osm-poi/veneto_rifugi_osm.geojson", want: "vector other 247×Geometry"},
	{file: "us-beatty-gtfs-osm", kind: fault.Invalid, phrase: "which is ingested alone"},
	{file: "us-beatty-gtfs-osm/sample-feed", want: "timetable timetable 2007-01-01–2010-12-31, stops: vector service 11×Point, lines: vector other 14×MultiLineString"},
	{file: "us-beatty-gtfs-osm/another-sample-feed", want: "timetable timetable 2007-01-01–2010-12-31, stops: vector service 6×Point, lines: vector other 2×MultiLineString"},
	{file: "us-beatty-gtfs-osm/another-sample-feed-extended-route-type.zip", want: "timetable timetable 2007-01-01–2010-12-31, stops: vector service 2×Point, lines: vector other 1×MultiLineString"},
	{file: "li-liechtenstein-osm", want: "roads: vector road 4660×LineString, places: vector place 43×Point, services: vector service 651×Point, landuse: vector other 886×MultiPolygon, buildings: vector other 8994×MultiPolygon, boundaries: vector territory 14×MultiPolygon, waterways: vector barrier 195×LineString, barriers: vector barrier 146×LineString, restrictions: vector other 3×Point"},
	{file: "it-barbellino-sentinel2/scalve.kml", want: "vector other 4×MultiPolygon"},
	{file: "it-trento-dtm/trento_scientifc_hub_povo_dtm.asc", want: "raster elevation items=1 bands=1"},
	{file: "de-north-bayreuth-osm-dem", want: "raster elevation items=2 bands=1", notices: "file-skipped"},
	{file: "de-north-bayreuth-osm-dem/N49E011.hgt.zip", want: "raster elevation items=1 bands=1"},
	{file: "de-north-bayreuth-osm-dem/N50E011.hgt.zip", want: "raster elevation items=1 bands=1"},
	{file: "de-north-bayreuth-osm-dem/north-bayreuth.osm.gz", want: "roads: vector road 2056×LineString, places: vector place 71×Point, services: vector service 91×Point, landuse: vector other 1174×MultiPolygon, buildings: vector other 4267×MultiPolygon, boundaries: vector territory 1×MultiPolygon, waterways: vector barrier 228×LineString, barriers: vector barrier 7×LineString, restrictions: vector other 40×Point"},
	{file: "us-beatty-gtfs-osm/sample-feed/stops.txt", want: "vector service 11×Point"}, // a table like any other
	{file: "it-dolomites-osm-poi/bolzano_rifugi_osm.geojson", want: "vector other 250×Geometry"},
	{file: "us-beatty-gtfs-osm/beatty.osm", want: "roads: vector road 170×LineString, places: vector place 3×Point, services: vector service 43×Point, landuse: vector other 28×MultiPolygon, buildings: vector other 104×MultiPolygon, waterways: vector barrier 26×LineString"},
	{file: "us-beatty-gtfs-osm/beatty.osm", o: Options{Layer: "roads"}, want: "vector road 170×LineString"},
	{file: "us-beatty-gtfs-osm/beatty.osm", o: Options{Layer: "rivers"}, kind: fault.Invalid, phrase: "choose one of roads, places"},
	{file: "tiles-variety/planetiler/bostonbuildings.mbtiles", want: "tiles mbtiles mvt 13-13"},
	{file: "tiles-variety/go-pmtiles/test_fixture_1.pmtiles", want: "tiles pmtiles mvt 0-0"},
	{file: "tiles-variety/go-pmtiles/test_fixture_1.pmtiles", o: role(catalog.Road), kind: fault.Invalid, phrase: "finished tiles"},
}

func TestVariety(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	t.Run("files", func(t *testing.T) {
		for folder, table := range map[string][]variety{"raster-variety": rasterVariety, "vector-variety": vectorVariety, "": realData} {
			for _, v := range table {
				t.Run(filepath.Join(folder, v.label()), func(t *testing.T) {
					t.Parallel()
					tryVariety(t, filepath.Join(root, strings.ReplaceAll(folder, "-", ""), v.label()), folder, v)
				})
			}
		}
	})
	validateCOGs(t, root)
}

func tryVariety(t *testing.T, root, folder string, v variety) {
	if (testing.Short() || raced) && v.file == "rio-tiler/cog_cmap.tif" {
		t.Skip("62 million cells: the built program takes them in its own test")
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	st := stores(t, root)
	var paths []string
	for f := range strings.SplitSeq(v.file, ",") {
		paths = append(paths, shareddata.Path(t, filepath.Join(folder, f)))
	}
	v.o.Dataset = "it"
	res, err := Run(t.Context(), st, paths, v.o, nil)
	wantClean(t, st)
	if v.phrase != "" {
		wantFault(t, err, v.kind, v.phrase)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range res.Datasets {
		s := summary(t, st, d)
		if d.ID != "it" {
			s = strings.TrimPrefix(d.ID, "it-") + ": " + s
		}
		got = append(got, s)
	}
	if all := strings.Join(got, ", "); all != v.want {
		t.Errorf("got %q, want %q", all, v.want)
	}
	for code := range strings.FieldsSeq(v.notices) {
		if !hasNotice(res.Dataset, code) {
			t.Errorf("no notice %q in %v", code, res.Notices)
		}
	}
}

func axes(s geo.Schema) string {
	switch {
	case s.HasZ && s.HasM:
		return " ZM"
	case s.HasZ:
		return " Z"
	case s.HasM:
		return " M"
	}
	return ""
}

func summary(t *testing.T, st Stores, d catalog.Dataset) string {
	t.Helper()
	if v := d.Version.Vector; v != nil {
		return fmt.Sprintf("vector %s %d×%s", d.Role, v.Count, v.Schema.GeometryType) + axes(v.Schema)
	}
	if d.Kind == catalog.Timetable {
		return fmt.Sprintf("timetable %s %s–%s", d.Role, d.Version.TimeStart.Format("2006-01-02"), d.Version.TimeEnd.Format("2006-01-02"))
	}
	if v := d.Version.Tiles; v != nil {
		return fmt.Sprintf("tiles %s %s %d-%d", v.Format, v.Type, v.MinZoom, v.MaxZoom)
	}
	items, err := st.Catalog.Items(t.Context(), d.ID)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("raster %s items=%d bands=%d", d.Role, len(items), len(items[0].Bands))
}

// sidecars are the files of the data that belong to others.
var sidecars = []string{".dbf", ".shx", ".prj", ".cpg", ".qpj", ".sbn", ".sbx"}

// TestVarietyIsComplete fails when a file of the data is in no table, and
// tries those that are companions or of a format refused as a whole.
func TestVarietyIsComplete(t *testing.T) {
	t.Parallel()
	st := stores(t, t.TempDir())
	for folder, table := range map[string][]variety{"raster-variety": rasterVariety, "vector-variety": vectorVariety} {
		known := map[string]bool{}
		for _, v := range table {
			known[v.file] = true
		}
		root := shareddata.Path(t, folder)
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, p)
			if err != nil || known[rel] {
				return err
			}
			_, err = Run(t.Context(), st, []string{p}, Options{Dataset: "it"}, nil)
			switch ext := filepath.Ext(rel); {
			case slices.Contains(sidecars, ext):
				wantFault(t, err, fault.Invalid, "belongs to another file")
			default:
				t.Errorf("%s is in no table", rel)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	wantClean(t, st)
}

// named are the data sets whose every file has an outcome: of its own, or with
// the folder that it is given in.
var named = []string{"li-liechtenstein-osm", "de-north-bayreuth-osm-dem", "it-prato-gtfs", "us-beatty-gtfs-osm", "it-milano-census-sections", "it-dolomites-osm-poi"}

// TestRealDataIsComplete fails when a file of these data sets is in no table.
func TestRealDataIsComplete(t *testing.T) {
	t.Parallel()
	taken := map[string]bool{}
	for _, v := range realData {
		if v.phrase == "" {
			taken[v.file] = true
		}
	}
	for _, folder := range named {
		root := shareddata.Path(t, folder)
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(filepath.Dir(root), p)
			if err == nil && !taken[rel] && (!taken[filepath.Dir(rel)] || folder == "de-north-bayreuth-osm-dem") {
				t.Errorf("%s is in no table", rel)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

const validator = `
import sys, os
from osgeo_utils.samples.validate_cloud_optimized_geotiff import validate
bad = 0
for p in sys.stdin.read().split("\n"):
    if p:
        warnings, errors, _ = validate(p, full_check=True)
        if errors:
            bad += 1
            print(p, errors)
sys.exit(bad)
`

// validateCOGs runs GDAL's own validator over every COG below a folder.
func validateCOGs(t *testing.T, root string) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(p, ".tif") && !strings.HasSuffix(p, statsSuffix) {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "-c", validator)
	if cmd.Path == "" || exec.Command("/usr/bin/python3", "-c", "import osgeo_utils").Run() != nil {
		t.Skip("GDAL's COG validator (python3-gdal) is not installed")
	}
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("of %d COGs: %v\n%s", len(files), err, out)
	}
	t.Logf("%d COGs validated", len(files))
}
