package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/store/gpkg"
	"contado/ingest/raster"
	"contado/ingest/sniff"
)

// input is what the paths hold, by what reads it.
type input struct {
	rasters, vectors, tables []found
	osm, feeds, tiles        []found // OpenStreetMap extracts, timetables, archives of tiles
	products                 []*raster.Product
	mtl                      []string // Landsat metadata
	names                    []string // base names of the files as given
	notes                    notice.List
}

type found struct {
	path   string
	label  string
	format sniff.Format
	named  bool // by hand, or in an archive that was
}

// collect goes through files, folders and archives and sorts what it finds.
// A file given by name must be readable; in a folder others are passed over
// with a notice.
func (r *run) collect(ctx context.Context, paths []string) (*input, error) {
	in := &input{}
	for _, p := range paths {
		if err := r.visit(ctx, in, p); err != nil {
			return nil, err
		}
	}
	const op = "ingest.Run"
	in.passOver()
	kinds := 0
	for _, n := range []int{len(in.rasters) + len(in.products), len(in.vectors), len(in.tables), len(in.whole())} {
		if n > 0 {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s holds nothing that can be ingested", strings.Join(paths, ", ")), skippedHint(in))
	case kinds > 1 && len(in.rasters)+len(in.products) > 0:
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "rasters and vectors cannot be one dataset: %s is a raster, %s is not",
			in.firstRaster(), in.others()[0].label), "name the files of one kind")
	}
	if whole := in.whole(); len(whole) > 0 && (kinds > 1 || len(whole) > 1) {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s is %s, which is ingested alone", whole[0].label, whole[0].format.Name), "name one file")
	}
	return in, nil
}

// passOver leaves out what is ingested alone when it was only found in a
// folder among other data.
func (in *input) passOver() {
	if len(in.rasters)+len(in.products)+len(in.vectors)+len(in.tables) == 0 {
		return
	}
	for _, list := range []*[]found{&in.osm, &in.feeds, &in.tiles} {
		*list = slices.DeleteFunc(*list, func(f found) bool {
			if !f.named {
				in.notes.Count(catalog.Warning, "file-skipped", "files that cannot be read were passed over", f.label+" is "+f.format.Name+", which is ingested alone: name it by hand")
			}
			return !f.named
		})
	}
}

// whole are the files that become datasets by themselves.
func (in *input) whole() []found { return slices.Concat(in.osm, in.feeds, in.tiles) }

func (in *input) others() []found { return slices.Concat(in.vectors, in.tables, in.whole()) }

func (in *input) count() int { return len(in.rasters) + len(in.products) + len(in.others()) }

func (in *input) firstRaster() string {
	if len(in.rasters) > 0 {
		return in.rasters[0].label
	}
	return in.products[0].ID
}

func skippedHint(in *input) string {
	for _, n := range in.notes.All() {
		if len(n.Examples) > 0 {
			return n.Examples[0]
		}
	}
	return ""
}

func (r *run) visit(ctx context.Context, in *input, path string) error {
	const op = "ingest.Run"
	if strings.HasPrefix(path, "/vsi") || strings.Contains(path, "://") {
		return fault.Errorf(op, fault.Invalid, "%q is not a local file: download it first", path)
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Errorf(op, fault.NotExist, "%s: there is no such file or folder", path)
	}
	if err != nil {
		return fault.E(op, fault.Invalid, err)
	}
	in.names = append(in.names, filepath.Base(path))
	if raster.IsProduct(path) { // stands for its folder
		path = filepath.Dir(path)
	} else if !info.IsDir() {
		return r.file(ctx, in, path, filepath.Base(path), true)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil { // the folder itself may be a link: it was named by hand
		return fault.E(op, fault.Invalid, err)
	}
	var files []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") && p != path {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case d.Type().IsRegular():
			files = append(files, p)
		case d.Type()&fs.ModeSymlink != 0:
			in.notes.Count(catalog.Warning, "link-skipped", "links within a folder are not followed", strings.TrimPrefix(p, path+"/")+" is a link: name what it leads to")
		}
		if len(files) > r.o.Limits.Files {
			return fault.Errorf(op, fault.TooLarge, "%s holds more than %d files, the limit", path, r.o.Limits.Files)
		}
		return ctx.Err()
	})
	if err != nil {
		return fault.E(op, max(fault.KindOf(err), fault.Invalid), err)
	}
	files = in.takeFeeds(path, files)
	if files, err = r.products(in, files); err != nil {
		return err
	}
	for _, f := range files {
		rel, err := filepath.Rel(path, f)
		if err != nil {
			return fault.E(op, fault.Other, err)
		}
		if err := r.file(ctx, in, f, rel, false); err != nil {
			return err
		}
	}
	return nil
}

