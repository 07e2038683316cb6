// Package cadastre makes a territory for tests and measurements: parcels that
// share their borders to the bit, roads and points, each with attributes, the
// same every time. Parcels are cells of an uneven mesh whose edges have bends:
// their areas are log-normal with a median of 600 m², some have a hole with an
// island parcel in it, some are multipolygons, and roads run between blocks.
package cadastre

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"contado/geo"
	"contado/geo/fgb"
	"contado/geo/layer"
	"contado/geo/store/catalog"

	"github.com/paulmach/orb"
)

// CRS is where the territory lies: UTM 32N, near 44.5° N.
const CRS geo.CRS = "EPSG:32632"

const (
	west, south = 680_000.0, 4_920_000.0
	block       = 12   // cells between roads
	roadWidth   = 8.0  // metres
	medianSide  = 24.5 // metres: 600 m²
	spread      = 0.5  // of the logarithm of a side
	holeEvery   = 97   // one parcel in so many has an island
	multiEvery  = 211  // one in so many is of two parts
)

// Dataset is rows to be.
type Dataset struct {
	Name   string
	Schema geo.Schema
	Count  int
	row    func(i int, rng *rand.Rand) geo.Feature
}

// Rows calls yield for each row, with ids from 1, until it returns false.
func (d *Dataset) Rows(yield func(geo.Feature) bool) {
	for i := range d.Count {
		f := d.row(i, rand.New(rand.NewPCG(uint64(i), 77))) //nolint:gosec // the same every time
		f.ID = int64(i + 1)
		if !yield(f) {
			return
		}
	}
}

// mesh is the corners of the parcels.
type mesh struct {
	cols, rows int
	x, y       []float64 // left and lower sides of columns and rows
}

func newMesh(n int) *mesh {
	m := &mesh{cols: max(2, int(math.Sqrt(float64(n))))}
	m.rows = (n + m.cols - 1) / m.cols
	m.x, m.y = sides(m.cols, west, 1), sides(m.rows, south, 2)
	return m
}

// sides are cumulated log-normal widths; after each block comes a road.
func sides(n int, from float64, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 5)) //nolint:gosec // the same every time
	out := make([]float64, n+1)
	at := from
	for i := range out {
		if i%block == 0 && i > 0 {
			at += roadWidth
		}
		out[i] = at
		at += medianSide * math.Exp(spread*rng.NormFloat64()*0.9)
	}
	return out
}

// far is the right or upper side of a column or row: before the road.
func far(sides []float64, i int) float64 {
	if (i+1)%block == 0 {
		return sides[i+1] - roadWidth
	}
	return sides[i+1]
}

// noise is a number from −1 to 1 that belongs to a place.
func noise(a, b, c int) float64 {
	h := uint64(a)*0x9e3779b97f4a7c15 ^ uint64(b)*0xbf58476d1ce4e5b9 ^ uint64(c)*0x94d049bb133111eb //nolint:gosec // a hash
	h = (h ^ h>>31) * 0xd6e8feb86659fd93
	h ^= h >> 32
	return float64(h>>11)/(1<<52) - 1
}

// corner is a corner of cell (i, j): dx, dy 0 or 1. Corners inside a block are
// moved about; those on roads stay.
func (m *mesh) corner(i, j, dx, dy int) orb.Point {
	x, y := m.x[i], m.y[j]
	if dx == 1 {
		x = far(m.x, i)
	}
	if dy == 1 {
		y = far(m.y, j)
	}
	ci, cj := i+dx, j+dy
	if ci%block != 0 && cj%block != 0 {
		x += 3 * noise(ci, cj, 1)
		y += 3 * noise(ci, cj, 2)
	}
	return orb.Point{x, y}
}

// edge appends p and the bends towards q; the same points both ways.
func edge(r orb.Ring, p, q orb.Point) orb.Ring {
	r = append(r, p)
	a, b, turned := p, q, false
	if b[0] < a[0] || b[0] == a[0] && b[1] < a[1] {
		a, b, turned = b, a, true
	}
	kx, ky := int(math.Round(a[0]*8+b[0]*13)), int(math.Round(a[1]*8+b[1]*13))
	n := int((noise(kx, ky, 3) + 1) * 1.6) // none to three bends
	l := math.Hypot(b[0]-a[0], b[1]-a[1])
	var bends []orb.Point
	for k := 1; k <= n; k++ {
		f := float64(k) / float64(n+1)
		s := 0.03 * l * noise(kx, ky, 3+k)
		bends = append(bends, orb.Point{a[0] + (b[0]-a[0])*f - (b[1]-a[1])/l*s, a[1] + (b[1]-a[1])*f + (b[0]-a[0])/l*s})
	}
	if turned {
		for k := len(bends) - 1; k >= 0; k-- {
			r = append(r, bends[k])
		}
		return r
	}
	return append(r, bends...)
}

