package xyz

import (
	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/expr"
	"contado/tiles/colormap"
)

// indexDocument is a published index as clients choose from.
type indexDocument struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Formula string `json:"formula"`
	// Bands are the common names that the formula reads.
	Bands  []string `json:"bands"`
	Source string   `json:"source"`
	Min    float64  `json:"min"` // the range shown
	Max    float64  `json:"max"`
	// Colormap is drawn from Min to Max.
	Colormap    string `json:"colormap"`
	Reflectance bool   `json:"reflectance"` // needs it, not any number
}

// indices lists the published indices.
func (h *Handler) indices(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	list := []indexDocument{}
	for _, ix := range expr.Indices() {
		list = append(list, indexDocument{
			Name: ix.Name, Title: ix.Title, Formula: ix.Formula, Bands: ix.Bands, Source: ix.Source,
			Min: ix.Min, Max: ix.Max, Colormap: ix.Colormap, Reflectance: ix.Reflectance,
		})
	}
	return rest.JSON(c, rest.MediaJSON, struct {
		Indices []indexDocument `json:"indices"`
	}{list})
}

// mapColours is how many colours of a map are shown.
const mapColours = 16

// colormapDocument is a named colour map as clients choose from.
type colormapDocument struct {
	Name string        `json:"name"`
	Kind colormap.Kind `json:"kind"`
	// CVDSafe says that colour-blind readers can tell its steps apart.
	CVDSafe bool     `json:"cvd_safe"`
	Source  string   `json:"source"`
	Licence string   `json:"licence"`
	Colours []string `json:"colours"` // from low to high, evenly spaced
}

// colormaps lists the named colour maps.
func (h *Handler) colormaps(c echo.Context) error {
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	list := []colormapDocument{}
	for _, m := range colormap.All() {
		d := colormapDocument{Name: m.Name, Kind: m.Kind, CVDSafe: m.CVDSafe, Source: m.Source, Licence: m.Licence, Colours: []string{}}
		for _, colour := range colormap.Ramp(m.Name, mapColours) {
			d.Colours = append(d.Colours, colormap.Hex(colour))
		}
		list = append(list, d)
	}
	return rest.JSON(c, rest.MediaJSON, struct {
		Colormaps []colormapDocument `json:"colormaps"`
	}{list})
}
