package api

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"contado/api/front"
	"contado/api/xyz"
)

// Listen has stored tiles answered as they are asked for, before net/http, in
// the same words as by Handler. The http.Server that gets the listener has
// the same timeouts, and Handler.
func (s *Server) Listen(l net.Listener, t front.Timeouts) net.Listener {
	return front.Listen(l, s.stored.answer, t)
}

// stored answers with tiles that lie in archives.
type stored struct {
	tiles *xyz.Handler
	log   *slog.Logger
	heads sync.Pool // of *[]byte
}

// answer is a front.Handler.
func (s *stored) answer(r front.Request, send front.Send) bool {
	start, ctx := time.Now(), context.Background()
	t, ok := s.tiles.Stored(ctx, r.Path, r.Query, r.AcceptEncoding)
	if !ok {
		return false
	}
	defer t.Release()
	id, status := newRequestID(), http.StatusNoContent
	v := values{cacheControl: t.Cache, etag: t.ETag, complete: strconv.FormatBool(t.Complete), people: howPeople(s.tiles.Atlas), inRequest: id}
	if len(t.Data) > 0 {
		status = http.StatusOK
		v[contentEncoding], v[contentLength], v[contentType] = t.ContentEncoding, strconv.Itoa(len(t.Data)), t.ContentType
	}
	if t.Negotiated {
		v[vary] = "Accept-Encoding"
	}
	if t.Source != "" {
		v[source], v[version], v[dropped] = t.Source, t.Version, strconv.Itoa(t.Info.Dropped)
		v[areaKept] = strconv.FormatFloat(t.Info.AreaKept, 'f', 4, 64)
	}
	head, had := s.heads.Get().(*[]byte)
	if !had {
		head = new([]byte)
	}
	defer s.heads.Put(head)
	*head = v.append((*head)[:0], status, start)
	if err := send(*head, t.Data); err != nil {
		s.log.WarnContext(ctx, "error after the answer began", "error", err, "request", id)
	}
	answered{http.MethodGet, r.Path, xyz.TileRoute, status, int64(len(t.Data)), start, id}.tell(ctx, s.log)
	return true
}

// values are those of the header fields that differ from tile to tile; "" for
// fields that an answer does not have.
type values [fields]string

const (
	cacheControl = iota
	contentEncoding
	contentLength
	contentType
	etag
	vary
	areaKept
	complete
	dropped
	source
	version
	people
	inRequest
	fields
)

var fieldNames = [fields]string{
	cacheControl: "Cache-Control", contentEncoding: "Content-Encoding", contentLength: "Content-Length", contentType: "Content-Type",
	etag: "Etag", vary: "Vary", areaKept: "X-Contado-Area-Kept", complete: "X-Contado-Complete", dropped: "X-Contado-Dropped",
	source: "X-Contado-Source", version: "X-Contado-Version", people: headerPeople, inRequest: "X-Request-Id",
}

// line is a header field as it is sent: with the same value always, or with
// one that follows.
type line struct {
	text  string
	value int // −1: text has it
}

// lines are all header fields of tiles but the date, as net/http has them:
// those of every answer among the others, by name.
var lines = sync.OnceValue(func() []line {
	var out []line
	for _, h := range common {
		out = append(out, line{h.name + ": " + h.value[0] + "\r\n", -1})
	}
	for i, name := range fieldNames {
		out = append(out, line{name + ": ", i})
	}
	slices.SortFunc(out, func(a, b line) int { return strings.Compare(a.text, b.text) })
	return out
})

// append appends the head of an answer.
func (v *values) append(b []byte, status int, now time.Time) []byte {
	b = strconv.AppendInt(append(b, "HTTP/1.1 "...), int64(status), 10)
	b = append(append(append(b, ' '), http.StatusText(status)...), "\r\n"...)
	for _, l := range lines() {
		switch {
		case l.value < 0:
			b = append(b, l.text...)
		case v[l.value] != "":
			b = append(append(append(b, l.text...), v[l.value]...), "\r\n"...)
		}
	}
	b = append(b, "Date: "...)
	b = now.UTC().AppendFormat(b, http.TimeFormat)
	return append(b, "\r\n\r\n"...)
}
