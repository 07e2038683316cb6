package catalog

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/blob"
)

// Check tells what is wrong with a publication before any driver writes it;
// the error is fault.Invalid.
func (p *Publication) Check() error {
	const op = "catalog.Check"
	d := &p.Dataset
	switch {
	case !ValidID(d.ID):
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "dataset id %.80q is not usable", d.ID),
			"use 1 to 63 of a-z, 0-9 and hyphen, not beginning with a hyphen")
	case d.Kind != Raster && d.Kind != Vector && d.Kind != Timetable && d.Kind != TileArchive:
		return fault.Errorf(op, fault.Invalid, "dataset %s: kind %q is unknown", d.ID, d.Kind)
	case !slices.Contains(Roles, d.Role):
		return fault.Errorf(op, fault.Invalid, "dataset %s: role %q is unknown; roles are %q", d.ID, d.Role, Roles)
	case d.Kind == TileArchive && d.Version.Tiles == nil:
		return fault.Errorf(op, fault.Invalid, "dataset %s: an archive of tiles needs a description of them", d.ID)
	case p.Expect < 0:
		return fault.Errorf(op, fault.Invalid, "dataset %s: expected version %d is negative", d.ID, p.Expect)
	case len(d.Version.Extras) > 0:
		return fault.Errorf(op, fault.Invalid, "dataset %s: extras are added to a version once it is published", d.ID)
	case hasNaN(d.Version.BBox) || hasNaN(d.Version.BBoxWGS84):
		return fault.Errorf(op, fault.Invalid, "dataset %s: bounding box has a NaN", d.ID)
	}
	for _, t := range []*time.Time{&d.CreatedAt, &d.Version.PublishedAt, d.Version.TimeStart, d.Version.TimeEnd} {
		if !writable(t) {
			return fault.Errorf(op, fault.Invalid, "dataset %s: time %v is outside the years 0 to 9999", d.ID, t)
		}
	}
	files, err := checkFiles(d)
	if err != nil {
		return err
	}
	if t := d.Version.Tiles; t != nil && !files[t.File] {
		return fault.Errorf(op, fault.Invalid, "dataset %s: archive %q is not among the files of the version", d.ID, t.File)
	}
	return checkItems(p, files)
}

// Check tells what is wrong with an extra before any driver keeps it; the
// error is fault.Invalid.
func (e *Extra) Check() error {
	const op = "catalog.Check"
	if e.Kind == "" {
		return fault.Errorf(op, fault.Invalid, "extra file %q has no kind", e.File.Key)
	}
	if e.File.Size < 0 || e.Seq < 0 {
		return fault.Errorf(op, fault.Invalid, "extra file %q has a negative size or place in the journal", e.File.Key)
	}
	if len(e.Detail) > 0 && !json.Valid(e.Detail) {
		return fault.Errorf(op, fault.Invalid, "extra file %q has a detail that is not JSON", e.File.Key)
	}
	return blob.CheckKey(e.File.Key)
}

func checkFiles(d *Dataset) (map[string]bool, error) {
	files := make(map[string]bool, len(d.Version.Files))
	for _, f := range d.Version.Files {
		if err := blob.CheckKey(f.Key); err != nil {
			return nil, err
		}
		if files[f.Key] || f.Size < 0 {
			return nil, fault.Errorf("catalog.Check", fault.Invalid,
				"dataset %s: file %q is listed twice or has a negative size", d.ID, f.Key)
		}
		files[f.Key] = true
	}
	return files, nil
}

func checkItems(p *Publication, files map[string]bool) error {
	const op = "catalog.Check"
	id := p.Dataset.ID
	seen := make(map[string]bool, len(p.Items))
	for i := range p.Items {
		it := &p.Items[i]
		switch {
		case it.ID == "" || seen[it.ID]:
			return fault.Errorf(op, fault.Invalid, "dataset %s: item id %q is empty or used twice", id, it.ID)
		case it.Dataset != "" && it.Dataset != id:
			return fault.Errorf(op, fault.Invalid, "item %q is of dataset %q, not of %q", it.ID, it.Dataset, id)
		case it.File != "" && !files[it.File], it.File == "" && len(it.Assets) == 0:
			return fault.Errorf(op, fault.Invalid, "item %q: file %q is not among the files of the version", it.ID, it.File)
		case hasNaN(it.BBox):
			return fault.Errorf(op, fault.Invalid, "item %q: bounding box has a NaN", it.ID)
		case !writable(it.Datetime):
			return fault.Errorf(op, fault.Invalid, "item %q: time %v is outside the years 0 to 9999", it.ID, it.Datetime)
		}
		if err := checkAssets(it, files); err != nil {
			return err
		}
		seen[it.ID] = true
	}
	return nil
}

func checkAssets(it *Item, files map[string]bool) error {
	const op = "catalog.Check"
	keys := map[string]bool{}
	for i, a := range it.Assets {
		switch {
		case a.Key == "" || keys[a.Key]:
			return fault.Errorf(op, fault.Invalid, "item %q: asset key %q is empty or used twice", it.ID, a.Key)
		case (a.File == "") == (a.Href == ""):
			return fault.Errorf(op, fault.Invalid, "item %q: asset %q needs either a file or an address", it.ID, a.Key)
		case a.File != "" && !files[a.File], a.Stats != "" && !files[a.Stats]:
			return fault.Errorf(op, fault.Invalid, "item %q: files of asset %q are not among the files of the version", it.ID, a.Key)
		case i == 0 && (a.File != it.File || a.Grid != it.Grid):
			return fault.Errorf(op, fault.Invalid, "item %q: the first asset is not the item's own file", it.ID)
		}
		keys[a.Key] = true
	}
	if it.Stats != "" && !files[it.Stats] {
		return fault.Errorf(op, fault.Invalid, "item %q: file %q is not among the files of the version", it.ID, it.Stats)
	}
	for n, b := range it.Bands {
		if b.Asset < 0 || b.Number < 0 || b.Asset >= max(len(it.Assets), 1) {
			return fault.Errorf(op, fault.Invalid, "item %q: band %d names an asset that is not there", it.ID, n+1)
		}
	}
	return nil
}

func hasNaN(b geo.BBox) bool {
	return math.IsNaN(b.MinX) || math.IsNaN(b.MinY) || math.IsNaN(b.MaxX) || math.IsNaN(b.MaxY)
}

// writable reports whether RFC 3339 can spell the time in UTC.
func writable(t *time.Time) bool {
	return t == nil || t.UTC().Year() >= 0 && t.UTC().Year() <= 9999
}
