package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/page"
	"contado/api/rest"
)

// sitePolicy is what the web page needs: its own scripts, styles, workers and
// pictures, and style attributes that the map sets.
const sitePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; " +
	"connect-src 'self'; worker-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const indexFile = "index.html"

// site is the built web page, held ready in both encodings. Each file has a
// route of its own: what is not there cannot be asked for.
type site struct {
	files map[string]*siteFile // by path below the root
}

type siteFile struct {
	media, etag, cache string
	plain, zipped      []byte // zipped is nil when it does not pay
}

// maxSiteFile bounds a file of the page.
const maxSiteFile = 32 << 20

func newSite(files fs.FS) (*site, error) {
	s := &site{files: map[string]*siteFile{}}
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(path.Base(name), ".") || path.Ext(name) == ".map" {
			return err
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if len(b) > maxSiteFile {
			return fmt.Errorf("the page's file %s has %d bytes", name, len(b))
		}
		f, err := newSiteFile(name, b)
		s.files[name] = f
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the web page: %w", err)
	}
	return s, nil
}

func newSiteFile(name string, b []byte) (*siteFile, error) {
	f := &siteFile{media: mediaOf(name), etag: rest.Tag(string(b)), cache: rest.Revalidate, plain: b}
	if strings.HasPrefix(name, "assets/") { // their names carry a hash
		f.cache = rest.Forever
	}
	if !strings.HasPrefix(f.media, "text/") && !strings.Contains(f.media, "json") && !strings.Contains(f.media, "svg") {
		return f, nil
	}
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if z.Len() < len(b)*9/10 {
		f.zipped = z.Bytes()
	}
	return f, nil
}

// mediaOf does not ask the machine's own table, which differs by machine.
func mediaOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return rest.MediaHTML
	case ".svg":
		return rest.MediaSVG
	case ".json", ".webmanifest":
		return rest.MediaJSON
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".ico":
		return "image/x-icon"
	default:
		if m := mime.TypeByExtension(ext); m != "" {
			return m
		}
		return "application/octet-stream"
	}
}

// register adds a route for each file but the index, which is at /.
func (s *site) register(r rest.Registrar) {
	for name, f := range s.files {
		if name != indexFile {
			rest.Get(r, "/"+name, f.serve)
		}
	}
}

// home answers browsers at /.
func (s *site) home(c echo.Context) error {
	if f, ok := s.files[indexFile]; ok {
		return f.serve(c)
	}
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	return page.Render(c, lang, page.Page{Name: "unbuilt", Title: page.Text(lang, "unbuilt")})
}

func (f *siteFile) serve(c echo.Context) error {
	h := c.Response().Header()
	// A worker is bound by the policy that its own script came with.
	h.Set("Content-Security-Policy", sitePolicy)
	body, etag, encoding := f.plain, f.etag, ""
	if f.zipped != nil {
		rest.Vary(c, "Accept-Encoding")
		if rest.AcceptsGzip(c) {
			body, etag, encoding = f.zipped, strings.TrimSuffix(f.etag, `"`)+`-gz"`, "gzip"
		}
	}
	if rest.NotModified(c, etag, f.cache) {
		return c.NoContent(http.StatusNotModified)
	}
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return c.Stream(http.StatusOK, f.media, bytes.NewReader(body))
}
