package stac

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/ingest/fetch"
	"contado/ingest/raster"
)

// Opener lets GDAL read remote files through the client: gdal.SetRemote takes
// it.
func Opener(c *fetch.Client) gdal.Opener {
	return func(r gdal.Remote) (io.ReaderAt, int64, error) {
		var pin *fetch.Pin
		if r.Size != 0 || r.ETag != "" {
			pin = &fetch.Pin{Size: r.Size, ETag: r.ETag}
		}
		// GDAL knows no context: the client bounds the time of each request.
		return c.Remote(context.Background(), r.Href, pin)
	}
}

// parallelAssets bounds the files of an item that are looked at together.
const parallelAssets = 4

// looked is a remote file that was looked at.
type looked struct {
	asset catalog.Asset
	bands []catalog.Band
	notes []string // what it said otherwise than the catalogue
}

// refer makes a catalog item of files that stay where they are.
func (g *gatherer) refer(ctx context.Context, it *item, assets []*asset) (*catalog.Item, error) {
	const op = "stac.Item"
	found := make([]*looked, len(assets))
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(parallelAssets)
	for i, a := range assets {
		eg.Go(func() (err error) {
			found[i], err = g.look(ctx, a)
			return wrapAsset(a, err)
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	for i, l := range found {
		if l.asset.Grid.CRS != found[0].asset.Grid.CRS {
			return nil, fault.WithHint(fault.Errorf(op, fault.Unsupported, "assets %s and %s have different reference systems", assets[0].key, assets[i].key), "copy the item, or name assets of one")
		}
		for _, n := range l.notes {
			g.notes.Count(catalog.Warning, "metadata-wrong", "what the catalogue said was found wrong: the files were believed", it.id+" "+assets[i].key+": "+n)
		}
	}
	if want := found[0].asset.Grid.CRS; it.epsg != "" && !strings.EqualFold(it.epsg, string(want)) {
		g.notes.Count(catalog.Warning, "metadata-wrong", "what the catalogue said was found wrong: the files were believed", fmt.Sprintf("%s: %s for %s", it.id, it.epsg, want.Short()))
	}
	slices.SortStableFunc(found, func(a, b *looked) int { return cmp.Compare(cellArea(a.asset.Grid), cellArea(b.asset.Grid)) })
	return g.assemble(it, found)
}

func wrapAsset(a *asset, err error) error {
	if err == nil {
		return nil
	}
	return fault.E("stac.Item", fault.KindOf(err), fmt.Errorf("asset %s: %w", a.key, err))
}

func cellArea(g grid.Grid) float64 { return math.Round(math.Abs(g.Transform.Det()) * 1e9) }

func (g *gatherer) assemble(it *item, found []*looked) (*catalog.Item, error) {
	first := found[0].asset
	out := &catalog.Item{ID: itemID(it.id), Grid: first.Grid, Overviews: first.Overviews, CloudCover: it.cloud, Datetime: it.when(g)}
	scene := it.scene
	out.Scene = &scene
	var grids []grid.Grid
	used := map[string]bool{}
	for n, l := range found {
		grids = append(grids, l.asset.Grid)
		out.Assets = append(out.Assets, l.asset)
		for i, b := range l.bands {
			name := b.Name
			for k := 2; used[b.Name]; k++ {
				b.Name = fmt.Sprintf("%s_%d", name, k)
			}
			used[b.Name] = true
			b.Asset, b.Number = n, i+1
			out.Bands = append(out.Bands, b)
		}
	}
	var err error
	out.Footprint, out.BBox, err = raster.Outline(grids)
	return out, err
}

// when is the time of the item: the one given by hand, its own, or the begin
// of its range.
func (it *item) when(g *gatherer) *timeOf {
	if t, _, err := parseTime(g.o.Options.Datetime); err == nil {
		return &t
	}
	if it.time == nil && it.start != nil {
		g.notes.Count(catalog.Info, "time-range", "items that say a range of time were given its begin", it.id)
		return it.start
	}
	return it.time
}

var notID = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// itemID is an id that can be part of an address and of a file's name.
func itemID(s string) string {
	s = strings.Trim(notID.ReplaceAllString(s, "-"), "-_.")
	if len(s) > 100 {
		s = s[:100]
	}
	if s == "" {
		return "item"
	}
	return s
}

// look opens a remote file, checks that it can be read where it is, and finds
// out what its bands are.
func (g *gatherer) look(ctx context.Context, a *asset) (*looked, error) {
	href := a.at.String()
	f, err := g.o.Client.Open(ctx, href, nil)
	if err != nil {
		return nil, err
	}
	pin := f.Pin()
	l := &looked{asset: catalog.Asset{Key: itemID(a.key), Href: href, Size: pin.Size, ETag: pin.ETag}}
	if l.asset.Cells, err = a.cells(); err != nil {
		return nil, err
	}
	name, err := gdal.RemoteName(gdal.Remote{Href: href, Size: pin.Size, ETag: pin.ETag, Cells: (*gdal.Cells)(l.asset.Cells)})
	if err != nil {
		return nil, err
	}
	r, err := gdal.OpenRasterWith(name, &gdal.RasterOptions{Remote: true, Siblings: []string{"none"}})
	if err != nil {
		return nil, readable(err)
	}
	defer r.Close()
	info := r.Info()
	if err := usable(info); err != nil {
		return nil, err
	}
	l.asset.Grid, l.asset.Overviews = info.Grid, info.Bands[0].Overviews
	for i, b := range info.Bands {
		if b.Alpha {
			continue
		}
		said := band{}
		if i < len(a.bands) {
			said = a.bands[i]
		}
		made, wrong, err := g.measure(r, i, said, a.key, len(info.Bands))
		if err != nil {
			return nil, readable(err)
		}
		l.bands, l.notes = append(l.bands, *made), append(l.notes, wrong...)
	}
	if len(l.bands) == 0 {
		return nil, fault.Errorf("stac.Item", fault.Unsupported, "it has no band but alpha")
	}
	return l, nil
}

// readable words an error of GDAL's without the name that only it knows.
func readable(err error) error {
	const name = "/vsicontado/"
	msg := err.Error()
	for {
		i := strings.Index(msg, name)
		if i < 0 {
			break
		}
		end := i + len(name)
		for end < len(msg) && (msg[end] == '-' || msg[end] == '_' || msg[end] >= '0' && msg[end] <= '9' || msg[end]|0x20 >= 'a' && msg[end]|0x20 <= 'z') {
			end++
		}
		msg = msg[:i] + "the file" + msg[end:]
	}
	return fault.Errorf("stac.Item", max(fault.KindOf(err), fault.Invalid), "%s", msg)
}

// usable refuses what cannot be shown from where it is.
func usable(i gdal.RasterInfo) error {
	const op = "stac.Item"
	copying := func(format string, args ...any) error {
		return fault.WithHint(fault.Errorf(op, fault.Unsupported, format, args...), "copy it instead")
	}
	switch {
	case i.Grid.CRS == "":
		return copying("the file does not say its reference system")
	case !i.HasTransform || !i.NorthUp:
		return copying("its rows do not run from north to south")
	}
	return gdal.CheckRemote(i)
}

// cells is what the catalogue knows of the cells of a file: nil when nothing.
// It holds for all bands of the file, or cannot be used.
func (a *asset) cells() (*catalog.Cells, error) {
	if len(a.bands) == 0 {
		return nil, nil
	}
	b := a.bands[0]
	for _, o := range a.bands[1:] {
		same := o.Scale == b.Scale && o.Offset == b.Offset && (o.Nodata == nil) == (b.Nodata == nil) && (o.Nodata == nil || *o.Nodata == *b.Nodata)
		if !same {
			return nil, fault.WithHint(fault.Errorf("stac.Item", fault.Unsupported, "its bands have scales or nodata values of their own"), "copy it instead")
		}
	}
	if !b.scaled && b.Nodata == nil {
		return nil, nil
	}
	return &catalog.Cells{Scale: b.Scale, Offset: b.Offset, Nodata: b.Nodata}, nil
}
