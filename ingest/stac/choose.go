package stac

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// choose settles which assets of an item are taken: those asked for, else
// those that hold data in a format that can be read, else ready-made pictures.
func (g *gatherer) choose(it *item) ([]*asset, error) {
	const op = "stac.Item"
	var out []*asset
	if len(g.o.Assets) > 0 {
		for _, key := range g.o.Assets {
			i := slices.IndexFunc(it.assets, func(a *asset) bool { return a.key == key })
			if i < 0 {
				return nil, fault.WithHint(fault.Errorf(op, fault.NotExist, "it has no asset %.80q", key), "its assets: "+keysOf(it.assets))
			}
			out = append(out, it.assets[i])
		}
	} else if out = pick(it.assets); len(out) == 0 {
		return nil, fault.WithHint(fault.Errorf(op, fault.Unsupported, "none of its assets is a raster that is known by its type"), "name assets: "+keysOf(it.assets))
	}
	for _, a := range out {
		if err := g.locate(it, a); err != nil {
			return nil, fault.E(op, fault.KindOf(err), wrapAsset(a, err))
		}
	}
	return out, nil
}

func keysOf(assets []*asset) string {
	var keys []string
	for _, a := range assets {
		keys = append(keys, a.key)
	}
	if len(keys) > 30 {
		keys = append(keys[:30], "…")
	}
	return strings.Join(keys, ", ")
}

// formats are ranked: of the same bands in two formats one is taken.
var formats = map[string]int{
	"image/tiff; application=geotiff; profile=cloud-optimized": 1,
	"image/vnd.stac.geotiff; cloud-optimized=true":             1,
	"image/tiff; application=geotiff":                          2,
	"image/vnd.stac.geotiff":                                   2,
	"image/tiff":                                               2,
	"image/jp2":                                                3,
}

// rank is how well an asset can be read; 0 is not at all.
func (a *asset) rank() int {
	typ := strings.Join(strings.Fields(strings.TrimSuffix(strings.TrimSpace(a.typ), ";")), " ")
	if n, ok := formats[typ]; ok {
		return n
	}
	base, _, _ := strings.Cut(typ, ";")
	if n, ok := formats[strings.TrimSpace(base)]; ok {
		return n
	}
	if typ != "" {
		return 0
	}
	p := a.href
	if u, err := url.Parse(a.href); err == nil {
		p = u.Path
	}
	switch strings.ToLower(path.Ext(p)) {
	case ".tif", ".tiff":
		return 2
	case ".jp2":
		return 3
	}
	return 0
}

var notData = []string{"thumbnail", "overview", "metadata", "visual", "preview", "date", "graphic"}

func pick(assets []*asset) []*asset {
	var data, pictures []*asset
	best := 9
	for _, a := range assets {
		r := a.rank()
		if r == 0 || slices.Contains(a.roles, "thumbnail") || slices.Contains(a.roles, "metadata") {
			continue
		}
		picture := slices.ContainsFunc(a.roles, func(r string) bool { return slices.Contains(notData, r) })
		if picture && !slices.Contains(a.roles, "data") {
			pictures = append(pictures, a)
			continue
		}
		data = append(data, a)
		best = min(best, r)
	}
	if len(data) == 0 {
		return pictures[:min(1, len(pictures))]
	}
	// JPEG 2000 beside GeoTIFF is the same over again.
	if best < 3 {
		data = slices.DeleteFunc(data, func(a *asset) bool { return a.rank() == 3 })
	}
	return data
}

// locate finds the address of an asset: its own, or an alternate one that can
// be read.
func (g *gatherer) locate(it *item, a *asset) error {
	var first error
	for _, href := range append([]string{a.href}, a.others...) {
		p, err := it.at.resolve(href)
		if err == nil {
			a.at = p
			if href != a.href {
				g.notes.Count(catalog.Info, "alternate-address", "assets were read from an alternate address", it.id+" "+a.key)
			}
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}
