package stac

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/raster"
	"contado/ingest/sniff"
)

// copy fetches the files of an item into a folder, for conversion.
func (g *gatherer) copy(ctx context.Context, it *item, assets []*asset, dir string) (*raster.Product, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, fault.E("stac.Item", fault.Other, err)
	}
	d := raster.Description{ID: itemID(it.id), Datetime: it.when(g), CloudCover: it.cloud, Scene: it.scene, Dir: dir}
	for _, a := range assets {
		file, err := g.fetch(ctx, a, dir)
		if err != nil {
			return nil, errors.Join(wrapAsset(a, err), os.RemoveAll(dir))
		}
		f, err := sniff.File(file)
		if err == nil && f.Family != sniff.Raster {
			err = fault.Errorf("stac.Item", fault.Unsupported, "it is a %s, and no raster", f.Name)
		}
		if err != nil {
			return nil, errors.Join(wrapAsset(a, err), os.RemoveAll(dir))
		}
		bands := make([]catalog.Band, len(a.bands))
		for i, b := range a.bands {
			bands[i] = b.Band
			if !b.scaled {
				bands[i].Scale = 0 // not said
			}
		}
		d.Files = append(d.Files, raster.DescribedFile{Key: itemID(a.key), Source: raster.Source{Path: file, Drivers: f.Drivers}, Bands: bands})
	}
	return raster.Describe(d), nil
}

// fetch brings one file into the folder under the name of its asset.
func (g *gatherer) fetch(ctx context.Context, a *asset, dir string) (file string, err error) {
	const op = "stac.Item"
	p := a.at.path
	if a.at.url != nil {
		p = a.at.url.Path
	}
	ext := strings.ToLower(path.Ext(p))
	if !slices.Contains([]string{".tif", ".tiff", ".jp2", ".nc", ".hgt", ".img", ".h5", ".hdf5"}, ext) {
		ext = ".tif"
	}
	file = filepath.Join(dir, itemID(a.key)+ext)
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fault.E(op, fault.Other, err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	limit := g.o.MaxDownload
	if a.size > limit {
		return "", fault.Errorf(op, fault.TooLarge, "it has %d bytes; the limit is %d", a.size, limit)
	}
	sum := sha256.New()
	to := &counting{w: io.MultiWriter(out, sum), tell: func(n int64) { g.p.Step(n, 0) }}
	if a.at.url != nil {
		if _, err := g.o.Client.Download(ctx, a.at.String(), to, limit); err != nil {
			return "", err
		}
	} else if err := g.copyLocal(a, to, limit); err != nil {
		return "", err
	}
	return file, a.verify(sum, to.n)
}

// copyLocal copies a file that is here already; the walk's folder holds for
// it, too.
func (g *gatherer) copyLocal(a *asset, to io.Writer, limit int64) error {
	real, err := a.at.inside(g.root)
	if err != nil {
		return err
	}
	in, err := os.Open(real)
	if err != nil {
		return fault.E("stac.Item", fault.Invalid, err)
	}
	defer in.Close()
	n, err := io.Copy(to, io.LimitReader(in, limit+1))
	if err == nil && n > limit {
		err = fault.Errorf("stac.Item", fault.TooLarge, "%s has more than %d bytes", filepath.Base(real), limit)
	}
	return fault.E("stac.Item", max(fault.KindOf(err), fault.Invalid), err)
}

type counting struct {
	w    io.Writer
	n    int64
	last int64
	tell func(int64)
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if c.n += int64(n); c.n-c.last > 4<<20 {
		c.last = c.n
		c.tell(c.n)
	}
	return n, err
}

// verify compares what came with the size and the SHA-256 that the catalogue
// states (a multihash: function 0x12, length 0x20). Other functions are not
// known here, and prove nothing.
func (a *asset) verify(sum hash.Hash, n int64) error {
	const op = "stac.Item"
	if a.size != 0 && a.size != n {
		return fault.Errorf(op, fault.Invalid, "%d bytes came of the %d that the catalogue states", n, a.size)
	}
	want, ok := strings.CutPrefix(a.checksum, "1220")
	if !ok || len(want) != 64 {
		return nil
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fault.Errorf(op, fault.Invalid, "its SHA-256 is %s, the catalogue states %s", got, want)
	}
	return nil
}
