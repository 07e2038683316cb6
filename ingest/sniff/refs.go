package sniff

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"contado/geo/fault"
)

// maxSidecar bounds the XML read from sidecars and TIFF tags.
const maxSidecar = 16 << 20

// checkReferences refuses a raster that makes GDAL open something else: an
// OVERVIEW_FILE in its metadata (GDALDefaultOverviews opens any name found
// there), or .ovr and .msk companions that are no TIFF.
func checkReferences(path string, f Format) error {
	if f.Family != Raster {
		return nil
	}
	for _, ext := range []string{".ovr", ".msk"} {
		if err := checkCompanion(path + ext); err != nil {
			return err
		}
	}
	base := strings.TrimSuffix(path, filepath.Ext(path))
	for _, aux := range []string{path + ".aux.xml", base + ".aux.xml", base + ".aux", path + ".ovr.aux.xml", path + ".msk.aux.xml"} {
		b, err := readBounded(aux)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fault.E("sniff.File", fault.Invalid, err)
		}
		if item := referringItem(b); item != "" {
			return refers(filepath.Base(aux), item)
		}
	}
	if f.Name != tiff.Name {
		return nil
	}
	meta, err := tiffMetadata(path)
	if err != nil {
		return fault.Errorf("sniff.File", fault.Invalid, "%s is damaged: %w", filepath.Base(path), err)
	}
	for _, m := range meta {
		if item := referringItem(m); item != "" {
			return refers(filepath.Base(path), item)
		}
	}
	return nil
}

func refers(file, item string) error {
	return fault.WithHint(
		fault.Errorf("sniff.File", fault.Invalid, "%s refers to another file or address through %s, which is refused", file, item),
		"write it again as a plain GeoTIFF")
}

func checkCompanion(path string) error {
	head, err := readHead(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.E("sniff.File", fault.Invalid, err)
	}
	for _, m := range magics[:4] {
		if hasAt(head, m.at, m.bytes) {
			meta, err := tiffMetadata(path)
			if err != nil {
				return fault.Errorf("sniff.File", fault.Invalid, "%s is damaged: %w", filepath.Base(path), err)
			}
			for _, b := range meta {
				if item := referringItem(b); item != "" {
					return refers(filepath.Base(path), item)
				}
			}
			return nil
		}
	}
	return fault.Errorf("sniff.File", fault.Invalid, "%s is not a TIFF, and cannot be the companion of a raster", filepath.Base(path))
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSidecar+1))
	if err == nil && len(b) > maxSidecar {
		return nil, fault.Errorf("sniff.File", fault.TooLarge, "%s is larger than 16 MiB", filepath.Base(path))
	}
	return b, err
}

// referringItem looks through GDAL metadata XML (tag 42112 or PAM) for an
// item that names a file to open. XML that does not parse refers to nothing:
// GDAL does not read it either.
func referringItem(b []byte) string {
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimRight(b, "\x00")))
	dec.Strict = false
	for {
		tok, err := dec.Token()
		if err != nil {
			return ""
		}
		el, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if strings.HasPrefix(el.Name.Local, "VRT") || strings.HasPrefix(el.Name.Local, "GDAL_WMS") {
			return el.Name.Local
		}
		for _, a := range el.Attr {
			v := strings.ToUpper(strings.TrimSpace(a.Value))
			if v == "OVERVIEW_FILE" || v == "MASK_FILE" {
				return v
			}
		}
	}
}

const (
	tagGDALMetadata = 42112
	maxDirectories  = 256
	maxEntries      = 4096
)

var errTIFF = errors.New("its TIFF directory is broken")

// tiffMetadata reads the GDAL_METADATA texts of all directories of a TIFF or
// BigTIFF (TIFF 6.0 §2; BigTIFF: 8-byte counts and offsets).
func tiffMetadata(path string) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	t := &tiffReader{f: f, size: info.Size()}
	next, err := t.header()
	if err != nil {
		return nil, err
	}
	var out [][]byte
	seen := map[int64]bool{}
	for range maxDirectories {
		if next == 0 || seen[next] {
			return out, nil
		}
		seen[next] = true
		var text []byte
		if text, next, err = t.directory(next); err != nil {
			if len(seen) == 1 {
				return nil, err
			}
			return out, nil // GDAL ignores what follows a broken later directory
		}
		if text != nil {
			out = append(out, text)
		}
	}
	return out, nil
}

type tiffReader struct {
	f     io.ReaderAt
	size  int64
	order binary.ByteOrder
	big   bool
}

func (t *tiffReader) read(at, n int64) ([]byte, error) {
	if at < 0 || n < 0 || n > maxSidecar || at > t.size-n {
		return nil, errTIFF
	}
	b := make([]byte, n)
	if _, err := t.f.ReadAt(b, at); err != nil {
		return nil, err
	}
	return b, nil
}

func (t *tiffReader) header() (int64, error) {
	b, err := t.read(0, 8)
	if err != nil {
		return 0, err
	}
	t.order = binary.ByteOrder(binary.LittleEndian)
	if b[0] == 'M' {
		t.order = binary.BigEndian
	}
	if t.big = t.order.Uint16(b[2:]) == 43; !t.big {
		return int64(t.order.Uint32(b[4:])), nil
	}
	if b, err = t.read(8, 8); err != nil {
		return 0, err
	}
	return int64(t.order.Uint64(b)), nil
}

// directory returns the GDAL_METADATA text of the directory at an offset
// (nil when it has none) and the offset of the next one.
func (t *tiffReader) directory(at int64) (text []byte, next int64, err error) {
	countLen, entryLen, offLen := int64(2), int64(12), int64(4)
	if t.big {
		countLen, entryLen, offLen = 8, 20, 8
	}
	b, err := t.read(at, countLen)
	if err != nil {
		return nil, 0, err
	}
	n := int64(t.order.Uint16(b))
	if t.big {
		n = int64(t.order.Uint64(b))
	}
	if n < 0 || n > maxEntries {
		return nil, 0, errTIFF
	}
	if b, err = t.read(at+countLen, n*entryLen+offLen); err != nil {
		return nil, 0, err
	}
	for e := b; int64(len(e)) >= entryLen+offLen; e = e[entryLen:] {
		if t.order.Uint16(e) == tagGDALMetadata {
			if text, err = t.text(e[:entryLen]); err != nil {
				return nil, 0, err
			}
		}
	}
	return text, t.offset(b[n*entryLen:]), nil
}

func (t *tiffReader) offset(b []byte) int64 {
	if t.big {
		return int64(t.order.Uint64(b))
	}
	return int64(t.order.Uint32(b))
}

func (t *tiffReader) text(e []byte) ([]byte, error) {
	n, value, inline := int64(t.order.Uint32(e[4:])), e[8:], int64(4)
	if t.big {
		n, value, inline = int64(t.order.Uint64(e[4:])), e[12:], 8
	}
	if n <= inline && n >= 0 {
		return value[:n], nil
	}
	return t.read(t.offset(value), n)
}
