package raster

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// part is a COG to be written: a file of the scene as it is, one band of it,
// or several files stacked.
type part struct {
	key   string // of the asset
	src   *file
	names []named // of its bands
	first int     // place of its first band among those of the item
	band  int     // the one band of src that it holds, from 1; 0 = all
	grid  grid.Grid
}

// parts settles which COGs a scene becomes. Files of one scene keep their own
// cells, a COG each; bands of people share one, since they belong together
// cell by cell.
func (c *converter) parts(ctx context.Context, s *scene, work string) ([]*part, error) {
	names := c.nameBands(s)
	if len(s.files) > 1 && c.o.Role == catalog.Population {
		src, err := c.stack(ctx, s, filepath.Join(work, "stack.tif"))
		if err != nil {
			return nil, err
		}
		return c.split(&part{src: src, names: slices.Concat(names...), grid: src.grid}), nil
	}
	if err := c.oneCRS(ctx, s, work); err != nil {
		return nil, err
	}
	var out []*part
	at := 0
	for i, f := range s.files {
		src := f
		if c.dropsColours(f) || rescaled(f) && !f.uniformScale() {
			var err error
			if src, err = c.stack(ctx, &scene{id: s.id, files: []*file{f}}, filepath.Join(work, fmt.Sprintf("file%d.tif", i))); err != nil {
				return nil, err
			}
		}
		p := &part{key: f.token, src: src, names: names[i], first: at, grid: src.grid}
		if len(p.names) == 1 {
			p.key = p.names[0].name
		}
		at += len(p.names)
		out = append(out, c.split(p)...)
	}
	slices.SortStableFunc(out, func(a, b *part) int { return cmp.Compare(cellArea(a.grid), cellArea(b.grid)) })
	uniqueKeys(out)
	return out, nil
}

// split makes a part a band where the layout wants it.
func (c *converter) split(p *part) []*part {
	if len(p.names) == 1 || p.src.hasMask() || p.src.hasAlpha() || p.src.mask > 0 || !layoutOf(c.content(p)).split {
		return []*part{p}
	}
	out := make([]*part, len(p.names))
	for i := range p.names {
		out[i] = &part{key: p.names[i].name, src: p.src, names: p.names[i : i+1], first: p.first + i, band: i + 1, grid: p.grid}
	}
	return out
}

func (c *converter) content(p *part) content {
	bands := len(p.names)
	return content{
		dataType: p.src.bands[0].DataType, bands: bands, classes: c.isClass(p.src),
		picture: p.src.hasMask() || p.src.hasAlpha() || p.src.mask > 0,
	}
}

func cellArea(g grid.Grid) float64 {
	return math.Round(math.Abs(g.Transform.Det()) * 1e6) // equal but for rounding is equal
}

func uniqueKeys(parts []*part) {
	used := map[string]bool{}
	for i, p := range parts {
		if p.key = slug(p.key, ""); p.key == "" {
			p.key = fmt.Sprintf("part%d", i+1)
		}
		key := p.key
		for n := 2; used[p.key]; n++ {
			p.key = fmt.Sprintf("%s_%d", key, n)
		}
		used[p.key] = true
	}
}

// oneCRS brings files of another CRS than the finest to its grid: an item has
// one CRS.
func (c *converter) oneCRS(ctx context.Context, s *scene, work string) error {
	target := finest(s.files)
	for i, f := range s.files {
		if f.grid.CRS == target.grid.CRS {
			continue
		}
		var err error
		if s.files[i], err = c.regrid(ctx, f, target.grid, filepath.Join(work, fmt.Sprintf("regrid%d.tif", i))); err != nil {
			return err
		}
	}
	return nil
}

// Part is a finished file of an item.
type Part struct {
	Path string
	// Stats is the file of its block statistics.
	Stats string
}

// item starts the item of a scene with what its parts have in common.
func (c *converter) item(s *scene, parts []*part) (*Item, error) {
	it := &Item{}
	it.ID, it.Dataset, it.Datetime, it.CloudCover = s.id, c.o.Dataset, s.time, s.cloud
	if s.product != nil {
		about := s.product.scene
		it.Scene = &about
	}
	box := geo.EmptyBBox()
	bands := 0
	for _, p := range parts {
		box = box.Union(p.grid.Bounds())
		bands += len(p.names)
	}
	it.Bands = make([]catalog.Band, bands)
	var err error
	if it.Footprint, it.BBox, err = footprint(cover(parts[0].grid, box)); err != nil {
		return nil, err
	}
	c.checkArea(it.BBox, parts[0].grid.CRS, s.id)
	return it, nil
}

// cover is a grid like g over a box: g itself when that is its own.
func cover(g grid.Grid, box geo.BBox) grid.Grid {
	if g.Bounds() == box {
		return g
	}
	t := g.Transform
	g.Width = max(1, int(math.Round(box.Width()/t[1])))
	g.Height = max(1, int(math.Round(box.Height()/-t[5])))
	g.Transform = grid.Transform{box.MinX, box.Width() / float64(g.Width), 0, box.MaxY, 0, -box.Height() / float64(g.Height)}
	return g
}

// finish opens a finished COG, reads all of it (what is published has been
// read back once), and adds it to the item.
func (c *converter) finish(ctx context.Context, it *Item, p *part, n int, dst string) error {
	r, err := gdal.OpenRaster(dst, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	info := r.Info()
	if info.Grid.Width != p.grid.Width || info.Grid.Height != p.grid.Height || !info.NorthUp || len(info.Bands) < len(p.names) {
		return fault.Errorf("raster.Convert", fault.Other, "%s came out as %d bands of %d x %d cells instead of %d of %d x %d",
			p.src.name, len(info.Bands), info.Grid.Width, info.Grid.Height, len(p.names), p.grid.Width, p.grid.Height)
	}
	for i, as := range p.names {
		b, err := c.band(ctx, r, i, as, it)
		if err != nil {
			return fmt.Errorf("read back %s: %w", p.src.name, err)
		}
		b.Asset, b.Number = n, i+1
		it.Bands[p.first+i] = *b
		c.p.Step(int64(i+1), int64(len(p.names)))
	}
	it.Assets = append(it.Assets, catalog.Asset{Key: p.key, Grid: info.Grid, Overviews: info.Bands[0].Overviews})
	stats, err := c.blockStats(ctx, dst, p)
	if err != nil {
		return err
	}
	it.Files = append(it.Files, Part{Path: dst, Stats: stats})
	return nil
}
