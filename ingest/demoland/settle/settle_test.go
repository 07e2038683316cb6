package settle

import (
	"context"
	"math"
	"reflect"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"contado/geo/fault"
)

// valley is a land of 8 km: a river from north to south between two ridges.
func valley() Land {
	const n = 400
	l := Land{N: n, Cell: 20, X0: 500_000, Y0: 5_000_000, Elevation: make([]float32, n*n), Water: make([]bool, n*n), Cover: make([]uint8, n*n)}
	bed := func(row int) float64 { return 200 + 25*math.Sin(float64(row)/40) }
	river := River{Name: "Torrente", Order: 3}
	for i := range l.Elevation {
		c, r := i%n, i/n
		d := math.Abs(float64(c) - bed(r))
		l.Elevation[i] = float32(320 + 0.35*float64(n-r) + 0.03*d*d + 30*math.Sin(float64(c)/23)*math.Cos(float64(r)/31))
		l.Water[i] = d < 1.5
		l.Cover[i] = 10
		if l.Water[i] {
			l.Cover[i] = 80
		}
	}
	for r := range n {
		river.Line = append(river.Line, orb.Point{l.X0 + bed(r)*20, l.Y0 - float64(r)*20})
	}
	l.Rivers = []River{river}
	return l
}

var small = Options{Seed: 4, Population: 6000, Municipalities: 6}

func settled(t *testing.T, o Options) (*Society, Land) {
	t.Helper()
	l := valley()
	s, err := Settle(context.Background(), l, o, func(float64) {})
	if err != nil {
		t.Fatal(err)
	}
	return s, l
}

func TestSameSeedSameSociety(t *testing.T) {
	t.Parallel()
	a, _ := settled(t, small)
	b, _ := settled(t, small)
	if !reflect.DeepEqual(a, b) {
		t.Error("two runs differ")
	}
	other := small
	other.Seed = 5
	if c, _ := settled(t, other); reflect.DeepEqual(a.Hamlets, c.Hamlets) {
		t.Error("another seed gives the same hamlets")
	}
}

// Everyone is counted once: bands, blocks, hamlets, municipalities, unions.
func TestPeopleAddUp(t *testing.T) {
	t.Parallel()
	s, l := settled(t, small)
	p := s.Population
	total := 0
	byMunicipality := make([]int, len(s.Municipalities))
	for b, v := range p.Values[0] {
		sum := 0
		for _, band := range p.Values[1:] {
			sum += int(band[b])
		}
		if sum != int(v) {
			t.Fatalf("block %d: bands sum to %d, total %d", b, sum, v)
		}
		if v == 0 {
			continue
		}
		total += int(v)
		centre := orb.Point{l.X0 + (float64(b%p.Width)+0.5)*p.Cell, l.Y0 - (float64(b/p.Width)+0.5)*p.Cell}
		for i, m := range s.Municipalities {
			if planar.MultiPolygonContains(m.Polygon, centre) {
				byMunicipality[i] += int(v)
				break
			}
		}
	}
	if total != small.Population {
		t.Errorf("%d people, want %d", total, small.Population)
	}
	hamlets := map[string]int{}
	for _, h := range s.Hamlets {
		hamlets[h.Municipality] += h.Population
	}
	unions := map[string]int{}
	for i, m := range s.Municipalities {
		if byMunicipality[i] != m.Population || hamlets[m.Code] != m.Population {
			t.Errorf("%s: %d people, its blocks have %d, its hamlets %d", m.Name, m.Population, byMunicipality[i], hamlets[m.Code])
		}
		unions[m.Parent] += m.Population
	}
	for _, u := range s.Unions {
		if unions[u.Code] != u.Population {
			t.Errorf("%s: %d people, its municipalities %d", u.Name, u.Population, unions[u.Code])
		}
	}
	if s.Province.Population != small.Population {
		t.Errorf("the province has %d people", s.Province.Population)
	}
}

// Municipalities, and unions, cover the land once, and share their borders
// vertex by vertex.
func TestTerritoriesPartitionTheLand(t *testing.T) {
	t.Parallel()
	s, l := settled(t, small)
	side := float64(l.N) * l.Cell
	for name, list := range map[string][]Area{"municipalities": s.Municipalities, "unions": s.Unions, "province": {s.Province}} {
		sum := 0.0
		edges := map[[2]orb.Point]int{}
		for _, a := range list {
			sum += planar.Area(a.Polygon)
			for _, p := range a.Polygon {
				for _, r := range p {
					for i := range len(r) - 1 {
						edges[[2]orb.Point{r[i], r[i+1]}]++
					}
				}
			}
		}
		if math.Abs(sum-side*side) > 1e-6*side*side {
			t.Errorf("%s cover %.1f m², the land has %.1f", name, sum, side*side)
		}
		for e, n := range edges {
			back := edges[[2]orb.Point{e[1], e[0]}]
			border := onBorder(l, e[0]) && onBorder(l, e[1])
			if n != 1 || (back != 1 && !border) {
				t.Fatalf("%s: edge %v is there %d times, backwards %d times", name, e, n, back)
			}
		}
	}
}

