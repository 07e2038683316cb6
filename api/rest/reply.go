package rest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
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
	MediaJSONFG     = "application/fg+json"
	MediaGeoJSONSeq = "application/geo+json-seq"
	MediaFlatGeobuf = "application/flatgeobuf"
	MediaMergePatch = "application/merge-patch+json"
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
	return Tagged(c, media, Tag(string(body)), Revalidate, body)
}

// Fresh answers with a document that changes by itself and must not be kept.
func Fresh(c echo.Context, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(status, MediaJSON, b)
}

// Vary says that the answer depends on a request header.
func Vary(c echo.Context, name string) {
	h := c.Response().Header()
	if !slices.Contains(h.Values("Vary"), name) {
		h.Add("Vary", name)
	}
}

// Tag makes a strong validator of all that a representation depends on.
func Tag(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d\n%s", len(p), p)
	}
	return `"` + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// Tagged answers 200 with a body under a given validator, compressed when the
// client takes that and it is worth it.
func Tagged(c echo.Context, media, etag, cache string, body []byte) error {
	h := c.Response().Header()
	Vary(c, "Accept-Encoding")
	zip := len(body) >= compressAtLeast && compressible(media) && AcceptsGzip(c)
	if zip {
		etag = zippedTag(etag)
	}
	if NotModified(c, etag, cache) {
		return c.NoContent(http.StatusNotModified)
	}
	if zip {
		b, err := compress(body)
		if err != nil {
			return err
		}
		h.Set("Content-Encoding", "gzip")
		body = b
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return c.Blob(http.StatusOK, media, body)
}

// compressors are kept: a new one costs more than a small page. The fastest
// level takes a seventh of the time of the usual one, for a tenth more bytes.
var compressors = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is one
	}
	return w
}}

func compress(body []byte) ([]byte, error) {
	w, ok := compressors.Get().(*gzip.Writer)
	if !ok {
		return nil, errors.New("rest: a compressor is missing")
	}
	defer compressors.Put(w)
	out := bytes.NewBuffer(make([]byte, 0, len(body)/4))
	w.Reset(out)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// zippedTag is the validator of the compressed form: other bytes, other tag.
func zippedTag(etag string) string { return strings.TrimSuffix(etag, `"`) + `-gz"` }

// HasTag reports whether the client has either form of a representation that
// is known by its validator before it is made. If so, answer 304 at once.
func HasTag(c echo.Context, etag, cache string) bool {
	if c.Request().Header.Get("If-None-Match") == "" {
		return false
	}
	Vary(c, "Accept-Encoding")
	if AcceptsGzip(c) && NotModified(c, zippedTag(etag), cache) {
		return true
	}
	return NotModified(c, etag, cache)
}

func compressible(media string) bool {
	return strings.HasPrefix(media, "text/") || strings.Contains(media, "json") || strings.Contains(media, "svg") || strings.Contains(media, "javascript") || media == "application/octet-stream"
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
	star := false
	for _, part := range strings.Split(c.Request().Header.Get("Accept-Encoding"), ",") {
		switch name, q := weighted(part); name {
		case "gzip":
			return q > 0
		case "*":
			star = q > 0
		}
	}
	return star
}

// Language picks it or en: ?lang= wins, then Accept-Language, then English.
func Language(c echo.Context) (string, error) {
	h := c.Response().Header()
	Vary(c, "Accept-Language")
	lang := c.QueryParam("lang")
	if err := checkLanguage(lang); err != nil {
		return "", err
	}
	if lang == "" {
		lang = preferred(c.Request().Header.Get("Accept-Language"))
	}
	h.Set("Content-Language", lang)
	return lang, nil
}

// checkLanguage refuses languages that there are no pages in.
func checkLanguage(lang string) error {
	switch lang {
	case "", "it", "en":
		return nil
	}
	return fault.Errorf("api", fault.Invalid, "lang=%s: want it or en", clip(lang))
}

func preferred(accept string) string {
	best, lang := 0.0, "en"
	for _, part := range strings.Split(accept, ",") {
		tag, q := weighted(part)
		tag, _, _ = strings.Cut(tag, "-")
		if (tag == "it" || tag == "en") && q > best {
			best, lang = q, tag
		}
	}
	return lang
}