func (m *mesh) ring(i, j int) orb.Ring {
	a, b := m.corner(i, j, 0, 0), m.corner(i, j, 1, 0)
	c, d := m.corner(i, j, 1, 1), m.corner(i, j, 0, 1)
	r := edge(edge(edge(edge(make(orb.Ring, 0, 12), a, b), b, c), c, d), d, a)
	return append(r, r[0])
}

// inner is a ring in the middle of a cell.
func (m *mesh) inner(i, j int) orb.Ring {
	a, c := m.corner(i, j, 0, 0), m.corner(i, j, 1, 1)
	x, y := (a[0]+c[0])/2, (a[1]+c[1])/2
	w, h := (c[0]-a[0])/5, (c[1]-a[1])/5
	return orb.Ring{{x - w, y - h}, {x + w, y - h}, {x + w, y + h}, {x - w, y + h}, {x - w, y - h}}
}

var (
	crops  = []string{"wheat", "maize", "meadow", "vineyard", "olives", "orchard", "barley", "lucerne", "sunflower", "vegetables", "rice", "fallow"}
	uses   = []string{"arable", "grass", "wood", "garden", "built", "water"}
	first  = []string{"Anna", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Gina", "Hugo", "Ines", "Luca", "Marta", "Nino", "Olga", "Piero", "Rita", "Sara"}
	last   = []string{"Rossi", "Bianchi", "Ferrari", "Russo", "Gallo", "Costa", "Conti", "Greco", "Bruno", "Marino", "Müller", "Weiß", "Gruber", "Huber", "Lang", "Fontana"}
	places = []string{"school", "pharmacy", "doctor", "shop", "post", "bus_stop", "well", "shrine"}
)

// Classes of roads, the most important first.
var Classes = []string{"motorway", "primary", "secondary", "tertiary", "residential", "track"}

func pick(rng *rand.Rand, of []string) string { return of[rng.IntN(len(of))] }

// Parcels makes n parcels.
func Parcels(n int) *Dataset {
	m := newMesh(n)
	return &Dataset{
		Name: "parcels", Count: n,
		Schema: geo.Schema{CRS: CRS, GeometryType: "MultiPolygon", Fields: []geo.Field{
			{Name: "code", Type: geo.String},
			{Name: "crop", Type: geo.String},
			{Name: "use", Type: geo.String},
			{Name: "owner", Type: geo.String},
			{Name: "area_m2", Type: geo.Real},
			{Name: "declared", Type: geo.Date},
			{Name: "irrigated", Type: geo.Boolean},
			{Name: "year", Type: geo.Integer},
		}},
		row: func(i int, rng *rand.Rand) geo.Feature {
			ci, cj := i%m.cols, i/m.cols
			p := orb.Polygon{m.ring(ci, cj)}
			mp := orb.MultiPolygon{p}
			switch {
			case i%holeEvery == 0:
				mp[0] = append(mp[0], m.inner(ci, cj))
			case i%multiEvery == 0 && ci > 0 && (i-1)%holeEvery == 0: // the island of the one before
				mp = append(mp, orb.Polygon{m.inner(ci-1, cj)})
			}
			area := 0.0
			for _, p := range mp {
				area += areaOf(p)
			}
			crop := int(math.Abs(noise(ci/6, cj/6, 9)) * float64(len(crops)-1))
			return geo.Feature{Geometry: mp, Values: []any{
				fmt.Sprintf("%03d/%d", i/5000, i%5000), crops[(crop+rng.IntN(2))%len(crops)], pick(rng, uses),
				pick(rng, first) + " " + pick(rng, last) + fmt.Sprintf(" %d", rng.IntN(60)),
				math.Round(area*100) / 100, fmt.Sprintf("20%02d-%02d-%02d", 10+rng.IntN(15), 1+rng.IntN(12), 1+rng.IntN(28)),
				rng.IntN(3) == 0, int64(1950 + rng.IntN(75)),
			}}
		},
	}
}

func areaOf(p orb.Polygon) float64 {
	sum := 0.0
	for k, r := range p {
		a := 0.0
		for i := 0; i+1 < len(r); i++ {
			a += (r[i][0]-r[0][0])*(r[i+1][1]-r[0][1]) - (r[i+1][0]-r[0][0])*(r[i][1]-r[0][1])
		}
		if a = math.Abs(a) / 2; k > 0 {
			a = -a
		}
		sum += a
	}
	return sum
}

// Roads makes n lines over the territory of so many parcels: along the blocks,
// a piece for each parcel, and tracks.
func Roads(n, parcels int) *Dataset {
	m := newMesh(parcels)
	return &Dataset{
		Name: "roads", Count: n,
		Schema: geo.Schema{CRS: CRS, GeometryType: "LineString", Fields: []geo.Field{
			{Name: "class", Type: geo.String}, {Name: "name", Type: geo.String}, {Name: "maxspeed", Type: geo.Integer}, {Name: "oneway", Type: geo.Boolean},
		}},
		row: func(i int, rng *rand.Rand) geo.Feature {
			class := 5
			var l orb.LineString
			if i%2 == 0 {
				l, class = m.road(i / 2)
			} else {
				l = m.track(rng)
			}
			return geo.Feature{Geometry: l, Values: []any{
				Classes[class], fmt.Sprintf("Via %s %d", pick(rng, last), rng.IntN(400)), int64(30 + 20*(5-class)), class == 0,
			}}
		},
	}
}

// road is piece number i of the roads between blocks.
func (m *mesh) road(i int) (orb.LineString, int) {
	across := i%2 == 1
	i /= 2
	ways, steps := (m.cols-1)/block, m.rows
	if across {
		ways, steps = (m.rows-1)/block, m.cols
	}
	if ways == 0 {
		return orb.LineString{{m.x[0], m.y[0]}, {m.x[m.cols], m.y[0]}}, 4
	}
	way, step := (i/steps)%ways+1, i%steps
	class := 4
	for k, every := range []int{64, 24, 9, 3} {
		if way%every == every/2 {
			class = k
			break
		}
	}
	var l orb.LineString
	for k := range 5 {
		f := float64(k) / 4
		if across {
			y := m.y[way*block] - roadWidth/2 + 1.5*noise(way, step*4+k, 11)
			l = append(l, orb.Point{m.x[step] + (m.x[step+1]-m.x[step])*f, y})
		} else {
			x := m.x[way*block] - roadWidth/2 + 1.5*noise(way, step*4+k, 12)
			l = append(l, orb.Point{x, m.y[step] + (m.y[step+1]-m.y[step])*f})
		}
	}
	return l, class
}

// track wanders for 50 to 600 m.
func (m *mesh) track(rng *rand.Rand) orb.LineString {
	x := m.x[0] + rng.Float64()*(m.x[m.cols]-m.x[0])
	y := m.y[0] + rng.Float64()*(m.y[m.rows]-m.y[0])
	a := rng.Float64() * 2 * math.Pi
	l := orb.LineString{{x, y}}
	for range 3 + rng.IntN(20) {
		a += rng.NormFloat64() * 0.4
		d := 10 + rng.Float64()*25
		x, y = x+d*math.Cos(a), y+d*math.Sin(a)
		l = append(l, orb.Point{x, y})
	}
	return l
}

// Points makes n points over the territory of so many parcels.
func Points(n, parcels int) *Dataset {
	m := newMesh(parcels)
	return &Dataset{
		Name: "points", Count: n,
		Schema: geo.Schema{CRS: CRS, GeometryType: "Point", Fields: []geo.Field{
			{Name: "kind", Type: geo.String}, {Name: "name", Type: geo.String}, {Name: "capacity", Type: geo.Integer},
		}},
		row: func(i int, rng *rand.Rand) geo.Feature {
			p := orb.Point{m.x[0] + rng.Float64()*(m.x[m.cols]-m.x[0]), m.y[0] + rng.Float64()*(m.y[m.rows]-m.y[0])}
			kind := pick(rng, places)
			return geo.Feature{Geometry: p, Values: []any{kind, fmt.Sprintf("%s %d", kind, i), int64(rng.IntN(500))}}
		},
	}
}

// Bounds is the box of the territory of so many parcels.
func Bounds(parcels int) geo.BBox {
	m := newMesh(parcels)
	return geo.BBox{MinX: m.x[0], MinY: m.y[0], MaxX: m.x[m.cols], MaxY: m.y[m.rows]}
}

// Write writes the rows as a packed file.
func (d *Dataset) Write(path string) error {
	w, err := fgb.Create(path, d.Schema, nil)
	if err != nil {
		return err
	}
	d.Rows(func(f geo.Feature) bool {
		err = w.Write(f)
		return err == nil
	})
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return err
}

// Open makes the layer of a packed file that Write wrote.
func (d *Dataset) Open(_ context.Context, path string) (*layer.Layer, error) {
	f, err := fgb.Open(path)
	if err != nil {
		return nil, err
	}
	v := catalog.Version{Number: 1, Vector: &catalog.VectorInfo{Schema: d.Schema, Count: int64(d.Count)}}
	return layer.Open(catalog.Dataset{ID: d.Name, Kind: catalog.Vector, Version: v}, f)
}
