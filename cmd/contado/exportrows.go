package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/cql2"
	"contado/geo/export"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/table"
)

// rowsFlags say which rows of a vector dataset are exported, and how.
type rowsFlags struct {
	Filter string   `help:"Rows: only those for which this is true, as CQL2 text."`
	Fields []string `help:"Rows: attributes to write; all when left out."`
	Clip   bool     `help:"Rows: cut geometries at the border of the areas."`
	ToCRS  string   `help:"Rows: CRS to write, e.g. EPSG:32632; the dataset's own when left out (GeoJSON: longitude and latitude)." name:"crs"`
	As     string   `help:"Rows: places in tables: xy, wkt or none." enum:",xy,wkt,none" default:"" name:"geometry"`
	Locale string   `help:"Rows: numbers and dates in tables: plain, en or it." enum:"plain,en,it" default:"plain"`
	AsOf   string   `help:"Rows as they were: a time, a version (3), or a version and change (3.17)." name:"as-of"`
	Force  bool     `help:"Rows: write over a file that is there." name:"replace"`
}

// exportRows writes rows of a vector dataset.
func (c *exportCmd) exportRows(a *app, in *installation, d catalog.Dataset) error {
	f, ok := export.Find("", c.Out)
	if !ok {
		return usagef("output %s: the name must end in %s", c.Out, extensions())
	}
	l, err := in.layerAt(a, d.ID, c.AsOf)
	if err != nil {
		return err
	}
	s := l.Schema()
	q := features.Query{Fields: c.Fields, FilterCRS: geo.WGS84}
	if c.Filter != "" {
		if q.Filter, err = cql2.ParseText(c.Filter); err != nil {
			return usagef("--filter: %v", err)
		}
	}
	o := export.Options{
		Layer: d.ID, Title: d.Title, Description: d.Description, CRS: geo.CRS(c.ToCRS), Clip: c.Clip,
		Geometry: c.As, Replace: c.Force,
	}
	if o.Locale, err = table.ParseLocale(c.Locale); err != nil {
		return err
	}
	areas, err := c.read()
	if err != nil {
		return err
	}
	region, err := in.engine.Region(a.ctx, areas, s.CRS)
	if err != nil {
		return err
	}
	if region != nil {
		o.Area = region
		b := geo.BBoxOf(region.Bound())
		q.BBox = &b
	}
	if s, err = onlyFields(s, c.Fields, d.ID); err != nil {
		return err
	}
	p := a.progress()
	n := int64(0)
	notices, err := export.Write(a.ctx, c.Out, f, s, func(yield func(geo.Feature) bool) error {
		return l.Scan(a.ctx, q, func(row geo.Feature) bool {
			if n++; n%1000 == 0 {
				p.Step(n, d.Version.Vector.Count)
			}
			return yield(row)
		})
	}, o)
	p.Done()
	if err != nil {
		return err
	}
	for _, n := range notices {
		printNotice(a, n)
	}
	fmt.Fprintf(a.stdout, "wrote %s\n", c.Out)
	return nil
}

func extensions() string {
	var out []string
	for _, f := range export.Formats() {
		out = append(out, f.Extension)
	}
	return strings.Join(append(out, ".pmtiles"), ", ")
}

// onlyFields is the schema with the attributes asked for.
func onlyFields(s geo.Schema, names []string, id string) (geo.Schema, error) {
	if names == nil {
		return s, nil
	}
	out := s
	out.Fields = nil
	for _, n := range names {
		i := s.FieldIndex(n)
		if i < 0 {
			return s, usagef("--fields: dataset %s has no attribute %q", id, n)
		}
		out.Fields = append(out.Fields, s.Fields[i])
	}
	return out, nil
}

// layerAt opens a vector dataset as it is, or as it was.
func (in *installation) layerAt(a *app, id, asOf string) (*atlas.Layer, error) {
	s := in.atlas.Current()
	if asOf == "" {
		return s.Layer(a.ctx, id)
	}
	at, err := parseAsOf(asOf)
	if err != nil {
		return nil, err
	}
	return s.LayerAsOf(a.ctx, id, at)
}

func parseAsOf(text string) (atlas.AsOf, error) {
	if at, ok := atlas.ParseStamp(text); ok {
		return at, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return atlas.AsOf{Time: t}, nil
		}
	}
	return atlas.AsOf{}, usagef("--as-of %s: want a time such as 2026-03-01T12:00, a version (3), or a version and change (3.17)", text)
}

// isPyramid reports whether a file name asks for a tile archive.
func isPyramid(path string) bool { return strings.EqualFold(filepath.Ext(path), ".pmtiles") }