func onBorder(l Land, p orb.Point) bool {
	side := float64(l.N) * l.Cell
	return p[0] == l.X0 || p[1] == l.Y0 || p[0] == l.X0+side || p[1] == l.Y0-side
}

// Each hamlet lies in its municipality and is reached by road from the town.
func TestEveryHamletIsReached(t *testing.T) {
	t.Parallel()
	s, _ := settled(t, small)
	byCode := map[string]Area{}
	for _, m := range s.Municipalities {
		byCode[m.Code] = m
	}
	parent := map[orb.Point]orb.Point{}
	var root func(p orb.Point) orb.Point
	root = func(p orb.Point) orb.Point {
		if q, ok := parent[p]; ok && q != p {
			parent[p] = root(q)
			return parent[p]
		}
		return p
	}
	for _, r := range s.Roads {
		if r.Class == "track" || r.Class == "path" {
			continue
		}
		if len(r.Line) < 2 {
			t.Fatalf("a road of %d points", len(r.Line))
		}
		for i := 1; i < len(r.Line); i++ {
			parent[root(r.Line[i])] = root(r.Line[0])
			if _, ok := parent[r.Line[i]]; !ok {
				parent[r.Line[i]] = root(r.Line[0])
			}
		}
		if _, ok := parent[r.Line[0]]; !ok {
			parent[r.Line[0]] = root(r.Line[0])
		}
	}
	networks := map[orb.Point]int{}
	for _, h := range s.Hamlets {
		if !planar.MultiPolygonContains(byCode[h.Municipality].Polygon, h.Point) {
			t.Errorf("%s lies outside its municipality", h.Name)
		}
		best, far := orb.Point{}, math.Inf(1)
		for _, r := range s.Roads {
			if r.Class == "track" || r.Class == "path" {
				continue
			}
			for _, p := range r.Line {
				if d := planar.Distance(p, h.Point); d < far {
					best, far = p, d
				}
			}
		}
		if far > 80 {
			t.Errorf("%s is %.0f m from the next road", h.Name, far)
		}
		networks[root(best)]++
	}
	if len(networks) != 1 {
		t.Errorf("hamlets lie on %d networks that are not connected", len(networks))
	}
}

func TestServicesAndNames(t *testing.T) {
	t.Parallel()
	s, l := settled(t, small)
	want := []string{"primary-school", "pharmacy", "general-practitioner", "hospital", "post-office"}
	if len(s.Services) != len(want) {
		t.Fatalf("%d services", len(s.Services))
	}
	byCode := map[string]Area{}
	for _, m := range s.Municipalities {
		byCode[m.Code] = m
	}
	for i, svc := range s.Services {
		if svc.ID != want[i] || len(svc.Facilities) == 0 {
			t.Errorf("service %d is %s with %d facilities, want some of %s", i, svc.ID, len(svc.Facilities), want[i])
		}
		for _, f := range svc.Facilities {
			if !planar.MultiPolygonContains(byCode[f.Municipality].Polygon, f.Point) {
				t.Errorf("%s lies outside %s", f.Name, f.Municipality)
			}
			c, r := int((f.Point[0]-l.X0)/l.Cell), int((l.Y0-f.Point[1])/l.Cell)
			if l.Water[r*l.N+c] {
				t.Errorf("%s stands in water", f.Name)
			}
		}
	}
	seen := map[string]bool{}
	for _, h := range s.Hamlets {
		if seen[h.Name] {
			t.Errorf("two hamlets are called %s", h.Name)
		}
		seen[h.Name] = true
	}
}

func TestPaintCoverKeepsWater(t *testing.T) {
	t.Parallel()
	s, l := settled(t, small)
	cover := append([]uint8(nil), l.Cover...)
	s.PaintCover(l, cover)
	count := map[uint8]int{}
	for i, c := range cover {
		count[c]++
		if l.Water[i] != (c == 80) {
			t.Fatalf("cell %d: water %v, class %d", i, l.Water[i], c)
		}
	}
	if count[50] == 0 || count[40] == 0 {
		t.Errorf("no houses or no fields: %v", count)
	}
}

func TestNoRoomIsAnError(t *testing.T) {
	t.Parallel()
	l := valley()
	for i := range l.Water {
		l.Water[i] = true
	}
	if _, err := Settle(context.Background(), l, small, func(float64) {}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a land of water gives %v", err)
	}
	l.N = 3
	if _, err := Settle(context.Background(), l, small, func(float64) {}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a land of three cells gives %v", err)
	}
}
