package analysis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/table"
)

var (
	geoPackage = rest.Format{Name: "gpkg", Media: mediaGeoPackage, Title: "GeoPackage"}
	// areaFormats are those of tables with a row an area, or several.
	areaFormats = append(append([]rest.Format{}, tableFormats...), geoPackage)
)

// file is a result that is a file.
type file struct {
	Name  string `json:"name"`
	Media string `json:"media"`
	data  []byte
}

// fileMaker makes a file when it is asked for.
type fileMaker func(ctx context.Context) (*file, error)

// maxFile bounds a file that a process gives back.
const maxFile = 256 << 20

func (f *file) send(c echo.Context) error {
	c.Response().Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	return c.Blob(http.StatusOK, f.Media, f.data)
}

// readFile reads a file that was made, of at most maxFile bytes.
func readFile(path, media string) (_ *file, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fault.WithHint(fault.Errorf("processes", fault.TooLarge, "the file has more than %d MB", maxFile>>20), "ask for a smaller area")
	}
	return &file{Name: filepath.Base(path), Media: media, data: data}, nil
}

// inFolder runs make in a folder of its own, which is gone after it.
func (h *Handler) inFolder(name string, make func(dir string) error) (err error) {
	dir, err := os.MkdirTemp(h.Work, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return make(dir)
}

// tabledAreas is tabled with a GeoPackage of the areas beside it.
func (h *Handler) tabledAreas(doc any, t *table.Table, l table.Locale, areas analysis.ZonalAreas) (*output, error) {
	out, err := tabled(doc, t, l)
	if err != nil {
		return nil, err
	}
	out.gpkg = func(ctx context.Context) (f *file, err error) {
		err = h.inFolder("areas-", func(dir string) error {
			path := filepath.Join(dir, "areas.gpkg")
			if err := h.Engine.AreasFile(ctx, areas, t, path, "areas"); err != nil {
				return err
			}
			f, err = readFile(path, mediaGeoPackage)
			return err
		})
		return f, err
	}
	return out, nil
}

// keepFile keeps a file as the result of a job.
func (h *Handler) keepFile(ctx context.Context, k kept, f *file) (json.RawMessage, error) {
	k.File = f
	if err := h.Blobs.Put(ctx, resultKey(k.Name, "bin"), bytes.NewReader(f.data)); err != nil {
		return nil, err
	}
	return json.Marshal(k)
}

// sendKeptFile answers with the file that a job made.
func (h *Handler) sendKeptFile(c echo.Context, k kept) error {
	b, _, err := h.read(c.Request().Context(), resultKey(k.Name, "bin"))
	if err != nil {
		return err
	}
	k.File.data = b
	c.Response().Header().Set("Cache-Control", "no-store")
	return k.File.send(c)
}
