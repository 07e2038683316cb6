package api_test

import (
	"bytes"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"contado/api/apitest"
)

// Raster tiles come in every format at both sizes, each with a validator of
// its own, and name the items that they were made of.
func TestTileFormats(t *testing.T) {
	t.Parallel()
	path := "/xyz/scenes/" + middle(13)
	tags := map[string]bool{}
	for ending, media := range map[string]string{
		".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg", ".tif": "image/tiff; application=geotiff", ".npy": "application/x-npy",
		"@2x.webp": "image/webp", "@2x.npy": "application/x-npy",
	} {
		r := ask.Get(t, path+ending+"?bands=B04,B03,B02")
		h := r.Header()
		if h.Get("Content-Type") != media || r.Body.Len() == 0 || tags[h.Get("ETag")] || h.Get("X-Contado-Items") != "1" || h.Get("X-Contado-Items-Used") == "" || h.Get("X-Contado-Items-Skipped") != "" {
			t.Errorf("%s: %v", ending, h)
		}
		tags[h.Get("ETag")] = true
		if ending == ".jpg" {
			if m, err := jpeg.Decode(bytes.NewReader(r.Body.Bytes())); err != nil || m.Bounds().Dx() != 256 {
				t.Errorf("JPEG: %v", err)
			}
		}
		again := ask.Do(t, apitest.Request{Path: path + ending + "?bands=B04,B03,B02", Header: map[string]string{"If-None-Match": h.Get("ETag")}})
		again.Want(http.StatusNotModified)
	}
}

// What is computed goes through the address, and what cannot be is said.
func TestComputedTiles(t *testing.T) {
	t.Parallel()
	scenes, heights := "/xyz/scenes/"+middle(13), "/xyz/elevation/"+middle(13)
	seen := map[string]string{}
	for _, path := range []string{
		scenes + ".png?expr=b1-b2&rescale=-1000,1000&colormap=rdbu", scenes + ".png?expr=b1-b2&rescale=p5,p95", scenes + ".png?expr=b1-b2",
		scenes + ".png?bands=B04&highest=b1", scenes + ".png?bands=B04&colormap=%23ff0000,%230000ff&gamma=2",
		heights + ".png?terrain=hillshade", heights + ".png?terrain=slope", heights + ".png?terrain=contours:10", heights + ".png?terrain=terrain-rgb", heights + ".webp?terrain=terrarium",
		heights + ".png?resampling=cubic", heights + ".png?resampling=average",
	} {
		r := ask.Get(t, path)
		if other := seen[r.Body.String()]; other != "" {
			t.Errorf("%s and %s are one picture", path, other)
		}
		seen[r.Body.String()] = path
		if r.Header().Get("X-Contado-Complete") != "true" {
			t.Errorf("%s: %v", path, r.Header())
		}
	}
	for path, says := range map[string]string{
		scenes + ".png?expr=b1%2B": "expr", scenes + ".png?expr=b99": "b99", scenes + ".png?index=NDXX": "NDXX", scenes + ".png?select=best": "newest",
		scenes + ".png?bands=B04,B03": "bands", scenes + ".png?mask=clouds": "clouds", heights + ".png?terrain=hills": "hillshade", heights + ".png?rescale=p2,5": "mixed",
		heights + ".jpg?terrain=terrarium": "JPEG", heights + ".png?gamma=50": "gamma", scenes + ".png?select=highest": "highest",
	} {
		r := ask.Do(t, apitest.Request{Path: path}).Want(http.StatusBadRequest)
		if !strings.Contains(r.Body.String(), says) {
			t.Errorf("%s: %s", path, r.Body.String())
		}
	}
}
