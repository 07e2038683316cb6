package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/gdal"
	"contado/geo/travel"
)

type travelCmd struct {
	Time      travelTimeCmd      `cmd:"" help:"A raster of the time from every place to the nearest facility, or from it."`
	Isochrone travelIsochroneCmd `cmd:"" help:"Areas within times of facilities."`
	Matrix    travelMatrixCmd    `cmd:"" help:"A table of times between places."`
	Explain   travelExplainCmd   `cmd:"" help:"Why a journey takes as long as it does: its legs."`
}

// travellerFlags say who travels and over what.
type travellerFlags struct {
	Profile    string   `help:"How people move: a profile such as walking, car, bicycle, e-bike, senior-80, wheelchair, bus-and-walk; a profile file of your own (.yaml); or straight-line." default:"walking" short:"p"`
	Speeds     string   `help:"Speed table (CSV) to use instead of the built-in one." type:"existingfile"`
	Neighbours int      `help:"Directions of a step over the ground: ${enum}." enum:"8,16,32" default:"16"`
	AnyWay     bool     `help:"Cross the ground in any direction (fast marching: within 0.5 % on open ground) instead of by steps; such times have no legs." name:"any-direction"`
	SpeedKmh   float64  `help:"Speed of straight lines, km/h." default:"5"`
	Landcover  string   `help:"Dataset to use for land cover; none for open ground; by role when left out."`
	Elevation  string   `help:"Dataset to use for elevation; none for flat ground."`
	Roads      []string `help:"Datasets of roads; none for no roads."`
	Barriers   []string `help:"Datasets of barriers; none for no barriers."`
	Season     []string `help:"Snow and floods that close or slow the way: snow:2026-01, flood:…, snowline:1500."`

	transitFlags `group:"Public transport"`
}

func (f *travellerFlags) request() (analysis.TravelRequest, error) {
	q := analysis.TravelRequest{
		Neighbours: f.Neighbours, AnyDirection: f.AnyWay, SpeedKmh: f.SpeedKmh, LandCover: f.Landcover, Elevation: f.Elevation, Roads: f.Roads, Barriers: f.Barriers, Season: f.Season,
	}
	names, own, _, err := ownProfiles([]string{f.Profile})
	if err != nil {
		return q, err
	}
	q.Profile, q.Own = names[0], own
	if f.Speeds != "" {
		if _, q.Speeds, err = ownSpeeds(f.Speeds); err != nil {
			return q, err
		}
	}
	q.Transit, err = f.window()
	return q, err
}

// placesOf reads what --to and --from name: one service, or places written
// lon,lat or name=lon,lat.
func placesOf(flag string, list []string) (service string, places []analysis.TravelPlace, err error) {
	for i, text := range list {
		name, at, named := strings.Cut(text, "=")
		if !named {
			name, at = fmt.Sprintf("%d", i+1), text
		}
		lon, lat, pair := strings.Cut(at, ",")
		x, errX := strconv.ParseFloat(strings.TrimSpace(lon), 64)
		y, errY := strconv.ParseFloat(strings.TrimSpace(lat), 64)
		switch {
		case pair && errX == nil && errY == nil:
			places = append(places, analysis.TravelPlace{ID: name, Name: name, Lon: x, Lat: y})
		case len(list) == 1:
			return text, nil, nil
		default:
			return "", nil, usagef("--%s %q: want one service, or places written lon,lat or name=lon,lat", flag, text)
		}
	}
	return "", places, nil
}

// groundFlags say what ground is taken in.
type groundFlags struct {
	Territory string `help:"Code of the territory; leading zeros count." short:"t"`
	BBox      string `help:"Or a box of longitudes and latitudes: west,south,east,north." name:"bbox" placeholder:"W,S,E,N"`
}

func (f *groundFlags) fill(q *analysis.TravelRequest) error {
	var err error
	q.Territory = f.Territory
	q.BBox, err = parseBox(f.BBox)
	return err
}

type travelTimeCmd struct {
	To        []string `help:"Facilities: a service (dataset, dataset:kind or dataset[filter]), or places lon,lat or name=lon,lat (repeat the flag)." required:"" sep:"none" placeholder:"PLACE"`
	Direction string   `help:"Which way people go: ${enum}." enum:"to-facility,from-facility" default:"to-facility"`
	Within    string   `help:"Leave out what is further away: 60m, 1h30m or seconds."`
	Territory string   `help:"Code of the territory; or say --bbox." short:"t"`
	travellerFlags
	mapFlags
}

