package upload

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/fault"
)

// announcement is the body that begins an upload.
type announcement struct {
	Files []file `json:"files"`
}

// create begins an upload: what is to come is said first, so that what is too
// large is refused before it is sent.
func (h *Handler) create(c echo.Context) error {
	who, err := h.guard(c)
	if err != nil {
		return err
	}
	var a announcement
	if err := rest.Body(c, &a, rest.MediaJSON); err != nil {
		return err
	}
	r := &record{Who: who, Created: time.Now().UTC(), Files: a.Files}
	if err := h.check(r); err != nil {
		return err
	}
	if err := h.Sweep(c.Request().Context()); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.room(r); err != nil {
		return err
	}
	f, err := h.make(r)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", rest.URL(c, "uploads", r.ID))
	return h.show(c, http.StatusCreated, f, r)
}

const maxName = 200

// check refuses what can never be taken.
func (h *Handler) check(r *record) error {
	const op = "upload"
	lim := &h.Limits
	if len(r.Files) == 0 || len(r.Files) > lim.Files {
		return fault.Errorf(op, fault.Invalid, "%d files; want 1 to %d", len(r.Files), lim.Files)
	}
	names := map[string]bool{}
	var total int64
	for _, f := range r.Files {
		if err := checkName(f.Name); err != nil {
			return err
		}
		if low := strings.ToLower(f.Name); names[low] {
			return fault.Errorf(op, fault.Invalid, "there are two files %q", f.Name)
		} else {
			names[low] = true
		}
		if f.Size <= 0 {
			return fault.Errorf(op, fault.Invalid, "%s is empty", f.Name)
		}
		if f.Size > lim.Bytes || total+f.Size > lim.Bytes {
			return fault.WithHint(fault.Errorf(op, fault.TooLarge, "the files have more than %s, the limit of an upload", size(lim.Bytes)),
				"ask who runs the server to ingest them at the command line, or to raise --upload-max")
		}
		total += f.Size
	}
	return nil
}

// checkName wants the plain name of a file: no folder, nothing hidden.
func checkName(s string) error {
	bad := s == "" || len(s) > maxName || !utf8.ValidString(s) || s[0] == '.' || strings.ContainsAny(s, `/\:`) || filepath.Base(s) != s ||
		strings.TrimSpace(s) != s || strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0
	if bad {
		return fault.Errorf("upload", fault.Invalid, "%.80q is no name of a file: want at most %d bytes without folders", s, maxName)
	}
	return nil
}

// room refuses what is too much beside what others wait with; the caller
// holds the mutex.
func (h *Handler) room(r *record) error {
	if err := os.MkdirAll(h.Dir, 0o700); err != nil {
		return fault.E("upload", fault.Other, err)
	}
	all, err := h.all()
	if err != nil {
		return err
	}
	mine, total := 0, r.bytes()
	for _, f := range all {
		other, err := f.read()
		if fault.Is(err, fault.NotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if total += other.bytes(); other.Who == r.Who {
			mine++
		}
	}
	if mine >= h.Limits.Each {
		return rest.Refuse(http.StatusTooManyRequests, "%d of your uploads are not finished: publish or discard one first", mine)
	}
	left, err := free(h.Dir)
	if err != nil {
		return err
	}
	if total > h.Limits.Total || left-r.bytes() < h.Limits.Spare {
		return rest.Refuse(http.StatusInsufficientStorage, "there is no room for %s now: other uploads have to be finished first, or the disk is full", size(r.bytes()))
	}
	return nil
}

// size is a number of bytes for people.
func size(n int64) string {
	if n < 10<<20 {
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// receive adds a piece to a file. Pieces come in order: one that begins
// elsewhere than where the file ends is refused with 409, and the client looks
// where it stands. A piece that breaks off counts as far as it came.
func (h *Handler) receive(c echo.Context) error {
	f, r, err := h.mine(c, "offset")
	if err != nil {
		return err
	}
	one, err := fileOf(c, r)
	if err != nil {
		return err
	}
	if media, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType)); err != nil || media != echo.MIMEOctetStream {
		return rest.Refuse(http.StatusUnsupportedMediaType, "the body is %.80q: want %s", c.Request().Header.Get(echo.HeaderContentType), echo.MIMEOctetStream)
	}
	if r.Job != "" {
		return fault.Errorf("upload", fault.Conflict, "the files of this upload are being used already")
	}
	offset, err := rest.Whole(c, "offset")
	if err != nil {
		return err
	}
	now, err := f.add(c, one, offset, h.Limits.Chunk)
	if err != nil {
		return err
	}
	return rest.Fresh(c, http.StatusOK, struct {
		Received int64 `json:"received"`
		Size     int64 `json:"size"`
	}{now, one.Size})
}

func fileOf(c echo.Context, r *record) (file, error) {
	text, err := rest.Path(c, "number")
	if err != nil {
		return file{}, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= len(r.Files) || strconv.Itoa(n) != text {
		return file{}, fault.Errorf("upload", fault.NotExist, "this upload has %d files, from 0: there is none %.20q", len(r.Files), text)
	}
	return r.Files[n], nil
}

// add writes the body behind what has come of a file.
func (f *folder) add(c echo.Context, one file, offset, most int64) (now int64, err error) {
	const op = "upload"
	w, err := os.OpenFile(f.path(filesName, one.Name), os.O_CREATE|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return 0, noUpload(f.id)
	}
	if err != nil {
		return 0, fault.E(op, fault.Other, err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := flock(w); err != nil {
		return 0, err
	}
	end, err := w.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, fault.E(op, fault.Other, err)
	}
	if end != offset {
		return 0, fault.WithHint(fault.Errorf(op, fault.Conflict, "%d bytes of %s have come, and this piece begins at %d", end, one.Name, offset),
			"go on at offset="+strconv.FormatInt(end, 10))
	}
	left := min(one.Size-end, most)
	if c.Request().ContentLength > left {
		return 0, tooLong(one, left)
	}
	n, err := io.Copy(w, io.LimitReader(c.Request().Body, left+1))
	if n > left { // more than was announced: none of the piece is kept
		return 0, errors.Join(tooLong(one, left), w.Truncate(end))
	}
	if serr := w.Sync(); serr != nil {
		return 0, fault.E(op, fault.Other, serr)
	}
	if err != nil {
		return 0, fault.Errorf(op, fault.Invalid, "the piece of %s broke off: %w", one.Name, err)
	}
	return end + n, nil
}

func tooLong(one file, left int64) error {
	return fault.Errorf("upload", fault.TooLarge, "the piece of %s is longer than the %d bytes that may come", one.Name, left)
}
