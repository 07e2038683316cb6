package sniff

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"contado/geo/fault"
)

// ZipLimits bounds what an archive may unpack to.
type ZipLimits struct {
	Bytes   int64 // uncompressed, all entries together
	Entries int
}

// Unzip unpacks an archive into a folder, which it makes, and returns the
// paths of the files. The sizes are counted while unpacking: what the
// directory of the archive claims is not believed. Archives with absolute
// names, "..", links or other archives within are fault.Invalid; over the
// limits is fault.TooLarge.
func Unzip(ctx context.Context, path, dir string, lim ZipLimits) ([]string, error) {
	const op = "sniff.Unzip"
	name := filepath.Base(path)
	z, err := zip.OpenReader(path)
	if errors.Is(err, zip.ErrInsecurePath) {
		z.Close()
		return nil, fault.Errorf(op, fault.Invalid, "%s holds a file name that leads out of the archive", name)
	}
	if err != nil {
		return nil, fault.Errorf(op, fault.Invalid, "%s is a damaged zip archive: %w", name, err)
	}
	defer z.Close()
	if err := checkEntries(name, z.File, lim); err != nil {
		return nil, err
	}
	var out []string
	left := lim.Bytes
	for _, e := range z.File {
		if e.FileInfo().IsDir() || junk(e.Name) {
			continue
		}
		dst := filepath.Join(dir, filepath.FromSlash(e.Name))
		n, err := unpack(ctx, e, dst, left)
		if err != nil {
			return nil, err
		}
		if left -= n; left < 0 {
			return nil, tooMuch(name, lim)
		}
		out = append(out, dst)
	}
	return out, nil
}

func tooMuch(name string, lim ZipLimits) error {
	return fault.Errorf("sniff.Unzip", fault.TooLarge, "%s unpacks to more than %d MiB, the limit for archives", name, lim.Bytes>>20)
}

// junk are the entries that macOS adds.
func junk(name string) bool {
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(filepath.Base(name), "._") || filepath.Base(name) == ".DS_Store"
}

func checkEntries(name string, files []*zip.File, lim ZipLimits) error {
	const op = "sniff.Unzip"
	if len(files) > lim.Entries {
		return fault.Errorf(op, fault.TooLarge, "%s holds %d files, more than the limit of %d", name, len(files), lim.Entries)
	}
	var total uint64
	names := map[string]bool{}
	for _, e := range files {
		clean := strings.TrimSuffix(e.Name, "/")
		if !filepath.IsLocal(filepath.FromSlash(clean)) || strings.ContainsAny(e.Name, "\\\x00") {
			return fault.Errorf(op, fault.Invalid, "%s holds the file name %q, which leads out of the archive", name, e.Name)
		}
		if m := e.Mode(); !m.IsDir() && !m.IsRegular() {
			return fault.Errorf(op, fault.Invalid, "%s holds %q, which is a link or a device", name, e.Name)
		}
		if names[clean] {
			return fault.Errorf(op, fault.Invalid, "%s holds %q twice", name, e.Name)
		}
		names[clean] = true
		if total += e.UncompressedSize64; total > uint64(lim.Bytes) || e.UncompressedSize64 > uint64(lim.Bytes) {
			return tooMuch(name, lim)
		}
	}
	return nil
}

// unpack writes one entry, at most limit+1 bytes of it, and returns how many
// it wrote.
func unpack(ctx context.Context, e *zip.File, dst string, limit int64) (int64, error) {
	const op = "sniff.Unzip"
	if err := os.MkdirAll(filepath.Dir(dst), 0o755); err != nil {
		return 0, fault.E(op, fault.Other, err)
	}
	r, err := e.Open()
	if err != nil {
		return 0, fault.Errorf(op, fault.Invalid, "%s cannot be unpacked: %w", e.Name, err)
	}
	defer r.Close()
	w, err := os.OpenFile(dst, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, fault.E(op, fault.Other, fmt.Errorf("unpack %s: %w", e.Name, err))
	}
	n, err := io.Copy(w, io.LimitReader(&ctxReader{ctx, r}, limit+1))
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if ctx.Err() != nil {
		return n, fault.E(op, fault.Canceled, ctx.Err())
	}
	if errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrAlgorithm) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, fault.Errorf(op, fault.Invalid, "%s cannot be unpacked: %w", e.Name, err)
	}
	if err != nil {
		return n, fault.E(op, fault.KindOf(err), fmt.Errorf("unpack %s: %w", e.Name, err))
	}
	return n, nil
}

type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
