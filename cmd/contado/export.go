package main

import (
	"context"
	"net"
	"os"
	"path/filepath"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
	"contado/ingest/derive"
)

type exportCmd struct {
	Dataset  string   `arg:"" help:"Dataset."`
	Out      string   `help:"File to write; its name says the format: .tif of rasters; .gpkg, .fgb, .geojson, .geojsonl, .csv, .xlsx, .parquet, .zip (Shapefile) or .pmtiles (tiles) of vectors." required:"" short:"o" type:"path" placeholder:"FILE"`
	Value    string   `help:"An index, band or expression; the bands as they are when left out." short:"v"`
	Bands    []string `help:"Bands to write; all when left out."`
	Mask     string   `help:"Cells to leave out, e.g. clouds."`
	When     string   `help:"Time of the pictures; the newest on top when left out." placeholder:"TIME"`
	Item     string   `help:"This item alone."`
	MaxCloud *float64 `help:"Leave out pictures with more cloud cover than this, in percent." placeholder:"PERCENT"`
	Select   string   `help:"Which picture shows where several do." enum:",newest,oldest,least-cloudy,median,mean,min,max" default:""`
	areasFlags
	rowsFlags
	BBox    string `help:"Only this box of longitudes and latitudes." name:"bbox" placeholder:"W,S,E,N"`
	Outline bool   `help:"Leave out cells outside the areas."`
}

// Help shows examples under the flags.
func (c *exportCmd) Help() string {
	return `Examples:
  contado export elevation -o valley.tif --below 999 --outline
  contado export sentinel-2 -o ndvi.tif --value ndvi --mask clouds --when 2024-07
  contado export sentinel-2 -o july.tif --bands red,green,blue --bbox 10.1,45.8,10.3,46.0
  contado export roads -o roads.gpkg --below 16 --clip
  contado export pharmacies -o farmacie.xlsx --filter "kind = 'rural'" --locale it
  contado export parcels -o parcels.pmtiles --below 16`
}

// Run writes the file.
func (c *exportCmd) Run(a *app) error {
	if err := writable(c.Out); err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		d, err := in.atlas.Current().Dataset(c.Dataset)
		if err != nil {
			return err
		}
		switch {
		case d.Kind == catalog.Vector && isPyramid(c.Out):
			err = c.exportPyramid(a, in, d)
		case d.Kind == catalog.Vector:
			err = c.exportRows(a, in, d)
		case d.Kind == catalog.Raster:
			err = c.exportRaster(a, in)
		default:
			return fault.Errorf("export", fault.Unsupported, "dataset %s is %s: only rasters and vectors are exported", d.ID, d.Kind)
		}
		if said := analysis.SaidOfPeople(&d, in.atlas.Veiled(&d)); said != nil && err == nil {
			a.notices([]coverage.Notice{*said})
		}
		return err
	})
}

// exportRaster writes a part of a raster dataset.
func (c *exportCmd) exportRaster(a *app, in *installation) error {
	if _, err := outFormat(c.Out, "", "tif", "tiff"); err != nil {
		return err
	}
	q := analysis.ClipRequest{Bands: c.Bands, Outline: c.Outline, Pictures: analysis.Pictures{
		Dataset: c.Dataset, Value: c.Value, Mask: c.Mask, Cloud: c.MaxCloud, Select: mosaic.Selection(c.Select),
	}}
	if c.Item != "" {
		q.Items = []string{c.Item}
	}
	var err error
	if q.From, q.To, err = analysis.Interval(c.When); err != nil {
		return err
	}
	if q.BBox, err = parseBox(c.BBox); err != nil {
		return err
	}
	if q.Areas, err = c.read(); err != nil {
		return err
	}
	var done func()
	if q.Dir, done, err = in.workDir(); err != nil {
		return err
	}
	defer done()
	p := a.progress()
	m, err := in.engine.Clip(a.ctx, q, p.Share)
	p.Done()
	if err != nil {
		return err
	}
	a.notices(m.Notices)
	f := mapFlags{Tif: c.Out}
	return f.copyMap(a, m)
}

// workDir makes a folder for files that are being made; done removes it.
func (in *installation) workDir() (dir string, done func(), err error) {
	tmp, err := in.tmp()
	if err != nil {
		return "", nil, err
	}
	dir, err = os.MkdirTemp(tmp, "map-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// tmp is the folder for files that are being made.
func (in *installation) tmp() (string, error) {
	tmp := filepath.Join(in.data, "tmp")
	return tmp, os.MkdirAll(tmp, 0o755)
}

// publisher makes maps datasets; nil when the server is not to.
func (in *installation) publisher(allowed bool) func(context.Context, *analysis.Map, string, string) error {
	if !allowed {
		return nil
	}
	return func(ctx context.Context, m *analysis.Map, id, title string) error {
		_, err := derive.Publish(ctx, in.ingestStores(), m, derive.Options{Dataset: id, Title: title}, silence{})
		if err != nil {
			return err
		}
		return in.atlas.Refresh(ctx)
	}
}

// silence hears no progress.
type silence struct{}

func (silence) Stage(string)      {}
func (silence) Step(int64, int64) {}

// isLoopback reports whether only this machine can reach an address.
func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}
