package ogc

import (
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/layer"
	"contado/geo/store/catalog"
)

// layerOf is the layer of a dataset: as it is now, or as it was when the
// parameters version or as-of ask for that.
func (h *Handler) layerOf(c echo.Context, state *atlas.Snapshot, d catalog.Dataset) (*layer.Layer, error) {
	at, err := asOf(c)
	if err != nil {
		return nil, err
	}
	return state.LayerAsOf(c.Request().Context(), d.ID, at)
}

// asOf reads version=3, version=3.17 or as-of=2026-05-01T10:00:00Z.
func asOf(c echo.Context) (at atlas.AsOf, err error) {
	version, moment := c.QueryParam("version"), c.QueryParam("as-of")
	switch {
	case version != "" && moment != "":
		return at, fault.Errorf("ogc", fault.Invalid, "version and as-of both name a state: give one of them")
	case version != "":
		var ok bool
		if at, ok = atlas.ParseStamp(version); !ok {
			return at, fault.Errorf("ogc", fault.Invalid, "version=%.40q: want the number of a version, or of one and its change, such as 3 or 3.17", version)
		}
	case moment != "":
		if at.Time, err = time.Parse(time.RFC3339Nano, moment); err != nil {
			return at, fault.Errorf("ogc", fault.Invalid, "as-of=%.40q: want an RFC 3339 time such as 2026-05-01T10:00:00Z", moment)
		}
	}
	return at, nil
}

// featureTag is the validator of one row. It begins with the state of the row
// in every representation, so that any of them will do for If-Match.
func (h *Handler) featureTag(c echo.Context, l *layer.Layer, id int64, format rest.Format) string {
	hash := strings.Trim(rest.Tag(h.basis(c, l.Dataset(), format)...), `"`)
	return `"` + rowState(l, id) + "-" + hash + `"`
}

// rowState names the state of one row: the version, and its last change.
func rowState(l *layer.Layer, id int64) string {
	return strconv.Itoa(l.Dataset().Version.Number) + "." + strconv.FormatInt(l.Revision(id), 10)
}

// expected finds the state of a row that If-Match names; nil for *, which any
// state of it meets. ok is false when the row was of none of these.
func expected(header string, l *layer.Layer, id int64) (seq *int64, ok bool) {
	now := rowState(l, id)
	for _, tag := range strings.Split(header, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" {
			return nil, true
		}
		// A proxy that compresses makes validators weak; the state is the same.
		tag = strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)
		if state, _, _ := strings.Cut(tag, "-"); state == now {
			rev := l.Revision(id)
			return &rev, true
		}
	}
	return nil, false
}
