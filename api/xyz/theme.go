package xyz

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"contado/geo/analysis"
	"contado/geo/breaks"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles/style"
)

// themeParams colour a vector dataset by an attribute.
var themeParams = []string{"by", "method", "classes", "palette"}

// theme reads the parameters; nil when no attribute is named.
func (h *Handler) theme(c echo.Context, d catalog.Dataset) (*style.Theme, error) {
	q := analysis.ThemeRequest{Dataset: d.ID, Field: c.QueryParam("by"), Method: breaks.Method(c.QueryParam("method"))}
	classes := c.QueryParam("classes")
	if q.Field == "" && q.Method == "" && classes == "" && c.QueryParam("palette") == "" {
		return h.keptTheme(c, d)
	}
	if q.Field == "" {
		if q.Method != "" || classes != "" || c.QueryParam("palette") != "" {
			return nil, fault.WithHint(fault.Errorf("xyz", fault.Invalid, "method, classes and palette need an attribute"), "name it with by=")
		}
		return nil, nil
	}
	if d.Kind != catalog.Vector {
		return nil, fault.Errorf("xyz", fault.Invalid, "by: dataset %s is %s; only vectors have attributes", d.ID, d.Kind)
	}
	if classes != "" {
		var err error
		if q.Classes, err = strconv.Atoi(classes); err != nil || q.Classes < 2 {
			return nil, fault.Errorf("xyz", fault.Invalid, "classes: %.20q; want 2 to %d", classes, breaks.MaxClasses)
		}
	}
	t, err := h.Engine.Theme(c.Request().Context(), q)
	if err != nil {
		return nil, err
	}
	return style.NewTheme(t, c.QueryParam("palette"))
}

// keptTheme is the theme that was kept with the dataset; nil when there is
// none, or when its attribute has gone.
func (h *Handler) keptTheme(c echo.Context, d catalog.Dataset) (*style.Theme, error) {
	k := d.About.Style
	if k == nil || k.By == "" || d.Version.Vector == nil || d.Version.Vector.Schema.FieldIndex(k.By) < 0 {
		return nil, nil
	}
	t, err := h.Engine.Theme(c.Request().Context(), analysis.ThemeRequest{Dataset: d.ID, Field: k.By, Method: breaks.Method(k.Method), Classes: k.Classes})
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotExist) { // the attribute is no longer what it was
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return style.NewTheme(t, k.Palette)
}
