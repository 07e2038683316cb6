package table

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// A mark with three digits after it is a decimal one in degrees, whatever the
// other columns of the file are written like.
func TestDegreesOfThreeDecimals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o       Options
		content string
		doubted int64 // columns said to be readable in two ways
	}{
		"comma":                 {content: "name;lat;lon\na;45,972;9,513\nb;45,981;9,522\n"},
		"comma, one plain":      {content: "name;lat;lon\na;45,972;9,513\nb;46;10\n"},
		"comma, one of four":    {content: "name;lat;lon\na;45,972;9,513\nb;45,9811;9,522\n"},
		"comma against points":  {content: "name;price;lat;lon\na;1.5;45,972;9,513\nb;2.25;45,981;9,522\n"},
		"point against commas":  {content: "name;price;lat;lon\na;1,5;45.972;9.513\nb;2,25;45.981;9.522\n"},
		"quoted":                {content: "name,lat,lon\na,\"45,972\",\"9,513\"\nb,\"45,981\",\"9,522\"\n"},
		"texts of a sheet":      {o: Options{Written: []string{"lat", "lon"}}, content: "name;lat;lon\na;45,972;9,513\nb;45,9;9,522\n"},
		"ends":                  {content: "name;stop_lat;stop_lon\na;45,972;9,513\nb;45,981;9,522\n"},
		"degrees in the header": {content: "name;lat (gradi);lon_deg\na;45,972;9,513\nb;45,981;9,522\n"},
		"x and y":               {content: "name;y;x\na;45,972;9,513\nb;45,981;9,522\n", doubted: 2},
		"named":                 {o: Options{XField: "est_m", YField: "nord_m"}, content: "name;nord_m;est_m\na;45,972;9,513\nb;45,981;9,522\n", doubted: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb, fs := mustOpen(t, c.o, c.content)
			p, ok := fs[0].Geometry.(orb.Point)
			if !ok || math.Abs(p[0]-9.513) > 1e-12 || math.Abs(p[1]-45.972) > 1e-12 {
				t.Errorf("read at %v", fs[0].Geometry)
			}
			if n := counted(tb, "thousands-guessed"); n != c.doubted {
				t.Errorf("%d columns in doubt, want %d: %+v", n, c.doubted, tb.Notices)
			}
		})
	}
	_, fs := mustOpen(t, Options{}, "lat;lon\n45,972;9,513\n46,1;10,25\n")
	if fs[0].Values[0] != 45.972 || fs[0].Values[1] != 9.513 {
		t.Errorf("the columns hold %v", fs[0].Values)
	}
}

// Metres keep their thousands, and so do columns that are no coordinates.
func TestThousandsOfMetres(t *testing.T) {
	t.Parallel()
	content := "x,y,people\n\"512,345\",\"5,123,456\",\"1,972\"\n\"513,345\",\"5,123,999\",\"2,513\"\n"
	_, fs := mustOpen(t, Options{CRS: "EPSG:32632"}, content)
	if fs[0].Geometry != orb.Point([2]float64{512345, 5123456}) || fs[0].Values[2] != int64(1972) {
		t.Errorf("%v %v", fs[0].Geometry, fs[0].Values)
	}
	tb, err := open(t, Options{}, content)
	if err == nil {
		t.Errorf("metres passed for degrees: %v", tb.Schema)
	}
	_, fs = mustOpen(t, Options{CRS: "EPSG:3003"}, "x;y\n1,513;4,972\n1,514;4,973\n")
	if fs[0].Geometry != orb.Point([2]float64{1513, 4972}) {
		t.Errorf("of a system in metres: %v", fs[0].Geometry)
	}
}

// However degrees are rounded and marked, they are read as written.
func TestDegreesProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		mark, digits := rapid.SampledFrom([]string{",", "."}).Draw(r, "mark"), rapid.IntRange(1, 7).Draw(r, "digits")
		var b strings.Builder
		b.WriteString("lat;lon;price\n")
		var want []orb.Point
		for range rapid.IntRange(1, 6).Draw(r, "rows") {
			p := orb.Point{rapid.Float64Range(-179, 179).Draw(r, "lon"), rapid.Float64Range(-89, 89).Draw(r, "lat")}
			if math.Abs(p[0]) < 1 && math.Abs(p[1]) < 1 {
				continue
			}
			want = append(want, p)
			fmt.Fprintf(&b, "%s;%s;%s\n", strings.Replace(fmt.Sprintf("%.*f", digits, p[1]), ".", mark, 1), strings.Replace(fmt.Sprintf("%.*f", digits, p[0]), ".", mark, 1),
				rapid.SampledFrom([]string{"1,5", "2.5", "x"}).Draw(r, "price"))
		}
		if len(want) == 0 {
			return
		}
		_, fs := mustOpen(t, Options{}, b.String())
		tolerance := 0.51 * math.Pow10(-digits)
		for i, f := range fs {
			p, ok := f.Geometry.(orb.Point)
			if !ok || math.Abs(p[0]-want[i][0]) > tolerance || math.Abs(p[1]-want[i][1]) > tolerance {
				r.Fatalf("%v, want %v of\n%s", f.Geometry, want[i], b.String())
			}
			if v, ok := f.Values[0].(float64); !ok && f.Values[0] != nil || ok && math.Abs(v-p[1]) > 1e-12 {
				r.Fatalf("%v in the column, %v on the map", f.Values[0], p[1])
			}
		}
	})
}
