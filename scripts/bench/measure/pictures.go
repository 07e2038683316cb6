package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
)

// Two programs that draw the same scene may differ by how they interpolate and
// which overview they take, not by more.
const (
	pictures      = 24
	meanTolerance = 12.0 // of 255
)

// samePictures compares tiles of contado with those of TiTiler, so that both
// are known to have done the same work.
func (b *bench) samePictures(ctx context.Context) error {
	ours, err := b.serveContado(ctx)
	if err != nil {
		return err
	}
	theirs, err := b.serveTiTiler(ctx, 1)
	if err != nil {
		return errors.Join(err, ours.stop())
	}
	err = b.comparePictures(ctx, ours, theirs)
	return errors.Join(err, ours.stop(), theirs.stop())
}

func (b *bench) comparePictures(ctx context.Context, ours, theirs *server) error {
	file := b.file(sceneDataset, ".tif")
	worst, sum, compared := 0.0, 0.0, 0
	for _, a := range b.rasterList() {
		if compared == pictures {
			break
		}
		p, err := picture(ctx, ours.url+contadoRaster(a))
		if err != nil {
			return err
		}
		q, err := picture(ctx, theirs.url+titilerRaster(file, a))
		if err != nil {
			return err
		}
		if p == nil || q == nil {
			continue // at the edge one may have nothing
		}
		d := difference(p, q)
		worst, sum, compared = max(worst, d), sum+d, compared+1
	}
	if compared == 0 {
		return errors.New("no tile was drawn by both contado and TiTiler")
	}
	fmt.Fprintf(b.out, "\n%d tiles of contado and TiTiler compared: mean difference of a channel %.2f of 255, %.2f in the worst tile\n",
		compared, sum/float64(compared), worst)
	if worst > meanTolerance {
		return fmt.Errorf("tiles of contado and TiTiler differ by %.1f of 255: they do not draw the same", worst)
	}
	return nil
}

// picture is nil where there is nothing.
func picture(ctx context.Context, url string) (image.Image, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusNotFound:
		return nil, nil
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: %s", url, res.Status)
	}
	return png.Decode(bytes.NewReader(body))
}

// difference is the mean over the channels of pixels that both have drawn.
func difference(p, q image.Image) float64 {
	sum, n := 0.0, 0
	for y := range 256 {
		for x := range 256 {
			c, _ := color.NRGBAModel.Convert(p.At(x, y)).(color.NRGBA)
			d, _ := color.NRGBAModel.Convert(q.At(x, y)).(color.NRGBA)
			if c.A == 0 || d.A == 0 {
				continue
			}
			for _, v := range [3]int{int(c.R) - int(d.R), int(c.G) - int(d.G), int(c.B) - int(d.B)} {
				sum += float64(max(v, -v))
				n++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}
