package raster

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"contado/geo/store/catalog"
)

func isPolarization(token string) bool {
	return token == "VV" || token == "VH" || token == "HH" || token == "HV"
}

var reRadar = regexp.MustCompile(`(?i)^s1([a-d])[_-]`)

// radarByName is what the names say of backscatter files without a product;
// nil when they are none.
func radarByName(f *file) *Product {
	if !isPolarization(f.token) {
		return nil
	}
	p := &Product{byName: true, bands: map[string]calibration{}}
	for _, name := range []string{f.base, filepath.Base(f.dir)} {
		if m := reRadar.FindStringSubmatch(name); m != nil {
			p.scene.Platform, p.scene.Constellation, p.scene.Instruments = "sentinel-1"+strings.ToLower(m[1]), "sentinel-1", []string{"c-sar"}
			break
		}
	}
	return p
}

// polarizations tells the product of a scene without metadata which there are.
func (s *scene) polarizations() {
	for _, f := range s.files {
		if isPolarization(f.token) && s.product != nil {
			s.product.scene.Polarizations = append(s.product.scene.Polarizations, f.token)
		}
	}
}

// decibels reports whether the metadata of a band say that it is in decibels.
func decibels(f *file, i int) bool {
	is := func(s string) bool {
		words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !(r >= 'a' && r <= 'z') })
		return slices.Contains(words, "db") || slices.Contains(words, "decibel") || slices.Contains(words, "decibels")
	}
	if is(f.bands[i].Unit) || is(f.bands[i].Name) {
		return true
	}
	for k, v := range f.info.Metadata {
		if l := strings.ToLower(k); (strings.Contains(l, "unit") || strings.Contains(l, "scale") || strings.Contains(l, "description")) && is(v) {
			return true
		}
	}
	return false
}

// radarQuantity is what a file named by a polarization measures: linear power,
// unless its metadata say decibels or its cells are the amplitudes of a
// product that was not calibrated.
func (c *converter) radarQuantity(f *file, n *named) catalog.Quantity {
	b := f.bands[0]
	switch {
	case decibels(f, 0):
		n.unit = "dB"
		c.notes.Count(catalog.Info, "decibels", "radar bands in decibels stay so: where linear backscatter is asked for they do not serve", f.name)
		return ""
	case !strings.HasPrefix(b.DataType, "float") && b.Scale == 1 && b.Offset == 0:
		c.notes.Count(catalog.Warning, "not-calibrated", "radar bands of whole numbers without a scale are no backscatter: give the whole product folder, with its calibration", f.name)
		return ""
	}
	return catalog.Backscatter
}
