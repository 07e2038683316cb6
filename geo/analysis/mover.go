package analysis

import (
	"context"
	"math"
	"strings"

	"contado/geo/coverage"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/travel"
)

// footing is the ground that people stand on: the cells of one territory and
// its surroundings.
type footing struct {
	grid     grid.Grid
	passable func(cell int) bool // where people can start
	area     []int32             // index of the area of each cell, noArea outside
}

// mover is one way of moving over the ground of one territory, prepared once
// and asked for each service. It is safe for use by several goroutines.
type mover interface {
	// grid places the answers' cells, row by row.
	grid() grid.Grid
	// passable reports whether people can start from a cell.
	passable(cell int) bool
	// reach is how far, in metres, a facility can matter when the largest
	// threshold is so many seconds; facilities beyond it are not read.
	reach(seconds float64) float64
	// times gives the time of every cell to the nearest of the facilities, or
	// from it. Facilities that cannot be placed are listed, not dropped.
	times(ctx context.Context, list []facility, o moveOptions, p Progress) (*movement, error)
	// method says how the times are made.
	method() (model string, parameters []coverage.Parameter, formulas []coverage.Formula)
}

// moveOptions are what may differ from one question to the next.
type moveOptions struct {
	direction  travel.Direction
	neighbours int     // of a step over the ground; 0 = 16
	anyWay     bool    // over the ground in any direction, by fast marching
	maxSeconds float32 // 0 = no limit; inclusive
}

// movement is the answer of a mover, one value a cell.
type movement struct {
	seconds  []float32 // +Inf where no facility can be reached
	nearest  []int32   // index of the facility, −1 where none
	unplaced []coverage.UnplacedFacility
	rides    *rides // what riding adds, for public transport
}

// newMover settles how people move and prepares it. An empty profile becomes
// walking where there is land cover, else a straight line.
func (w *way) newMover(ctx context.Context, p Progress) (mover, error) {
	const op = "analysis.Coverage"
	if w.profile == StraightLine {
		return w.newStraightMover()
	}
	name := w.profile
	if name == "" {
		name = Walking
	}
	prof, err := w.q.travelProfile(name)
	if err != nil {
		return nil, fault.Errorf(op, fault.Invalid, "unknown profile %q (profiles: %s)", w.profile, strings.Join(Profiles(), ", "))
	}
	cover, found, err := w.landCover()
	if err != nil {
		return nil, err
	}
	roads, err := w.all(catalog.Road, w.q.Roads, w.box)
	if err != nil {
		return nil, err
	}
	if w.profile == "" && !found && len(roads) == 0 {
		w.profile = StraightLine
		w.notice("straight-line",
			"Neither land cover nor roads are known here, so distances are straight lines at a fixed speed: real walks are longer, and nobody is unreachable.",
			"Qui non sono note né la copertura del suolo né le strade: le distanze sono in linea d'aria a velocità fissa; i percorsi reali sono più lunghi e nessuno risulta irraggiungibile.")
		return w.newStraightMover()
	}
	w.profile = name
	walker, err := prof.Walker()
	if err != nil {
		return nil, err
	}
	k, err := w.newWalk(ctx, cover, walker, p.part(0, 0.6))
	if err != nil {
		return nil, err
	}
	if prof.OnGround() {
		return onFoot{k}, nil
	}
	if prof.Mode == travel.Car || prof.Mode == travel.Bicycle {
		return w.newRoadMover(ctx, k, prof, p.part(0.6, 1))
	}
	return w.newTransitMover(ctx, k, p.part(0.6, 1))
}

// travelProfile is a profile of the request or of the program.
func (q *CoverageRequest) travelProfile(name string) (travel.Profile, error) {
	for _, p := range q.Own {
		if p.Name == name {
			return p, nil
		}
	}
	return travel.ProfileByName(name)
}

// landCover is the dataset of land cover; found is false when there is none,
// or none is wanted.
func (w *way) landCover() (d catalog.Dataset, found bool, err error) {
	if w.q.LandCover == "none" {
		return d, false, nil
	}
	return w.pick(catalog.LandCover, w.q.LandCover, "--landcover", w.box)
}

// walkSpeed bounds the speed of walkers, in metres a second.
const walkSpeed = 6.0 / 3.6

// reachMetres is how far round a territory facilities and ground are taken
// in: twice the way made within the largest threshold, at least 5 km and at
// most 100. Times beyond it may be overstated; they are over every threshold
// anyhow.
func reachMetres(seconds, speed float64) float64 {
	return math.Min(math.Max(5000, 2*seconds*speed), 100_000)
}
