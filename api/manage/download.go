package manage

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/export"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// formatsOf are the formats that a dataset can be downloaded in.
func formatsOf(d catalog.Dataset) (out []rest.Format) {
	for _, f := range export.Formats() {
		table := f.ID == "csv" || f.ID == "xlsx"
		if !table && d.Version.Vector.Schema.GeometryType == "" && f.ID != "gpkg" && f.ID != "parquet" {
			continue
		}
		media, _, err := mime.ParseMediaType(f.MediaType)
		if err != nil {
			continue
		}
		out = append(out, rest.Format{Name: f.ID, Media: media, Title: f.Name})
	}
	return out
}

// download sends all rows of a dataset, as they are now, as one file; of a
// timetable its feed.
func (h *Handler) download(c echo.Context) (err error) {
	state, d, err := h.dataset(c)
	if err != nil {
		return err
	}
	if err := rest.Only(c, "f"); err != nil {
		return err
	}
	if d.Kind == catalog.Timetable && len(d.Version.Files) > 0 {
		return h.timetable(c, d)
	}
	if d.Kind != catalog.Vector || d.Version.Vector == nil {
		return fault.WithHint(fault.Errorf("manage", fault.NotExist, "dataset %s is %s data and has no rows", d.ID, d.Kind),
			"the files of rasters are assets of their items, at /stac/collections/"+d.ID+"/items")
	}
	choice, err := rest.Choose(c, formatsOf(d)...)
	if err != nil {
		return err
	}
	f, _ := export.Find(choice.Name, "")
	ctx := c.Request().Context()
	l, err := state.Layer(ctx, d.ID)
	if err != nil {
		return err
	}
	tag := rest.Tag(d.ID, l.Stamp(), d.Version.SHA256, f.ID, d.Title)
	if rest.NotModified(c, tag, rest.Revalidate) {
		return c.NoContent(http.StatusNotModified)
	}
	select { // one at a time: it is work for the disk
	case h.making <- struct{}{}:
	case <-ctx.Done():
		return fault.E("manage", fault.Canceled, ctx.Err())
	}
	path, done, err := h.make(ctx, d, f, func(yield func(geo.Feature) bool) error {
		return l.Scan(ctx, features.Query{}, yield)
	}, l.Schema())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	return send(c, path, d.ID+f.Extension, f.MediaType)
}

// timetable sends a timetable as it is kept: a GTFS feed that was checked and
// cleaned.
func (h *Handler) timetable(c echo.Context, d catalog.Dataset) error {
	const media = "application/zip"
	if _, err := rest.Choose(c, rest.Format{Name: "gtfs", Media: media, Title: "GTFS"}); err != nil {
		return err
	}
	if rest.NotModified(c, rest.Tag(d.ID, d.Version.SHA256, "gtfs"), rest.Revalidate) {
		return c.NoContent(http.StatusNotModified)
	}
	path, err := h.Atlas.Path(d.Version.Files[0].Key)
	if err != nil {
		return err
	}
	return send(c, path, d.ID+".gtfs.zip", media)
}

// make writes the rows into a file of their own, and gives its turn back; done
// removes the file.
func (h *Handler) make(ctx context.Context, d catalog.Dataset, f export.Format, rows export.Rows, s geo.Schema) (path string, done func() error, err error) {
	defer func() { <-h.making }() // also when it panics, or nobody would download any more
	if h.Work != "" {
		if err := os.MkdirAll(h.Work, 0o755); err != nil {
			return "", nil, fault.E("manage", fault.Other, err)
		}
	}
	dir, err := os.MkdirTemp(h.Work, "download-")
	if err != nil {
		return "", nil, fault.E("manage", fault.Other, err)
	}
	done = func() error { return os.RemoveAll(dir) }
	path = filepath.Join(dir, d.ID+f.Extension)
	_, err = export.Write(ctx, path, f, s, rows, export.Options{Layer: d.ID, Title: d.Title, Description: d.Description})
	if err != nil {
		return "", nil, errors.Join(err, done())
	}
	return path, done, nil
}

// send answers with a file, to be kept under a name.
func send(c echo.Context, path, name, media string) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return fault.E("manage", fault.Other, err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	info, err := in.Stat()
	if err != nil {
		return fault.E("manage", fault.Other, err)
	}
	head := c.Response().Header()
	head.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if strings.HasPrefix(media, "text/") {
		media += "; charset=utf-8"
	}
	head.Set(echo.HeaderContentType, media)
	http.ServeContent(c.Response(), c.Request(), "", info.ModTime(), in)
	return nil
}
