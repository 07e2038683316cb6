package upload

import (
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest"
)

// plan is what people want made of an upload: the flags of contado ingest.
type plan struct {
	Dataset     string       `json:"dataset"`
	Mode        string       `json:"mode,omitempty"` // new (also ""), append or replace
	Role        catalog.Role `json:"role,omitempty"`
	Title       string       `json:"title,omitempty"`
	Description string       `json:"description,omitempty"`
	License     string       `json:"license,omitempty"`
	Attribution string       `json:"attribution,omitempty"`
	Keywords    []string     `json:"keywords,omitempty"`
	Contact     string       `json:"contact,omitempty"`
	Source      string       `json:"source,omitempty"`

	Layer      string `json:"layer,omitempty"`
	Subdataset string `json:"subdataset,omitempty"`
	Datetime   string `json:"datetime,omitempty"`
	CRS        string `json:"crs,omitempty"`
	Encoding   string `json:"encoding,omitempty"`

	CodeField       string   `json:"code_field,omitempty"`
	NameField       string   `json:"name_field,omitempty"`
	ParentFields    []string `json:"parent_fields,omitempty"`
	LevelField      string   `json:"level_field,omitempty"`
	LevelName       string   `json:"level_name,omitempty"`
	PopulationField string   `json:"population_field,omitempty"`
	XField          string   `json:"x_field,omitempty"`
	YField          string   `json:"y_field,omitempty"`
	Join            *joined  `json:"join,omitempty"`
}

// joined is a table whose columns go to the rows of a dataset.
type joined struct {
	Dataset string `json:"dataset"`
	Key     string `json:"key"`
	On      string `json:"on,omitempty"`
}

// options are those of ingest; what is wrong with them it says itself, but for
// what people say of the dataset.
func (p *plan) options(l *Limits) (ingest.Options, error) {
	o := ingest.Options{
		Dataset: p.Dataset, Role: p.Role, Title: p.Title, Description: p.Description, License: p.License, Attribution: p.Attribution,
		About: catalog.About{Keywords: p.Keywords, Contact: p.Contact, Source: p.Source},
		Layer: p.Layer, Subdataset: p.Subdataset, Datetime: p.Datetime, CRS: p.CRS, Encoding: p.Encoding,
		CodeField: p.CodeField, NameField: p.NameField, ParentFields: p.ParentFields, LevelField: p.LevelField, LevelName: p.LevelName,
		PopulationField: p.PopulationField, XField: p.XField, YField: p.YField,
		Formats: l.Formats, Limits: ingest.Limits{ArchiveBytes: l.Unpacked},
	}
	switch p.Mode {
	case "", "new":
	case "append":
		o.Append = true
	case "replace":
		o.Replace = true
	default:
		return o, fault.Errorf("upload", fault.Invalid, "mode: %.40q is none of new, append and replace", p.Mode)
	}
	if j := p.Join; j != nil {
		if j.Dataset == "" || j.Key == "" {
			return o, fault.Errorf("upload", fault.Invalid, "join needs a dataset and a key")
		}
		o.Join = &ingest.Join{Dataset: j.Dataset, Key: j.Key, On: j.On}
	}
	said := catalog.Dataset{
		ID: p.Dataset, Role: catalog.OtherRole, Title: p.Title, Description: p.Description, License: p.License, Attribution: p.Attribution, About: o.About,
	}
	if said.Title == "" {
		said.Title = "-"
	}
	return o, said.CheckDescription()
}
