package ogc

import (
	"os/exec"
	"strings"
	"testing"

	"contado/api/draw"
	"contado/geo"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
)

// The order of axes, against GDAL's own knowledge of EPSG.
func TestAxisOrderIsThatOfTheAuthority(t *testing.T) {
	t.Parallel()
	codes := []string{"4326", "3857", "3035", "4258", "6706", "6707", "6708", "6875", "25832", "25833", "32632", "32633", "7791", "7792", "7794", "3003", "3004", "23032", "31985", "2193", "2154", "27700"}
	out, err := exec.Command("/usr/bin/python3", append([]string{"-c", `
import sys
from osgeo import osr
osr.UseExceptions()
for code in sys.argv[1:]:
    s = osr.SpatialReference(); s.ImportFromEPSG(int(code))
    first = s.GetAxisOrientation(None, 0)
    print(code, "swap" if first == osr.OAO_North else "keep")`}, codes...)...).Output()
	if err != nil {
		t.Skipf("python3 with osgeo is not here: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(codes) {
		t.Fatalf("%d answers for %d codes", len(lines), len(codes))
	}
	swapped := 0
	for _, line := range lines {
		code, word, _ := strings.Cut(line, " ")
		info, err := gdal.DescribeCRS(geo.CRS("EPSG:" + code))
		if err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		swap, ok := draw.NorthFirst(info.WKT)
		if !ok || swap != (word == "swap") {
			t.Errorf("EPSG:%s: swap %v, ok %v; GDAL says %s", code, swap, ok, word)
		}
		if swap {
			swapped++
		}
	}
	if swapped < 5 {
		t.Errorf("only %d systems run north first", swapped)
	}
}

func TestAxesThatAreNotOffered(t *testing.T) {
	t.Parallel()
	for _, wkt := range []string{
		"", "AXIS[", `AXIS["x`, `AXIS["x",`, `AXIS["a",south],AXIS["b",south]`, `AXIS["a",east]`, `AXIS[x,north],AXIS[y,east]`,
	} {
		if swap, ok := draw.NorthFirst(wkt); ok {
			t.Errorf("%q: swap %v", wkt, swap)
		}
	}
	d := catalog.Dataset{Kind: catalog.Vector, Version: catalog.Version{Vector: &catalog.VectorInfo{Schema: geo.Schema{GeometryType: "Point"}}}}
	for crs, want := range map[geo.CRS]int{
		"EPSG:4326": 3, "EPSG:3857": 3, "EPSG:25832": 4, "EPSG:3035": 4, "EPSG:3031": 3 /* polar: both axes run north */, "": 3, "LOCAL[x]": 3,
	} {
		d.Version.CRS = crs
		if got := uris(references(d)); len(got) != want {
			t.Errorf("%q: %v, want %d", crs, got, want)
		}
	}
	d.Kind = catalog.Raster
	if got := uris(references(d)); len(got) != len(draw.Systems()) || got[0] != crs84 {
		t.Errorf("raster: %v", got)
	}
}

func FuzzNorthFirst(f *testing.F) {
	f.Add(`PROJCRS["x",CS[Cartesian,2],AXIS["northing (Y)",north,ORDER[1]],AXIS["easting (X)",east,ORDER[2]]]`)
	f.Add(`AXIS["a",`)
	f.Fuzz(func(t *testing.T, wkt string) {
		if swap, ok := draw.NorthFirst(wkt); swap && !ok {
			t.Fatal("swap without ok")
		}
	})
}
