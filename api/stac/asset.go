package stac

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// asset sends a file of an item, or the part that is asked for. Its validator
// is its digest: a client that reads it in parts never mixes two states.
func (h *Handler) asset(c echo.Context) error {
	if err := rest.Only(c); err != nil {
		return err
	}
	d, it, err := h.one(c)
	if err != nil {
		return err
	}
	file, err := rest.Path(c, "file")
	if err != nil {
		return err
	}
	key, ok := strings.CutSuffix(file, ".tif")
	for _, p := range it.Parts() {
		if !ok || p.Key != key {
			continue
		}
		if p.File == "" {
			return fault.WithHint(fault.Errorf("stac", fault.NotExist, "asset %s of item %s is not here", key, it.ID), "it is at "+p.Href)
		}
		for _, f := range d.Version.Files {
			if f.Key == p.File {
				return h.send(c, f.Key, f.SHA256, it.ID+"_"+file)
			}
		}
		if h.Atlas.Veiled(&d) {
			return h.sendShown(c, p, it.ID+"_"+file)
		}
	}
	return fault.Errorf("stac", fault.NotExist, "item %s has no asset %.80q", it.ID, file)
}

// sendShown sends the raster that is shown instead of a file.
func (h *Handler) sendShown(c echo.Context, as catalog.Asset, name string) error {
	path, err := h.Atlas.Locate(as)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return serve(c, f, info.ModTime(), filepath.Base(path), name)
}

func (h *Handler) send(c echo.Context, key, sum, name string) error {
	content, info, err := h.Blobs.Open(c.Request().Context(), key)
	if err != nil {
		return err
	}
	defer content.Close()
	return serve(c, content, info.Modified, sum, name)
}

// serve sends a file, or the part that is asked for; sum names its state.
func serve(c echo.Context, content io.ReadSeeker, modified time.Time, sum, name string) error {
	w := c.Response()
	w.Header().Set("ETag", rest.Tag(sum))
	w.Header().Set("Cache-Control", rest.Revalidate)
	w.Header().Set("Content-Type", mediaCOG)
	w.Header().Set("Content-Disposition", `attachment; filename="`+plainName(name)+`"`)
	guard := &refusals{ResponseWriter: w}
	http.ServeContent(guard, c.Request(), "", modified, content)
	if guard.status == 0 {
		return nil
	}
	for _, k := range []string{"Content-Type", "Content-Disposition", "Content-Length", "Last-Modified", "X-Content-Type-Options"} {
		w.Header().Del(k)
	}
	return echo.NewHTTPError(guard.status, guard.reason())
}

// plainName keeps what needs no escaping in a header.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || strings.ContainsRune(`"\/;`, r) {
			return '-'
		}
		return r
	}, s)
}

// refusals holds errors of ServeContent back, so that they are told as all
// errors are.
type refusals struct {
	http.ResponseWriter
	status int
}

func (r *refusals) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		r.status = status
		return
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *refusals) Write(b []byte) (int, error) {
	if r.status != 0 {
		return len(b), nil
	}
	return r.ResponseWriter.Write(b)
}

func (r *refusals) reason() string {
	switch r.status {
	case http.StatusRequestedRangeNotSatisfiable:
		return "the file has no such part"
	case http.StatusPreconditionFailed:
		return "the file is not in the state that was asked for"
	}
	return "the file cannot be sent"
}
