package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/notice"
	"contado/ingest/sniff"
	"contado/ingest/vector"
)

// Recognised is what a file looks like before it is taken in.
type Recognised struct {
	Name string `json:"name"` // of an archive's: archive/name
	Size int64  `json:"size"`
	// Format is its name for people, Key its short name; "" when it is none
	// that can be read.
	Format string `json:"format,omitempty"`
	Key    string `json:"key,omitempty"`
	// Kind is raster, vector, table, osm, timetable, tiles, archive or sidecar.
	Kind string `json:"kind,omitempty"`
	// Problem is why it cannot be read, Hint what to do.
	Problem string            `json:"problem,omitempty"`
	Hint    string            `json:"hint,omitempty"`
	Layers  []RecognisedLayer `json:"layers,omitempty"`
	Raster  *RecognisedRaster `json:"raster,omitempty"`
}

// RecognisedLayer is a layer of rows.
type RecognisedLayer struct {
	Name     string      `json:"name"`
	Geometry string      `json:"geometry,omitempty"`
	CRS      string      `json:"crs,omitempty"`
	Count    int64       `json:"count"`
	Fields   []geo.Field `json:"fields"`
	// Rows are the first ones.
	Rows    [][]any `json:"rows"`
	Problem string  `json:"problem,omitempty"`
	Hint    string  `json:"hint,omitempty"`
}

// RecognisedRaster is a raster.
type RecognisedRaster struct {
	Width       int      `json:"width"`
	Height      int      `json:"height"`
	CRS         string   `json:"crs,omitempty"`
	Bands       []string `json:"bands"` // their types
	Placed      bool     `json:"placed"`
	Subdatasets []string `json:"subdatasets,omitempty"`
}

// How much of a file is shown.
const (
	shownFiles  = 200
	shownLayers = 20
	shownRows   = 5
	shownText   = 200
)

var families = map[sniff.Family]string{
	sniff.Raster: "raster", sniff.Vector: "vector", sniff.Table: "table", sniff.OpenStreetMap: "osm", sniff.Timetable: "timetable",
	sniff.Tiles: "tiles", sniff.Archive: "archive", sniff.Sidecar: "sidecar",
}

// Recognise looks at files without converting any: formats, layers, fields and
// the first rows. Archives are unpacked into dir, which is made anew. Errors
// are those of the machine; what is wrong with a file is said with it.
func Recognise(ctx context.Context, st Stores, dir string, paths []string, o Options) ([]Recognised, error) {
	const op = "ingest.Recognise"
	o.Limits = o.Limits.withDefaults()
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	r := &run{st: st, o: o, p: Quiet{}, sub: map[string]string{}, stage: &stage{dir: dir}}
	if o.CRS != "" {
		var err error
		if r.crs, err = gdal.ParseCRS(o.CRS); err != nil {
			return nil, err
		}
	}
	out := []Recognised{}
	for _, p := range paths {
		list, err := r.recognise(ctx, p, filepath.Base(p), true)
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		if out = append(out, list...); len(out) > shownFiles {
			out = out[:shownFiles]
			break
		}
	}
	return out, fault.E(op, fault.Other, os.RemoveAll(dir))
}

// recognise looks at a file, and into an archive.
func (r *run) recognise(ctx context.Context, path, label string, outer bool) ([]Recognised, error) {
	const op = "ingest.Recognise"
	if err := ctx.Err(); err != nil {
		return nil, fault.E(op, fault.Canceled, err)
	}
	one := Recognised{Name: label}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	one.Size = info.Size()
	f, err := sniff.File(path)
	if err == nil {
		one.Format, one.Key, one.Kind = f.Name, f.Key(), families[f.Family]
		err = allowed(f, label, r.o.Formats)
	}
	if err != nil {
		one.Problem, one.Hint = said(err)
		return []Recognised{one}, nil
	}
	switch f.Family {
	case sniff.Vector, sniff.Table:
		r.look(ctx, path, f, &one)
	case sniff.Raster:
		lookRaster(path, f, &one)
	case sniff.Archive:
		if outer {
			return r.unpacked(ctx, path, label, one)
		}
		one.Problem = "an archive within an archive"
	}
	if ctx.Err() != nil {
		return nil, fault.E(op, fault.Canceled, ctx.Err())
	}
	return []Recognised{one}, nil
}

