package gdal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"contado/geo/fault"
)

// A name given to GDAL can be a URL, a connection string, a document or a
// path in a virtual file system. The guard lets through what lies on the
// local disk, and two more forms when the caller asks for them.

// maxPath bounds a name; longer ones are an attack or a mistake.
const maxPath = 4096

// accept says which names other than plain paths are let through.
type accept struct {
	zip        bool // /vsizip/ on a local archive
	subdataset bool // DRIVER:"path":variable with a local path
	remote     bool // names by RemoteName
}

var (
	prefixed = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+.-]*:`)
	// Drivers whose subdatasets live in one local file.
	subdatasetName = regexp.MustCompile(`^(NETCDF|HDF5|GTIFF_DIR|HDF4_SDS|HDF4_GR|GPKG|SENTINEL2_L1C|SENTINEL2_L2A):(.+)$`)
)

// inputName checks the name of a file to read and returns what to give to
// GDAL: an absolute path of a file that exists, or one of the accepted forms.
func inputName(op, name string, a accept) (string, error) {
	if err := plainText(op, name); err != nil {
		return "", err
	}
	if a.remote && IsRemote(name) {
		return name, nil
	}
	if strings.HasPrefix(name, "/vsi") {
		return zipName(op, name, a)
	}
	if m := subdatasetName.FindStringSubmatch(name); m != nil && a.subdataset {
		return subdataset(op, m[1], m[2])
	}
	abs, err := outputName(op, name)
	if err != nil {
		return "", err
	}
	return abs, mustExist(op, abs)
}

// outputName checks the name of a file to write and makes it absolute.
func outputName(op, name string) (string, error) {
	if err := plainText(op, name); err != nil {
		return "", err
	}
	if strings.Contains(name, "://") || prefixed.MatchString(name) {
		return "", fault.WithHint(refuse(op, name), "give the path of a local file; write ./ before a name that holds a colon")
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", fault.E(op, fault.Invalid, err)
	}
	if strings.HasPrefix(abs, "/vsi") {
		return "", refuse(op, name)
	}
	return abs, nil
}

func plainText(op, name string) error {
	switch {
	case name == "":
		return fault.Errorf(op, fault.Invalid, "no file name given")
	case len(name) > maxPath:
		return fault.Errorf(op, fault.TooLarge, "file name of %d bytes; the limit is %d", len(name), maxPath)
	case strings.ContainsRune(name, 0):
		return fault.Errorf(op, fault.Invalid, "file name %q holds a zero byte", name)
	}
	return nil
}

func refuse(op, name string) error {
	return fault.Errorf(op, fault.Invalid, "%q is not the path of a local file", name)
}

func mustExist(op, path string) error {
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fault.E(op, fault.NotExist, err)
	case errors.Is(err, fs.ErrPermission):
		return fault.E(op, fault.Invalid, err)
	}
	return fault.E(op, fault.Other, err)
}

// zipName accepts /vsizip/PATH[/INNER] and /vsizip/{PATH}[/INNER] where PATH
// is a local file.
func zipName(op, name string, a accept) (string, error) {
	rest, ok := strings.CutPrefix(name, "/vsizip/")
	if !ok || !a.zip {
		return "", refuse(op, name)
	}
	if strings.Contains(strings.ToLower(rest), "/vsi") || strings.HasPrefix(strings.ToLower(rest), "vsi") ||
		strings.Contains(rest, "://") || strings.Contains(rest, "..") {
		return "", refuse(op, name)
	}
	archive, inner := rest, ""
	if strings.HasPrefix(rest, "{") {
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return "", refuse(op, name)
		}
		archive, inner = rest[1:end], rest[end+1:]
	} else if i := archiveEnd(rest); i >= 0 {
		archive, inner = rest[:i], rest[i:]
	}
	abs, err := outputName(op, archive)
	if err != nil {
		return "", err
	}
	if strings.ContainsAny(abs, "{}") || strings.ContainsAny(inner, "{}") {
		return "", refuse(op, name)
	}
	return "/vsizip/{" + abs + "}" + inner, mustExist(op, abs)
}

// archiveEnd is where the path of the archive ends: after the first segment
// that looks like an archive and is a regular file; −1 when none is.
func archiveEnd(rest string) int {
	for i := 1; i <= len(rest); i++ {
		if i < len(rest) && rest[i] != '/' {
			continue
		}
		if st, err := os.Stat(rest[:i]); err == nil && st.Mode().IsRegular() {
			return i
		}
	}
	return -1
}

// subdataset accepts DRIVER:"path":rest, DRIVER:path:rest and, for TIFF
// directories, GTIFF_DIR:n:path, with path a local file.
func subdataset(op, driver, rest string) (string, error) {
	if driver == "GTIFF_DIR" {
		n, path, ok := strings.Cut(rest, ":")
		if !ok || strings.Trim(n, "0123456789") != "" || n == "" {
			return "", refuse(op, driver+":"+rest)
		}
		abs, err := inputName(op, path, accept{})
		if err != nil {
			return "", err
		}
		return driver + ":" + n + ":" + abs, nil
	}
	var path, variable string
	if strings.HasPrefix(rest, `"`) {
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return "", refuse(op, driver+":"+rest)
		}
		path, variable = rest[1:1+end], rest[2+end:]
	} else if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		path, variable = rest[:i], rest[i:]
	}
	if !strings.HasPrefix(variable, ":") || strings.ContainsAny(path, `"`) {
		return "", refuse(op, driver+":"+rest)
	}
	abs, err := inputName(op, path, accept{})
	if err != nil {
		return "", err
	}
	return driver + `:"` + abs + `"` + variable, nil
}
