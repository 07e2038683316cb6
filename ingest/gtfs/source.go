package gtfs

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"contado/geo/fault"
)

// Bounds on a feed.
const (
	maxFiles    = 2000
	maxFileSize = 16 << 30 // unpacked
	maxTotal    = 48 << 30
)

// source is the files of a feed, in a zip or a folder.
type source struct {
	name  string
	zip   *zip.ReadCloser
	dir   string
	files map[string]*zip.File // by base name; nil values for a folder
}

// openSource finds the files of a feed. They may lie in one folder of the
// zip, as many programs write it.
func openSource(p string) (*source, error) {
	const op = "gtfs.Open"
	info, err := os.Stat(p)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.Errorf(op, fault.NotExist, "%s: there is no such file", p)
	}
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	s := &source{name: filepath.Base(p), files: map[string]*zip.File{}}
	if info.IsDir() {
		return s, s.readFolder(p)
	}
	if s.zip, err = zip.OpenReader(p); err != nil {
		return nil, fault.Errorf(op, fault.Invalid, "%s is no zip archive, or a damaged one: %w", s.name, err)
	}
	if err := s.readZip(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *source) readFolder(dir string) error {
	const op = "gtfs.Open"
	s.dir = dir
	list, err := os.ReadDir(dir)
	if err != nil {
		return fault.E(op, fault.Invalid, err)
	}
	for _, e := range list {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !feedFile(e.Name()) {
			continue
		}
		if len(s.files) == maxFiles || info.Size() > maxFileSize {
			return fault.Errorf(op, fault.TooLarge, "%s has more than %d files, or one of more than 16 GB", s.name, maxFiles)
		}
		s.files[strings.ToLower(e.Name())] = nil
	}
	return nil
}

func feedFile(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return !strings.HasPrefix(name, ".") && (ext == ".txt" || ext == ".geojson" || ext == ".json")
}

func (s *source) readZip() error {
	const op = "gtfs.Open"
	if len(s.zip.File) > maxFiles {
		return fault.Errorf(op, fault.TooLarge, "%s holds more than %d files", s.name, maxFiles)
	}
	folder := s.folder()
	var total uint64
	for _, f := range s.zip.File {
		dir, base := path.Split(f.Name)
		if dir != folder || base == "" || !feedFile(base) || !f.Mode().IsRegular() {
			continue
		}
		if total += f.UncompressedSize64; f.UncompressedSize64 > maxFileSize || total > maxTotal {
			return fault.Errorf(op, fault.TooLarge, "%s unpacks to more than 48 GB, or %s to more than 16 GB", s.name, base)
		}
		s.files[strings.ToLower(base)] = f
	}
	return nil
}

// folder is where in the zip stops.txt lies, the shortest path first.
func (s *source) folder() string {
	best, found := "", false
	for _, f := range s.zip.File {
		dir, base := path.Split(f.Name)
		if strings.EqualFold(base, "stops.txt") && !strings.HasPrefix(dir, "__MACOSX") && (!found || len(dir) < len(best)) {
			best, found = dir, true
		}
	}
	return best
}

func (s *source) has(name string) bool {
	_, ok := s.files[name]
	return ok
}

// names are the files in alphabetical order.
func (s *source) names() []string {
	out := make([]string, 0, len(s.files))
	for n := range s.files {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// open opens a file by its lower-case name.
func (s *source) open(name string) (io.ReadCloser, error) {
	const op = "gtfs.Open"
	f, ok := s.files[name]
	if !ok {
		return nil, fault.Errorf(op, fault.NotExist, "%s: there is no %s", s.name, name)
	}
	if f != nil {
		r, err := f.Open()
		if err != nil {
			return nil, fault.Errorf(op, fault.Invalid, "%s in %s: %w", name, s.name, err)
		}
		return r, nil
	}
	list, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	for _, e := range list {
		if strings.EqualFold(e.Name(), name) {
			name = e.Name()
		}
	}
	r, err := os.Open(filepath.Join(s.dir, name))
	if err != nil {
		return nil, fault.E(op, fault.Invalid, err)
	}
	return r, nil
}

// each reads the rows of a file; it is no error when there is none.
func (s *source) each(name string, required []string, begin func(*table), row func(*table) error) (*table, error) {
	if !s.has(name) {
		return nil, nil
	}
	r, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close() // read only: nothing to lose
	t, err := newTable(name, r)
	if err != nil {
		return nil, err
	}
	for _, c := range required {
		if t.column(c) < 0 {
			return nil, fault.WithHint(fault.Errorf("gtfs.Open", fault.Invalid, "%s has no column %s", name, c), "its columns are: "+strings.Join(t.columns[:min(len(t.columns), 30)], ", "))
		}
	}
	if begin != nil {
		begin(t)
	}
	for {
		more, err := t.scan()
		if err != nil || !more {
			return t, err
		}
		if err := row(t); err != nil {
			return t, err
		}
	}
}

func (s *source) close() {
	if s.zip != nil {
		_ = s.zip.Close() // read only: nothing to lose
	}
}
