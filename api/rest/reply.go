package rest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/geo/fault"
)

// Media types of representations.
const (
	MediaJSON       = "application/json"
	MediaGeoJSON    = "application/geo+json"
	MediaHTML       = "text/html; charset=utf-8"
	MediaSchema     = "application/schema+json"
	MediaOpenAPI    = "application/vnd.oai.openapi+json;version=3.0"
	MediaStyle      = "application/vnd.mapbox.style+json"
	MediaCSV        = "text/csv; charset=utf-8"
	MediaSVG        = "image/svg+xml"
	compressAtLeast = 1400 // bytes; less fits a packet anyhow
)

// Cache-Control values. Everything else revalidates by its ETag.
const (
	Revalidate = "no-cache"
	Forever    = "public, max-age=31536000, immutable"
	Shortly    = "public, max-age=60"
)

// JSON answers with a document, a strong validator, and 304 where the client
// has it already.
func JSON(c echo.Context, media string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return Bytes(c, media, b)
}

// Bytes answers 200 with a body and a validator made from it.
func Bytes(c echo.Context, media string, body []byte) error {
	sum := sha256.Sum256(body)
	return Tagged(c, media, `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`, Revalidate, body)
}

// Tagged answers 200 with a body under a given validator, compressed when the
// client takes that and it is worth it.
func Tagged(c echo.Context, media, etag, cache string, body []byte) error {
	h := c.Response().Header()
	h.Add("Vary", "Accept-Encoding")
	zip := len(body) >= compressAtLeast && compressible(media) && AcceptsGzip(c)
	if zip {
		etag = strings.TrimSuffix(etag, `"`) + `-gz"`
	}
	if NotModified(c, etag, cache) {
		return c.NoContent(http.StatusNotModified)
	}
	if zip {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(body); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		h.Set("Content-Encoding", "gzip")
		body = b.Bytes()
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return c.Blob(http.StatusOK, media, body)
}

func compressible(media string) bool {
	return strings.HasPrefix(media, "text/") || strings.Contains(media, "json") || strings.Contains(media, "svg") || strings.Contains(media, "javascript")
}

// NotModified sets the validator and says whether the client has it already.
func NotModified(c echo.Context, etag, cache string) bool {
	h := c.Response().Header()
	h.Set("ETag", etag)
	h.Set("Cache-Control", cache)
	match := c.Request().Header.Get("If-None-Match")
	if match == "" {
		return false
	}
	for _, m := range strings.Split(match, ",") {
		m = strings.TrimPrefix(strings.TrimSpace(m), "W/")
		if m == etag || m == "*" {
			return true
		}
	}
	return false
}

// AcceptsGzip reports whether the client takes gzip.
func AcceptsGzip(c echo.Context) bool {
	for _, part := range strings.Split(c.Request().Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if (name == "gzip" || name == "*") && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// WantsHTML decides between HTML and JSON: ?f= wins, then the Accept header;
// a client that takes anything gets JSON. Other values of f are an error.
func WantsHTML(c echo.Context) (bool, error) {
	c.Response().Header().Add("Vary", "Accept")
	switch f := c.QueryParam("f"); f {
	case "html":
		return true, nil
	case "json":
		return false, nil
	case "":
	default:
		return false, fault.Errorf("api", fault.Invalid, "f=%s: want json or html", f)
	}
	best, html := -1.0, false
	for _, part := range strings.Split(c.Request().Header.Get("Accept"), ",") {
		media, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			if parsed, err := strconv.ParseFloat(v, 64); err == nil {
				q = parsed
			}
		}
		isHTML := media == "text/html" || media == "application/xhtml+xml"
		isJSON := strings.HasSuffix(media, "json") || media == "*/*" || media == "application/*"
		if q > best && (isHTML || isJSON) {
			best, html = q, isHTML
		}
	}
	return html, nil
}

// Language picks it or en: ?lang= wins, then Accept-Language, then English.
func Language(c echo.Context) string {
	c.Response().Header().Add("Vary", "Accept-Language")
	lang := c.QueryParam("lang")
	if lang == "" {
		for _, part := range strings.Split(c.Request().Header.Get("Accept-Language"), ",") {
			tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
			tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
			if tag == "it" || tag == "en" {
				lang = tag
				break
			}
		}
	}
	if lang != "it" {
		lang = "en"
	}
	c.Response().Header().Set("Content-Language", lang)
	return lang
}
