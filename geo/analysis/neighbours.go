package analysis

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/join"
	"contado/geo/notice"
	"contado/geo/store/features"
	"contado/geo/wkb"
)

// NearestRequest asks what of one vector dataset is nearest to the rows of
// another, or to areas.
type NearestRequest struct {
	From ZonalAreas // areas, when FromDataset is ""
	// FromDataset holds the rows that look for neighbours; FromFilter says which.
	FromDataset, FromFilter string
	To, ToFilter            string
	// K is how many neighbours to find; 0 means 1, or all within Within.
	K int
	// Within is the farthest, in metres; 0 means however far.
	Within float64

	MaxRows int // looking for neighbours; 0 = DefaultMaxAreas
}

// NearestResult is the answer.
type NearestResult struct {
	From    string            `json:"from,omitempty"`
	To      string            `json:"to"`
	Within  float64           `json:"within_m,omitempty"`
	Rows    []NearestRow      `json:"rows"`
	Inputs  []coverage.Input  `json:"inputs"`
	Method  string            `json:"method"`
	Notices []coverage.Notice `json:"notices"`
	Program coverage.Program  `json:"program"`
}

// NearestRow is a row and what is near it.
type NearestRow struct {
	Code       string         `json:"code"` // of the area, or the id of the row
	Name       string         `json:"name"`
	Neighbours []NearestPlace `json:"neighbours"` // the nearest first
	place      orb.Geometry
}

// NearestPlace is one neighbour.
type NearestPlace struct {
	ID     int64   `json:"id"`
	Name   string  `json:"name"`
	Metres float64 `json:"distance_m"`
}

const nearestMethod = "geodesic distances on the WGS 84 ellipsoid between the nearest points of both geometries; 0 where they share a point"

// maxNearVertices bounds the dataset that neighbours are looked for in: it is
// held in memory, some 80 bytes a vertex.
const maxNearVertices = 20_000_000

// Nearest finds the neighbours.
func (e *Engine) Nearest(ctx context.Context, q NearestRequest, p Progress) (*NearestResult, error) {
	const op = "analysis.Nearest"
	if q.K < 0 || q.Within < 0 || math.IsNaN(q.Within) {
		return nil, fault.Errorf(op, fault.Invalid, "a negative number of neighbours or distance")
	}
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	from, err := r.lookers(ctx, &q)
	if err != nil {
		return nil, err
	}
	to, err := r.named(ctx, q.To, q.ToFilter, maxNearVertices)
	if err != nil {
		return nil, err
	}
	geometries := make([]orb.Geometry, len(to))
	for i := range to {
		geometries[i] = to[i].geometry
	}
	near := join.NewNear(geometries)
	k, within := q.K, q.Within
	if within == 0 {
		k, within = max(k, 1), math.Inf(1)
	}
	extra := 0
	if q.FromDataset != "" && q.FromDataset == q.To {
		if extra = 1; k == 0 {
			k = len(to)
		}
	}
	out := &NearestResult{From: q.FromDataset, To: q.To, Within: q.Within, Rows: make([]NearestRow, len(from)), Method: nearestMethod, Program: r.programOf()}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	var done atomic.Int64
	for i := range from {
		g.Go(func() error {
			found, err := near.Find(ctx, join.NewShape(from[i].geometry), k+extra, within)
			if err != nil {
				return err
			}
			if extra > 0 { // a row is no neighbour of itself
				found = slices.DeleteFunc(found, func(n join.Neighbour) bool { return to[n.Row].id == from[i].id })
				found = found[:min(len(found), k)]
			}
			row := NearestRow{Code: from[i].code, Name: from[i].name, Neighbours: []NearestPlace{}, place: from[i].geometry}
			for _, n := range found {
				row.Neighbours = append(row.Neighbours, NearestPlace{ID: to[n.Row].id, Name: to[n.Row].name, Metres: n.Metres})
			}
			out.Rows[i] = row
			p.tell(float64(done.Add(1))/float64(len(from)), "neighbours")
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out.Inputs, out.Notices = r.inputs, r.said()
	return out, nil
}

// namedRow is a row in longitude and latitude.
type namedRow struct {
	id         int64
	code, name string
	geometry   orb.Geometry
}

// lookers are the rows or areas that look for neighbours.
func (r *run) lookers(ctx context.Context, q *NearestRequest) ([]namedRow, error) {
	limit := q.MaxRows
	if limit == 0 {
		limit = DefaultMaxAreas
	}
	var out []namedRow
	if q.FromDataset != "" {
		var err error
		if out, err = r.named(ctx, q.FromDataset, q.FromFilter, maxNearVertices); err != nil {
			return nil, err
		}
	} else {
		areas, err := r.zonalAreas(ctx, &ZonalRequest{Areas: q.From, MaxAreas: limit})
		if err != nil {
			return nil, err
		}
		for _, a := range areas {
			out = append(out, namedRow{code: a.Code, name: a.Name, geometry: a.Geometry})
		}
	}
	if len(out) > limit {
		return nil, fault.Errorf("analysis.Nearest", fault.TooLarge, "%d rows look for neighbours, the limit is %d", len(out), limit)
	}
	return out, nil
}

// named reads the rows of a vector dataset that have a place.
func (r *run) named(ctx context.Context, id, filter string, most int) ([]namedRow, error) {
	const op = "analysis.Nearest"
	l, err := r.rows(ctx, id)
	if err != nil {
		return nil, err
	}
	s := l.Schema()
	if s.GeometryType == "" {
		return nil, fault.Errorf(op, fault.Invalid, "dataset %s has no geometry", id)
	}
	q := features.Query{Fields: []string{}}
	if q.Filter, err = parseFilter(filter); err != nil {
		return nil, err
	}
	if i := nameField(s); i >= 0 {
		q.Fields = append(q.Fields, s.Fields[i].Name)
	}
	tr, err := crs.New(s.CRS, geo.WGS84)
	if err != nil {
		return nil, err
	}
	var out []namedRow
	var failed error
	var without int64
	vertices := 0
	err = l.Scan(ctx, q, func(f geo.Feature) bool {
		if f.Geometry == nil {
			without++
			return true
		}
		row := namedRow{id: f.ID, code: strconv.FormatInt(f.ID, 10), name: fieldText(f, len(q.Fields)-1)}
		if row.geometry, failed = tr.Geometry(f.Geometry, nil); failed != nil {
			failed = fmt.Errorf("row %d of %s: %w", f.ID, id, failed)
			return false
		}
		if vertices += wkb.Positions(row.geometry); vertices > most {
			failed = fault.WithHint(fault.Errorf(op, fault.TooLarge, "dataset %s has more than %d vertices", id, most), "narrow it with a filter")
		}
		out = append(out, row)
		return failed == nil
	})
	if without > 0 {
		r.notice("rows-without-place", notice.Text("%d [row|rows] of %s [has no place and was|have no place and were] left out.", without, id),
			notice.Italian("%d [riga|righe] di %s non [ha una posizione ed è stata esclusa|hanno una posizione e sono state escluse].", without, id))
	}
	return out, firstError(failed, err)
}
