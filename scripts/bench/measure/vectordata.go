package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fgb"
)

// The made cadastre: blocks between roads, each of 10 × 10 parcels whose
// corners are shared; the median parcel has some 600 m².
const (
	cadastreCRS   = "EPSG:32632"
	cadastreWest  = 620_000.0
	cadastreSouth = 4_900_000.0
	perBlock      = 10
	roadWidth     = 6.0
)

var (
	crops  = []string{"wheat", "maize", "vineyard", "olives", "meadow", "wood", "garden", "fallow"}
	uses   = []string{"owner", "rent", "common"}
	kinds  = []string{"primary", "secondary", "tertiary", "unclassified", "track", "path"}
	places = []string{"well", "barn", "shop", "stop", "cross", "spring"}
)

// cadastre is the plan of a made land.
type cadastre struct {
	r    *rand.Rand
	x, y []float64 // borders of blocks
}

// writeCadastre writes parcels, roads (0.3 of their number) and points (0.2)
// as FlatGeobuf files, and gives the box in degrees.
func writeCadastre(ctx context.Context, dir string, parcels int) (map[string]string, [4]float64, error) {
	n := max(int(math.Round(math.Sqrt(float64(parcels)/perBlock/perBlock))), 1)
	c := &cadastre{r: rand.New(rand.NewPCG(2026, 11))}
	c.x, c.y = c.borders(n, cadastreWest), c.borders(n, cadastreSouth)
	files := map[string]string{}
	for _, layer := range []struct {
		name   string
		schema geo.Schema
		make   func(yield func(geo.Feature) error) error
	}{
		{"parcels", geo.Schema{GeometryType: "Polygon", Fields: []geo.Field{
			{Name: "crop", Type: geo.String},
			{Name: "use", Type: geo.String},
			{Name: "owner", Type: geo.String},
			{Name: "area_m2", Type: geo.Real},
			{Name: "since", Type: geo.Date},
		}}, c.parcels},
		{"roads", geo.Schema{GeometryType: "LineString", Fields: []geo.Field{
			{Name: "class", Type: geo.String}, {Name: "name", Type: geo.String}, {Name: "speed", Type: geo.Integer},
		}}, func(yield func(geo.Feature) error) error { return c.roads(parcels*3/10, yield) }},
		{"points", geo.Schema{GeometryType: "Point", Fields: []geo.Field{
			{Name: "kind", Type: geo.String}, {Name: "name", Type: geo.String},
		}}, func(yield func(geo.Feature) error) error { return c.points(parcels/5, yield) }},
	} {
		layer.schema.CRS = cadastreCRS
		path := filepath.Join(dir, layer.name+".fgb")
		w, err := fgb.Create(path, layer.schema, nil)
		if err != nil {
			return nil, [4]float64{}, err
		}
		err = layer.make(func(f geo.Feature) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return w.Write(f)
		})
		if cerr := w.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, [4]float64{}, fmt.Errorf("make %s: %w", layer.name, err)
		}
		files[layer.name] = path
	}
	t, err := crs.New(cadastreCRS, geo.WGS84)
	if err != nil {
		return nil, [4]float64{}, err
	}
	b, err := t.BBox(geo.BBox{MinX: c.x[0], MinY: c.y[0], MaxX: c.x[n], MaxY: c.y[n]})
	return files, [4]float64{b.MinX, b.MinY, b.MaxX, b.MaxY}, err
}

// borders are n blocks of uneven widths from a coordinate on.
func (c *cadastre) borders(n int, from float64) []float64 {
	out := []float64{from}
	for range n {
		from += perBlock*24.5*math.Exp(0.45*c.r.NormFloat64()) + roadWidth
		out = append(out, from)
	}
	return out
}

func (c *cadastre) parcels(yield func(geo.Feature) error) error {
	id := int64(0)
	var corner [perBlock + 1][perBlock + 1]orb.Point
	for by := 1; by < len(c.y); by++ {
		for bx := 1; bx < len(c.x); bx++ {
			w, h := (c.x[bx]-c.x[bx-1]-roadWidth)/perBlock, (c.y[by]-c.y[by-1]-roadWidth)/perBlock
			for j := range corner {
				for i := range corner[j] {
					dx, dy := (c.r.Float64()-0.5)*0.7*w, (c.r.Float64()-0.5)*0.7*h
					if i == 0 || i == perBlock {
						dx = 0
					}
					if j == 0 || j == perBlock {
						dy = 0
					}
					corner[j][i] = orb.Point{c.x[bx-1] + float64(i)*w + dx, c.y[by-1] + float64(j)*h + dy}
				}
			}
			for j := range perBlock {
				for i := range perBlock {
					id++
					ring := orb.Ring{corner[j][i], corner[j][i+1], corner[j+1][i+1], corner[j+1][i], corner[j][i]}
					if err := yield(geo.Feature{ID: id, Geometry: orb.Polygon{ring}, Values: c.parcel(ring)}); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func (c *cadastre) parcel(ring orb.Ring) []any {
	var area float64
	for i := 1; i < len(ring); i++ {
		area += (ring[i-1][0]-ring[0][0])*(ring[i][1]-ring[0][1]) - (ring[i][0]-ring[0][0])*(ring[i-1][1]-ring[0][1])
	}
	return []any{
		crops[c.r.IntN(len(crops))], uses[c.r.IntN(len(uses))], fmt.Sprintf("owner %05d", c.r.IntN(40_000)),
		area / 2, fmt.Sprintf("%d-%02d-%02d", 1970+c.r.IntN(55), 1+c.r.IntN(12), 1+c.r.IntN(28)),
	}
}

// roads follow the borders of blocks for a while, a little crooked.
func (c *cadastre) roads(n int, yield func(geo.Feature) error) error {
	for id := range n {
		i, j := 1+c.r.IntN(len(c.x)-1), 1+c.r.IntN(len(c.y)-1)
		line := orb.LineString{{c.x[i] - roadWidth/2, c.y[j] - roadWidth/2}}
		for range 2 + c.r.IntN(10) {
			last := line[len(line)-1]
			line = append(line, orb.Point{last[0] + 60*(c.r.Float64()-0.5), last[1] + 40*c.r.Float64()})
		}
		kind := c.r.IntN(len(kinds))
		f := geo.Feature{ID: int64(id) + 1, Geometry: line, Values: []any{kinds[kind], fmt.Sprintf("Via %d", id%5000), int64(90 - 15*kind)}}
		if err := yield(f); err != nil {
			return err
		}
	}
	return nil
}

func (c *cadastre) points(n int, yield func(geo.Feature) error) error {
	for id := range n {
		p := orb.Point{
			c.x[0] + c.r.Float64()*(c.x[len(c.x)-1]-c.x[0]),
			c.y[0] + c.r.Float64()*(c.y[len(c.y)-1]-c.y[0]),
		}
		f := geo.Feature{ID: int64(id) + 1, Geometry: p, Values: []any{places[c.r.IntN(len(places))], fmt.Sprintf("place %d", id)}}
		if err := yield(f); err != nil {
			return err
		}
	}
	return nil
}
