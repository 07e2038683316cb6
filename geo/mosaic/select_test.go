package mosaic_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"

	"pgregory.net/rapid"
)

func parse(t interface{ Fatal(...any) }, text string) *expr.Expr {
	e, err := expr.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// scene is an item as brute force sees it: values by target cell, NaN where
// it has none.
type scene struct {
	src mosaic.Source
	at  func(band, col, row int) float32
}

// randomScenes lays items with holes over a target, each on the target's
// cells but cut to a window of its own.
func randomScenes(t *rapid.T, s shelf, g grid.Grid, n int) []scene {
	var out []scene
	for i := range n {
		w := grid.Window{
			Col: rapid.IntRange(-5, g.Width-2).Draw(t, "col"), Row: rapid.IntRange(-5, g.Height-2).Draw(t, "row"),
			Width: rapid.IntRange(2, g.Width+5).Draw(t, "width"), Height: rapid.IntRange(2, g.Height+5).Draw(t, "height"),
		}
		seed := rapid.Uint32().Draw(t, "seed")
		m := filled(g.Sub(w), 3, func(b, c, r int) float32 {
			h := seed ^ uint32(b*7919+c*104729+r*1299709)
			h = (h ^ h>>15) * 2246822519
			h ^= h >> 13
			switch {
			case b == 2:
				return float32(h % 4) // classes
			case h%5 == 0:
				return nan
			}
			return float32(h%40) - 10
		})
		src := s.add(fmt.Sprintf("item%02d", i), m, "a", "b", "c")
		src.Item.Bands[2].Classes = []catalog.Class{{Value: 1}, {Value: 2}, {Value: 3}}
		if rapid.Bool().Draw(t, "dated") {
			src.Item.Datetime = day(rapid.IntRange(0, 3).Draw(t, "day"))
		}
		if rapid.Bool().Draw(t, "cloudy") {
			c := float64(rapid.IntRange(0, 3).Draw(t, "cloud"))
			src.Item.CloudCover = &c
		}
		out = append(out, scene{src, func(b, col, row int) float32 {
			c, r := col-w.Col, row-w.Row
			if c < 0 || r < 0 || c >= w.Width || r >= w.Height {
				return nan
			}
			return m.bands[b][r*w.Width+c]
		}})
	}
	return out
}

// brute computes one cell: outputs a+b and a of items without class 1, in
// the order of the selection. It returns NaN when there is none, and the
// numbers of the items that count.
func brute(scenes []scene, sel mosaic.Selection, col, row int) (out [2]float64, used []int) {
	var values [][2]float64
	for i, s := range scenes {
		a, b, c := s.at(0, col, row), s.at(1, col, row), s.at(2, col, row)
		if a == a && b == b && c == c && c != 1 {
			values = append(values, [2]float64{float64(a + b), float64(a)})
			used = append(used, i)
		}
	}
	if len(values) == 0 {
		return [2]float64{math.NaN(), math.NaN()}, nil
	}
	best := 0
	switch sel {
	case mosaic.Newest, mosaic.Oldest, mosaic.LeastCloudy:
	case mosaic.Highest:
		for i, v := range values {
			if v[1] > values[best][1] {
				best = i
			}
		}
	default:
		for k := range out {
			var vs []float64
			sum := 0.0
			for _, v := range values {
				vs = append(vs, v[k])
				sum += v[k]
			}
			slices.Sort(vs)
			n := len(vs)
			switch sel {
			case mosaic.Min:
				out[k] = vs[0]
			case mosaic.Max:
				out[k] = vs[n-1]
			case mosaic.Mean:
				out[k] = sum / float64(n)
			default:
				out[k] = (vs[(n-1)/2] + vs[n/2]) / 2
			}
		}
		return out, used
	}
	return values[best], used[best : best+1]
}

// Every selection gives what brute force does, cell by cell, says which items
// it used and for how many cells, and does not care for the number of workers
// nor the order of the items.
func TestSelectionsAgainstBruteForce(t *testing.T) {
	t.Parallel()
	e, high := parse(t, "a+b;a"), parse(t, "a")
	rapid.Check(t, func(t *rapid.T) {
		s := shelf{}
		g := utm(500000, 5000000, rapid.IntRange(3, 24).Draw(t, "w"), rapid.IntRange(3, 24).Draw(t, "h"))
		scenes := randomScenes(t, s, g, rapid.IntRange(0, 9).Draw(t, "n"))
		sel := rapid.SampledFrom(mosaic.Selections).Draw(t, "selection")
		q := mosaic.Query{Expr: e, Mask: "c:1", Select: sel, Resampling: rapid.SampledFrom([]grid.Resampling{"", grid.Nearest, grid.Cubic, grid.Average, grid.Mode}).Draw(t, "resampling")}
		if sel == mosaic.Highest {
			q.Highest = high
		}
		sources := make([]mosaic.Source, len(scenes))
		for i, p := range rapid.Permutation(scenes).Draw(t, "order") {
			sources[i] = p.src
		}
		r := mosaic.New(s.open, &mosaic.Options{Workers: rapid.IntRange(1, 4).Draw(t, "workers")})
		res, err := r.Read(context.Background(), sources, q, g)
		if err != nil {
			t.Fatal(err)
		}
		order := sel
		slices.SortStableFunc(scenes, func(a, b scene) int {
			two := []catalog.Item{a.src.Item, b.src.Item}
			mosaic.Order(two, order)
			if two[0].ID == a.src.Item.ID {
				return -1
			}
			return 1
		})
		pixels := map[string]int{}
		for row := range g.Height {
			for col := range g.Width {
				want, used := brute(scenes, sel, col, row)
				at := row*g.Width + col
				if (res.Mask[at] != 0) != (want[0] == want[0]) {
					t.Fatalf("%s: cell %d, %d: mask %d, want %v", sel, col, row, res.Mask[at], want)
				}
				for k, v := range want {
					if v == v && math.Abs(float64(res.Bands[k][at])-v) > 1e-5 || v != v && res.Bands[k][at] != 0 {
						t.Fatalf("%s: cell %d, %d output %d: %g, want %g", sel, col, row, k, res.Bands[k][at], v)
					}
				}
				for _, i := range used {
					pixels[scenes[i].src.Item.ID]++
				}
			}
		}
		if len(res.Used) != len(pixels) || !res.Complete {
			t.Fatalf("%s: used %+v, want %v", sel, res.Used, pixels)
		}
		for _, u := range res.Used {
			if pixels[u.Item] != u.Pixels {
				t.Fatalf("%s: used %+v, want %v", sel, res.Used, pixels)
			}
		}
	})
}

func TestOrder(t *testing.T) {
	t.Parallel()
	few, many := 5.0, 50.0
	items := []catalog.Item{{ID: "a"}, {ID: "b", Datetime: day(2), CloudCover: &many}, {ID: "c", Datetime: day(9), CloudCover: &many}, {ID: "d", Datetime: day(1), CloudCover: &few}, {ID: "e"}}
	for sel, want := range map[mosaic.Selection]string{mosaic.Newest: "cbdea", mosaic.Oldest: "dbcae", mosaic.LeastCloudy: "dcbea", mosaic.Median: "cbdea"} {
		list := slices.Clone(items)
		mosaic.Order(list, sel)
		got := ""
		for _, it := range list {
			got += it.ID
		}
		if got != want {
			t.Errorf("%s: %s, want %s", sel, got, want)
		}
	}
}

// Reading stops when nothing is left to see; what that leaves unread is no loss.
func TestStopsEarly(t *testing.T) {
	t.Parallel()
	s := shelf{}
	g := utm(500000, 5000000, 20, 20)
	var sources []mosaic.Source
	for i := range 5 {
		src := s.add(fmt.Sprint("item", i), filled(g, 1, func(_, c, _ int) float32 {
			if i == 4 && c < 7 {
				return nan
			}
			return float32(i)
		}), "a")
		src.Item.Datetime = day(i)
		sources = append(sources, src)
	}
	res, err := mosaic.New(s.open, nil).Read(context.Background(), sources, mosaic.Query{Bands: []string{"a"}, MaxItems: 2}, g)
	if err != nil || res.Reads != 2 || !res.Complete || res.Bands[0][6] != 3 || res.Bands[0][7] != 4 || res.Used[0] != (mosaic.Use{Item: "item4", Datetime: sources[4].Item.Datetime, Pixels: 13 * 20}) {
		t.Errorf("%+v, %v", res, err)
	}
}

// Nothing is left out without a word.
func TestWhatIsLeftOutIsSaid(t *testing.T) {
	t.Parallel()
	s := shelf{}
	g := utm(500000, 5000000, 20, 20)
	whole := func(id string, n int, names ...string) mosaic.Source {
		src := s.add(id, filled(g, len(names), func(int, int, int) float32 { return float32(n) }), names...)
		src.Item.Datetime = day(n)
		return src
	}
	one, two := whole("one", 1, "red"), whole("two", 2, "blue")
	remote := whole("remote", 3, "red")
	remote.Item.File, remote.Item.Assets = "", []catalog.Asset{{Key: "data", Href: "away", Grid: g}}
	broken := whole("broken", 4, "red")
	delete(s, "broken")
	elsewhere := s.add("elsewhere", filled(utm(900000, 5000000, 20, 20), 1, func(int, int, int) float32 { return 9 }), "blue")
	r := mosaic.New(s.open, nil)
	read := func(q mosaic.Query, sources ...mosaic.Source) (*mosaic.Result, error) {
		return r.Read(context.Background(), sources, q, g)
	}
	for _, sel := range []mosaic.Selection{mosaic.Newest, mosaic.Mean} {
		q := mosaic.Query{Bands: []string{"red"}, Select: sel}
		res, err := read(q, one, two, remote, elsewhere)
		if err != nil || res.Complete || len(res.Skipped) != 2 || len(res.Used) != 1 || res.Valid != 400 {
			t.Fatalf("%s: %+v, %v", sel, res, err)
		}
		for _, k := range res.Skipped {
			if k.Item == "two" && !strings.Contains(k.Reason, `"red"`) || k.Item == "remote" && !strings.Contains(k.Reason, "does not answer") {
				t.Errorf("%s: %+v", sel, k)
			}
		}
		if _, err := read(q, one, broken); err == nil || !strings.Contains(err.Error(), "broken") {
			t.Errorf("%s: a broken file: %v", sel, err)
		}
	}
	res, err := read(mosaic.Query{Bands: []string{"red"}, Select: mosaic.Max, MaxItems: 1}, one, remote, elsewhere)
	if err != nil || res.Complete || len(res.Skipped) != 2 || res.Valid != 0 {
		t.Errorf("over MaxItems: %+v, %v", res, err)
	}
	res, err = read(mosaic.Query{Bands: []string{"red"}, Mask: "clouds"}, one)
	if err != nil || res.Complete || res.Skipped[0].Item != "one" || !strings.Contains(res.Skipped[0].Reason, "mask") {
		t.Errorf("a mask that the item has not: %+v, %v", res, err)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	s := shelf{}
	g := utm(500000, 5000000, 20, 20)
	src := s.add("a", filled(g, 1, func(int, int, int) float32 { return 1 }), "a")
	r := mosaic.New(s.open, nil)
	south, huge := g, g
	south.Transform[5] = 10
	huge.Width, huge.Height = 1<<20, 1<<20
	wide := g
	wide.Transform[1] = math.Inf(1)
	for name, c := range map[string]struct {
		q    mosaic.Query
		g    grid.Grid
		kind fault.Kind
	}{
		"no bands":      {mosaic.Query{}, g, fault.Invalid},
		"constant":      {mosaic.Query{Expr: parse(t, "1+1")}, g, fault.Invalid},
		"selection":     {mosaic.Query{Bands: []string{"a"}, Select: "best"}, g, fault.Invalid},
		"highest":       {mosaic.Query{Bands: []string{"a"}, Select: mosaic.Highest}, g, fault.Invalid},
		"not highest":   {mosaic.Query{Bands: []string{"a"}, Highest: parse(t, "a")}, g, fault.Invalid},
		"two highest":   {mosaic.Query{Bands: []string{"a"}, Select: mosaic.Highest, Highest: parse(t, "a;a")}, g, fault.Invalid},
		"resampling":    {mosaic.Query{Bands: []string{"a"}, Resampling: "lanczos"}, g, fault.Invalid},
		"south up":      {mosaic.Query{Bands: []string{"a"}}, south, fault.Invalid},
		"infinite":      {mosaic.Query{Bands: []string{"a"}}, wide, fault.Invalid},
		"empty target":  {mosaic.Query{Bands: []string{"a"}}, grid.Grid{CRS: g.CRS, Transform: g.Transform}, fault.Invalid},
		"large target":  {mosaic.Query{Bands: []string{"a"}}, huge, fault.TooLarge},
		"unknown CRS":   {mosaic.Query{Bands: []string{"a"}}, grid.Grid{CRS: "EPSG:1", Transform: g.Transform, Width: 2, Height: 2}, fault.Invalid},
		"too many refs": {mosaic.Query{Bands: slices.Repeat([]string{"a"}, 65)}, g, fault.Invalid},
	} {
		if _, err := r.Read(context.Background(), []mosaic.Source{src}, c.q, c.g); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, sel := range []mosaic.Selection{mosaic.Newest, mosaic.Mean} {
		if _, err := r.Read(ctx, []mosaic.Source{src}, mosaic.Query{Bands: []string{"a"}, Select: sel}, g); !fault.Is(err, fault.Canceled) {
			t.Errorf("%s, nobody waits any more: %v", sel, err)
		}
	}
}
