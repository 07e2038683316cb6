package stac

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"contado/geo/fault"
	"contado/ingest/fetch"
)

// place is where a document or a file is: here, or at an address.
type place struct {
	url  *url.URL
	path string // absolute
}

func (p place) String() string {
	if p.url != nil {
		return p.url.String()
	}
	return p.path
}

// maxDocument bounds one JSON document.
const maxDocument = 64 << 20

// parsePlace reads what a person gave.
func parsePlace(ref string) (place, error) {
	const op = "stac.Run"
	if strings.Contains(ref, "://") {
		u, err := fetch.Check(ref)
		return place{url: u}, err
	}
	if strings.HasPrefix(ref, "/vsi") {
		return place{}, fault.Errorf(op, fault.Invalid, "%q is not the path of a local file", ref)
	}
	abs, err := filepath.Abs(ref)
	if err != nil {
		return place{}, fault.E(op, fault.Invalid, err)
	}
	if info, err := os.Stat(abs); errors.Is(err, fs.ErrNotExist) {
		return place{}, fault.Errorf(op, fault.NotExist, "%s: there is no such file", ref)
	} else if err == nil && info.IsDir() {
		for _, name := range []string{"catalog.json", "collection.json"} {
			if _, err := os.Stat(filepath.Join(abs, name)); err == nil {
				return place{path: filepath.Join(abs, name)}, nil
			}
		}
		return place{}, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s is a folder without catalog.json or collection.json", ref), "name the JSON file")
	}
	return place{path: abs}, nil
}

// resolve is the place that a link in the document at p leads to. A document
// from the network leads to the network only.
func (p place) resolve(href string) (place, error) {
	const op = "stac.Link"
	href = strings.TrimSpace(href)
	if href == "" || len(href) > 8<<10 || strings.ContainsRune(href, 0) {
		return place{}, fault.Errorf(op, fault.Invalid, "a link without an address")
	}
	if p.url != nil {
		u, err := p.url.Parse(href)
		if err != nil {
			return place{}, fault.Errorf(op, fault.Invalid, "%.200q is no address", href)
		}
		if _, err := fetch.Check(u.String()); err != nil {
			return place{}, err
		}
		return place{url: u}, nil
	}
	if scheme, _, ok := strings.Cut(href, ":"); ok && len(scheme) > 1 && !strings.ContainsAny(scheme, "/.\\") {
		u, err := fetch.Check(href)
		return place{url: u}, err
	}
	path, _, _ := strings.Cut(href, "#")
	if un, err := url.PathUnescape(path); err == nil {
		if _, err := os.Stat(filepath.Join(filepath.Dir(p.path), filepath.FromSlash(path))); err != nil {
			path = un
		}
	}
	if filepath.IsAbs(path) {
		return place{path: filepath.Clean(path)}, nil
	}
	return place{path: filepath.Join(filepath.Dir(p.path), filepath.FromSlash(path))}, nil
}

// inside resolves links and refuses a file outside the folder; root "" is
// anywhere.
func (p place) inside(root string) (string, error) {
	const op = "stac.Link"
	real, err := filepath.EvalSymlinks(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fault.Errorf(op, fault.NotExist, "%s is not there", filepath.Base(p.path))
	}
	if err != nil {
		return "", fault.E(op, fault.Invalid, err)
	}
	if root != "" && real != root && !strings.HasPrefix(real, root+string(filepath.Separator)) {
		return "", fault.WithHint(fault.Errorf(op, fault.Invalid, "%s lies outside the folder of the catalogue", p.path), "allow it if you trust the catalogue")
	}
	if info, err := os.Stat(real); err != nil || !info.Mode().IsRegular() {
		return "", fault.Errorf(op, fault.Invalid, "%s is not a regular file", filepath.Base(p.path))
	}
	return real, nil
}

// document reads the JSON at a place; the place that it came from in the end
// is what its links are relative to.
func (w *walker) document(ctx context.Context, p place) (object, place, error) {
	const op = "stac.Document"
	var data []byte
	if p.url != nil {
		a, err := w.g.o.Client.Get(ctx, p.url.String(), accept, maxDocument)
		if err != nil {
			return nil, p, err
		}
		if u, err := url.Parse(a.URL); err == nil {
			p.url = u
		}
		data = a.Body
	} else {
		real, err := p.inside(w.g.root)
		if err != nil {
			return nil, p, err
		}
		if data, err = readFile(real); err != nil {
			return nil, p, err
		}
	}
	o, ok := parseObject(data)
	if !ok {
		return nil, p, fault.Errorf(op, fault.Invalid, "%s is no JSON object", p)
	}
	return o, p, nil
}

const accept = "application/geo+json, application/json;q=0.9, */*;q=0.1"

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.E("stac.Document", fault.Invalid, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err == nil && len(b) > maxDocument {
		return nil, fault.Errorf("stac.Document", fault.TooLarge, "%s has more than %d bytes", filepath.Base(path), maxDocument)
	}
	return b, fault.E("stac.Document", fault.Invalid, err)
}