// takeFeeds takes the folders that are timetables out of a list of files below
// root, and returns the other files.
func (in *input) takeFeeds(root string, files []string) []string {
	names := map[string][]string{}
	for _, f := range files {
		names[filepath.Dir(f)] = append(names[filepath.Dir(f)], filepath.Base(f))
	}
	return slices.DeleteFunc(files, func(f string) bool {
		dir := filepath.Dir(f)
		if !sniff.IsTimetable(names[dir]) {
			return false
		}
		if !slices.ContainsFunc(in.feeds, func(have found) bool { return have.path == dir }) {
			in.feeds = append(in.feeds, found{dir, filepath.Base(dir), sniff.Format{Name: "GTFS timetable", Family: sniff.Timetable}, dir == root})
		}
		return true
	})
}

// products takes the satellite products out of a list of files: each is one
// whole, and what else lies in its folder is not looked at. It returns the
// other files.
func (r *run) products(in *input, files []string) ([]string, error) {
	for _, lead := range files {
		if !raster.IsProduct(lead) {
			continue
		}
		root := filepath.Dir(lead) + string(filepath.Separator)
		var own, rest []string
		for _, f := range files {
			if strings.HasPrefix(f, root) {
				own = append(own, f)
			} else {
				rest = append(rest, f)
			}
		}
		if len(own) == 0 { // taken with another lead of the same folder
			continue
		}
		p, err := raster.OpenProduct(lead, own)
		if err != nil {
			return nil, err
		}
		for i := range p.Sources {
			s := &p.Sources[i]
			f, err := sniff.File(s.Path)
			if err != nil {
				return nil, err
			}
			if f.Family != sniff.Raster || !slices.Contains(s.Drivers, f.Drivers[0]) {
				return nil, fault.Errorf("ingest.Run", fault.Invalid, "%s of %s is a %s, which such products do not hold", filepath.Base(s.Path), p.ID, f.Name)
			}
			if err := allowed(f, filepath.Base(s.Path), r.o.Formats); err != nil {
				return nil, err
			}
			s.Drivers = f.Drivers
		}
		in.products = append(in.products, p)
		files = rest
	}
	return files, nil
}

// file sorts one file. Files that were not named by hand are passed over when
// they cannot be read.
func (r *run) file(ctx context.Context, in *input, path, label string, named bool) error {
	f, err := sniff.File(path)
	if err == nil {
		err = allowed(f, label, r.o.Formats)
	}
	if err == nil && len(f.Drivers) > 0 && f.Drivers[0] == "GPKG" {
		path, err = r.withoutViews(ctx, in, path, label)
	}
	if err != nil {
		if named {
			return err
		}
		in.notes.Count(catalog.Warning, "file-skipped", "files that cannot be read were passed over", err.Error())
		return nil
	}
	it := found{path, label, f, named}
	switch f.Family {
	case sniff.Raster:
		in.rasters = append(in.rasters, it)
	case sniff.Vector:
		if f.Drivers[0] == "GPKG" && !hasFeatures(path) {
			it.format.Family = sniff.Raster
			in.rasters = append(in.rasters, it)
			return nil
		}
		in.vectors = append(in.vectors, it)
	case sniff.Table:
		in.tables = append(in.tables, it)
	case sniff.OpenStreetMap:
		in.osm = append(in.osm, it)
	case sniff.Timetable:
		in.feeds = append(in.feeds, it)
	case sniff.Tiles:
		in.tiles = append(in.tiles, it)
	case sniff.Archive:
		return r.archive(ctx, in, path, label)
	case sniff.Sidecar:
		if raster.IsMTL(path) {
			in.mtl = append(in.mtl, path)
			return nil
		}
		if named && len(in.names) == 1 {
			return fault.Errorf("ingest.Run", fault.Invalid, "%s belongs to another file: give that one", label)
		}
	}
	return nil
}

