package catalogtest

import (
	"encoding/json"
	"fmt"
	"time"

	"contado/geo"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

func ptr[T any](v T) *T { return &v }

// day is a time with nanoseconds, in a zone that is not UTC.
func day(n int) *time.Time {
	return ptr(time.Date(2026, 3, 1, 1, 2, 3, 123456789, time.FixedZone("CET", 3600)).AddDate(0, 0, n))
}

func file(id string, version int, name string) catalog.File {
	return catalog.File{
		Key:    fmt.Sprintf("datasets/%s/v%d/%s", id, version, name),
		Size:   int64(1000*version + len(name)),
		SHA256: fmt.Sprintf("%064x", 16*version+len(name)),
	}
}

// full is a publication in which every field has a value, so that a field
// that a driver forgets is noticed.
func full(id string, expect, items int) catalog.Publication {
	n := expect + 1
	p := catalog.Publication{Expect: expect, Dataset: catalog.Dataset{
		ID: id, Kind: catalog.Raster, Role: catalog.Imagery, Title: "Immagini dell'Unione – è",
		Description: "two\nlines", License: "CC-BY-4.0", Attribution: "Copernicus", CreatedAt: *day(0),
		About: catalog.About{
			Keywords: []string{"neve", "acqua"}, Contact: "ufficio@example.it", Source: "https://example.it/dati", People: catalog.PeoplePublished,
			Style: &catalog.Style{By: "nome", Method: "jenks", Classes: 5, Palette: "viridis", Colour: "#123456", Opacity: ptr(0.5), Label: "nome"},
		},
		Version: catalog.Version{
			Number: n, PublishedAt: *day(n), SHA256: fmt.Sprintf("%064d", n),
			Files: []catalog.File{file(id, n, "rows.gpkg")},
			CRS:   "EPSG:32632",
			BBox:  geo.BBox{MinX: 600000.25, MinY: 4.9e6, MaxX: 700000.125, MaxY: 5e6}, BBoxWGS84: geo.BBox{MinX: 10.1, MinY: 44.3, MaxX: 11.4, MaxY: 45.2},
			TimeStart: day(1), TimeEnd: day(2),
			Vector: &catalog.VectorInfo{
				Schema: geo.Schema{
					Fields:       []geo.Field{{Name: "nome", Type: geo.String, Alias: "Nome", Description: "nome del comune"}},
					GeometryType: "MultiPolygon", CRS: "EPSG:32632", HasZ: true, HasM: true,
				},
				Count: 7, Layer: "rows", File: file(id, n, "rows.gpkg").Key, Packed: file(id, n, "rows.fgb").Key,
				External: &catalog.External{
					Connection: "postgres://gis@db/comune", Schema: "public", Table: "strade", ID: "gid", Geometry: "geom",
					Writable: true, Watch: "column", Column: "modified",
				},
			},
			Tiles: &catalog.TilesInfo{
				File: file(id, n, "rows.gpkg").Key, Format: "pmtiles", Type: "mvt", Encoding: "gzip", MinZoom: 2, MaxZoom: 14,
				Bounds: geo.BBox{MinX: 10.1, MinY: 44.3, MaxX: 11.4, MaxY: 45.2}, Center: [3]float64{10.7, 44.8, 9}, Count: 5,
				Zooms:  []catalog.TilesZoom{{Zoom: 2, Tiles: 5, Bytes: 99, Largest: 50}},
				Layers: []catalog.TileLayer{{ID: "strade", Description: "le strade", MinZoom: 2, MaxZoom: 14, Fields: map[string]string{"nome": "String"}, Geometry: "line"}},
				Name:   "Strade", Description: "made elsewhere", Attribution: "Comune",
			},
			Territory: &catalog.TerritoryFields{
				Code: "PRO_COM_T", Name: "COMUNE", Parents: []string{"COD_UTS"}, ParentNames: []string{"DEN_UTS"},
				Level: "lvl", LevelName: geo.LevelMunicipality, ParentLevels: []string{geo.LevelProvince},
			},
			Table:  &catalog.PopulationFields{Code: "code", Total: "tot", AgeBands: map[string]string{"P65": "age_65_79"}},
			Source: []string{"S2A.zip"},
			Notices: []catalog.Notice{{
				Severity: catalog.Warning, Code: "geometry-repaired", Message: "repaired", Count: 3, Examples: []string{"a"},
			}},
			Program: "contado 0.1.0",
			Made: &catalog.Making{
				Command: "contado ingest S2A.zip --dataset x", Who: "ada", Restores: 1,
				Files: []catalog.SourceFile{{Name: "S2A.zip", Size: 12, SHA256: "cd"}},
			},
			Derived: &catalog.Derivation{
				Process: "burned-area", Parameters: json.RawMessage(`{"threshold":0.27}`),
				Inputs: []catalog.Input{{Dataset: "scenes", Version: 3, SHA256: "ab", Items: []string{"a", "b"}}},
			},
		},
	}}
	for i := range items {
		it := item(id, n, fmt.Sprintf("item-%03d", i))
		p.Items = append(p.Items, it)
		p.Dataset.Version.Files = append(p.Dataset.Version.Files, catalog.File{Key: it.File, Size: 10, SHA256: fmt.Sprintf("%064x", i+1)},
			catalog.File{Key: it.Stats, Size: 5, SHA256: fmt.Sprintf("%064x", i+1001)})
	}
	return p
}

func item(dataset string, version int, id string) catalog.Item {
	g := grid.Grid{CRS: "EPSG:32632", Transform: grid.Transform{6e5, 10, 0.5, 5e6, 0.25, -10}, Width: 100, Height: 50}
	key := fmt.Sprintf("datasets/%s/v%d/%s", dataset, version, id)
	return catalog.Item{
		ID: id, Dataset: dataset, Version: version, Datetime: day(3),
		File: key + ".tif", Grid: g, Stats: key + ".stats",
		Assets: []catalog.Asset{
			{Key: "B04", File: key + ".tif", Grid: g, Overviews: 2, Stats: key + ".stats"},
			{Key: "B11", Href: "https://example.org/B11.tif", Size: 1 << 20, ETag: `"b11"`, Grid: g, Overviews: 1, Cells: &catalog.Cells{Scale: 0.5, Offset: -1, Nodata: new(float64)}},
		},
		Scene: &catalog.Scene{
			Platform: "sentinel-2a", Constellation: "sentinel-2", Instruments: []string{"msi"}, Product: "S2A_X", Level: "L2A", Baseline: "05.09",
			SunAzimuth: ptr(150.5), SunElevation: ptr(40.25), OffNadir: ptr(3.0), ViewAzimuth: ptr(100.0), RelativeOrbit: ptr(22),
			OrbitState: "descending", Polarizations: []string{"VV"},
		},
		BBox: geo.BBox{MinX: 10.5, MinY: 44.5, MaxX: 10.7, MaxY: 44.6},
		Footprint: [][2]float64{
			{10.5, 44.5}, {10.7, 44.5}, {10.7, 44.6}, {10.5, 44.6}, {10.5, 44.5},
		},
		Overviews: 2, CloudCover: ptr(12.5),
		Bands: []catalog.Band{{
			Name: "B04", CommonName: "red", Asset: 1, Number: 1, Quantity: catalog.Reflectance, Flags: "none", Wavelength: 0.665, Width: 0.031, DataType: "uint16", Nodata: ptr(0.0), NaN: true, Scale: 0.0001, Offset: -0.1,
			Unit: "1", Min: 0.1, Max: 1.0 / 3, Mean: 0.5, StdDev: 0.2, P02: 0.15, P98: 0.9, ValidPercent: 99.5,
			Classes: []catalog.Class{{Value: 3, Name: "forest", Color: "#00ff00"}},
		}},
	}
}

// small is a publication with one file and nothing optional.
func small(id string, expect int) catalog.Publication {
	return catalog.Publication{Expect: expect, Dataset: catalog.Dataset{
		ID: id, Kind: catalog.Vector, Role: catalog.Service, Title: id,
		Version: catalog.Version{Files: []catalog.File{file(id, expect+1, "rows.gpkg")}},
	}}
}
