package ogc

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"contado/api/ogc/encode"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/geo/store/catalog"
)

// parcels is a layer of n polygons of 5 to 13 positions in UTM 32 N, with six
// attributes.
func parcels(tb testing.TB, n int) *layer.Layer {
	tb.Helper()
	s := geo.Schema{
		GeometryType: "Polygon", CRS: "EPSG:25832",
		Fields: []geo.Field{
			{Name: "code", Type: geo.String},
			{Name: "use", Type: geo.String},
			{Name: "area", Type: geo.Real},
			{Name: "people", Type: geo.Integer},
			{Name: "surveyed", Type: geo.Date},
			{Name: "built", Type: geo.Boolean},
		},
	}
	path := filepath.Join(tb.TempDir(), "parcels.fgb")
	w, err := fgb.Create(path, s, nil)
	if err != nil {
		tb.Fatal(err)
	}
	side := int(math.Ceil(math.Sqrt(float64(n))))
	for i := range n {
		x, y := 600_000+30*float64(i%side), 5_000_000+30*float64(i/side)
		k := 4 + i%9
		ring := make(orb.Ring, 0, k+1)
		for j := range k {
			a := 2 * math.Pi * float64(j) / float64(k)
			ring = append(ring, orb.Point{x + 14*math.Cos(a) + float64(i%7)/1000, y + 14*math.Sin(a)})
		}
		ring = append(ring, ring[0])
		err := w.Write(geo.Feature{ID: int64(i + 1), Geometry: orb.Polygon{ring}, Values: []any{
			fmt.Sprintf("G273_%06d.%d", i, i%97), []string{"arable", "vineyard", "wood", "building"}[i%4], float64(i%5000) / 4, int64(i % 1000),
			fmt.Sprintf("20%02d-%02d-11", i%25, 1+i%12), i%4 == 3,
		}})
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	f, err := fgb.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	d := catalog.Dataset{ID: "parcels", Kind: catalog.Vector, Version: catalog.Version{
		Number: 1, CRS: s.CRS, BBoxWGS84: geo.BBox{MinX: 10, MinY: 45, MaxX: 11, MaxY: 46}, Vector: &catalog.VectorInfo{Count: int64(n), Schema: s},
	}}
	l, err := layer.Open(d, f)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l
}

func contextOf(query url.Values) echo.Context {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://example.com/?"+query.Encode(), nil)
	return echo.New().NewContext(r, httptest.NewRecorder())
}

// processorTime is what the process has used of the processors: unlike the
// clock it does not depend on who else is at work.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPage is a page of 1,000 rows from the layer to the bytes of the
// answer, with other rows every time.
func BenchmarkPage(b *testing.B) {
	const n = 200_000
	l := parcels(b, n)
	d := l.Dataset()
	for _, c := range []struct {
		name   string
		format rest.Format
		query  func(i int) url.Values
	}{
		{"lonlat", rest.GeoJSONFormat, func(i int) url.Values { return url.Values{"after": {fmt.Sprint(1 + i*7919%(n-2000))}} }},
		{"native", rest.GeoJSONFormat, func(i int) url.Values {
			return url.Values{"after": {fmt.Sprint(1 + i*7919%(n-2000))}, "crs": {epsgPrefix + "25832"}}
		}},
		{"bbox", rest.GeoJSONFormat, func(i int) url.Values {
			x, y := 600_000+float64(i*7919%12_000), 5_000_000+float64(i*104729%12_000)
			return url.Values{"bbox": {fmt.Sprintf("%g,%g,%g,%g", x, y, x+1100, y+1100)}, "bbox-crs": {epsgPrefix + "25832"}}
		}},
		{"sorted", rest.GeoJSONFormat, func(int) url.Values { return url.Values{"sortby": {"-area"}} }},
		{"filter", rest.GeoJSONFormat, func(i int) url.Values {
			return url.Values{"after": {fmt.Sprint(1 + i*7919%(n-9000))}, "filter": {"use = 'wood' AND people > " + fmt.Sprint(i%300)}}
		}},
		{"csv", rest.CSVFormat, func(i int) url.Values { return url.Values{"after": {fmt.Sprint(1 + i*7919%(n-2000))}} }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			before := processorTime()
			for i := range b.N {
				v := c.query(i)
				v.Set("limit", "1000")
				q, err := parseQuery(contextOf(v), d)
				if err != nil {
					b.Fatal(err)
				}
				p, err := newPage(l, q, c.format)
				if err != nil {
					b.Fatal(err)
				}
				buffer := buffers.Get().(*[]byte)
				body, err := p.fill(b.Context(), (*buffer)[:0])
				if err != nil {
					b.Fatal(err)
				}
				if body, err = p.encoder.End(body, encode.Tail{Returned: p.res.returned}); err != nil {
					b.Fatal(err)
				}
				if p.res.returned != 1000 {
					b.Fatalf("%d rows", p.res.returned)
				}
				size += len(body)
				keep(buffer, body)
			}
			b.SetBytes(int64(size / b.N))
			b.ReportMetric(float64((processorTime()-before).Microseconds())/1000/float64(b.N), "cpu-ms/page")
		})
	}
}
