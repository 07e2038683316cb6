package analysis

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/join"
	"contado/geo/notice"
)

// ContainingRequest asks in which area each row of a vector dataset lies.
type ContainingRequest struct {
	Dataset, Filter string
	Areas           ZonalAreas
	MaxRows         int // 0 = DefaultMaxAreas
}

// ContainingResult is the answer.
type ContainingResult struct {
	Dataset string          `json:"dataset"`
	Rows    []ContainingRow `json:"rows"`
	// Nowhere is how many rows lie in no area.
	Nowhere int               `json:"rows_in_no_area"`
	Inputs  []coverage.Input  `json:"inputs"`
	Method  string            `json:"method"`
	Notices []coverage.Notice `json:"notices"`
	Program coverage.Program  `json:"program"`
}

// ContainingRow is a row and its areas.
type ContainingRow struct {
	ID    int64             `json:"id"`
	Name  string            `json:"name"`
	Areas []ContainingShare `json:"areas"` // the one with most of the row first
	place orb.Geometry
}

func (r *ContainingRow) code() string { return strconv.FormatInt(r.ID, 10) }

// ContainingShare is how much of a row lies in an area: of its surface, else
// of its length, else of its points.
type ContainingShare struct {
	Code  string  `json:"code"`
	Name  string  `json:"name"`
	Share float64 `json:"share"`
}

const containingMethod = "areas that share more than a boundary with the row, and points on a boundary; shares of geodesic lengths and areas on the WGS 84 ellipsoid"

// Containing finds the areas.
func (e *Engine) Containing(ctx context.Context, q ContainingRequest, p Progress) (*ContainingResult, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	limit := q.MaxRows
	if limit == 0 {
		limit = DefaultMaxAreas
	}
	rows, err := r.named(ctx, q.Dataset, q.Filter, maxNearVertices)
	if err != nil {
		return nil, err
	}
	if len(rows) > limit {
		return nil, fault.Errorf("analysis.Containing", fault.TooLarge, "%d rows, the limit is %d", len(rows), limit)
	}
	areas, err := r.zonalAreas(ctx, &ZonalRequest{Areas: q.Areas})
	if err != nil {
		return nil, err
	}
	f, err := newFinder(areas)
	if err != nil {
		return nil, err
	}
	out := &ContainingResult{Dataset: q.Dataset, Rows: make([]ContainingRow, len(rows)), Method: containingMethod, Program: r.programOf()}
	g, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	var mu sync.Mutex
	done := 0
	for w := range workers {
		g.Go(func() error {
			m := f.measurers()
			for i := w; i < len(rows); i += workers {
				if err := ctx.Err(); err != nil {
					return fault.E("analysis.Containing", fault.Canceled, err)
				}
				shares, err := m.of(rows[i].geometry)
				if err != nil {
					return fmt.Errorf("row %d of %s: %w", rows[i].id, q.Dataset, err)
				}
				out.Rows[i] = ContainingRow{ID: rows[i].id, Name: rows[i].name, Areas: shares, place: rows[i].geometry}
				mu.Lock()
				done++
				p.tell(float64(done)/float64(len(rows)), "rows")
				mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i := range out.Rows {
		if len(out.Rows[i].Areas) == 0 {
			out.Nowhere++
		}
	}
	if out.Nowhere > 0 {
		r.notice("rows-in-no-area", notice.Text("%d of %d [row|rows] [1:lies|lie] in none of the areas.", out.Nowhere, len(rows)),
			notice.Italian("%d [riga|righe] su %d non [1:si trova|si trovano] in nessuna delle aree.", out.Nowhere, len(rows)))
	}
	out.Inputs, out.Notices = r.inputs, r.said()
	return out, nil
}

// finder holds areas by their boxes.
type finder struct {
	areas    []ZonalFeature
	outlines []*join.Outline
	tree     *index.Tree[int]
	lonLat   *crs.Transformer // from longitude and latitude to itself
}

func newFinder(areas []ZonalFeature) (*finder, error) {
	f := &finder{areas: areas, outlines: make([]*join.Outline, len(areas))}
	boxes, order := make([]geo.BBox, len(areas)), make([]int, len(areas))
	for i, a := range areas {
		f.outlines[i] = join.NewOutline(polygonsOf(a.Geometry))
		boxes[i], order[i] = f.outlines[i].Box(), i
	}
	f.tree = index.Build(boxes, order)
	var err error
	f.lonLat, err = crs.New(geo.WGS84, geo.WGS84)
	return f, err
}

// shareMeasurers is a finder for one goroutine.
type shareMeasurers struct {
	*finder
	kept map[int]*join.Measurer
}

func (f *finder) measurers() *shareMeasurers {
	return &shareMeasurers{finder: f, kept: map[int]*join.Measurer{}}
}

// of gives the areas of a geometry in longitude and latitude, the largest
// share first.
func (m *shareMeasurers) of(g orb.Geometry) ([]ContainingShare, error) {
	out := []ContainingShare{}
	var failed error
	area, length := crs.Area(g), crs.Length(g)
	points, _ := g.(orb.MultiPoint)
	m.tree.Search(geo.BBoxOf(g.Bound()), func(_ geo.BBox, i int) bool {
		if m.kept[i] == nil {
			m.kept[i] = join.NewMeasurer(m.outlines[i], m.lonLat)
		}
		p, err := m.kept[i].Of(g)
		if err != nil {
			failed = err
			return false
		}
		share := 0.0
		switch {
		case !p.Touches:
		case area > 0:
			share = min(p.SquareMetres/area, 1)
		case length > 0:
			share = min(p.Metres/length, 1)
		case len(points) > 0:
			share = float64(p.Points) / float64(len(points))
		default:
			share = 1
		}
		if share > 0 {
			out = append(out, ContainingShare{Code: m.areas[i].Code, Name: m.areas[i].Name, Share: share})
		}
		return true
	})
	slices.SortFunc(out, func(a, b ContainingShare) int {
		switch {
		case a.Share > b.Share:
			return -1
		case a.Share < b.Share:
			return 1
		case a.Code < b.Code:
			return -1
		}
		return 1
	})
	return out, failed
}
