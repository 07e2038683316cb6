package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"contado/geo/fault"
	"contado/ingest/fetch"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http/httptest.(*Server).goServe.func1"))
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func client(t *testing.T, o fetch.Options) *fetch.Client {
	t.Helper()
	o.AllowPrivate = true
	if o.Backoff == 0 {
		o.Backoff = time.Millisecond
	}
	c := fetch.New(&o)
	t.Cleanup(c.Close)
	return c
}

func wantKind(t *testing.T, err error, k fault.Kind, words string) {
	t.Helper()
	if !fault.Is(err, k) || !strings.Contains(err.Error(), words) {
		t.Fatalf("%v (%v), want %v with %q", err, fault.KindOf(err), k, words)
	}
}

func TestThisMachineIsRefused(t *testing.T) {
	t.Parallel()
	var asked atomic.Bool
	addr := serve(t, func(http.ResponseWriter, *http.Request) { asked.Store(true) })
	c := fetch.New(nil)
	defer c.Close()
	for _, a := range []string{addr, strings.Replace(addr, "127.0.0.1", "localhost", 1), strings.Replace(addr, "127.0.0.1", "0.0.0.0", 1), strings.Replace(addr, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		_, err := c.Get(t.Context(), a, "", 10)
		wantKind(t, err, fault.Invalid, "refused")
		_, err = c.Open(t.Context(), a, nil)
		wantKind(t, err, fault.Invalid, "refused")
	}
	if asked.Load() {
		t.Fatal("the server was reached")
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for in, kind := range map[string]fault.Kind{
		"file:///etc/passwd": fault.Unsupported, "ftp://a.example/": fault.Unsupported, "s3://bucket/key": fault.Unsupported,
		"http://": fault.Invalid, "https://me:hunter2@a.example/": fault.Invalid, "/etc/passwd": fault.Unsupported,
		"http://a b/": fault.Invalid, "https://" + strings.Repeat("a", 9000): fault.TooLarge,
	} {
		if _, err := fetch.Check(in); !fault.Is(err, kind) {
			t.Errorf("%.60q: %v, want %v", in, err, kind)
		}
		if _, err := fetch.Check(in); err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the message shows the password: %v", err)
		}
	}
	if _, err := fetch.Check("https://a.example/x?y#z"); err != nil {
		t.Error(err)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	addr := serve(t, mux.ServeHTTP)
	mux.Handle("/one", http.RedirectHandler("/two", http.StatusFound))
	mux.HandleFunc("/two", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "there") })
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.Handle("/file", http.RedirectHandler("file:///etc/passwd", http.StatusFound))
	c := client(t, fetch.Options{})
	a, err := c.Get(t.Context(), addr+"/one", "", 100)
	if err != nil || string(a.Body) != "there" || a.URL != addr+"/two" {
		t.Fatalf("%+v %v", a, err)
	}
	_, err = c.Get(t.Context(), addr+"/loop", "", 100)
	wantKind(t, err, fault.Invalid, "redirects")
	_, err = c.Get(t.Context(), addr+"/file", "", 100)
	wantKind(t, err, fault.Unsupported, "only http")
}

func TestSecureStaysSecure(t *testing.T) {
	t.Parallel()
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "seen") })
	s := httptest.NewTLSServer(http.RedirectHandler(plain, http.StatusFound))
	defer s.Close()
	c := client(t, fetch.Options{})
	fetch.Trust(c, s.Certificate())
	_, err := c.Get(t.Context(), s.URL, "", 100)
	wantKind(t, err, fault.Invalid, "from https to http")
}

func TestSizesAreBounded(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 50<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		case "/long":
			w.Header().Set("Content-Length", "5000")
			_, _ = w.Write(make([]byte, 5000))
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}
	})
	c := client(t, fetch.Options{})
	for _, p := range []string{"/bomb", "/long", "/endless"} {
		_, err := c.Get(t.Context(), addr+p, "", 4000)
		wantKind(t, err, fault.TooLarge, "4000")
	}
	for _, p := range []string{"/long", "/endless"} {
		var b bytes.Buffer
		_, err := c.Download(t.Context(), addr+p, &b, 4000)
		wantKind(t, err, fault.TooLarge, "4000")
	}
	if a, err := c.Get(t.Context(), addr+"/long", "", 5000); err != nil || len(a.Body) != 5000 {
		t.Fatal(len(a.Body), err)
	}
}

func TestAgainAfterAWait(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(http.ResponseWriter, *http.Request){
		"503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"429 that says when": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		},
		"silence": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"broken":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"half sent": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = w.Write([]byte("xx"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				if n.Add(1) < 3 {
					fail(w, r)
					return
				}
				_, _ = w.Write(append([]byte("at last "), b...))
			})
			o := fetch.Options{}
			if name == "silence" {
				o.Timeout = 2 * time.Second // long enough for the answer to the third question on a busy machine
			}
			c := client(t, o)
			a, err := c.Post(t.Context(), addr, []byte("{}"), "", 100)
			if err != nil || string(a.Body) != "at last {}" || n.Load() != 3 {
				t.Fatalf("%q after %d: %v", a.Body, n.Load(), err)
			}
		})
	}
}

