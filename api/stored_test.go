package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contado/api"
	"contado/api/apitest"
	"contado/api/front"
	"contado/ingest"
	"contado/scripts/shareddata"
	"contado/tiles"
	"contado/tiles/tms"
)

// journal is a log in memory.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(b)
}

// last waits for the n-th line: it is written when the answer has been sent.
func (j *journal) line(t *testing.T, n int) string {
	t.Helper()
	for t.Context().Err() == nil {
		j.mu.Lock()
		lines := strings.Split(j.b.String(), "\n")
		j.mu.Unlock()
		if len(lines) > n+1 {
			return lines[n]
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the log has no such line")
	return ""
}

// speaker is a server that is spoken to over one connection, byte by byte.
type speaker struct {
	conn   net.Conn
	in     *bufio.Reader
	log    journal
	behind atomic.Int64 // requests that came to net/http
	lines  int
}

// speak serves with or without a front.
func speak(t *testing.T, deps api.Deps, locate func(string) (string, error), fronted bool) *speaker {
	t.Helper()
	s := &speaker{}
	deps.Log = slog.New(slog.NewTextHandler(&s.log, nil))
	var err error
	// A service of its own: what one has at hand must not change what the other says.
	if deps.Tiles, err = tiles.New(tiles.FromPool(deps.Pool), &tiles.Options{Locate: locate}); err != nil {
		t.Fatal(err)
	}
	server, err := api.New(deps)
	if err != nil {
		t.Fatal(err)
	}
	var l net.Listener
	if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if fronted {
		l = server.Listen(l, front.Timeouts{Header: time.Minute, Write: time.Minute, Idle: time.Minute})
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.behind.Add(1)
		server.Handler().ServeHTTP(w, r)
	})}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	if s.conn, err = net.Dial("tcp", addr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.conn.Close() })
	s.in = bufio.NewReader(s.conn)
	return s
}

// what differs from one request to the next
var (
	chance  = regexp.MustCompile(`(X-Request-Id: )[A-Z2-7]{16}|(Date: )[A-Z][^\r]{28}`)
	elapsed = regexp.MustCompile(`time=\S+ | ms=\S+| request=[A-Z2-7]{16}$`)
)

// ask gives the answer as it comes over the wire, and the line of the log.
func (s *speaker) ask(t *testing.T, request string) (answer, line string) {
	t.Helper()
	if _, err := io.WriteString(s.conn, request); err != nil {
		t.Fatal(err)
	}
	var wire bytes.Buffer
	r, err := http.ReadResponse(bufio.NewReader(io.TeeReader(oneByte{s.in}, &wire)), &http.Request{Method: strings.Fields(request)[0]})
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Fatal(err)
	}
	line = s.log.line(t, s.lines)
	s.lines++
	return chance.ReplaceAllString(wire.String(), "$1$2…"), elapsed.ReplaceAllString(line, "")
}

// oneByte keeps readers from taking more than they need.
type oneByte struct{ io.Reader }

func (r oneByte) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(len(b), 1)]) }

// Stored tiles are answered before net/http as they are behind it: every byte
// of the answer, and the line of the log. All else is left to it.
func TestStoredTiles(t *testing.T) {
	t.Parallel()
	l, err := apitest.NewLand(t.Context(), t.TempDir(), api.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for id, file := range map[string]string{"boston": "planetiler/bostonbuildings.mbtiles", "relief": "martin/pmtiles/png.pmtiles"} {
		if _, err := ingest.Run(t.Context(), l.Stores(), []string{shareddata.Path(t, "tiles-variety/"+file)}, ingest.Options{Dataset: id}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Deps.Atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	work(t, l.Pyramids(), time.Now())
	with, without := speak(t, l.Deps, l.Locate, true), speak(t, l.Deps, l.Locate, false)
	wells := "/xyz/wells/" + tms.AtLonLat(13, 8.94315, 46.0932).String() + ".mvt"
	building := "/xyz/boston/" + tms.AtLonLat(13, -71.06, 42.36).String() + ".mvt"
	asked := []string{"GET " + wells + " HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n"}
	for _, path := range []string{
		wells, wells + "?v=1", wells + "?properties=name", building, building + "?v=0", "/xyz/relief/1/1/0.png", "/xyz/relief/1/1/0.png?v=1",
		"/xyz/relief/5/1/0.png", "/xyz/boston/13/1/1.mvt", "/xyz/wells/3/0/0.mvt", "/xyz/boston/13/1.mvt", "/xyz/none/1/0/0.mvt", "/xyz/wells/30/0/0.mvt", "/xyz/wells,sites/4/8/5.mvt", "/xyz/scenes/1/0/0.mvt",
		"/xyz/relief/1/1/0.mvt", "/xyz/sites/4/8/5.mvt", "/xyz/wells/1/0/0.png", "/xyz/wells/1/0/0/0.mvt", "/xyz/wells/01/0/0.mvt",
	} {
		for _, fields := range []string{"", "Accept-Encoding: gzip\r\n", "Accept-Encoding: gzip;q=0.5, br\r\nUser-Agent: any\r\nConnection: keep-alive\r\n", "Accept-Encoding: gzip\r\nIf-None-Match: *\r\n"} {
			asked = append(asked, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: map.example\r\n%s\r\n", path, fields))
		}
		asked = append(asked, fmt.Sprintf("HEAD %s HTTP/1.1\r\nHost: map.example\r\nAccept-Encoding: gzip\r\n\r\n", path))
	}
	// The stamps of both: from then on the tiles may be kept.
	for _, dataset := range []string{"wells", "relief"} {
		var j struct{ Tiles []string }
		(&apitest.Client{Handler: l.Server.Handler()}).JSON(t, "/xyz/"+dataset+".json", &j)
		_, stamp, _ := strings.Cut(j.Tiles[0], "?v=")
		path := map[string]string{"wells": wells, "relief": "/xyz/relief/1/1/0.png"}[dataset]
		asked = append(asked, fmt.Sprintf("GET %s?v=%s HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", path, stamp))
	}
	early := map[string]bool{}
	for _, request := range slices.Concat(asked, asked) { // again: brotli is at hand by then
		before := with.behind.Load()
		got, gotLine := with.ask(t, request)
		want, wantLine := without.ask(t, request)
		if got != want {
			t.Errorf("%q\n%.900q\nbehind the front\n%.900q", request, want, got)
		}
		if gotLine != wantLine {
			t.Errorf("%q\n%s\nbehind the front\n%s", request, wantLine, gotLine)
		}
		if with.behind.Load() == before {
			early[strings.Fields(request)[1]] = true
			if !strings.HasPrefix(got, "HTTP/1.1 20") || !strings.HasPrefix(request, "GET") {
				t.Errorf("%q was answered at once: %.100q", request, got)
			}
		}
	}
	for _, path := range []string{wells, wells + "?v=1", building, "/xyz/relief/1/1/0.png", "/xyz/boston/13/1/1.mvt", "/xyz/wells/3/0/0.mvt"} {
		if !early[path] {
			t.Errorf("%s was not answered at once", path)
		}
	}
	if len(early) < 6 {
		t.Errorf("answered at once: %v", early)
	}
}
