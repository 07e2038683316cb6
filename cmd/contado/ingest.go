package main

import (
	"fmt"
	"slices"

	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/ingest"
)

type ingestCmd struct {
	Paths   []string `arg:"" help:"Files, zip archives or folders: GeoTIFF and other rasters, GeoPackage, GeoJSON, Shapefile, GeoParquet and other vectors, OpenStreetMap extracts, GTFS timetables, CSV and Excel tables, PMTiles and MBTiles." type:"existingpath" name:"path"`
	Dataset string   `help:"Dataset id, of a-z 0-9 and hyphens." required:"" short:"d"`
	Role    string   `help:"What it is for: imagery, elevation, landcover, population, territory, place, service, road, barrier, hazard, timetable or other; guessed when left out." enum:",imagery,elevation,landcover,population,territory,place,service,road,barrier,hazard,timetable,other" default:""`

	Title       string `help:"Name shown to people."`
	Description string `help:"A sentence or two about the data."`
	License     string `help:"Licence, e.g. CC-BY-4.0."`
	Attribution string `help:"Credit line shown on maps and reports."`
	Published   bool   `help:"Figures of people that their owner has published: small ones need no hiding. Without it the server protects datasets of role population."`
	Datetime    string `help:"Time of a raster (RFC 3339 or a date); read from the files when left out."`
	Layer       string `help:"Layer of a file that has several."`
	Subdataset  string `help:"Subdataset of a NetCDF or HDF5 file."`
	Append      bool   `help:"Add to the dataset as a new version." xor:"mode"`
	Replace     bool   `help:"Replace the dataset's content by a new version." xor:"mode"`

	Resampling string `help:"Overviews by: nearest, mode, average, bilinear, cubic; the role decides when left out." enum:",nearest,mode,average,bilinear,cubic" default:""`
	CRS        string `help:"CRS of the files, e.g. EPSG:32632: for files that state none, and instead of a wrong one." name:"crs"`
	Encoding   string `help:"Text encoding of files that state none, e.g. ISO-8859-1."`

	CodeField       string   `help:"Territories and tables of people: field of the code."`
	NameField       string   `help:"Territories and places: field of the name."`
	ParentField     []string `help:"Territories: field of the parent's code; several, nearest first."`
	LevelField      string   `help:"Territories: field of the level."`
	LevelName       string   `help:"Territories: level of all rows, e.g. municipality."`
	PopulationField string   `help:"Tables of people: field of the number."`
	XField          string   `help:"Tables: column of the longitude or easting."`
	YField          string   `help:"Tables: column of the latitude or northing."`

	Join    string `help:"Tables without positions: vector dataset whose rows get the table's columns." placeholder:"DATASET"`
	JoinKey string `help:"With --join: column of the table that names the row." placeholder:"COLUMN"`
	JoinOn  string `help:"With --join: attribute of the dataset that the column names; its code when left out." placeholder:"FIELD"`
	ZM      string `help:"Heights and measures of vertices: keep or drop." enum:"keep,drop" default:"keep" name:"zm"`
}

// Help shows examples under the flags.
func (c *ingestCmd) Help() string {
	return `Rasters become Cloud-Optimized GeoTIFFs, vectors and tables GeoPackages. What was repaired,
left out or guessed is said, counted and named. Nothing is visible until all of it is there.

Examples:
  contado ingest dem.tif --dataset dem --role elevation
  contado ingest l8_B*.tif l8_MTL.txt --dataset landsat --role imagery
  contado ingest comuni.geojson --dataset comuni --role territory --code-field com_istat_code
  contado ingest farmacie.csv --dataset pharmacy --role service
  contado ingest popolazione.csv --dataset people --role population --code-field procom_t
  contado ingest indicators.xlsx --dataset classes --join comuni --join-key procom
  contado ingest nord-est.osm.pbf --dataset osm      (osm-roads, osm-services, osm-places …)
  contado ingest bus.gtfs.zip --dataset bus          (bus, bus-stops, bus-lines)`
}

// Run ingests the paths as one dataset.
func (c *ingestCmd) Run(a *app) error {
	if c.Join == "" && (c.JoinKey != "" || c.JoinOn != "") {
		return usagef("--join-key and --join-on need --join DATASET")
	}
	if c.Join != "" && c.JoinKey == "" {
		return usagef("--join needs --join-key: the column of the table that names the row")
	}
	return a.with(func(in *installation) error {
		if c.Append {
			if err := in.unedited(a, c.Dataset); err != nil {
				return err
			}
		}
		p := a.progress()
		res, err := ingest.Run(a.ctx, in.ingestStores(), c.Paths, c.options(), p)
		p.Done()
		if err != nil {
			return err
		}
		a.printIngested(res)
		return nil
	})
}

// printIngested says what has become of an ingest. What holds of the file, and
// therefore of each of its datasets, is said once.
func (a *app) printIngested(res ingest.Result) {
	if len(res.Datasets) <= 1 {
		a.printOne(res.Dataset, res.Dataset.Version.Notices)
		return
	}
	count := map[string]int{}
	key := func(n catalog.Notice) string { return fmt.Sprint(n.Code, n.Message, n.Count, n.Examples) }
	for _, d := range res.Datasets {
		for _, n := range d.Version.Notices {
			count[key(n)]++
		}
	}
	ofAll := func(n catalog.Notice) bool { return count[key(n)] >= len(res.Datasets) }
	for _, d := range res.Datasets {
		a.printOne(d, slices.DeleteFunc(slices.Clone(d.Version.Notices), ofAll))
	}
	shared := slices.DeleteFunc(slices.Clone(res.Dataset.Version.Notices), func(n catalog.Notice) bool { return !ofAll(n) })
	if len(shared) > 0 {
		fmt.Fprintf(a.stdout, "all of them, %d datasets:\n", len(res.Datasets))
	}
	for _, n := range shared {
		printNotice(a, n)
	}
}

func (a *app) printOne(d catalog.Dataset, notices []catalog.Notice) {
	where := "no positions"
	if d.Version.CRS != "" {
		where = d.Version.CRS.Short()
	}
	fmt.Fprintf(a.stdout, "%s: version %d, %s, role %s, %s, %s\n", d.ID, d.Version.Number, d.Kind, d.Role, size(d), where)
	for _, n := range notices {
		printNotice(a, n)
	}
}

func (c *ingestCmd) options() ingest.Options {
	o := ingest.Options{
		Dataset: c.Dataset, Role: catalog.Role(c.Role),
		Title: c.Title, Description: c.Description, License: c.License, Attribution: c.Attribution, About: c.about(),
		Datetime: c.Datetime, Layer: c.Layer, Subdataset: c.Subdataset,
		Append: c.Append, Replace: c.Replace,
		Resampling: grid.Resampling(c.Resampling), CRS: c.CRS, Encoding: c.Encoding,
		CodeField: c.CodeField, NameField: c.NameField, ParentFields: c.ParentField,
		LevelField: c.LevelField, LevelName: c.LevelName, PopulationField: c.PopulationField,
		XField: c.XField, YField: c.YField, ZM: c.ZM,
	}
	if c.Join != "" {
		o.Join = &ingest.Join{Dataset: c.Join, Key: c.JoinKey, On: c.JoinOn}
	}
	return o
}

// about is what is said of a new dataset beyond its title.
func (c *ingestCmd) about() catalog.About {
	if c.Published {
		return catalog.About{People: catalog.PeoplePublished}
	}
	return catalog.About{}
}