// unpacked looks at the files of an archive.
func (r *run) unpacked(ctx context.Context, path, label string, one Recognised) ([]Recognised, error) {
	dir := r.stage.path(fmt.Sprintf("zip%d", len(r.sub)))
	r.sub[dir] = label
	files, err := sniff.Unzip(ctx, path, dir, sniff.ZipLimits{Bytes: r.o.Limits.ArchiveBytes, Entries: r.o.Limits.ArchiveEntries})
	if fault.Is(err, fault.Canceled) {
		return nil, err
	}
	if err != nil {
		one.Problem, one.Hint = said(err)
		return []Recognised{one}, errors.Join(os.RemoveAll(dir))
	}
	slices.Sort(files)
	out := []Recognised{one}
	for _, f := range files[:min(len(files), shownFiles)] {
		rel, err := filepath.Rel(dir, f)
		if err != nil {
			return nil, fault.E("ingest.Recognise", fault.Other, err)
		}
		list, err := r.recognise(ctx, f, label+"/"+filepath.ToSlash(rel), false)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, fault.E("ingest.Recognise", fault.Other, os.RemoveAll(dir))
}

// said are the words and the hint of an error for people.
func said(err error) (problem, hint string) {
	var f *fault.Error
	if errors.As(err, &f) {
		hint = f.Hint
	}
	return strings.TrimSuffix(err.Error(), " ("+hint+")"), hint
}

// look reads the layers of a file of rows.
func (r *run) look(ctx context.Context, path string, f sniff.Format, one *Recognised) {
	layers := []string{r.o.Layer}
	if f.Family == sniff.Vector && r.o.Layer == "" {
		names, err := vector.Layers(ctx, path, one.Name, f.Drivers)
		if err != nil {
			one.Problem, one.Hint = said(err)
			return
		}
		if len(names) > 0 {
			layers = names[:min(len(names), shownLayers)]
		}
	}
	for _, name := range layers {
		l := RecognisedLayer{Name: name, Fields: []geo.Field{}, Rows: [][]any{}}
		rows, done, err := r.openLayer(ctx, path, name, f, one.Name)
		if err == nil {
			err = l.read(ctx, rows)
			done()
		}
		if err != nil {
			l.Problem, l.Hint = said(err)
		}
		one.Layers = append(one.Layers, l)
	}
}

func (r *run) openLayer(ctx context.Context, path, name string, f sniff.Format, label string) (vector.Rows, func(), error) {
	var notes notice.List
	if f.Family == sniff.Table {
		t, err := r.table(ctx, found{path: path, label: label, format: f, named: true}, &notes)
		return t, func() {}, err
	}
	l, err := vector.Open(ctx, path, label, f.Drivers, vector.OpenOptions{Layer: name, CRS: r.crs, Encoding: r.o.Encoding, Dir: r.stage.dir}, &notes)
	if err != nil {
		return nil, nil, err
	}
	return l, func() { l.Close() }, nil // read only: nothing to lose
}

// read takes the schema and the first rows.
func (l *RecognisedLayer) read(ctx context.Context, rows vector.Rows) error {
	s := rows.Schema()
	l.Geometry, l.CRS, l.Count = s.GeometryType, s.CRS.Short(), rows.Count()
	if s.Fields != nil {
		l.Fields = s.Fields
	}
	if s.GeometryType != "" && !s.CRS.Known() {
		l.CRS = ""
	}
	return rows.Scan(ctx, func(int64, error) error { return nil }, func(f geo.Feature) (bool, error) {
		row := make([]any, len(f.Values))
		for i, v := range f.Values {
			row[i] = shown(v)
		}
		l.Rows = append(l.Rows, row)
		return len(l.Rows) < shownRows, nil
	})
}

// shown is a value as JSON shows it.
func shown(v any) any {
	switch v := v.(type) {
	case string:
		if r := []rune(v); len(r) > shownText {
			return string(r[:shownText]) + "…"
		}
		return v
	case []byte:
		return fmt.Sprintf("(%d bytes)", len(v))
	case float64:
		if v != v || v > 1.7e308 || v < -1.7e308 {
			return fmt.Sprint(v)
		}
	}
	return v
}

func lookRaster(path string, f sniff.Format, one *Recognised) {
	d, err := gdal.OpenRaster(path, f.Drivers)
	if err != nil {
		one.Problem, one.Hint = said(err)
		return
	}
	info := d.Info()
	r := &RecognisedRaster{
		Width: info.Grid.Width, Height: info.Grid.Height, CRS: info.Grid.CRS.Short(), Bands: []string{}, Placed: info.HasTransform || info.GCPs > 0,
	}
	if !info.Grid.CRS.Known() {
		r.CRS = ""
	}
	for _, b := range info.Bands {
		if len(r.Bands) == shownFiles {
			break
		}
		r.Bands = append(r.Bands, b.DataType)
	}
	for _, s := range info.Subdatasets {
		r.Subdatasets = append(r.Subdatasets, s.Name)
	}
	one.Raster = r
	d.Close() // read only: nothing to lose
}