func TestGivesUp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		after  string
		kind   fault.Kind
		asked  int64
	}{
		{503, "", fault.Unavailable, 4},
		{503, "86400", fault.Unavailable, 1},
		{500, "", fault.Unavailable, 1},
		{404, "", fault.NotExist, 1},
		{410, "", fault.NotExist, 1},
		{401, "", fault.Unsupported, 1},
		{400, "", fault.Invalid, 1},
		{204, "", fault.Invalid, 1},
	} {
		t.Run(fmt.Sprint(tc.status, tc.after), func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			addr := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				n.Add(1)
				if tc.after != "" {
					w.Header().Set("Retry-After", tc.after)
				}
				w.WriteHeader(tc.status)
			})
			_, err := client(t, fetch.Options{}).Get(t.Context(), addr+"/x?signature=abc", "", 100)
			wantKind(t, err, tc.kind, fmt.Sprint(tc.status))
			if n.Load() != tc.asked || strings.Contains(err.Error(), "abc") {
				t.Fatalf("asked %d times, want %d: %v", n.Load(), tc.asked, err)
			}
		})
	}
	_, err := client(t, fetch.Options{}).Get(t.Context(), "http://127.0.0.1:1/", "", 1)
	wantKind(t, err, fault.Unavailable, "127.0.0.1:1")
}

func TestCancel(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := client(t, fetch.Options{Concurrency: 1}).Get(ctx, addr, "", 1)
	wantKind(t, err, fault.Canceled, "deadline")
}

func TestDripIsTooSlow(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte("x"))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	_, err := client(t, fetch.Options{Timeout: time.Second}).Get(t.Context(), addr, "", 1<<20)
	wantKind(t, err, fault.Unavailable, "too slow")
}

func TestConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	addr := serve(t, func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		now.Add(-1)
	})
	c := client(t, fetch.Options{Concurrency: 3})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Get(t.Context(), addr, "", 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 3 {
		t.Fatalf("%d at once", most.Load())
	}
}

// changing is a file whose content can be exchanged.
type changing struct {
	mu   sync.Mutex
	data []byte
	etag string
}

func (f *changing) set(data []byte, etag string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data, f.etag = data, etag
}

func (f *changing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.etag != "" {
		w.Header().Set("ETag", f.etag)
	}
	http.ServeContent(w, r, "f.tif", time.Time{}, bytes.NewReader(f.data))
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // made-up bytes
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestReadAtIsBytesReader(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 1000, 64 << 10, 64<<10 + 1, 200_000} {
		f := &changing{data: noise(size), etag: `"a"`}
		addr := serve(t, f.ServeHTTP)
		file, err := client(t, fetch.Options{}).Open(t.Context(), addr, nil)
		if err != nil || file.Size() != int64(size) {
			t.Fatal(file, err)
		}
		oracle := bytes.NewReader(f.data)
		rapid.Check(t, func(t *rapid.T) {
			off := rapid.Int64Range(0, int64(size)+10).Draw(t, "off")
			n := rapid.IntRange(1, size+10).Draw(t, "n")
			got, want := make([]byte, n), make([]byte, n)
			gn, gerr := file.ReadAt(got, off)
			wn, werr := oracle.ReadAt(want, off)
			if gn != wn || !bytes.Equal(got, want) || !errors.Is(gerr, werr) {
				t.Fatalf("%d bytes at %d: %d %v, want %d %v", n, off, gn, gerr, wn, werr)
			}
		})
	}
}

func TestAChangedFileIsAnError(t *testing.T) {
	t.Parallel()
	old, other := noise(200_000), noise(200_001)[1:]
	for name, tags := range map[string][2]string{
		"strong ETag": {`"a"`, `"b"`}, "weak ETag": {`W/"a"`, `W/"b"`}, "no ETag, other size": {"", ""},
	} {
		f := &changing{data: old, etag: tags[0]}
		addr := serve(t, f.ServeHTTP)
		c := client(t, fetch.Options{})
		file, err := c.Open(t.Context(), addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		pin := file.Pin()
		if again, err := c.Open(t.Context(), addr, &pin); err != nil || again.Pin() != pin {
			t.Fatal(name, again, err)
		}
		if tags[0] == "" {
			f.set(other[:199_990], "")
		} else {
			f.set(other, tags[1])
		}
		_, err = file.ReadAt(make([]byte, 10), 150_000)
		wantKind(t, err, fault.Conflict, "changed")
		_, err = c.Open(t.Context(), addr, &pin)
		wantKind(t, err, fault.Conflict, "changed")
	}
}

func TestServersThatSendNoParts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		h    http.HandlerFunc
		kind fault.Kind
		word string
	}{
		"whole": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("all of it")) }, fault.Unsupported, "copy the file"},
		"another part": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 5-6/100")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write([]byte("ab"))
		}, fault.Invalid, "which part"},
		"no size": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-6/*")
			w.WriteHeader(http.StatusPartialContent)
		}, fault.Invalid, "which part"},
		"too much": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-99999/100000")
			w.WriteHeader(http.StatusPartialContent)
		}, fault.Invalid, "range"},
		"packed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-6/7")
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(http.StatusPartialContent)
		}, fault.Unsupported, "encoded"},
		"empty": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) }, fault.Invalid, "416"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client(t, fetch.Options{}).Open(t.Context(), serve(t, tc.h), nil)
			wantKind(t, err, tc.kind, tc.word)
		})
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	data := noise(100_000)
	addr := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
	var b bytes.Buffer
	n, err := client(t, fetch.Options{}).Download(t.Context(), addr, &b, 1<<20)
	if err != nil || n != int64(len(data)) || !bytes.Equal(b.Bytes(), data) {
		t.Fatal(n, err)
	}
}
