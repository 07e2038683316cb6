// Package wmts serves raster datasets as OGC Web Map Tile Service 1.0.0
// (07-057r7) by parameters and by addresses: GetCapabilities, GetTile,
// GetFeatureInfo.
package wmts

import (
	"encoding/xml"
	"errors"
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
	t := rest.Within(h.Timeout)
	rest.Get(r, "/wmts", h.guard(h.byParameters), t)
	rest.Get(r, "/wmts/1.0.0/WMTSCapabilities.xml", h.guard(func(c echo.Context) error { return h.capabilities(c, nil) }), t)
	rest.Get(r, "/wmts/1.0.0/:layer/:style/:set/:matrix/:row/:file", h.guard(h.byAddress), t)
	rest.Get(r, "/wmts/1.0.0/:layer/:style/:time/:set/:matrix/:row/:file", h.guard(h.byAddress), t)
	rest.Get(r, "/wmts/1.0.0/:layer/:style/:set/:matrix/:row/:col/:j/:file", h.guard(h.infoByAddress), t)
	rest.Get(r, "/wmts/1.0.0/:layer/:style/:time/:set/:matrix/:row/:col/:j/:file", h.guard(h.infoByAddress), t)
}

// Codes of WMTS beyond those that all services have.
const (
	outOfRange = "TileOutOfRange"
	badPoint   = "PointIJOutOfRange"
)

// statuses are those of 07-057r7, tables 20 and 25.
func statusOf(code string) int {
	switch code {
	case ows.NotSupported:
		return http.StatusNotImplemented
	case ows.NoCode:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// guard answers errors as reports.
func (h *Handler) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if err == nil {
			return nil
		}
		var e *ows.Exception
		if !errors.As(err, &e) {
			e = &ows.Exception{Code: ows.NoCode, Err: err}
			switch fault.KindOf(err) {
			case fault.Invalid, fault.NotExist, fault.TooLarge:
				e.Code = ows.Invalid
			case fault.Unsupported:
				e.Code = ows.NotSupported
			}
		}
		status := statusOf(e.Code)
		switch fault.KindOf(e.Err) {
		case fault.Unavailable, fault.Canceled:
			status, e.Err = http.StatusServiceUnavailable, errors.New("too much to do at the moment, or the answer took too long: try again")
			c.Response().Header().Set(echo.HeaderRetryAfter, "5")
		case fault.Other:
			if e.Code == ows.NoCode {
				h.Log.ErrorContext(c.Request().Context(), "request failed", "error", err, "request", rest.RequestID(c), "path", c.Path())
				e.Err = errors.New("something went wrong on our side; the log has it under request " + rest.RequestID(c))
			}
		case fault.NotExist:
			if c.Path() != "/wmts" { // by address there is simply nothing
				status = http.StatusNotFound
			}
		}
		return report(c, e, status)
	}
}

func report(c echo.Context, e *ows.Exception, status int) error {
	type exception struct {
		Code    string `xml:"exceptionCode,attr"`
		Locator string `xml:"locator,attr,omitempty"`
		Text    string `xml:"ExceptionText"`
	}
	b, err := ows.Document(struct {
		XMLName   xml.Name  `xml:"ExceptionReport"`
		NS        string    `xml:"xmlns,attr"`
		Version   string    `xml:"version,attr"`
		Lang      string    `xml:"xml:lang,attr"`
		Exception exception `xml:"Exception"`
	}{NS: "http://www.opengis.net/ows/1.1", Version: "1.1.0", Lang: "en", Exception: exception{e.Code, e.Locator, e.Error()}})
	if err != nil {
		return err
	}
	hd := c.Response().Header()
	hd.Set("Cache-Control", "no-store")
	hd.Del("ETag")
	return c.Blob(status, "text/xml; charset=utf-8", b)
}

func (h *Handler) byParameters(c echo.Context) error {
	q, err := ows.Read(c.QueryParams())
	if err != nil {
		return err
	}
	if s := q["SERVICE"]; s != "" && !strings.EqualFold(s, "WMTS") {
		return ows.Bad(ows.Invalid, "service", "SERVICE=%s: this is a WMTS", ows.Clip(s))
	}
	request, err := q.Need("REQUEST")
	if err != nil {
		return err
	}
	switch strings.ToLower(request) {
	case "getcapabilities":
		return h.capabilities(c, q)
	case "gettile", "getfeatureinfo":
		if v := q["VERSION"]; v != "" && v != "1.0.0" {
			return ows.Bad(ows.Invalid, "version", "VERSION=%s: this is WMTS 1.0.0", ows.Clip(v))
		}
		if strings.EqualFold(request, "GetTile") {
			return h.tile(c, q)
		}
		return h.featureInfo(c, q)
	}
	return ows.Bad(ows.NotSupported, "request", "REQUEST=%s: there are GetCapabilities, GetTile and GetFeatureInfo", ows.Clip(request))
}