// Help shows examples under the flags.
func (c *travelTimeCmd) Help() string {
	return `Cells hold seconds; those that are not reached hold no value. Every cell counts: there is no limit on how far a road is.

Examples:
  contado travel time -t 016 --to osm-services:pharmacy --profile car --tif pharmacies.tif
  contado travel time -t 016 --to clinics --profile bicycle --areas municipalities -o means.csv
  contado travel time --bbox 9.47,47.04,9.64,47.28 --to "station=9.5270,47.1669" --into time-to-station`
}

// Run makes the raster.
func (c *travelTimeCmd) Run(a *app) error {
	q, err := c.request()
	if err != nil {
		return err
	}
	if q.Service, q.Places, err = placesOf("to", c.To); err != nil {
		return err
	}
	if c.Within != "" {
		if q.MaxSeconds, err = seconds(c.Within); err != nil {
			return err
		}
	}
	if c.Direction == "from-facility" {
		q.Direction = travel.FromFacility
	}
	if c.Tif == "" && c.Into == "" && c.Out == "" {
		return usagef("say where the times go: --tif FILE, --into DATASET, or -o for a table of means")
	}
	q.Territory = c.Territory
	return c.make(a, func(in *installation, w analysis.MapWhere, p analysis.Progress) (*analysis.Map, error) {
		q.BBox, w.BBox = w.BBox, nil
		return in.engine.TravelTime(a.ctx, q, w, p)
	})
}

type travelIsochroneCmd struct {
	To        []string `help:"Facilities: a service, or places lon,lat or name=lon,lat (repeat the flag)." required:"" sep:"none" placeholder:"PLACE"`
	Direction string   `help:"Which way people go: ${enum}." enum:"to-facility,from-facility" default:"to-facility"`
	Within    []string `help:"Times, rising: 15m, 1h30m, or seconds." default:"15m,30m,60m"`
	Out       string   `help:"File to write: .geojson or .gpkg; GeoJSON on standard output when left out." short:"o" type:"path"`
	groundFlags
	travellerFlags
}

// Help shows examples under the flags.
func (c *travelIsochroneCmd) Help() string {
	return `Areas have their holes and islands; a smaller time lies within a larger one.

Examples:
  contado travel isochrone -t 016 --to osm-services:hospital --profile car --within 10m,20m,30m -o hospital.gpkg
  contado travel isochrone --bbox 9.47,47.04,9.64,47.28 --to 9.5270,47.1669 --direction from-facility -o reach.geojson`
}

// Run draws the areas.
func (c *travelIsochroneCmd) Run(a *app) error {
	q, err := c.request()
	if err != nil {
		return err
	}
	if q.Service, q.Places, err = placesOf("to", c.To); err != nil {
		return err
	}
	if err := c.fill(&q); err != nil {
		return err
	}
	if c.Direction == "from-facility" {
		q.Direction = travel.FromFacility
	}
	var limits []float64
	for _, w := range c.Within {
		s, err := seconds(w)
		if err != nil {
			return err
		}
		limits = append(limits, s)
	}
	if _, err := outFormat(c.Out, "geojson", "geojson", "json", "gpkg"); err != nil {
		return err
	}
	if err := writable(c.Out); err != nil {
		return err
	}
	return a.with(func(in *installation) error {
		p := a.progress()
		res, err := in.engine.Isochrones(a.ctx, q, limits, p.Share)
		p.Done()
		if err != nil {
			return err
		}
		a.notices(res.Notices)
		return a.writeFeatures(c.Out, "isochrones", analysis.IsochroneSchema(), res.Features())
	})
}

// writeFeatures writes rows as GeoJSON or GeoPackage; "" is GeoJSON on
// standard output.
func (a *app) writeFeatures(path, layer string, s geo.Schema, rows []geo.Feature) error {
	format, err := outFormat(path, "geojson", "geojson", "json", "gpkg")
	if err != nil {
		return err
	}
	driver := "GeoJSON"
	if format == "gpkg" {
		driver = "GPKG"
	}
	folder := ""
	if path != "" {
		folder = filepath.Dir(path)
	}
	dir, err := os.MkdirTemp(folder, ".contado-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tmp := filepath.Join(dir, "made."+format)
	next := func() (geo.Feature, bool, error) {
		if len(rows) == 0 {
			return geo.Feature{}, false, nil
		}
		f := rows[0]
		rows = rows[1:]
		return f, true, nil
	}
	if err := gdal.WriteVector(a.ctx, tmp, driver, layer, s, next); err != nil {
		return err
	}
	if path != "" {
		return a.place(tmp, path)
	}
	data, err := os.Open(tmp)
	if err != nil {
		return err
	}
	defer data.Close()
	_, err = io.Copy(a.stdout, data)
	return err
}
