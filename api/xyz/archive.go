package xyz

import (
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/api/vtile"
	"contado/geo/fault"
	"contado/geo/pmtiles"
	"contado/geo/store/catalog"
	"contado/tiles"
)

// archivedTile answers with a tile of an archive that was made elsewhere, as
// it is stored there. A vector tile that it does not have shows nothing
// (204); a picture that it does not have is 404, by which maps know to enlarge
// the one above.
func (h *Handler) archivedTile(c echo.Context, d catalog.Dataset, a Address) error {
	if err := rest.Only(c, "v"); err != nil {
		return err
	}
	info := d.Version.Tiles
	if a.Double || a.Format != info.Type {
		return fault.WithHint(fault.Errorf("xyz", fault.Invalid, "dataset %s holds .%s tiles", d.ID, info.Type), "ask for ."+info.Type)
	}
	variant := tiles.Identity
	if info.Type == MVT {
		variant = vtile.Variant(c)
	}
	cache := cacheOf(c, d)
	if rest.NotModified(c, tiles.ArchivedETag(d, a.Tile, variant), cache) {
		return c.NoContent(http.StatusNotModified)
	}
	t, err := h.Tiles.Archived(c.Request().Context(), d, a.Tile, variant)
	if err != nil {
		return err
	}
	defer t.Release() // net/http has written it, or copied it, by then
	if t.Empty && info.Type != MVT {
		c.Response().Header().Del("ETag")
		return fault.Errorf("xyz", fault.NotExist, "the archive %s has no tile %v", d.ID, a.Tile)
	}
	return send(c, t, cache)
}

// archive answers with a whole archive of tiles, or ranges of it (RFC 9110,
// 14): the pyramid of a vector dataset, or an archive made elsewhere.
func (h *Handler) archive(c echo.Context) error {
	if err := rest.Only(c, "v"); err != nil {
		return err
	}
	id, ending, err := cutName(c)
	if err != nil {
		return err
	}
	d, err := h.Atlas.Current().Dataset(id)
	if err != nil {
		return err
	}
	f, err := archiveOf(d, ending)
	if err != nil {
		return err
	}
	r, info, err := h.Blobs.Open(c.Request().Context(), f.Key)
	if err != nil {
		return err
	}
	defer r.Close()
	head := c.Response().Header()
	head.Set("Content-Type", mediaOfFile(ending))
	head.Set("ETag", rest.Tag("archive", f.Key, f.SHA256))
	head.Set("Cache-Control", cacheOf(c, d))
	head.Set("Accept-Ranges", "bytes")
	w := &ranged{ResponseWriter: c.Response()}
	http.ServeContent(w, c.Request(), path.Base(f.Key), info.Modified, r)
	switch w.refused {
	case http.StatusPreconditionFailed:
		return rest.Refuse(w.refused, "the archive is another than the one that the request knows")
	case http.StatusRequestedRangeNotSatisfiable:
		return rest.Refuse(w.refused, "the archive has %d bytes: Range: %.80s lies outside them", info.Size, c.Request().Header.Get("Range"))
	}
	return nil
}

// ranged holds back refusals, which are answered as all errors are.
type ranged struct {
	http.ResponseWriter
	refused int
}

// WriteHeader implements http.ResponseWriter.
func (w *ranged) WriteHeader(status int) {
	if status == http.StatusPreconditionFailed || status == http.StatusRequestedRangeNotSatisfiable {
		w.refused = status
		w.Header().Del("Content-Type")
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *ranged) Write(b []byte) (int, error) {
	if w.refused != 0 {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

func mediaOfFile(ending string) string {
	if ending == "mbtiles" {
		return "application/vnd.mapbox-vector-tile+sqlite3"
	}
	return pmtiles.MediaType
}

// archiveOf is the file of a dataset's tiles.
func archiveOf(d catalog.Dataset, ending string) (catalog.File, error) {
	if t := d.Version.Tiles; t != nil && ending == t.Format {
		for _, f := range d.Version.Files {
			if f.Key == t.File {
				return f, nil
			}
		}
	}
	if e, ok := d.Version.Extra(catalog.Pyramid); ok && ending == "pmtiles" && !d.CountsPeople() {
		return e.File, nil
	}
	err := fault.Errorf("xyz", fault.NotExist, "dataset %s has no .%.20s archive of tiles", d.ID, ending)
	if d.Kind == catalog.Vector && strings.EqualFold(ending, "pmtiles") {
		return catalog.File{}, fault.WithHint(err, "its pyramid is made after ingest: see /jobs")
	}
	return catalog.File{}, err
}
