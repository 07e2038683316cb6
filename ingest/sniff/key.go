package sniff

import "slices"

// Keys are the short names of formats, as settings list them. Sidecar files
// have none: they come with what they belong to.
func Keys() []string {
	return []string{
		"geotiff", "jpeg2000", "netcdf", "hdf5", "imagine", "png", "jpeg", "grib", "hgt", "asciigrid", "envi",
		"geopackage", "geojson", "topojson", "shapefile", "flatgeobuf", "parquet", "kml", "gpx", "dxf",
		"csv", "xlsx", "osm", "gtfs", "pmtiles", "mbtiles", "zip",
	}
}

// keys are the short names by driver.
var keys = map[string]string{
	"GTiff": "geotiff", "JP2OpenJPEG": "jpeg2000", "netCDF": "netcdf", "HDF5": "hdf5", "HFA": "imagine", "PNG": "png", "JPEG": "jpeg",
	"GRIB": "grib", "SRTMHGT": "hgt", "AAIGrid": "asciigrid", "ENVI": "envi", "GPKG": "geopackage", "GeoJSON": "geojson",
	"GeoJSONSeq": "geojson", "TopoJSON": "topojson", "ESRI Shapefile": "shapefile", "FlatGeobuf": "flatgeobuf", "Parquet": "parquet",
	"LIBKML": "kml", "GPX": "gpx", "DXF": "dxf", "XLSX": "xlsx",
}

// Key is the short name of the format; "" for files that belong to others.
func (f Format) Key() string {
	if len(f.Drivers) > 0 {
		return keys[f.Drivers[0]]
	}
	switch f.Family {
	case Table:
		return "csv"
	case OpenStreetMap:
		return "osm"
	case Timetable:
		return "gtfs"
	case Archive:
		return "zip"
	case Tiles:
		if f.Name == "MBTiles" {
			return "mbtiles"
		}
		return "pmtiles"
	}
	return ""
}

// KnownKey reports whether a format has this short name.
func KnownKey(s string) bool { return slices.Contains(Keys(), s) }
