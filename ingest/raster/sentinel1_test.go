package raster

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/store/catalog"

	"pgregory.net/rapid"
)

// radarSpec is a made-up GRD product.
type radarSpec struct {
	side  int
	cell  func(col, row int) uint16
	sigma func(line, pixel float64) float64
	kind  string
}

const radarName = "S1A_IW_GRDH_1SDV_20230714T170607_20230714T170632_049419_05F148_1234"

func (s radarSpec) make(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), radarName+".SAFE")
	put := func(text string, elem ...string) {
		path := filepath.Join(append([]string{root}, elem...)...)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(`<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel-1.0"><safe:orbitReference>
<safe:relativeOrbitNumber type="start">95</safe:relativeOrbitNumber><safe:relativeOrbitNumber type="stop">95</safe:relativeOrbitNumber></safe:orbitReference></xfdu:XFDU>`, "manifest.safe")
	for i, pol := range []string{"vv", "vh"} {
		name := fmt.Sprintf("s1a-iw-%s-%s-20230714t170607-20230714t170632-049419-05f148-00%d", s.kind, pol, i+1)
		put(fmt.Sprintf(`<product><adsHeader><missionId>S1A</missionId><productType>GRD</productType><polarisation>%s</polarisation><mode>IW</mode>
<startTime>2023-07-14T17:06:07.123456</startTime></adsHeader><generalAnnotation><productInformation><pass>Ascending</pass></productInformation></generalAnnotation>
<imageAnnotation><imageInformation><rangePixelSpacing>1.0e+01</rangePixelSpacing><azimuthPixelSpacing>1.0e+01</azimuthPixelSpacing>
<incidenceAngleMidSwath>3.9e+01</incidenceAngleMidSwath></imageInformation></imageAnnotation></product>`, strings.ToUpper(pol)), "annotation", name+".xml")
		put(s.table(), "annotation", "calibration", "calibration-"+name+".xml")
		put("", "measurement", name+".tiff")
		s.image(t, filepath.Join(root, "measurement", name+".tiff"))
	}
	return root
}

func (s radarSpec) table() string {
	var b strings.Builder
	b.WriteString("<calibration><adsHeader/><calibrationVectorList>")
	for line := 0; line <= s.side; line += s.side / 4 {
		fmt.Fprintf(&b, `<calibrationVector><azimuthTime>x</azimuthTime><line>%d</line><pixel count="5">`, line)
		for p := range 5 {
			fmt.Fprintf(&b, "%d ", p*s.side/4)
		}
		b.WriteString(`</pixel><sigmaNought count="5">`)
		for p := range 5 {
			fmt.Fprintf(&b, "%.9e ", s.sigma(float64(line), float64(p*s.side/4)))
		}
		b.WriteString("</sigmaNought><betaNought>1 2</betaNought></calibrationVector>")
	}
	b.WriteString("</calibrationVectorList></calibration>")
	return b.String()
}

// image writes amplitudes placed by 5 × 5 points, along an ascending track:
// rows go to the south-west, about 10 m a cell.
func (s radarSpec) image(t *testing.T, path string) {
	t.Helper()
	var points []gdal.ControlPoint
	for i := range 25 {
		col, row := float64(i%5*s.side)/4, float64(i/5*s.side)/4
		x, y := radarPlace(col, row)
		points = append(points, gdal.ControlPoint{Col: col, Row: row, X: x, Y: y})
	}
	g := grid.Grid{CRS: geo.WGS84, Width: s.side, Height: s.side}
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, ControlPoints: points, DataType: "uint16", Bands: []gdal.BandSpec{{}}})
	if err != nil {
		t.Fatal(err)
	}
	cells := make([]uint16, s.side*s.side)
	for i := range cells {
		cells[i] = s.cell(i%s.side, i/s.side)
	}
	if err := w.Write(1, g.Full(), cells); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func radarPlace(col, row float64) (lon, lat float64) {
	return 9 + (col*1.28-row*0.2)*1e-4, 46 + (row*-0.88-col*0.15)*1e-4
}

