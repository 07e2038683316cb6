package join_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/join"
	"contado/geo/store/postgis/pgtest"
)

// places are random geometries in longitude and latitude, made in UTM.
func places(t *testing.T, r *rand.Rand, n int) []orb.Geometry {
	t.Helper()
	tr := toLonLat(t, utm)
	out := make([]orb.Geometry, n)
	for i := range out {
		g, err := tr.Geometry(shape(r, r.IntN(4)), &crs.GeometryOptions{MaxError: math.Inf(1)})
		if err != nil {
			t.Fatal(err)
		}
		out[i] = g
	}
	return out
}

func TestDistanceAsPostGIS(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("postgres", pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r := rand.New(rand.NewPCG(5, 6))
	all := places(t, r, 80)
	// Others far away, where chords and geodesics differ most.
	for range 10 {
		x, y := 6+12*r.Float64(), 37+9*r.Float64()
		all = append(all, orb.Point{x, y}, orb.LineString{{x, y}, {x + 0.1*r.Float64(), y + 0.1*r.Float64()}})
	}
	apart := 0
	for i, a := range all {
		for j := range i {
			b := all[j]
			var want float64
			err := db.QueryRowContext(t.Context(), "SELECT ST_Distance(ST_GeomFromWKB($1, 4326)::geography, ST_GeomFromWKB($2, 4326)::geography)",
				wkb.MustMarshal(a), wkb.MustMarshal(b)).Scan(&want)
			if err != nil {
				t.Fatal(err)
			}
			if want > 0 {
				apart++
			}
			got := join.Distance(join.NewShape(a), join.NewShape(b))
			// PostGIS looks for the two places on a sphere, and may miss the
			// nearest by a little; never is ours farther away.
			if got > want*(1+1e-6)+0.001 || got < want*(1-3e-4)-0.01 {
				t.Errorf("%d to %d: %.4f m, PostGIS %.4f", i, j, got, want)
			}
		}
	}
	if apart < 1000 {
		t.Errorf("only %d pairs are apart", apart)
	}
}

func TestFindIsBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	rows := places(t, r, 300)
	rows = append(rows, nil, orb.LineString{}, orb.Point{-160, -40}) // nothing, nothing, far away
	near := join.NewNear(rows)
	for i, from := range places(t, r, 60) {
		s := join.NewShape(from)
		var all []join.Neighbour
		for row, g := range rows {
			if d := join.Distance(s, join.NewShape(g)); !math.IsInf(d, 1) {
				all = append(all, join.Neighbour{Row: row, Metres: d})
			}
		}
		slices.SortFunc(all, func(a, b join.Neighbour) int {
			return cmp.Or(cmp.Compare(a.Metres, b.Metres), cmp.Compare(a.Row, b.Row))
		})
		k, within := 1+r.IntN(20), 50*math.Pow(10, 2.5*r.Float64())
		inside := slices.IndexFunc(all, func(n join.Neighbour) bool { return n.Metres > within })
		for name, c := range map[string]struct {
			k      int
			within float64
			want   []join.Neighbour
		}{
			"k":      {k, math.Inf(1), all[:k]},
			"all":    {len(rows), math.Inf(1), all},
			"within": {0, within, all[:inside]},
			"both":   {k, within, all[:min(k, inside)]},
		} {
			got, err := near.Find(t.Context(), s, c.k, c.within)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Fatalf("%d %s: %v, %v, want %v", i, name, got, err, c.want)
			}
		}
	}
	_, err := near.Find(t.Context(), join.NewShape(orb.Point{1, 1}), 0, math.Inf(1))
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("no bound at all: %v", err)
	}
	if got, err := join.NewNear(nil).Find(t.Context(), join.NewShape(orb.Point{1, 1}), 3, math.Inf(1)); err != nil || len(got) != 0 {
		t.Errorf("among nothing: %v, %v", got, err)
	}
}
