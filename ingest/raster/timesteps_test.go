package raster

import (
	"strings"
	"testing"
	"time"

	"contado/scripts/shareddata"

	"contado/geo"
)

// The months of a NetCDF variable become items of their own dates, in which
// the cells are those of their band.
func TestTimeSteps(t *testing.T) {
	t.Parallel()
	path := shareddata.Path(t, "raster-variety/stars/bcsd_obs_1999.nc")
	res := convert(t, Options{Subdataset: "pr", CRS: geo.WGS84}, path)
	if len(res.Items) != 12 {
		t.Fatalf("%d items", len(res.Items))
	}
	for i, it := range res.Items {
		// 17927 days after 1 January 1950 is 31 January 1999
		want := time.Date(1999, time.Month(i+2), 0, 0, 0, 0, 0, time.UTC)
		if it.Datetime == nil || !it.Datetime.Equal(want) || !strings.HasSuffix(it.ID, want.Format("-20060102")) || len(it.Bands) != 1 {
			t.Errorf("%d: %s at %v, want %v", i, it.ID, it.Datetime, want)
		}
	}
	means := strings.Fields(string(python(t, `
import sys
from osgeo import gdal
d = gdal.Open('NETCDF:"%s":pr' % sys.argv[1])
import numpy as np
a = d.ReadAsArray().astype('float64')
print(" ".join("%.6f" % b[b < 1e19].mean() for b in a))
`, path)))
	for i, it := range res.Items {
		if got := it.Bands[0].Mean; !near(got, means[i]) {
			t.Errorf("step %d: mean %g, want %s", i, got, means[i])
		}
	}
}

func near(v float64, text string) bool {
	w, ok := number(text)
	return ok && v-w < 1e-3 && w-v < 1e-3
}

func TestTimeAxes(t *testing.T) {
	t.Parallel()
	axis := func(units, values, calendar string) map[string]string {
		return map[string]string{"NETCDF_DIM_EXTRA": "{time}", "NETCDF_DIM_time_VALUES": values, "time#units": units, "time#calendar": calendar}
	}
	for _, c := range []struct {
		meta map[string]string
		want string // times of two bands, or why not
	}{
		{axis("hours since 2020-02-28 12:00:00", "{0,12.5}", "gregorian"), "2020-02-28T12:00:00Z 2020-02-29T00:30:00Z"},
		{axis("seconds since 1970-01-01T00:00:00Z", "{1689329759,1689329760}", ""), "2023-07-14T10:15:59Z 2023-07-14T10:16:00Z"},
		{axis("days since 2000-1-1", "{59,-1}", "proleptic_gregorian"), "2000-02-29T00:00:00Z 1999-12-31T00:00:00Z"},
		{axis("days since 2000-01-01", "{1,2}", "360_day"), "not understood"},
		{axis("months since 2000-01-01", "{1,2}", ""), "not understood"},
		{axis("days since 0001-01-01", "{1,2}", ""), "not understood"},
		{axis("days since 2000-02-31", "{1,2}", ""), "not understood"},
		{axis("days since 2000-01-01", "{1,nan}", ""), "not understood"},
		{axis("days since 2000-01-01", "{1,1e300}", ""), "not understood"},
		{axis("days since 2000-01-01", "{1}", ""), "not understood"},
		{map[string]string{"NETCDF_DIM_EXTRA": "{level}"}, "none"},
		{nil, "none"},
	} {
		steps, ok := timeSteps(c.meta, 2)
		got := "not understood"
		if ok {
			got = "none"
		}
		if steps != nil {
			got = steps[0].Format(time.RFC3339) + " " + steps[1].Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%v: got %s, want %s", c.meta, got, c.want)
		}
	}
}

func FuzzTimeSteps(f *testing.F) {
	f.Add("days since 1950-01-01 00:00:00", "{1,2.5}")
	f.Fuzz(func(t *testing.T, units, values string) {
		steps, _ := timeSteps(map[string]string{"NETCDF_DIM_EXTRA": "{time}", "NETCDF_DIM_time_VALUES": values, "time#units": units}, 2)
		for _, s := range steps {
			if s.Year() < 1582 || s.Year() > 9999 {
				t.Errorf("%q of %q: %v", values, units, s)
			}
		}
	})
}

// Published legends are used for maps that bring none, and not for maps of
// other values by the same name.
func TestLegends(t *testing.T) {
	t.Parallel()
	g := utm(10, 12)
	for _, c := range []struct {
		name  string
		cells []float64
		want  string
	}{
		{"ESA_WorldCover_10m_2021_v200_N45E009_Map.tif", []float64{10, 95, 100}, "tree cover#006400 mangroves#00cf75 moss and lichen#fae6a0"},
		{"U2018_CLC2018_V2020_20u1.tif", []float64{2, 44, 48}, "discontinuous urban fabric#ff0000 sea and ocean#e6f2ff no data"},
		{"clc2012_codes.tif", []float64{111, 523}, "continuous urban fabric#e6004d sea and ocean#e6f2ff"},
		{"clc2012_simplified.tif", []float64{2, 77}, " "},
		{"uso_suolo.tif", []float64{2, 3}, " "},
	} {
		path := synthetic(t, c.name, g, "uint16", nil, func(col, _ int) float64 { return c.cells[col%len(c.cells)] })
		var got []string
		for _, k := range convert(t, Options{Role: "landcover"}, path).Items[0].Bands[0].Classes {
			got = append(got, k.Name+k.Color)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
}
