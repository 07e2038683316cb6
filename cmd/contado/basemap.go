package main

import (
	"contado/api/xyz"
)

// basemapFlags name a base map of others, which lies below the layers when
// people choose it. There is none by default: the page asks nobody but this
// server.
type basemapFlags struct {
	Basemap            string `help:"Address of the tiles of a base map of others, which people may choose: their browsers then fetch them from there. With {z}, {x} and {y}." env:"CONTADO_BASEMAP" placeholder:"URL"`
	BasemapAttribution string `help:"With --basemap: whose map it is, as its licence asks for." env:"CONTADO_BASEMAP_ATTRIBUTION" placeholder:"TEXT"`
	BasemapTitle       string `help:"With --basemap: its name in the list of base maps." env:"CONTADO_BASEMAP_TITLE" placeholder:"TEXT"`
}

// basemap is the base map, and the origins that the page's policy must let
// through; nil without one.
func (f *basemapFlags) basemap() (b *xyz.Basemap, outside []string, err error) {
	if f.Basemap == "" {
		return nil, nil, nil
	}
	b = &xyz.Basemap{Tiles: f.Basemap, Attribution: f.BasemapAttribution, Title: f.BasemapTitle}
	if err := b.Check(); err != nil {
		return nil, nil, usagef("%v", err)
	}
	return b, []string{b.Origin()}, nil
}
