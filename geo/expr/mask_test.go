package expr

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/scripts/shareddata"

	"pgregory.net/rapid"
)

func scene(flags string) []catalog.Band {
	return []catalog.Band{{Name: "B04", CommonName: "red"}, {Name: "QA", Flags: flags}, {
		Name: "cover", Quantity: catalog.Classes,
		Classes: []catalog.Class{{Value: 1, Name: "Bosco di latifoglie"}, {Value: 2, Name: "Prato"}, {Value: 7, Name: "Città / paese"}},
	}}
}

// left gives the values of 0 … 65535 that a mask leaves out.
func left(t *testing.T, m *Mask) map[int]bool {
	t.Helper()
	values, mask := make([]float32, 1<<16), make([]uint8, 1<<16)
	for i := range values {
		values[i], mask[i] = float32(i), 255
	}
	m.Apply(values, mask)
	out := map[int]bool{}
	for i := range mask {
		if mask[i] == 0 {
			out[i] = true
		}
	}
	return out
}

func sorted(m map[int]bool) []int {
	var out []int
	for v := range m {
		if v < 20 {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}

func TestMaskClasses(t *testing.T) {
	t.Parallel()
	bands := scene(FlagsSCL)
	for text, want := range map[string][]int{
		"clouds":                      {3, 8, 9, 10},
		"cloud":                       {8, 9},
		"cloud,cloud_shadow,snow":     {3, 8, 9, 11},
		" Clouds , Snow ":             {3, 8, 9, 10, 11},
		"cloud-shadow":                {3},
		"clouds,!cirrus":              {3, 8, 9},
		"!water,!bare":                {0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19},
		"3,8-10":                      {3, 8, 9, 10},
		"QA:3,8-10":                   {3, 8, 9, 10},
		"QA:clouds,0-1":               {0, 1, 3, 8, 9, 10},
		"b2:6":                        {6},
		`"QA" : 6`:                    {6},
		"cover:prato":                 {2},
		"cover:bosco_di_latifoglie,7": {1, 7},
		"cover:città_paese":           {7},
		"cover:Città / paese":         {7},
		"cover:!1":                    {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19},
		"QA:bit1,!6":                  {2, 3, 7, 10, 11, 14, 15, 18, 19},
		"QA:-5--1,19":                 {19},
	} {
		m, err := ParseMask(text, bands)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := sorted(left(t, m)); !slices.Equal(got, want) {
			t.Errorf("%s leaves out %v, want %v", text, got, want)
		}
		again, err := ParseMask(m.String(), bands)
		if err != nil || again.String() != m.String() || again.table != m.table || again.Band() != m.Band() {
			t.Errorf("%s prints as %s, which reads as %v (%v)", text, m, again, err)
		}
	}
	m, err := ParseMask("cover:1", bands)
	if err != nil || m.Band() != 3 {
		t.Fatalf("band %d, %v", m.Band(), err)
	}
}

func TestMaskErrors(t *testing.T) {
	t.Parallel()
	bands := scene(FlagsSCL)
	for text, want := range map[string]string{
		"":                       "band QA has no class \"\"; there are clouds, cloud, defects",
		"cluods":                 "band QA has no class \"cluods\"; there are clouds",
		"cover:foresta":          "there are bosco_di_latifoglie, prato, città_paese, values",
		"xyz:3":                  "there is no band \"xyz\"; there are b1 B04 (red), b2 QA",
		"10-8":                   "write the lower one first",
		"bit24":                  "bit0 to bit23",
		"red:clouds":             "band B04 has no class",
		strings.Repeat("3,", 64): "65 terms",
		strings.Repeat("3", 501): "501 bytes",
		"9999999999999":          "has no class",
	} {
		if _, err := ParseMask(text, bands); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", text, err, want)
		}
	}
	_, err := ParseMask("clouds", bands[:1])
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "SCL:3,8-10") {
		t.Errorf("without a known band: %v", err)
	}
}

