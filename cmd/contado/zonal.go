package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/geo/analysis"
)

type zonalCmd struct {
	Dataset string `help:"Raster dataset to measure." required:"" short:"d"`
	areasFlags

	Band       string    `help:"Band by name or number, index (ndvi) or expression of bands; the first band when left out."`
	Mask       string    `help:"Cells to leave out, e.g. clouds."`
	Item       string    `help:"Item of the dataset; the newest over the areas when left out."`
	Datetime   string    `help:"Item by its date, e.g. 2025-07-21."`
	Stats      []string  `help:"Statistics: count,sum,mean,min,max,std,median,majority,minority,variety,cells,nodata,area_ha,inside,weighted_mean,weighted_sum." default:"count,mean,min,max,sum,std"`
	Quantiles  []float64 `help:"Quantiles between 0 and 1, e.g. 0.1,0.9."`
	Classes    bool      `help:"Hectares by class."`
	Weights    string    `help:"Raster dataset with the weights of weighted_mean and weighted_sum."`
	WeightBand string    `help:"Band of the weights."`
	tableFlags
}

// Help shows examples under the flags.
func (c *zonalCmd) Help() string {
	return `Every cell counts with the exact share of it that lies within the area.

Examples:
  contado zonal --dataset elevation --areas municipalities --stats mean,min,max -o heights.csv
  contado zonal --dataset landcover --below 999 --classes -o ground.xlsx --locale it
  contado zonal --dataset sentinel-2 --band ndvi --mask clouds --areas municipalities -o ndvi.gpkg
  contado zonal --dataset dem --areas fields.geojson --quantiles 0.1,0.5,0.9`
}

// Run computes and writes the statistics.
func (c *zonalCmd) Run(a *app) error {
	if !c.given() {
		return usagef("say which areas: --areas DATASET|FILE.geojson or --below CODE")
	}
	_, l, err := c.check()
	if err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		q := analysis.ZonalRequest{
			Dataset: c.Dataset, Band: c.Band, Mask: c.Mask, Item: c.Item, Datetime: c.Datetime,
			Stats: c.Stats, Quantiles: c.Quantiles, Classes: c.Classes,
			Weights: c.Weights, WeightBand: c.WeightBand,
		}
		if q.Areas, err = c.read(); err != nil {
			return err
		}
		p := a.progress()
		res, err := in.engine.Zonal(a.ctx, q, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		for _, n := range res.Notices {
			fmt.Fprintf(a.stderr, "note: %s\n", n.Text)
		}
		if n := outside(res); n > 0 {
			fmt.Fprintf(a.stderr, "note: %d of %s without a single cell of %s: their fields are empty\n", n, plural(int64(len(res.Areas)), "area"), res.Dataset)
		}
		return a.writeTable(in, &c.tableFlags, res.Table(l), res, q.Areas)
	})
}

// outside counts the areas off the raster, or on nodata alone, as far as the
// statistics that were asked for show it.
func outside(res *analysis.ZonalResult) (n int) {
	for _, a := range res.Areas {
		for i, name := range a.Result.Names {
			v := a.Result.Values[i]
			if name == "count" && v == 0 || slices.Contains([]string{"mean", "min", "max", "median", "std"}, name) && math.IsNaN(v) {
				n++
				break
			}
		}
	}
	return n
}

// maxAreasFile bounds a GeoJSON file of areas; larger ones are ingested first.
const maxAreasFile = 200 << 20

// readAreas reads the polygons of a GeoJSON file, which are in longitude and
// latitude by its standard (RFC 7946).
func readAreas(path string) ([]analysis.ZonalFeature, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxAreasFile {
		return nil, usagef("%s: %d MB is over the limit of %d MB for a file of areas; ingest it and name the dataset", path, info.Size()>>20, maxAreasFile>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	fc, err := geojson.UnmarshalFeatureCollection(data)
	if err != nil {
		return nil, usagef("%s is no GeoJSON feature collection: %v; ingest it, and name the dataset", path, err)
	}
	var out []analysis.ZonalFeature
	for i, f := range fc.Features {
		switch f.Geometry.(type) {
		case orb.Polygon, orb.MultiPolygon:
		default:
			return nil, usagef("%s: feature %d has no polygon", path, i+1)
		}
		if b := f.Geometry.Bound(); b.Min[0] < -181 || b.Max[0] > 361 || b.Min[1] < -91 || b.Max[1] > 91 {
			return nil, usagef("%s: feature %d is not in longitude and latitude; ingest the file, which reads its CRS, and name the dataset", path, i+1)
		}
		out = append(out, analysis.ZonalFeature{
			Code: property(f.Properties, strconv.Itoa(i+1), "code", "id", "com_istat_code"), Name: property(f.Properties, "", "name", "nome"), Geometry: f.Geometry,
		})
	}
	return out, nil
}

// property is the first property there is among names, as text.
func property(p geojson.Properties, otherwise string, names ...string) string {
	for _, n := range names {
		if v, ok := p[n]; ok && v != nil {
			return fmt.Sprint(v)
		}
	}
	return otherwise
}

// outFormat is the format that a file name asks for, among those allowed.
func outFormat(path, otherwise string, allowed ...string) (string, error) {
	if path == "" {
		return otherwise, nil
	}
	ext := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
	for _, f := range allowed {
		if ext == f {
			return f, nil
		}
	}
	return "", usagef("output %s: the name must end in .%s", path, strings.Join(allowed, " or ."))
}

// writable refuses a place where no file can be made, before the work is done.
func writable(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usagef("output %s is a folder", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return usagef("output %s: there is no folder %s", path, filepath.Dir(path))
	}
	return nil
}

// write writes a file whole or not at all; "" is standard output.
func (a *app) write(path string, do func(w io.Writer) error) error {
	if path == "" {
		return do(a.stdout)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if err := do(f); err != nil {
		_ = f.Close() // the first error says more
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "wrote %s\n", path)
	return nil
}
