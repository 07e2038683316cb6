package manage

import (
	"context"
	"net/http"
	"regexp"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/breaks"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/tiles/style"
)

// styleDocument is how a dataset is drawn; null: as its role is.
type styleDocument struct {
	Dataset string         `json:"dataset"`
	Style   *catalog.Style `json:"style"`
}

func (h *Handler) style(c echo.Context) error {
	_, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c); err != nil {
		return err
	}
	return rest.JSON(c, rest.MediaJSON, styleDocument{d.ID, d.About.Style})
}

// setStyle keeps how a dataset is drawn for all.
func (h *Handler) setStyle(c echo.Context) error {
	_, d, who, err := h.changing(c)
	if err != nil {
		return err
	}
	var s catalog.Style
	if err := rest.Body(c, &s, rest.MediaJSON); err != nil {
		return err
	}
	if err := h.checkStyle(c.Request().Context(), d, &s); err != nil {
		return err
	}
	return h.keepStyle(c, d, who, &s)
}

// dropStyle makes the dataset be drawn as its role is.
func (h *Handler) dropStyle(c echo.Context) error {
	_, d, who, err := h.changing(c)
	if err != nil {
		return err
	}
	return h.keepStyle(c, d, who, nil)
}

func (h *Handler) keepStyle(c echo.Context, d catalog.Dataset, who string, s *catalog.Style) error {
	ctx := c.Request().Context()
	d, err := h.Stores.Catalog.Describe(ctx, d.ID, who, func(now *catalog.Dataset) error {
		now.About.Style = s
		return nil
	})
	if err != nil {
		return err
	}
	if err := h.Atlas.Refresh(ctx); err != nil {
		return err
	}
	return rest.Fresh(c, http.StatusOK, styleDocument{d.ID, d.About.Style})
}

var colourPattern = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// checkStyle refuses what could not be drawn.
func (h *Handler) checkStyle(ctx context.Context, d catalog.Dataset, s *catalog.Style) error {
	const op = "manage"
	if d.Kind != catalog.Vector || d.Version.Vector == nil || d.Version.Vector.Schema.GeometryType == "" {
		return fault.Errorf(op, fault.Invalid, "dataset %s has no shapes: only those of vectors have a style of their own", d.ID)
	}
	if s.Label != "" && d.Version.Vector.Schema.FieldIndex(s.Label) < 0 {
		return fault.Errorf(op, fault.Invalid, "label: dataset %s has no attribute %.60q", d.ID, s.Label)
	}
	if s.Opacity != nil && !(*s.Opacity >= 0 && *s.Opacity <= 1) {
		return fault.Errorf(op, fault.Invalid, "opacity: want a number from 0 to 1")
	}
	if s.Colour != "" && !colourPattern.MatchString(s.Colour) {
		return fault.Errorf(op, fault.Invalid, "colour: want six digits like #0072b2")
	}
	if s.By == "" {
		if s.Method != "" || s.Classes != 0 || s.Palette != "" {
			return fault.Errorf(op, fault.Invalid, "method, classes and palette need an attribute: name it in by")
		}
		return nil
	}
	if s.Classes != 0 && s.Classes < 2 {
		return fault.Errorf(op, fault.Invalid, "classes: %d; want 2 to %d", s.Classes, breaks.MaxClasses)
	}
	t, err := h.Engine.Theme(ctx, analysis.ThemeRequest{Dataset: d.ID, Field: s.By, Method: breaks.Method(s.Method), Classes: s.Classes})
	if err != nil {
		return err
	}
	_, err = style.NewTheme(t, s.Palette)
	return err
}
