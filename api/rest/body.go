package rest

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/geo/fault"
)

// maxBody bounds the bodies of Body in bytes.
const maxBody = 1 << 20

// Body reads into into a body that is one JSON object of one of the media
// types, without members that into does not know.
func Body(c echo.Context, into any, media ...string) error {
	r := c.Request()
	said := r.Header.Get(echo.HeaderContentType)
	if got, _, err := mime.ParseMediaType(said); err != nil || !slices.Contains(media, got) {
		return Refuse(http.StatusUnsupportedMediaType, "the body is %.80q: want %s", said, strings.Join(media, " or "))
	}
	d := json.NewDecoder(http.MaxBytesReader(c.Response(), r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var tooBig *http.MaxBytesError
		if errors.As(err, &tooBig) {
			return err
		}
		return fault.Errorf("api", fault.Invalid, "the body is not what is wanted here: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault.Errorf("api", fault.Invalid, "there is more after the JSON")
	}
	return nil
}
