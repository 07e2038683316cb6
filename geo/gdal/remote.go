package gdal

/*
#include "remote.h"
*/
import "C"

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"contado/geo/fault"
)

// Remote is a file elsewhere, in one state of its: RemoteName makes it a name
// that the pool opens.
type Remote struct {
	Href string
	// Size in bytes and ETag are those of the state meant; 0 and "" = as it is
	// when first read.
	Size int64
	ETag string
	// Cells is what is known of its cells and not in it; nil = nothing.
	Cells *Cells
}

// Cells says what the cells of a file mean that cannot be written into it:
// value = cell · Scale + Offset, and the cell that is no value. Each holds
// where the file is silent.
type Cells struct {
	Scale, Offset float64
	Nodata        *float64
}

// Opener opens a file elsewhere for reading its parts and says how long it
// is. The reader is used by many goroutines at once, bounds the time of each
// read itself, and fails when the file is no more in the state it was in.
type Opener func(Remote) (io.ReaderAt, int64, error)

// remotePrefix begins with /vsi so that every guard against virtual file
// systems holds for names in files and from people.
const remotePrefix = "/vsicontado/"

// maxRemoteName keeps the name below the length at which GDAL's own path
// functions give up (CPL_PATH_BUF_SIZE, 2048).
const maxRemoteName = 2000

// defaultRemoteCache is the size of the cache of remote files' parts.
const defaultRemoteCache = 64 << 20

// remoteFiles is how this process reads remote files. GDAL's list of file
// systems is one for the process, and so is this.
var remoteFiles atomic.Pointer[remoteStore]

var installRemote = sync.OnceValue(func() error {
	setup()
	prefix := C.CString(remotePrefix) // GDAL keeps the pointer: never freed
	if C.ct_remote_install(prefix) != 0 {
		return fault.Errorf("gdal.SetRemote", fault.Other, "GDAL takes no file system %s", remotePrefix)
	}
	return nil
})

// SetRemote lets rasters be read that stay elsewhere; open is how, cache the
// bytes of them that the process keeps (0 = 64 MB). It is called when the
// process starts, before the first such raster is opened; nil ends it.
func SetRemote(open Opener, cache int64) error {
	if open == nil {
		remoteFiles.Store(nil)
		return nil
	}
	if cache <= 0 {
		cache = defaultRemoteCache
	}
	if err := installRemote(); err != nil {
		return err
	}
	remoteFiles.Store(newRemoteStore(open, cache))
	return nil
}

// seal is the key that makes names of remote files this process's own: a file
// that names one cannot know it.
var seal = sync.OnceValue(func() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
})

// RemoteName is the name by which this process opens a remote file: valid
// until it ends, and never to be kept.
//
// Errors: TooLarge for an address too long to be read where it is.
func RemoteName(r Remote) (string, error) {
	const op = "gdal.RemoteName"
	if r.Href == "" || strings.ContainsAny(r.Href+r.ETag, "\n\x00") {
		return "", fault.Errorf(op, fault.Invalid, "%.200q is not the address of a file", r.Href)
	}
	text := fmt.Sprintf("%d\n%s\n%s\n%s", r.Size, r.ETag, r.Cells.text(), r.Href)
	name := remotePrefix + base64.RawURLEncoding.EncodeToString(append(stamp(text), text...))
	if len(name) > maxRemoteName {
		err := fault.Errorf(op, fault.TooLarge, "the address of %d bytes is too long for a file that stays where it is", len(r.Href))
		return "", fault.WithHint(err, "copy the file instead")
	}
	return name, nil
}

const stampBytes = 12

func stamp(text string) []byte {
	h := hmac.New(sha256.New, seal())
	_, _ = io.WriteString(h, text)
	return h.Sum(nil)[:stampBytes]
}

// IsRemote tells names made by RemoteName in this process.
func IsRemote(name string) bool {
	rest, ok := strings.CutPrefix(name, remotePrefix)
	if !ok {
		return false
	}
	_, ok = remoteOf(rest)
	return ok
}

// remoteOf reads the name after the prefix.
func remoteOf(rest string) (Remote, bool) {
	if len(rest) > maxRemoteName {
		return Remote{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil || len(raw) < stampBytes {
		return Remote{}, false
	}
	text := string(raw[stampBytes:])
	if !hmac.Equal(raw[:stampBytes], stamp(text)) {
		return Remote{}, false
	}
	part := strings.SplitN(text, "\n", 4)
	if len(part) != 4 {
		return Remote{}, false
	}
	n, err := strconv.ParseInt(part[0], 10, 64)
	return Remote{Href: part[3], Size: n, ETag: part[1], Cells: cellsOf(part[2])}, err == nil
}

func (c *Cells) text() string {
	if c == nil {
		return ""
	}
	out := num(c.Scale) + " " + num(c.Offset)
	if c.Nodata != nil {
		out += " " + num(*c.Nodata)
	}
	return out
}

func num(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// cellsOf reads what text wrote; the stamp vouches for it.
func cellsOf(text string) *Cells {
	var v [3]float64
	fields := strings.Fields(text)
	if len(fields) < 2 || len(fields) > 3 {
		return nil
	}
	for i, f := range fields {
		x, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return nil
		}
		v[i] = x
	}
	c := &Cells{Scale: v[0], Offset: v[1]}
	if len(fields) == 3 {
		c.Nodata = &v[2]
	}
	return c
}

// tell gives the bands what is known of their cells where they do not say it.
func (r *Raster) tell(c *Cells) {
	for i := range r.bands {
		b := &r.bands[i]
		if !b.scaled && c.Scale != 0 {
			b.scale, b.offset = c.Scale, c.Offset
			b.scaled = c.Scale != 1 || c.Offset != 0
		}
		if c.Nodata != nil && !b.hasNodata && b.maskFlags&gmfAllValid != 0 {
			b.nodata, b.hasNodata = *c.Nodata, true
			r.told = true
		}
	}
}

// CheckRemote says why a raster cannot be served well from where it is: each
// tile would read far more of it than it shows.
//
// Errors: Unsupported.
func CheckRemote(i RasterInfo) error {
	why := ""
	switch long := max(i.Grid.Width, i.Grid.Height); {
	case len(i.Bands) == 0:
		why = "it has no bands"
	case i.Driver != "GTiff":
		why = "it is no GeoTIFF"
	case long > 2048 && i.BlockX >= i.Grid.Width && i.Grid.Width > 1024:
		why = fmt.Sprintf("its cells lie in rows of %d", i.Grid.Width)
	case i.BlockX > 4096 || i.BlockY > 4096:
		why = fmt.Sprintf("its blocks have %d × %d cells", i.BlockX, i.BlockY)
	case long > 2048 && i.Bands[0].Overviews == 0:
		why = "it has no overviews"
	default:
		return nil
	}
	return fault.WithHint(fault.Errorf("gdal.CheckRemote", fault.Unsupported, "not a cloud-optimised GeoTIFF: %s", why), "copy it instead")
}
