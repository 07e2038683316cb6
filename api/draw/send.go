package draw

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/tiles"
)

// Send answers with a picture.
func Send(c echo.Context, r Result, cache string) error {
	Tell(c, r.Tile)
	if rest.NotModified(c, r.ETag, cache) {
		return c.NoContent(http.StatusNotModified)
	}
	c.Response().Header().Set("Content-Length", strconv.Itoa(len(r.Data)))
	return c.Stream(http.StatusOK, r.ContentType, bytes.NewReader(r.Data))
}

// Tell says in headers what a picture was made from.
func Tell(c echo.Context, t tiles.Tile) {
	h := c.Response().Header()
	h.Set("X-Contado-Complete", strconv.FormatBool(t.Complete))
	h.Set("X-Contado-Items", strconv.Itoa(t.Info.Items))
	names := make([]string, 0, len(t.Items))
	for _, u := range t.Items {
		names = append(names, u.Item)
	}
	if len(names) > 0 {
		h.Set("X-Contado-Items-Used", idList(names))
	}
	names = names[:0]
	for _, s := range t.Skipped {
		names = append(names, s.Item)
	}
	if len(names) > 0 {
		h.Set("X-Contado-Items-Skipped", idList(names))
	}
}

// maxNamed bounds the ids in a header.
const maxNamed = 20

// idList is ids for a header, escaped as in addresses; of many the first and
// how many more.
func idList(ids []string) string {
	var b strings.Builder
	for i, id := range ids {
		if i == maxNamed || b.Len() > 2000 {
			fmt.Fprintf(&b, ", and %d more", len(ids)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(url.PathEscape(id))
	}
	return b.String()
}