// TestLandsatBits checks values that are common in real products (USGS lists
// them for Collection 2 in LSDS-1619 and for Collection 1 in LSDS-1656).
func TestLandsatBits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags string
		value int
		names []string // that hold, among those without a confidence
	}{
		{FlagsQAPixel, 1, []string{"fill"}},
		{FlagsQAPixel, 21824, []string{"clear"}},
		{FlagsQAPixel, 21826, []string{"clear", "clouds", "dilated_cloud"}},
		{FlagsQAPixel, 21888, []string{"water"}},
		{FlagsQAPixel, 21952, []string{"clear", "water"}},
		{FlagsQAPixel, 22280, []string{"clouds", "cloud"}},
		{FlagsQAPixel, 23888, []string{"clouds", "cloud_shadow", "clear"}},
		{FlagsQAPixel, 30048, []string{"snow", "clear"}},
		{FlagsQAPixel, 54596, []string{"clouds", "cirrus", "clear"}},
		{FlagsQAPixel, 55052, []string{"clouds", "cirrus", "cloud"}},
		{FlagsBQA, 1, []string{"fill"}},
		{FlagsBQA, 2720, nil},
		{FlagsBQA, 2722, []string{"terrain_occlusion"}},
		{FlagsBQA, 2724, []string{"saturated"}},
		{FlagsBQA, 2800, []string{"clouds", "cloud"}},
		{FlagsBQA, 2976, []string{"clouds", "cloud_shadow"}},
		{FlagsBQA, 3744, []string{"snow"}},
		{FlagsBQA, 6816, []string{"clouds", "cirrus"}},
		{FlagsBQA, 6896, []string{"clouds", "cloud", "cirrus"}},
		{FlagsBQAPre, 1, []string{"fill"}},
		{FlagsBQAPre, 20480, nil},
		{FlagsBQAPre, 28672, []string{"clouds", "cirrus"}},
		{FlagsBQAPre, 36864, []string{"clouds", "cloud"}},
		{FlagsBQAPre, 53248, []string{"clouds", "cloud"}},
		{FlagsBQAPre, 61440, []string{"clouds", "cloud", "cirrus"}},
		{FlagsBQAPre, 23552, []string{"snow"}},
	} {
		var got []string
		for _, name := range MaskNames(c.flags) {
			if strings.HasSuffix(name, "_low") || strings.HasSuffix(name, "_medium") || strings.HasSuffix(name, "_high") {
				continue
			}
			m, err := ParseMask(name, scene(c.flags))
			if err != nil {
				t.Fatal(err)
			}
			if m.leaves(int64(c.value)) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		slices.Sort(c.names)
		if !slices.Equal(got, c.names) {
			t.Errorf("%s %d (%b): %v, want %v", c.flags, c.value, c.value, got, c.names)
		}
	}
}

// TestConfidences: a name with a confidence holds for that field's value or a
// higher one; USGS example 22280 is high confidence of cloud.
func TestConfidences(t *testing.T) {
	t.Parallel()
	for name, shift := range map[string]uint{"cloud": 8, "cloud_shadow": 10, "snow": 12, "cirrus": 14} {
		for level, word := range []string{"", "low", "medium", "high"} {
			if word == "" || (word == "medium" && name != "cloud") {
				continue
			}
			m, err := ParseMask(name+"_"+word, scene(FlagsQAPixel))
			if err != nil {
				t.Fatal(err)
			}
			for v := range int64(4) {
				if got := m.leaves(v<<shift | 1<<6); got != (v >= int64(level)) {
					t.Errorf("%s_%s of confidence %d: %v", name, word, v, got)
				}
			}
		}
	}
}

// TestUnusualValues: missing values are left out, values that are no class are not.
func TestUnusualValues(t *testing.T) {
	t.Parallel()
	values := []float32{float32(math.NaN()), 3.5, -3, 70000, 3, float32(math.Inf(1)), 1e30, 4294967299}
	for text, want := range map[string][]uint8{
		"QA:3":                 {0, 255, 255, 255, 0, 255, 255, 255},
		"QA:-3,70000":          {0, 255, 0, 0, 255, 255, 255, 255},
		"QA:!3,!70000":         {0, 0, 0, 255, 255, 0, 0, 0},
		"QA:-9--2,60000-80000": {0, 255, 0, 0, 255, 255, 255, 255},
	} {
		m, err := ParseMask(text, scene(""))
		if err != nil {
			t.Fatal(err)
		}
		mask := []uint8{255, 255, 255, 255, 255, 255, 255, 255}
		m.Apply(values, mask)
		if !slices.Equal(mask, want) {
			t.Errorf("%s: %v, want %v", text, mask, want)
		}
	}
}

