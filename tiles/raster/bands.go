package raster

import (
	"fmt"
	"strings"

	"contado/geo/mosaic"
	"contado/geo/store/catalog"
)

// defaultBands are red, green and blue when the dataset names them, or when
// it is a plain 8-bit picture; else the first band.
func defaultBands(bands []catalog.Band, p Params) []string {
	if p.Colormap == "" {
		rgb := []string{"red", "green", "blue"}
		found := 0
		for _, c := range rgb {
			for _, b := range bands {
				if strings.EqualFold(b.CommonName, c) || strings.EqualFold(b.Name, c) {
					found++
					break
				}
			}
		}
		if found == 3 {
			return rgb
		}
		if len(bands) == 3 || len(bands) == 4 {
			plain := true
			for _, b := range bands {
				plain = plain && b.DataType == "uint8" && len(b.Classes) == 0
			}
			if plain {
				return []string{"1", "2", "3"}
			}
		}
	}
	return []string{"1"}
}

// FindBand is the number from 1 of the band that ref means; see
// mosaic.FindBand.
func FindBand(bands []catalog.Band, ref string) (int, bool) {
	n, err := mosaic.FindBand(bands, ref)
	return n, err == nil
}

func bandList(bands []catalog.Band) string {
	const most = 20
	var b strings.Builder
	for i, band := range bands {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(bands)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "b%d", i+1)
		if band.Name != "" {
			fmt.Fprintf(&b, " (%s)", band.Name)
		}
	}
	return b.String()
}

// Profile merges the bands of all items of a dataset: the statistics that
// default ranges come from, so that neighbouring tiles with different items
// are drawn alike. Percentiles are averaged by valid cells, or for elevation
// spread to hold all, as terrain has no outliers.
func Profile(items []catalog.Item, role catalog.Role) []catalog.Band {
	if len(items) == 0 {
		return nil
	}
	var most []catalog.Band
	for i := range items {
		if len(items[i].Bands) > len(most) {
			most = items[i].Bands
		}
	}
	out := append([]catalog.Band(nil), most...)
	for n := range out {
		b := &out[n]
		weight, p02, p98 := 0.0, 0.0, 0.0
		seen := map[int]bool{}
		b.Classes = nil
		first := true
		for i := range items {
			if n >= len(items[i].Bands) {
				continue
			}
			o := &items[i].Bands[n]
			for _, c := range o.Classes {
				if !seen[c.Value] {
					seen[c.Value] = true
					b.Classes = append(b.Classes, c)
				}
			}
			w := float64(items[i].Grid.Cells()) * o.ValidPercent / 100
			if !(w > 0) {
				continue
			}
			if first {
				b.Min, b.Max, b.P02, b.P98 = o.Min, o.Max, o.P02, o.P98
				first = false
			}
			b.Min, b.Max = min(b.Min, o.Min), max(b.Max, o.Max)
			b.P02, b.P98 = min(b.P02, o.P02), max(b.P98, o.P98)
			weight, p02, p98 = weight+w, p02+w*o.P02, p98+w*o.P98
		}
		if role != catalog.Elevation && weight > 0 {
			b.P02, b.P98 = p02/weight, p98/weight
		}
	}
	return out
}
