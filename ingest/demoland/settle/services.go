package settle

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// services opens schools, pharmacies and the rest where they would be: in the
// seats and larger hamlets. Remote places go without.
func (s *settler) services() error {
	rng := s.stream("services")
	size := make([]float64, len(s.placeOf))
	for i, p := range s.placeOf {
		size[i] = float64(p.people) * (0.8 + 0.4*rng.Float64())
		if s.out.Hamlets[i].Kind == "capoluogo" {
			size[i] = size[i]*1.6 + 120
		}
	}
	order := rank(size)
	scale := math.Max(0.2, float64(s.o.Population)/60_000)
	count := func(n int) int { return max(1, int(float64(n)*scale+0.5)) }
	add := func(id, it, en string, total, inTown int, make func(h *Hamlet, k int) Facility) {
		svc := Service{ID: id, TitleIT: it, TitleEN: en}
		for k := range min(inTown, total) {
			svc.Facilities = append(svc.Facilities, s.open(&s.out.Hamlets[0], k, make))
		}
		for _, i := range order {
			if len(svc.Facilities) >= total {
				break
			}
			if i != 0 {
				svc.Facilities = append(svc.Facilities, s.open(&s.out.Hamlets[i], len(svc.Facilities), make))
			}
		}
		s.out.Services = append(s.out.Services, svc)
	}
	add("primary-school", "Scuole primarie", "Primary schools", count(24), count(3), func(h *Hamlet, k int) Facility {
		return Facility{Name: "Scuola primaria di " + h.Name, Capacity: 40 + 10*max(0, min(20, h.Population/120)), Opening: "Mo-Fr 08:15-16:15"}
	})
	add("pharmacy", "Farmacie", "Pharmacies", count(16), count(3), func(h *Hamlet, k int) Facility {
		return Facility{Name: "Farmacia " + []string{"Centrale", "del Ponte", "della Rocca", "San Biagio", "Alla Fonte"}[k%5] + ", " + h.Name, Opening: "Mo-Sa 08:30-12:30,15:30-19:30"}
	})
	add("general-practitioner", "Medici di medicina generale", "General practitioners", count(28), count(7), func(h *Hamlet, k int) Facility {
		return Facility{Name: fmt.Sprintf("Ambulatorio %d, %s", k+1, h.Name), Capacity: 1500, Opening: "Mo-Fr 09:00-12:00"}
	})
	s.hospitals(scale)
	add("post-office", "Uffici postali", "Post offices", count(26), count(2), func(h *Hamlet, k int) Facility {
		return Facility{Name: "Ufficio postale di " + h.Name, Opening: "Mo-Fr 08:20-13:35; Sa 08:20-12:35"}
	})
	return nil
}

// hospitals: one in the town, a small one in a seat far from it.
func (s *settler) hospitals(scale float64) {
	svc := Service{ID: "hospital", TitleIT: "Ospedali", TitleEN: "Hospitals"}
	plain := func(name string, beds int) func(h *Hamlet, k int) Facility {
		return func(h *Hamlet, k int) Facility {
			return Facility{Name: name + " di " + h.Name, Capacity: beds, Opening: "24/7"}
		}
	}
	svc.Facilities = append(svc.Facilities, s.open(&s.out.Hamlets[0], 4, plain("Ospedale civile", 180)))
	if scale > 0.5 {
		best, far := 0, 0.0
		for i, p := range s.placeOf {
			if s.out.Hamlets[i].Kind != "capoluogo" || p.people < 300 {
				continue
			}
			if d := s.metres(p.block, s.seat[0]); d > far {
				best, far = i, d
			}
		}
		if best > 0 {
			svc.Facilities = append(svc.Facilities, s.open(&s.out.Hamlets[best], 1, plain("Presidio ospedaliero", 30)))
		}
	}
	s.out.Services = append(s.out.Services, svc)
}

// open places a facility among the houses of a hamlet: the k-th one in the
// k-th most peopled block near it.
func (s *settler) open(h *Hamlet, k int, make func(h *Hamlet, k int) Facility) Facility {
	f := make(h, k)
	f.Hamlet, f.Municipality = h.Name, h.Municipality
	home, _ := s.block(h.Point)
	var near []int
	var weight []float64
	for r := -4; r <= 4; r++ {
		for c := -4; c <= 4; c++ {
			cc, rr := home%s.m+c, home/s.m+r
			if cc < 0 || rr < 0 || cc >= s.m || rr >= s.m {
				continue
			}
			b := rr*s.m + cc
			if s.home[b] == s.home[home] && s.density[b] > 0 && s.dryAt(s.centre(b)) {
				near, weight = append(near, b), append(weight, s.density[b])
			}
		}
	}
	f.Point = h.Point
	if len(near) > 0 {
		f.Point = s.centre(near[rank(weight)[k%min(len(near), 6)]])
	}
	return f
}

func (s *settler) dryAt(p orb.Point) bool {
	c, r := int((p[0]-s.land.X0)/s.land.Cell), int((s.land.Y0-p[1])/s.land.Cell)
	return c >= 0 && r >= 0 && c < s.land.N && r < s.land.N && !s.land.Water[r*s.land.N+c]
}

func (s *settler) nearestHamlet(b int) (*Hamlet, float64) {
	best, far := 0, math.Inf(1)
	for i, p := range s.placeOf {
		if d := s.metres(b, p.block); d < far {
			best, far = i, d
		}
	}
	return &s.out.Hamlets[best], far
}
