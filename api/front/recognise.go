package front

import "bytes"

// Request is a GET of an address of letters that need no escapes, by a client
// that wants nothing else of HTTP/1.1 than the answer, perhaps compressed, and
// the connection kept.
type Request struct {
	Path           string // "/xyz/a/1/0/0.mvt"
	Query          string // without "?"; "" when there is none
	AcceptEncoding string // "" when the client does not say
}

// kind is what came off a connection.
type kind uint8

const (
	// other is more or less than one request, or one that may have a body: what
	// comes next need not be the beginning of a request.
	other kind = iota
	// whole is one request without a body, from its first byte to its last.
	whole
	// simple is whole, and a Request says all that it asks for.
	simple
)

// longestName is that of the header fields that are known here.
const longestName = 32

// recognise tells what b is. It knows requests in the one form that clients
// send; whatever looks different is other, for net/http to judge.
func recognise(b []byte) (Request, kind) {
	line, b, ok := cutLine(b)
	target, found := bytes.CutSuffix(line, []byte(" HTTP/1.1"))
	if !ok || !found {
		return Request{}, other
	}
	k := simple
	if t, get := bytes.CutPrefix(target, []byte("GET ")); get {
		target = t
	} else if target, found = bytes.CutPrefix(target, []byte("HEAD ")); found {
		k = whole
	} else {
		return Request{}, other
	}
	path, query, asks := bytes.Cut(target, []byte("?"))
	switch {
	case len(target) == 0 || target[0] != '/' || !all(target, visible):
		return Request{}, other
	case !all(path, named) || asks && (len(query) == 0 || !all(query, named)):
		k = whole
	}
	accept, fields := fieldsOf(b)
	if k = min(k, fields); k != simple {
		return Request{}, k
	}
	return Request{Path: string(path), Query: string(query), AcceptEncoding: string(accept)}, simple
}

// fieldsOf reads the header fields, up to the end of b.
func fieldsOf(b []byte) (accept []byte, k kind) {
	k = simple
	hosts, encodings := 0, 0
	for {
		line, rest, ok := cutLine(b)
		if !ok {
			return nil, other
		}
		if b = rest; len(line) == 0 {
			break
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || !all(name, token) || !all(value, printed) {
			return nil, other
		}
		value = bytes.Trim(value, " \t")
		var lower [longestName]byte
		if len(name) > longestName {
			k = whole
			continue
		}
		for i, c := range name {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			lower[i] = c
		}
		switch string(lower[:len(name)]) {
		case "host":
			if hosts++; len(value) == 0 || !all(value, named) {
				k = whole
			}
		case "accept-encoding":
			encodings++
			accept = value
		case "connection":
			if !bytes.EqualFold(value, []byte("keep-alive")) {
				return nil, other
			}
		case "content-length", "transfer-encoding", "trailer", "te", "upgrade", "expect", "http2-settings":
			return nil, other
		case "accept", "accept-language", "user-agent", "referer", "origin", "cookie", "dnt", "priority", "pragma", "cache-control",
			"via", "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip",
			"sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-user", "sec-gpc", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform":
			// nothing that a tile depends on
		default:
			k = whole
		}
	}
	if len(b) > 0 || hosts != 1 {
		return nil, other
	}
	if encodings > 1 {
		k = whole
	}
	return accept, k
}

// cutLine is the first line of b, which must end in CR LF and hold neither.
func cutLine(b []byte) (line, rest []byte, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 1 || b[i-1] != '\r' || bytes.IndexByte(b[:i-1], '\r') >= 0 {
		return nil, nil, false
	}
	return b[:i-1], b[i+1:], true
}

// class is a set of letters, as bits of classes.
type class uint8

const (
	named   class = 1 << iota // of addresses and hosts, without escapes
	token                     // of names of header fields
	visible                   // of a request line
	printed                   // of values of header fields
)

var classes = func() (t [256]class) {
	for c := range t {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			t[c] = named | token | visible | printed
		case bytes.IndexByte([]byte("/.,:=@"), byte(c)) >= 0:
			t[c] = named | visible | printed
		case c > ' ' && c < 0x7f:
			t[c] = visible | printed
		case c == ' ', c == '\t', c >= 0x80:
			t[c] = printed
		}
	}
	return t
}()

func all(b []byte, want class) bool {
	for _, c := range b {
		if classes[c]&want == 0 {
			return false
		}
	}
	return true
}
