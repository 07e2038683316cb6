package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"contado/geo/fault"
)

// headBytes is what the first request for a file brings along: the header of
// most cloud-optimised TIFFs.
const headBytes = 64 << 10

// maxRange bounds one range.
const maxRange = 256 << 20

// Pin says which state of a file is meant.
type Pin struct {
	Size     int64  // bytes
	ETag     string // "" when the server gives none
	Modified string // Last-Modified as sent, "" when the server gives none
}

// File reads parts of a file elsewhere. Every part comes from the state that
// the file was opened in: a file that changes is an error. It is safe for
// concurrent use.
type File struct {
	c       *Client
	address string
	pin     Pin
	head    []byte // its first bytes
	reads   atomic.Int64
}

// Open asks for the beginning of a file, which must allow ranges. With a pin
// the file must still be in that state.
//
// Errors: as Get; Unsupported when the server sends no parts; Conflict when
// the file is not the pinned one.
func (c *Client) Open(ctx context.Context, address string, pin *Pin) (*File, error) {
	f := &File{c: c, address: address}
	if pin != nil {
		f.pin = *pin
	}
	head := make([]byte, headBytes)
	n, err := f.get(ctx, head, 0, true)
	if err != nil {
		return nil, err
	}
	f.head = head[:n:n]
	return f, nil
}

// Size is the length of the file in bytes.
func (f *File) Size() int64 { return f.pin.Size }

// Pin says which state of the file is read.
func (f *File) Pin() Pin { return f.pin }

// Reads is how many requests were made for parts of the file.
func (f *File) Reads() int64 { return f.reads.Load() }

// ReadAt reads as io.ReaderAt says, within the client's own time limits.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	return f.ReadAtContext(context.Background(), p, off)
}

// ReadAtContext is ReadAt for as long as the context lasts. One call is at
// most one successful request.
func (f *File) ReadAtContext(ctx context.Context, p []byte, off int64) (int, error) {
	const op = "fetch.ReadAt"
	switch {
	case off < 0:
		return 0, fault.Errorf(op, fault.Invalid, "read at a negative offset")
	case off >= f.pin.Size:
		return 0, io.EOF
	case len(p) > maxRange:
		return 0, fault.Errorf(op, fault.TooLarge, "%d bytes in one read; the limit is %d", len(p), maxRange)
	}
	want := p[:min(int64(len(p)), f.pin.Size-off)]
	n := 0
	if off < int64(len(f.head)) {
		n = copy(want, f.head[off:])
	}
	if n < len(want) {
		m, err := f.get(ctx, want[n:], off+int64(n), false)
		if n += m; err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// get fills p from off. The first request learns the state of the file, and
// may come back short.
func (f *File) get(ctx context.Context, p []byte, off int64, first bool) (int, error) {
	h := http.Header{
		"Range":           {fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1)},
		"Accept-Encoding": {"identity"},
	}
	// A weak validator cannot vouch for bytes (RFC 9110 §13.1.5).
	switch {
	case f.pin.ETag != "" && !strings.HasPrefix(f.pin.ETag, "W/"):
		h.Set("If-Range", f.pin.ETag)
	case f.pin.ETag == "" && f.pin.Modified != "":
		h.Set("If-Range", f.pin.Modified)
	}
	n := 0
	err := f.c.do(ctx, request{method: http.MethodGet, address: f.address, header: h}, func(res *http.Response) error {
		f.reads.Add(1)
		now, length, err := f.partial(res, off, first)
		if err != nil {
			return err
		}
		if length > int64(len(p)) || (!first && length != int64(len(p))) {
			return fault.Errorf("fetch.ReadAt", fault.Invalid, "%d bytes came for a range of %d", length, len(p))
		}
		if first {
			f.pin = now
		}
		n, err = io.ReadFull(res.Body, p[:length])
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// partial checks an answer that should be the part from off: the state of the
// file that it speaks of, and how many bytes it brings.
func (f *File) partial(res *http.Response, off int64, first bool) (Pin, int64, error) {
	const op = "fetch.ReadAt"
	pinned := f.pin != Pin{}
	switch {
	case res.StatusCode == http.StatusOK && pinned:
		return Pin{}, 0, f.changed("it came whole, with ETag " + res.Header.Get("ETag"))
	case res.StatusCode == http.StatusOK:
		return Pin{}, 0, fault.WithHint(fault.Errorf(op, fault.Unsupported, "the server does not send parts of files"), "copy the file instead")
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable && pinned && !first:
		return Pin{}, 0, f.changed("it has become shorter")
	}
	if err := wantStatus(res, http.StatusPartialContent); err != nil {
		return Pin{}, 0, err
	}
	if enc := res.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return Pin{}, 0, fault.Errorf(op, fault.Unsupported, "parts of the file come encoded as %.40q", enc)
	}
	from, to, size, ok := contentRange(res.Header.Get("Content-Range"))
	if !ok || from != off {
		return Pin{}, 0, fault.Errorf(op, fault.Invalid, "the answer does not say which part it is (Content-Range %.80q)", res.Header.Get("Content-Range"))
	}
	now := Pin{Size: size, ETag: res.Header.Get("ETag"), Modified: res.Header.Get("Last-Modified")}
	if len(now.ETag) > 512 || len(now.Modified) > 64 {
		return Pin{}, 0, fault.Errorf(op, fault.Invalid, "an ETag of %d bytes", len(now.ETag))
	}
	if pinned {
		if err := f.same(now); err != nil {
			return Pin{}, 0, err
		}
	}
	return now, to - from + 1, nil
}

// same compares what the pin knows with what the answer says.
func (f *File) same(now Pin) error {
	switch {
	case f.pin.Size != 0 && now.Size != f.pin.Size:
		return f.changed(fmt.Sprintf("it has %d bytes, no more %d", now.Size, f.pin.Size))
	case f.pin.ETag != "" && now.ETag != "" && now.ETag != f.pin.ETag:
		return f.changed("its ETag is another")
	case f.pin.ETag == "" && f.pin.Modified != "" && now.Modified != "" && now.Modified != f.pin.Modified:
		return f.changed("modified " + now.Modified)
	}
	return nil
}

func (f *File) changed(how string) error {
	return fault.WithHint(fault.Errorf("fetch.ReadAt", fault.Conflict, "the file has changed since it was first read: %.200s", how),
		"ingest it again")
}

// contentRange reads "bytes FROM-TO/SIZE".
func contentRange(v string) (from, to, size int64, ok bool) {
	rest, found := strings.CutPrefix(v, "bytes ")
	span, total, found2 := strings.Cut(rest, "/")
	a, b, found3 := strings.Cut(span, "-")
	if !found || !found2 || !found3 {
		return 0, 0, 0, false
	}
	var err [3]error
	from, err[0] = strconv.ParseInt(a, 10, 64)
	to, err[1] = strconv.ParseInt(b, 10, 64)
	size, err[2] = strconv.ParseInt(total, 10, 64)
	ok = err == [3]error{} && from >= 0 && from <= to && to < size
	return from, to, size, ok
}

// Remote is how the raster reader opens a file that stays where it is: a
// reader of its parts, and its length.
func (c *Client) Remote(ctx context.Context, address string, pin *Pin) (io.ReaderAt, int64, error) {
	f, err := c.Open(ctx, address, pin)
	if err != nil {
		return nil, 0, err
	}
	return f, f.Size(), nil
}