// TestMaskCounts compares counts of masked cells of real scenes with numpy's.
func TestMaskCounts(t *testing.T) {
	t.Parallel()
	const oracle = `
import sys
import numpy as np
from osgeo import gdal
gdal.UseExceptions()
a = gdal.Open(sys.argv[1]).ReadAsArray()
a.astype('<f4').tofile(sys.argv[2] + '/v')
print(int(eval(sys.argv[3]).sum()))
`
	for _, c := range []struct{ file, flags, mask, numpy string }{
		{"it-barbellino-sentinel2/S2A2A_20170703_022_Barbellino_SCL_10.tif", FlagsSCL, "clouds", "np.isin(a, [3, 8, 9, 10])"},
		{"us-alabama-landsat8/l8_BQA.tif", FlagsBQAPre, "clouds", "(a >> 14 >= 2) | ((a >> 12) & 3 == 3)"},
		{"us-ny-landsat8-series/L8NY18/LC08_L1TP_014031_20180106_20180119_01_T1/LC08_L1TP_014031_20180106_BQA.TIF", FlagsBQA, "clouds", "(a & 16 > 0) | ((a >> 7) & 3 == 3) | ((a >> 11) & 3 == 3)"},
		{"us-ny-landsat8-series/L8NY18/LC08_L1TP_014031_20180106_20180119_01_T1/LC08_L1TP_014031_20180106_BQA.TIF", FlagsBQA, "fill,snow", "(a & 1 > 0) | ((a >> 9) & 3 == 3)"},
	} {
		dir := t.TempDir()
		want := strings.TrimSpace(python(t, oracle, shareddata.Path(t, c.file), dir, c.numpy))
		values := readRaw[float32](t, dir+"/v")
		m, err := ParseMask(c.mask, scene(c.flags))
		if err != nil {
			t.Fatal(err)
		}
		mask := make([]uint8, len(values))
		for i := range mask {
			mask[i] = 1
		}
		m.Apply(values, mask)
		out := 0
		for _, v := range mask {
			out += 1 - int(v)
		}
		if got := strconv.Itoa(out); got != want || out == 0 || out == len(values) {
			t.Errorf("%s of %s leaves out %s cells, numpy %s", c.mask, c.file, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	landsat := []catalog.Band{{Name: "B2", CommonName: "blue"}, {Name: "B4", CommonName: "red"}, {Name: "B5", CommonName: "nir08"}, {Name: "b1"}}
	for ref, want := range map[string]int{
		"B4": 2, "red": 2, "RED": 2, "b2": 2, "b4": 4, "b1": 4, "B1": 4, "nir": 3, "nir08": 3, "b5": 3, "B02": 0, "b0": 0, "b9": 0, "": 0, "swir16": 0,
	} {
		n, err := Find(landsat, ref)
		if n != want || (err == nil) != (want > 0) {
			t.Errorf("%q is band %d (%v), want %d", ref, n, err, want)
		}
	}
	sentinel := []catalog.Band{{Name: "B8A", CommonName: "nir08"}, {Name: "B08", CommonName: "nir"}, {Name: "B05", CommonName: "rededge1"}, {Name: "B11", CommonName: "swir16"}}
	for ref, want := range map[string]int{"nir": 2, "rededge071": 3, "swir1": 4, "b08": 2} {
		if n, err := Find(sentinel, ref); n != want {
			t.Errorf("%q is band %d (%v), want %d", ref, n, err, want)
		}
	}
}

func TestMaskMatchesTests(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		flags := rapid.SampledFrom(MaskSchemes()).Draw(t, "scheme")
		names := rapid.SliceOfN(rapid.SampledFrom(MaskNames(flags)), 1, 4).Draw(t, "names")
		m, err := ParseMask(strings.Join(names, ","), scene(flags))
		if err != nil {
			t.Fatal(err)
		}
		v := rapid.Uint16().Draw(t, "value")
		want := false
		for _, n := range names { // a set is the union of its names
			single, err := ParseMask(n, scene(flags))
			if err != nil || MaskTitle(flags, n) == "" {
				t.Fatal(n, err)
			}
			want = want || single.leaves(int64(v))
		}
		mask := []uint8{9}
		m.Apply([]float32{float32(v)}, mask)
		if (mask[0] == 0) != want {
			t.Fatalf("%s of %d: mask %d, want out %v", m, v, mask[0], want)
		}
	})
}

func FuzzParseMask(f *testing.F) {
	for _, s := range []string{"clouds", "QA:3,8-10", "!water", `"QA":bit3,!-2--1`, "cover:prato", ":", "!"} {
		f.Add(s)
	}
	bands := scene(FlagsQAPixel)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMask(text, bands)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v is not Invalid", text, err)
			}
			return
		}
		again, err := ParseMask(m.String(), bands)
		if err != nil || again.table != m.table || again.Band() != m.Band() {
			t.Fatalf("%q prints as %q, which reads as %v (%v)", text, m, again, err)
		}
		m.Apply([]float32{0, -1, 1e9, float32(math.NaN())}, make([]uint8, 4))
	})
}

func BenchmarkMask(b *testing.B) {
	m, err := ParseMask("clouds", scene(FlagsQAPixel))
	if err != nil {
		b.Fatal(err)
	}
	values, mask := make([]float32, 1<<16), make([]uint8, 1<<16)
	for i := range values {
		values[i] = float32(21824 + i%64)
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Apply(values, mask)
	}
}
