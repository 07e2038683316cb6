package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"contado/api/openapi"
)

// Client asks a handler and checks what comes back against the contract.
type Client struct {
	Handler http.Handler
}

// contract is the document as a router over requests to this host.
var contract = sync.OnceValues(func() (routers.Router, error) {
	for _, media := range []string{"application/geo+json", "application/fg+json", "application/merge-patch+json", "application/schema+json", "application/vnd.oai.openapi+json"} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.JSONBodyDecoder)
	}
	for _, media := range []string{
		"image/png", "image/jpeg", "image/webp", "image/tiff", "application/x-npy", "application/vnd.mapbox-vector-tile",
		"image/svg+xml", "text/html", "text/csv", "text/xml", "application/xml", "text/plain", "application/flatgeobuf", "application/geo+json-seq",
		"application/geopackage+sqlite3", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.FileBodyDecoder)
	}
	doc, err := openapi.Load()
	if err != nil {
		return nil, err
	}
	doc.Servers = openapi3.Servers{{URL: "http://example.com"}}
	return legacy.NewRouter(doc)
})

// Request is what to ask.
type Request struct {
	Method string // "" = GET
	Path   string // with query
	Body   string
	// Header are request headers; X-Chunked hides the length of the body.
	Header map[string]string
}

// Response is what came back.
type Response struct {
	*httptest.ResponseRecorder
	T testing.TB
}

// Do asks, and fails the test when the answer is not as the document says, or
// when a request that was answered well is not one that it allows.
func (c *Client) Do(t testing.TB, r Request) *Response {
	t.Helper()
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	req := c.request(r)
	rec := httptest.NewRecorder()
	c.Handler.ServeHTTP(rec, req)
	if r.Method != http.MethodHead && r.Method != http.MethodOptions && rec.Code != http.StatusNotModified {
		c.check(t, r, rec)
	}
	return &Response{rec, t}
}

func (c *Client) request(r Request) *http.Request {
	var body io.Reader
	if r.Body != "" {
		body = strings.NewReader(r.Body)
	}
	req := httptest.NewRequestWithContext(context.Background(), r.Method, "http://example.com"+r.Path, body)
	if r.Body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range r.Header {
		if v != "" {
			req.Header.Set(k, v)
		}
	}
	if r.Header["X-Chunked"] != "" {
		req.ContentLength = -1
	}
	return req
}

func (c *Client) check(t testing.TB, r Request, rec *httptest.ResponseRecorder) {
	t.Helper()
	router, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	if rec.Code >= 400 && strings.HasPrefix(r.Path, "/wm") { // their standards want reports in XML
		if !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/xml") || !strings.Contains(rec.Body.String(), "ExceptionReport") {
			t.Errorf("%s %s: %d as %q, want an exception report\n%.300s", r.Method, r.Path, rec.Code, rec.Header().Get("Content-Type"), rec.Body)
		}
		return
	}
	if rec.Code >= 400 && !strings.HasPrefix(rec.Header().Get("Content-Type"), "application/problem+json") {
		t.Errorf("%s %s: %d as %q, want problem+json\n%.300s", r.Method, r.Path, rec.Code, rec.Header().Get("Content-Type"), rec.Body)
	}
	req := c.request(r)
	route, params, err := router.FindRoute(req)
	if err != nil {
		if rec.Code < 400 {
			t.Errorf("%s %s: %d, and the document has no such address: %v", r.Method, r.Path, rec.Code, err)
		}
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}, // nobody is asked who they are
	}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil && rec.Code < 400 {
		t.Errorf("%s %s: %d, but the document does not allow the request: %v", r.Method, r.Path, rec.Code, err)
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if rec.Header().Get("Content-Encoding") != "" {
		out.Options.ExcludeResponseBody = true
	}
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		t.Errorf("%s %s: the answer is not as documented: %v", r.Method, r.Path, err)
	}
}

// Get asks for a path that has to answer 200.
func (c *Client) Get(t testing.TB, path string, header ...string) *Response {
	t.Helper()
	r := Request{Path: path, Header: map[string]string{}}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header[header[i]] = header[i+1]
	}
	return c.Do(t, r).Want(http.StatusOK)
}

// JSON asks for a path that has to answer 200, and reads what comes.
func (c *Client) JSON(t testing.TB, path string, into any) *Response {
	t.Helper()
	return c.Get(t, path).Read(into)
}

// Want fails the test at another status.
func (r *Response) Want(status int) *Response {
	r.T.Helper()
	if r.Code != status {
		r.T.Fatalf("status %d, want %d\n%.1000s", r.Code, status, r.Body)
	}
	return r
}

// Read reads the body as JSON.
func (r *Response) Read(into any) *Response {
	r.T.Helper()
	if err := json.Unmarshal(r.Body.Bytes(), into); err != nil {
		r.T.Fatalf("not the JSON that was expected: %v\n%.500s", err, r.Body)
	}
	return r
}
