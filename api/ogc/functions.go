package ogc

import (
	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/cql2"
)

// relFunctions links the functions that filters may call.
const relFunctions = rels + "functions"

type functionList struct {
	Functions []functionDoc `json:"functions"`
	Links     []rest.Link   `json:"links"`
}

// functionDoc describes one function, in the form that the drafts of Part 3
// gave the resource and other servers kept.
type functionDoc struct {
	Name        string        `json:"name"`
	Description string        `json:"description"`
	Arguments   []argumentDoc `json:"arguments"`
	Returns     argumentDoc   `json:"returns"`
}

type argumentDoc struct {
	Title string   `json:"title,omitempty"`
	Type  []string `json:"type"`
}

var functionTypes = map[cql2.Type][]string{
	cql2.TextType: {"string"}, cql2.NumberType: {"number"}, cql2.BooleanType: {"boolean"},
	cql2.DateType: {"date"}, cql2.TimeType: {"date", "datetime"}, cql2.GeometryType: {"geometry"},
}

// functions lists the functions of filters (CQL2, requirements class
// Functions, has clients told of them).
func (h *Handler) functions(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	format, err := rest.Choose(c, rest.JSONFormat)
	if err != nil {
		return err
	}
	doc := functionList{Links: rest.Representations(c, rest.URL(c, "functions"), format.Name, rest.JSONFormat)}
	for _, f := range cql2.Functions() {
		d := functionDoc{Name: f.Name, Description: f.Description, Returns: argumentDoc{Type: functionTypes[f.Returns]}}
		for _, a := range f.Args {
			d.Arguments = append(d.Arguments, argumentDoc{a.Name, functionTypes[a.Type]})
		}
		doc.Functions = append(doc.Functions, d)
	}
	rest.AddHeader(c, doc.Links)
	return rest.JSON(c, rest.MediaJSON, doc)
}
