package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/page"
	"contado/api/rest"
)

const indexFile = "index.html"

// sitePolicy is what the web page needs: its own scripts, styles, workers and
// pictures. outside are origins of a base map that the operator has chosen.
func sitePolicy(outside []string) string {
	more := ""
	if len(outside) > 0 {
		more = " " + strings.Join(outside, " ")
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:" + more + "; connect-src 'self'" + more +
		"; worker-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// checkOutside wants origins and nothing that would add to the policy.
func checkOutside(outside []string) error {
	for _, o := range outside {
		u, err := url.Parse(o)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || o != u.Scheme+"://"+u.Host || strings.ContainsAny(o, " ;,'\"*") {
			return fmt.Errorf("outside origin %q: want something like https://tiles.example.it", o)
		}
	}
	return nil
}

// site is the built web page, held ready in every encoding. Each file has a
// route of its own: what is not there cannot be asked for.
type site struct {
	files  map[string]*siteFile // by path below the root
	policy string
}

type siteFile struct {
	media, etag, cache string
	policy             string
	plain, zipped, br  []byte // zipped and br are nil when they do not pay
}

// maxSiteFile bounds a file of the page.
const maxSiteFile = 32 << 20

// newSite reads the page. Beside a file may lie the same compressed, with .br
// or .gz at the end of its name, which the build makes.
func newSite(files fs.FS, outside []string) (*site, error) {
	if err := checkOutside(outside); err != nil {
		return nil, err
	}
	s := &site{files: map[string]*siteFile{}, policy: sitePolicy(outside)}
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(path.Base(name), ".") || path.Ext(name) == ".map" || encoded(name) {
			return err
		}
		f, err := newSiteFile(files, name)
		if err != nil {
			return err
		}
		f.policy = s.policy
		s.files[name] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the web page: %w", err)
	}
	return s, nil
}

// encoded tells the compressed twin of a file.
func encoded(name string) bool {
	return path.Ext(name) == ".br" || path.Ext(name) == ".gz"
}

func newSiteFile(files fs.FS, name string) (*siteFile, error) {
	b, err := readSiteFile(files, name)
	if err != nil {
		return nil, err
	}
	f := &siteFile{media: mediaOf(name), etag: rest.Tag(string(b)), cache: rest.Revalidate, plain: b}
	if strings.HasPrefix(name, "assets/") { // their names carry a hash
		f.cache = rest.Forever
	}
	if !strings.HasPrefix(f.media, "text/") && !strings.Contains(f.media, "json") && !strings.Contains(f.media, "svg") {
		return f, nil
	}
	for _, twin := range []struct {
		end string
		to  *[]byte
	}{{".br", &f.br}, {".gz", &f.zipped}} {
		t, err := readSiteFile(files, name+twin.end)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		*twin.to = t
	}
	if f.zipped == nil {
		if f.zipped, err = zip(b); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func readSiteFile(files fs.FS, name string) ([]byte, error) {
	b, err := fs.ReadFile(files, name)
	if err == nil && len(b) > maxSiteFile {
		return nil, fmt.Errorf("the page's file %s has %d bytes", name, len(b))
	}
	return b, err
}

// zip is nil when it does not pay.
func zip(b []byte) ([]byte, error) {
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
	if z.Len() >= len(b)*9/10 {
		return nil, nil
	}
	return z.Bytes(), nil
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
	h.Set("Content-Security-Policy", f.policy)
	body, encoding := f.choose(c)
	etag := f.etag
	if encoding != "" {
		etag = strings.TrimSuffix(f.etag, `"`) + "-" + encoding + `"`
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

// choose takes the smallest form that the client understands.
func (f *siteFile) choose(c echo.Context) (body []byte, encoding string) {
	if f.br == nil && f.zipped == nil {
		return f.plain, ""
	}
	rest.Vary(c, "Accept-Encoding")
	switch {
	case f.br != nil && rest.AcceptsBrotli(c):
		return f.br, "br"
	case f.zipped != nil && rest.AcceptsGzip(c):
		return f.zipped, "gzip"
	}
	return f.plain, ""
}