// withoutViews gives the path of a GeoPackage whose views have become tables:
// the file itself when it has none.
func (r *run) withoutViews(ctx context.Context, in *input, path, label string) (string, error) {
	dst := r.stage.path(fmt.Sprintf("views%d.gpkg", len(r.sub)))
	layers, err := gpkg.WithoutViews(ctx, path, dst, gpkg.ViewLimits{Rows: r.o.Limits.Features, Bytes: r.o.Limits.ArchiveBytes})
	if err != nil {
		return "", fmt.Errorf("%s: %w", label, err)
	}
	if _, err := os.Stat(dst); err != nil {
		return path, nil //nolint:nilerr // there was no view
	}
	r.sub[dst] = label
	for _, l := range layers {
		in.notes.Count(catalog.Info, "views-read", "views were read as they are now: they do not follow later changes", label+": "+l)
	}
	return dst, nil
}

// archive unpacks a zip into the stage and sorts what is in it.
func (r *run) archive(ctx context.Context, in *input, path, label string) error {
	const op = "ingest.Run"
	dir := r.stage.path(fmt.Sprintf("zip%d", len(r.sub)))
	files, err := sniff.Unzip(ctx, path, dir, sniff.ZipLimits{Bytes: r.o.Limits.ArchiveBytes, Entries: r.o.Limits.ArchiveEntries})
	if err != nil {
		return err
	}
	r.sub[dir] = label
	before := in.count()
	slices.Sort(files)
	if files, err = r.products(in, files); err != nil {
		return fmt.Errorf("%s: %w", label, err)
	}
	var why []string
	for _, f := range files {
		rel, err := filepath.Rel(dir, f)
		if err != nil {
			return fault.E(op, fault.Other, err)
		}
		form, err := sniff.File(f)
		if err != nil {
			why = append(why, err.Error())
			in.notes.Count(catalog.Warning, "file-skipped", "files that cannot be read were passed over", label+": "+err.Error())
			continue
		}
		if form.Family == sniff.Archive {
			return fault.Errorf(op, fault.Invalid, "%s holds another archive, %s: unpack it first", label, rel)
		}
		if err := r.file(ctx, in, f, label+"/"+rel, true); err != nil && form.Family != sniff.Sidecar {
			return err
		}
	}
	if in.count() == before {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%s holds nothing that can be ingested", label), strings.Join(why[:min(3, len(why))], "; "))
	}
	return nil
}

// hasFeatures tells a GeoPackage of features or rows from one of tiles; one
// that cannot be opened counts as features, so that the error speaks of it.
func hasFeatures(path string) bool {
	v, err := gdal.OpenVector(path, []string{"GPKG"})
	if err != nil {
		r, rerr := gdal.OpenRaster(path, []string{"GPKG"})
		if rerr != nil {
			return true
		}
		r.Close() // read only: nothing to lose
		return false
	}
	defer v.Close()
	return len(v.Layers()) > 0
}

// allowed refuses formats that are not among those that may be read.
func allowed(f sniff.Format, label string, formats []string) error {
	if formats == nil || f.Family == sniff.Sidecar || slices.Contains(formats, f.Key()) {
		return nil
	}
	return fault.WithHint(fault.Errorf("ingest.Run", fault.Unsupported, "%s is %s, which is not taken here", label, f.Name),
		"taken are: "+strings.Join(formats, ", "))
}
