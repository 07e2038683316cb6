package main

import (
	"contado/geo/store/catalog"
	"contado/ingest/attach"
)

type attachCmd struct {
	URL     string `arg:"" help:"Address of the database: postgres://user@host/name; the password is better in PGPASSWORD or ~/.pgpass." name:"url"`
	Table   string `help:"Table or view: name, or schema.name." required:"" short:"t"`
	Dataset string `help:"Dataset id, of a-z 0-9 and hyphens." required:"" short:"d"`
	Role    string `help:"What it is for, as of ingest; other when left out." enum:",territory,place,service,road,barrier,hazard,population,other" default:""`

	Title       string `help:"Name shown to people."`
	Description string `help:"A sentence or two about the data."`
	License     string `help:"Licence, e.g. CC-BY-4.0."`
	Attribution string `help:"Credit line shown on maps and reports."`

	ID       string `help:"Column of whole numbers that identifies rows; the primary key when left out. A view needs it." name:"id-column"`
	Geometry string `help:"Column to show when there are several; the first when left out." name:"geometry-column"`
	CRS      string `help:"CRS of coordinates that state none, e.g. EPSG:32632." name:"crs"`
	Writable bool   `help:"Let edits made here be written to the table."`
	Watch    string `help:"How edits made elsewhere are noticed: notify (triggers that the table is given), column (one that grows with every change) or compare (all rows, from time to time); chosen when left out." enum:",notify,column,compare" default:""`
	Column   string `help:"The column of --watch column." name:"watch-column"`
	Replace  bool   `help:"Mirror a dataset anew that is there already."`

	CodeField       string   `help:"Territories and tables of people: column of the code."`
	NameField       string   `help:"Territories and places: column of the name."`
	ParentField     []string `help:"Territories: column of the parent's code; several, nearest first."`
	LevelField      string   `help:"Territories: column of the level."`
	LevelName       string   `help:"Territories: level of all rows, e.g. municipality."`
	PopulationField string   `help:"Tables of people: column of the number."`
}

// Help shows examples under the flags.
func (c *attachCmd) Help() string {
	return `The table stays where it is: its rows are mirrored, and "contado serve" follows what changes.
Passwords given in the address are kept in connections.toml of the data folder, for its owner alone.

Examples:
  contado attach postgres://gis@db.comune.example/gis --table public.strade --dataset strade --role road
  contado attach postgres://gis@localhost/gis --table farmacie --dataset farmacie --role service --writable
  contado attach postgres://gis@localhost/gis --table v_lotti --dataset lotti --id-column gid --watch compare`
}

// Run mirrors the table.
func (c *attachCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		p := a.progress()
		res, err := attach.Attach(a.ctx, in.ingestStores(), in.tables, in.passwords, c.URL, c.Table, attach.Options{
			Dataset: c.Dataset, Role: catalog.Role(c.Role), Title: c.Title, Description: c.Description, License: c.License, Attribution: c.Attribution,
			ID: c.ID, Geometry: c.Geometry, CRS: c.CRS, Writable: c.Writable, Watch: c.Watch, WatchColumn: c.Column, Replace: c.Replace,
			CodeField: c.CodeField, NameField: c.NameField, ParentFields: c.ParentField, LevelField: c.LevelField, LevelName: c.LevelName,
			PopulationField: c.PopulationField,
		}, p)
		p.Done()
		if err != nil {
			return err
		}
		a.printIngested(res)
		return nil
	})
}
