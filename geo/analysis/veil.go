package analysis

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/disclosure"
	"contado/geo/fault"
	"contado/geo/fgb"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// Veil protects figures of people wherever they leave through the API: it is
// the one place of the rule for maps, tiles, values, rows, statistics and
// files. Territories have their own tables, which it follows (peopleTree).
//
// Rasters: the people of each municipality are put together into blocks
// (disclosure.Groups) and dealt out evenly over their inhabited cells. Sums of
// municipalities stay as they are; whatever else is computed, by whatever way,
// is about nobody less than a block. Women and men of an age are told of
// territories only (Profile). What the tables of territories hide has
// no value.
//
// Rows: small counts are hidden, with as many others of the same municipality
// as it takes (disclosure.Tree); a row that hides one hides all its other
// numbers, which might be parts of the same sums.
type Veil struct {
	engine    *Engine
	threshold float64
	dir       string // for the rasters
}

// NewVeil makes a veil that hides counts of people below a threshold (0 is
// disclosure.DefaultThreshold), and keeps its rasters in a folder. It reads
// through the engine, whose atlas it is for.
func NewVeil(e *Engine, threshold float64, dir string) *Veil {
	if threshold == 0 {
		threshold = disclosure.DefaultThreshold
	}
	return &Veil{e, threshold, dir}
}

// Covers implements atlas.Veil.
func (v *Veil) Covers(d *catalog.Dataset) bool {
	return d.CountsPeople() && (d.Kind == catalog.Raster || d.Kind == catalog.Vector)
}

// veilForm changes when the same figures are shown in another form.
const veilForm = 3

// Cells implements atlas.Veil.
func (v *Veil) Cells(ctx context.Context, s *atlas.Snapshot, d *catalog.Dataset, items []catalog.Item) (map[string]string, error) {
	out := map[string]string{}
	var failed error
	for i := range items {
		it := &items[i]
		parts := it.Parts()
		if len(parts) != 1 || parts[0].File == "" {
			failed = fault.Errorf("analysis.Veil", fault.Unsupported, "item %s of dataset %q is not one file here", it.ID, d.ID)
			continue
		}
		path, err := v.twin(ctx, s, d, it)
		if ctx.Err() != nil {
			return nil, fault.E("analysis.Veil", fault.Canceled, ctx.Err())
		}
		if err != nil {
			failed = fmt.Errorf("item %s: %w", it.ID, err)
			continue
		}
		out[parts[0].File] = path
	}
	return out, failed
}

// twin is the raster that is shown instead of an item, made unless it is there.
func (v *Veil) twin(ctx context.Context, s *atlas.Snapshot, d *catalog.Dataset, it *catalog.Item) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, veilForm, d.ID, d.Version.Number, d.Version.SHA256, it.ID, v.threshold)
	for _, t := range s.ByRole(catalog.TerritoryRole) {
		fmt.Fprintln(h, t.ID, s.Stamp(t.ID), t.Version.SHA256)
	}
	path := filepath.Join(v.dir, fmt.Sprintf("%s-%x.tif", d.ID, h.Sum(nil)[:12]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(v.dir, 0o755); err != nil {
		return "", err
	}
	tree, err := s.Territories(ctx)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(v.dir, "making-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left is swept with the folder
	w := &veiling{run: &run{Engine: v.engine, snapshot: s, tree: tree}, d: d, it: it, threshold: v.threshold}
	if err := w.read(ctx); err != nil {
		return "", err
	}
	made := filepath.Join(dir, "made.tif")
	if err := w.write(ctx, dir, made); err != nil {
		return "", err
	}
	return path, os.Rename(made, path)
}

// Rows implements atlas.Veil.
func (v *Veil) Rows(ctx context.Context, s *atlas.Snapshot, l *atlas.Layer, path string) error {
	tree, err := s.Territories(ctx)
	if err != nil {
		return err
	}
	w := &rowVeiling{run: &run{Engine: v.engine, snapshot: s, tree: tree}, l: l, d: l.Dataset(), threshold: v.threshold}
	if err := w.judge(ctx); err != nil {
		return err
	}
	out, err := fgb.Create(path, l.Schema(), nil)
	if err != nil {
		return err
	}
	var failed error
	row := 0
	err = l.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		f.Values = w.hide(row, f.Values)
		row++
		failed = out.Write(f)
		return failed == nil
	})
	if err = errors.Join(failed, err); err != nil {
		out.Abort()
		return err
	}
	return out.Close()
}
