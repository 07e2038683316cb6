package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
)

func TestBody(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		media, body string
		ok          bool
	}{
		{"application/json", `{"a":1}`, true},
		{"application/json; charset=utf-8", ` {"a":1} `, true},
		{"application/merge-patch+json", `{"a":1}`, true},
		{"text/plain", `{"a":1}`, false},
		{"", `{"a":1}`, false},
		{"application/json", `{"b":1}`, false},
		{"application/json", `{"a":1} {"a":2}`, false},
		{"application/json", `{"a":`, false},
		{"application/json", `{"a":"` + strings.Repeat("x", 2<<20) + `"}`, false},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.media)
		var got struct{ A int }
		err := rest.Body(echo.New().NewContext(r, httptest.NewRecorder()), &got, rest.MediaJSON, rest.MediaMergePatch)
		if (err == nil) != c.ok || c.ok && got.A != 1 {
			t.Errorf("%q %.40q: %+v, %v", c.media, c.body, got, err)
		}
	}
}
