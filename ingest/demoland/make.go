package demoland

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"contado/geo"
	"contado/geo/store/catalog"
	"contado/ingest/demoland/scene"
	"contado/ingest/demoland/settle"
)

// Where the invented land is laid on the map: UTM zone 32 N.
const (
	mapCRS    geo.CRS = "EPSG:32632"
	westEdge          = 540_000.0
	northEdge         = 5_110_000.0
)

// Words that go with every file.
const (
	invented    = "Invented data for demonstration: no real place, no real person. Dati inventati a scopo dimostrativo."
	attribution = "Contado: dati inventati, invented data"
	licence     = "CC0-1.0"
)

// File is one dataset to be: files in the formats of real offices, and how to
// ingest them.
type File struct {
	Dataset     string
	Role        catalog.Role
	Title       string
	Description string
	License     string
	Attribution string
	Paths       []string

	CodeField, NameField string
	ParentFields         []string
	Level                string
	// LayerTitles name the datasets that layers of the file become, by layer.
	LayerTitles map[string]string
}

// Land is the finished demonstration territory.
type Land struct {
	Dir   string
	Files []File
	// Province is the code of the whole, Town that of its largest municipality.
	Province, Town string
	Population     int
}

// seasons are the four scenes: when, and how cloudy.
var seasons = []struct {
	date   string
	clouds float64
	cut    bool
}{
	{"2025-01-22", 0.04, false}, {"2025-04-17", 0.18, false}, {"2025-07-21", 0.02, false}, {"2025-10-14", 0.35, true},
}

// Make makes the land and writes it into dir, which is made when absent. The
// same options give the same bytes. It takes about a minute and 2 GB for the
// standard size. Errors: fault.Invalid for options that make no land; others
// from writing.
func Make(ctx context.Context, dir string, o Options, progress func(stage string, done float64)) (*Land, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(string, float64) {}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	z, err := makeTerrain(ctx, o, func(done float64) { progress("relief", done) })
	if err != nil {
		return nil, err
	}
	progress("rivers and land cover", 0)
	h := waters(o, z)
	cover := naturalCover(o, h)
	l := settle.Land{
		N: z.n, Cell: z.cell, X0: westEdge, Y0: northEdge, Elevation: z.v, Water: h.water, Cover: cover, Rivers: h.onMap(),
	}
	s, err := settle.Settle(ctx, l, settle.Options{Seed: o.Seed, Population: o.Population, Municipalities: o.Municipalities},
		func(done float64) { progress("settlements, roads and services", done) })
	if err != nil {
		return nil, err
	}
	s.PaintCover(l, cover)
	w := &writer{ctx: ctx, dir: dir, o: o, land: &Land{Dir: dir, Province: s.Province.Code, Population: o.Population}}
	progress("files", 0)
	if err := w.ground(z, cover); err != nil {
		return nil, err
	}
	if err := w.society(s, h); err != nil {
		return nil, err
	}
	var paths []string
	for i, season := range seasons {
		progress("satellite scenes", float64(i)/float64(len(seasons)))
		files, err := w.scene(z, cover, i, season.date, season.clouds, season.cut)
		if err != nil {
			return nil, err
		}
		paths = append(paths, files...)
	}
	w.add(File{Dataset: "sentinel-2", Role: catalog.Imagery, Title: "Immagini da satellite, quattro stagioni", Paths: paths})
	progress("satellite scenes", 1)
	return w.land, nil
}

// scene renders and writes one satellite scene, a file a band.
func (w *writer) scene(z *field, cover []uint8, i int, date string, clouds float64, cut bool) (paths []string, err error) {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return nil, err
	}
	sc, err := scene.Render(w.ctx, scene.Ground{N: z.n, Cell: z.cell, Elevation: z.v, Cover: cover},
		scene.Spec{Date: day, Clouds: clouds, Seed: w.o.Seed*31 + uint64(i), Cut: cut})
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(w.dir, "sentinel-2", date)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	for _, b := range []struct {
		name string
		fine bool
		data any
	}{
		{"B02", true, sc.B02}, {"B03", true, sc.B03}, {"B04", true, sc.B04}, {"B08", true, sc.B08}, {"B11", false, sc.B11}, {"SCL", false, sc.SCL},
	} {
		cell := z.cell
		if b.fine {
			cell /= 2
		}
		path := filepath.Join(folder, fmt.Sprintf("DEMO_S2_%s_%s_%.0fm.tif", day.Format("20060102"), b.name, cell))
		if err := w.band(path, z, cell, b.name, b.data); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// add lists a dataset, with the words that go with all of them.
func (w *writer) add(f File) {
	f.Description, f.License, f.Attribution = invented, licence, attribution
	w.land.Files = append(w.land.Files, f)
}

// Scenes is the number of satellite scenes that Make writes.
const Scenes = 4
