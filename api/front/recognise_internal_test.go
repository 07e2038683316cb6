package front

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

const firefox = "GET /xyz/a/1/0/0.mvt?v=3-ab.17 HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: */*\r\nAccept-Language: it,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nReferer: http://localhost:8080/\r\nConnection: keep-alive\r\n" +
	"Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\nPriority: u=4\r\n\r\n"

func TestRecognise(t *testing.T) {
	t.Parallel()
	get := func(fields string) string { return "GET /a HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" }
	for text, want := range map[string]kind{
		firefox: simple, get(""): simple, get("accept-encoding: gzip\r\n"): simple, get("CONNECTION: Keep-Alive\r\n"): simple,
		get("If-None-Match: \"a\"\r\n"): whole, get("Range: bytes=0-1\r\n"): whole, get("Authorization: Basic x\r\n"): whole,
		get("Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n"):                   whole,
		get("X-" + strings.Repeat("a", longestName) + ": 1\r\n"):                  whole,
		"HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n":                                     whole,
		"GET /a%20b HTTP/1.1\r\nHost: a\r\n\r\n":                                  whole,
		"GET /a?v=%20 HTTP/1.1\r\nHost: a\r\n\r\n":                                whole,
		"GET /a? HTTP/1.1\r\nHost: a\r\n\r\n":                                     whole,
		"GET /a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n":                               whole,
		"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n":                 other,
		"GET /a HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n":        other,
		"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":                 other,
		"GET /a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n": other,
		"GET /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n":              other,
		"GET /a HTTP/1.1\r\nHost: a\r\n folded: 1\r\n\r\n":                        other,
		"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\n":                other,
		"GET /a HTTP/1.1\r\nHost: a\r\nA: b\nContent-Length: 1\r\n\r\n":           other,
		"GET /a HTTP/1.1\r\nHost: a\r\nA: b\rContent-Length: 1\r\n\r\n":           other,
		"GET /a HTTP/1.1\r\nHost: a\r\nA: b\x00\r\n\r\n":                          other,
		"GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n":                           other,
		"GET /a HTTP/1.1\r\n\r\n":                                                 other,
		"GET /a HTTP/1.0\r\nHost: a\r\n\r\n":                                      other,
		"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n":                                    other,
		"GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n":                              other,
		"get /a HTTP/1.1\r\nHost: a\r\n\r\n":                                      other,
		"GET /a HTTP/1.1\nHost: a\n\n":                                            other,
		"POST /a HTTP/1.1\r\nHost: a\r\n\r\n":                                     other,
		get("") + "G":                                                             other, get("")[:20]: other, "": other, "\r\n": other, "\n": other,
	} {
		if _, got := recognise([]byte(text)); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
	if r, _ := recognise([]byte(firefox)); r != (Request{"/xyz/a/1/0/0.mvt", "v=3-ab.17", "gzip, deflate, br, zstd"}) {
		t.Errorf("%+v", r)
	}
}

// What is recognised net/http reads the same: one request to the last byte,
// without a body, at that address.
func FuzzRecognise(f *testing.F) {
	f.Add([]byte(firefox))
	f.Add([]byte("HEAD /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"))
	f.Add([]byte("GET /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, k := recognise(b)
		if k == other {
			return
		}
		in := bufio.NewReaderSize(bytes.NewReader(b), len(b)+16)
		q, err := http.ReadRequest(in)
		if err != nil {
			if k == simple {
				t.Fatalf("%q: net/http says %v", b, err)
			}
			return // it ends the connection
		}
		if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 || q.Body != http.NoBody || q.Close {
			t.Fatalf("%q: %d bytes are left, body %v, close %t (%v)", b, len(rest), q.Body, q.Close, err)
		}
		if k != simple {
			return
		}
		if q.Method != http.MethodGet || q.URL.Path != r.Path || q.URL.RawPath != "" || q.URL.RawQuery != r.Query || q.URL.ForceQuery || q.Header.Get("Accept-Encoding") != r.AcceptEncoding {
			t.Fatalf("%q is %+v, and for net/http %+v", b, r, q)
		}
	})
}
