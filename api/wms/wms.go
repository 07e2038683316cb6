// Package wms serves raster datasets as OGC Web Map Service 1.3.0 (06-042):
// GetCapabilities, GetMap, GetFeatureInfo, GetLegendGraphic. Coordinates are
// in the axis order of the authority of the CRS. GetMap and GetFeatureInfo of
// version 1.1.1, whose boxes always begin with x, are understood as well.
package wms

import (
	"errors"
	"image/color"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/draw"
	"contado/api/ows"
	"contado/api/rest"
	"contado/geo/fault"
)

// Handler serves the datasets of an atlas.
type Handler struct {
	Painter *draw.Painter
	Log     *slog.Logger
	Timeout time.Duration
}

// Register adds the routes.
func (h *Handler) Register(r rest.Registrar) {
	rest.Get(r, "/wms", h.serve, rest.Within(h.Timeout))
}

func (h *Handler) serve(c echo.Context) error {
	q, err := ows.Read(c.QueryParams())
	if err == nil {
		err = h.answer(c, q)
	}
	if err == nil {
		return nil
	}
	return h.refuse(c, q, err)
}

// refuse answers with what went wrong. What is ours to know stays in the log.
func (h *Handler) refuse(c echo.Context, q ows.Params, err error) error {
	code, status := codeOf(err), http.StatusOK
	switch fault.KindOf(err) {
	case fault.Other:
		if !errors.As(err, new(*ows.Exception)) {
			h.Log.ErrorContext(c.Request().Context(), "request failed", "error", err, "request", rest.RequestID(c), "path", c.Path())
			err, status = errors.New("something went wrong on our side; the log has it under request "+rest.RequestID(c)), http.StatusInternalServerError
		}
	case fault.Unavailable, fault.Canceled:
		err, status = errors.New("too much to do at the moment, or the answer took too long: try again, or ask for less"), http.StatusServiceUnavailable
	}
	if m := q["EXCEPTIONS"]; strings.EqualFold(q["REQUEST"], "GetMap") && status == http.StatusOK && (m == "INIMAGE" || m == "BLANK") {
		return h.inImage(c, q, err)
	}
	return exception(c, code, err, status)
}

func (h *Handler) answer(c echo.Context, q ows.Params) error {
	if s := q["SERVICE"]; s != "" && !strings.EqualFold(s, "WMS") {
		return ows.Bad(ows.Invalid, "service", "SERVICE=%s: this is a WMS", ows.Clip(s))
	}
	request, err := q.Need("REQUEST")
	if err != nil {
		return err
	}
	switch strings.ToLower(request) {
	case "getcapabilities", "capabilities":
		return h.capabilities(c, q)
	case "getmap", "map":
		return h.getMap(c, q)
	case "getfeatureinfo":
		return h.featureInfo(c, q)
	case "getlegendgraphic":
		return h.legendGraphic(c, q)
	}
	return ows.Bad(ows.NotSupported, "request", "REQUEST=%s: there are GetCapabilities, GetMap, GetFeatureInfo and GetLegendGraphic", ows.Clip(request))
}

// codeOf is the code of an error; faults from below have none of WMS.
func codeOf(err error) string {
	var e *ows.Exception
	if errors.As(err, &e) {
		return e.Code
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotExist, fault.TooLarge:
		return ows.Invalid
	case fault.Unsupported:
		return ows.NotSupported
	}
	return ""
}

// inImage answers an error as a picture of the size asked for, with the text
// of it, or blank.
func (h *Handler) inImage(c echo.Context, q ows.Params, failure error) error {
	width, err := q.Int("WIDTH", 1, draw.MaxSide, ows.Invalid)
	if err != nil {
		return exception(c, codeOf(failure), failure, http.StatusOK)
	}
	height, err := q.Int("HEIGHT", 1, draw.MaxSide, ows.Invalid)
	if err != nil {
		return exception(c, codeOf(failure), failure, http.StatusOK)
	}
	format, ok := draw.ByMedia(q["FORMAT"])
	if !ok {
		return exception(c, codeOf(failure), failure, http.StatusOK)
	}
	text := failure.Error()
	if q["EXCEPTIONS"] == "BLANK" {
		text = ""
	}
	background := &color.NRGBA{R: 255, G: 255, B: 255, A: 255}
	if bg, err := backgroundOf(q, format); err == nil {
		background = bg
	}
	b, err := h.Painter.Note(text, width, height, background, format)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, format.Media, b)
}