func openRadar(t *testing.T, root string) (*Product, error) {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*", "*/*", "*/*/*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	return OpenProduct(filepath.Join(root, "manifest.safe"), files)
}

// A GRD product becomes backscatter on a north-up grid: a bright spot comes
// out where the control points say, and a plain has the one value that
// amplitude² / A² gives.
func TestSentinel1(t *testing.T) {
	t.Parallel()
	const side = 400
	spec := radarSpec{side: side, kind: "grd", sigma: func(_, _ float64) float64 { return 250 }, cell: func(col, row int) uint16 {
		switch {
		case col < 20:
			return 0
		case col >= 248 && col < 252 && row >= 98 && row < 102:
			return 5000
		}
		return 100
	}}
	p, err := openRadar(t, spec.make(t))
	if err != nil {
		t.Fatal(err)
	}
	res, err := Convert(t.Context(), p.Sources, nil, Options{Dataset: "s1", Dir: t.TempDir()}, quiet{})
	if err != nil {
		t.Fatal(err)
	}
	it := res.Items[0]
	if len(res.Items) != 1 || res.Role != catalog.Imagery || it.ID != radarName || it.Grid.CRS != "EPSG:32632" || it.Grid.Transform[1] != 10 || len(it.Bands) != 2 {
		t.Fatalf("%+v", it)
	}
	sc := it.Scene
	if sc.Platform != "sentinel-1a" || strings.Join(sc.Polarizations, " ") != "VV VH" || *sc.RelativeOrbit != 95 || sc.OrbitState != "ascending" || sc.Level != "L1 IW GRD" ||
		it.Datetime.Format("2006-01-02T15:04:05") != "2023-07-14T17:06:07" {
		t.Errorf("%+v %v", sc, it.Datetime)
	}
	for i, b := range it.Bands {
		if b.Name != []string{"VV", "VH"}[i] || b.Quantity != catalog.Backscatter || b.DataType != "float32" || !b.NaN {
			t.Errorf("%+v", b)
		}
		checkSpot(t, it, i)
	}
}

func checkSpot(t *testing.T, it Item, asset int) {
	t.Helper()
	r, err := gdal.OpenRaster(it.Files[asset].Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cells := make([]float64, r.Grid().Cells())
	if err := r.ReadFloat64(1, r.Grid().Full(), cells); err != nil {
		t.Fatal(err)
	}
	lon, lat := radarPlace(250, 100)
	x, y := []float64{lon}, []float64{lat}
	tr, err := gdal.NewTransform(geo.WGS84, r.Grid().CRS)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	if err := tr.Apply(x, y); err != nil {
		t.Fatal(err)
	}
	var sx, sy, sw float64
	plain, empty := 0, 0
	for i, v := range cells {
		switch {
		case math.IsNaN(v):
			empty++
		case v > 1:
			cx, cy := r.Grid().Center(i%r.Grid().Width, i/r.Grid().Width)
			sx, sy, sw = sx+v*cx, sy+v*cy, sw+v
		case math.Abs(v-0.16) < 1e-6: // (100 / 250)²
			plain++
		}
	}
	if d := math.Hypot(sx/sw-x[0], sy/sw-y[0]); !(d < 5) {
		t.Errorf("the spot lies %g m off", d)
	}
	if want := (400 - 20) * 400; math.Abs(float64(plain)/float64(want)-1) > 0.15 || empty < 20*400 {
		t.Errorf("%d cells of the plain (of about %d), %d empty", plain, want, empty)
	}
}

// The table is read as bilinear interpolation, cell by cell.
func TestSigmaTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tab := &sigmaTable{}
		step := rapid.IntRange(1, 40)
		line, n := rapid.IntRange(-20, 20).Draw(rt, "line"), rapid.IntRange(1, 4).Draw(rt, "n")
		for range n {
			v := sigmaVector{line: float64(line)}
			p := rapid.IntRange(-5, 5).Draw(rt, "p")
			for range rapid.IntRange(1, 5).Draw(rt, "m") {
				v.pixels, v.values = append(v.pixels, float64(p)), append(v.values, rapid.Float64Range(1, 1000).Draw(rt, "a"))
				p += step.Draw(rt, "dp")
			}
			tab.vectors = append(tab.vectors, v)
			line += step.Draw(rt, "dl")
		}
		if err := tab.check(); err != nil {
			rt.Fatal(err)
		}
		row, col := rapid.IntRange(0, 120).Draw(rt, "row"), rapid.IntRange(0, 60).Draw(rt, "col")
		got := make([]float64, 30)
		tab.row(row, col, got)
		for i, a := range got {
			if want := slowSigma(tab, float64(row), float64(col+i)); math.Abs(a-want) > 1e-9*want {
				rt.Fatalf("cell %d: %g, want %g", i, a, want)
			}
		}
	})
}

func slowSigma(t *sigmaTable, line, pixel float64) float64 {
	lerp := func(xs, ys []float64, x float64) float64 {
		if x <= xs[0] {
			return ys[0]
		}
		for i := 1; i < len(xs); i++ {
			if x <= xs[i] {
				return ys[i-1] + (ys[i]-ys[i-1])*(x-xs[i-1])/(xs[i]-xs[i-1])
			}
		}
		return ys[len(ys)-1]
	}
	var lines, values []float64
	for _, v := range t.vectors {
		lines, values = append(lines, v.line), append(values, lerp(v.pixels, v.values, pixel))
	}
	return lerp(lines, values, line)
}

func TestSentinel1Refused(t *testing.T) {
	t.Parallel()
	flat := radarSpec{side: 40, kind: "grd", sigma: func(_, _ float64) float64 { return 1 }, cell: func(_, _ int) uint16 { return 1 }}
	slc, dark := flat, flat
	slc.kind = "slc"
	dark.sigma = func(_, _ float64) float64 { return 0 }
	bare := flat.make(t)
	if err := os.RemoveAll(filepath.Join(bare, "annotation", "calibration")); err != nil {
		t.Fatal(err)
	}
	for root, want := range map[string]struct {
		kind   fault.Kind
		phrase string
	}{
		slc.make(t):  {fault.Unsupported, "of kind SLC"},
		dark.make(t): {fault.Invalid, "has a value of 0"},
		bare:         {fault.Invalid, "lacks the annotation or the calibration"},
	} {
		if _, err := openRadar(t, root); !fault.Is(err, want.kind) || !strings.Contains(err.Error(), want.phrase) {
			t.Errorf("%v, want %q", err, want.phrase)
		}
	}
}

// Files named by a polarization are backscatter, unless they say or show that
// they are not.
func TestPlainBackscatter(t *testing.T) {
	t.Parallel()
	make := func(name, dtype, unit string, value float64) string {
		path := filepath.Join(t.TempDir(), name)
		g := utm(10, 8)
		w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: g, DataType: dtype, Bands: []gdal.BandSpec{{Unit: unit}}})
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]float64, 64)
		for i := range cells {
			cells[i] = value
		}
		if err := w.Write(1, g.Full(), cells); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		dtype, unit string
		value       float64
		want        catalog.Quantity
		code        string
	}{
		{"float32", "", 0.02, catalog.Backscatter, ""},
		{"float32", "dB", -12, "", "decibels"},
		{"float32", "", -12, "", "backscatter-negative"},
		{"uint16", "", 312, "", "not-calibrated"},
	} {
		vv, vh := make("S1A_20230714_vv.tif", c.dtype, c.unit, c.value), make("S1A_20230714_vh.tif", c.dtype, c.unit, c.value)
		res := convert(t, Options{}, vv, vh)
		it := res.Items[0]
		if len(it.Bands) != 2 || it.Bands[0].Name != "VV" || it.Bands[0].Quantity != c.want || it.Scene == nil || len(it.Scene.Polarizations) != 2 || it.Scene.Platform != "sentinel-1a" {
			t.Errorf("%+v: %+v %+v", c, it.Bands, it.Scene)
		}
		found := c.code == ""
		for _, n := range res.Notices {
			found = found || n.Code == c.code
		}
		if !found {
			t.Errorf("%+v: notices %+v", c, res.Notices)
		}
	}
}

func FuzzSigma(f *testing.F) {
	f.Add([]byte(radarSpec{side: 8, sigma: func(l, p float64) float64 { return 1 + l + p }}.table()))
	f.Add([]byte("<calibrationVector><line>-1 2</line><pixel>1</pixel><sigmaNought>2</sigmaNought></calibrationVector>"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		tab := &sigmaTable{}
		if walkXML(bytes.NewReader(doc), tab.read) != nil || tab.check() != nil {
			return
		}
		a := make([]float64, 16)
		for _, line := range []int{0, 1, 5000} {
			tab.row(line, 3, a)
			for _, v := range a {
				if !(v > 0) {
					t.Fatalf("A is %g", v)
				}
			}
		}
	})
}
