package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/gdal"
	"contado/geo/mosaic"
	"contado/ingest/derive"
)

// picturesFlags say which pictures are read, and how.
type picturesFlags struct {
	Dataset  string   `help:"Dataset of satellite pictures." required:"" short:"d"`
	Mask     string   `help:"Cells to leave out, e.g. clouds, or cloud,cloud_shadow,snow."`
	MaxCloud *float64 `help:"Leave out pictures with more cloud cover than this, in percent." placeholder:"PERCENT"`
	Select   string   `help:"Which picture shows where several do: newest, oldest, least-cloudy, median, mean, min or max." enum:",newest,oldest,least-cloudy,median,mean,min,max" default:""`
}

// at is the pictures of a time.
func (f *picturesFlags) at(when, value string) (analysis.Pictures, error) {
	p := analysis.Pictures{Dataset: f.Dataset, Value: value, Mask: f.Mask, Cloud: f.MaxCloud, Select: mosaic.Selection(f.Select)}
	var err error
	p.From, p.To, err = analysis.Interval(when)
	return p, err
}

// mapFlags say what becomes of a computed map.
type mapFlags struct {
	areasFlags
	tableFlags
	BBox    string `help:"Only this box of longitudes and latitudes: west,south,east,north." name:"bbox" placeholder:"W,S,E,N"`
	Into    string `help:"Dataset to make of the map: it then has tiles, statistics and a lineage."`
	Title   string `help:"Title of that dataset."`
	Replace bool   `help:"Make a new version of that dataset if it is there."`
	Tif     string `help:"Also write the map as a Cloud-Optimized GeoTIFF." type:"path" placeholder:"FILE.tif"`
}

// make computes a map, publishes it, and writes its table.
func (f *mapFlags) make(a *app, compute func(in *installation, w analysis.MapWhere, p analysis.Progress) (*analysis.Map, error)) error {
	format, l, err := f.check()
	if err != nil {
		return err
	}
	if format == "gpkg" && !f.given() {
		return usagef("a GeoPackage needs areas: --areas or --below")
	}
	if f.Tif != "" {
		if _, err := outFormat(f.Tif, "", "tif", "tiff"); err != nil {
			return err
		}
		if err := writable(f.Tif); err != nil {
			return err
		}
	}
	w := analysis.MapWhere{}
	if w.BBox, err = parseBox(f.BBox); err != nil {
		return err
	}
	if w.Areas, err = f.read(); err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		var done func()
		if w.Dir, done, err = in.workDir(); err != nil {
			return err
		}
		defer done()
		p := a.progress()
		m, err := compute(in, w, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		for _, n := range m.Notices {
			fmt.Fprintf(a.stderr, "note: %s\n", n.Text)
		}
		for name, v := range m.Figures {
			fmt.Fprintf(a.stderr, "%s: %.6g\n", name, v)
		}
		if err := f.publish(a, in, m); err != nil {
			return err
		}
		if err := f.copyMap(a, m); err != nil {
			return err
		}
		return a.writeTable(in, &f.tableFlags, m.Table(l), m, w.Areas)
	})
}

func (f *mapFlags) publish(a *app, in *installation, m *analysis.Map) error {
	if f.Into == "" {
		return nil
	}
	p := a.progress()
	res, err := derive.Publish(a.ctx, in.ingestStores(), m, derive.Options{Dataset: f.Into, Title: f.Title, Replace: f.Replace}, p)
	p.Done()
	if err != nil {
		return err
	}
	d := res.Dataset
	fmt.Fprintf(a.stderr, "%s: version %d, %s\n", d.ID, d.Version.Number, size(d))
	return nil
}

// copyMap writes the map as a COG; of several files it takes none.
func (f *mapFlags) copyMap(a *app, m *analysis.Map) error {
	if f.Tif == "" {
		return nil
	}
	if len(m.Files) > 1 {
		return usagef("there are %d maps, and --tif is one file: use --into, then contado export", len(m.Files))
	}
	tmp := strings.TrimSuffix(m.Files[0].Path, ".tif") + ".cog.tif"
	err := gdal.Translate(a.ctx, tmp, m.Files[0].Path, []string{"-of", "COG", "-co", "COMPRESS=DEFLATE", "-co", "PREDICTOR=YES", "-co", "NUM_THREADS=ALL_CPUS"})
	if err != nil {
		return err
	}
	return a.place(tmp, f.Tif)
}

// place moves a finished file to where the user wants it.
func (a *app) place(tmp, path string) error {
	data, err := os.Open(tmp)
	if err != nil {
		return err
	}
	defer data.Close()
	return a.write(path, func(w io.Writer) error {
		_, err := io.Copy(w, data)
		return err
	})
}

// parseBox reads west,south,east,north; "" is nil.
func parseBox(s string) (*geo.BBox, error) {
	if s == "" {
		return nil, nil
	}
	parts := strings.Split(s, ",")
	var v [4]float64
	ok := len(parts) == 4
	for i := 0; ok && i < 4; i++ {
		var err error
		v[i], err = strconv.ParseFloat(strings.TrimSpace(parts[i]), 64)
		ok = err == nil
	}
	b := geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[2], MaxY: v[3]}
	if !ok || !(b.MinX >= -180 && b.MaxX <= 180 && b.MinY >= -90 && b.MaxY <= 90 && b.MinX < b.MaxX && b.MinY < b.MaxY) {
		return nil, usagef("--bbox %q: want west,south,east,north in degrees, such as 10.1,45.2,10.6,45.7", s)
	}
	return &b, nil
}
