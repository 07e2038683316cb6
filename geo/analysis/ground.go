package analysis

import (
	"context"
	"math"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/travel"
)

// ground is what lies under everyone's feet: land cover and elevation on one
// grid over a territory and its surroundings. It is read once for all ways of
// moving.
type ground struct {
	at      *setting
	cover   catalog.Dataset // of land cover; no id when none is known
	item    catalog.Item    // of the land cover
	lattice grid.Grid
	classes []int32        // land cover of each cell; nil when not known
	heights []float32      // metres, NaN unknown; nil for flat ground
	season  *travel.Season // nil for none
}

// readGround reads the ground, or gives what has been read before. Without
// land cover it is open everywhere, and roads and barriers alone tell it
// apart.
func (s *setting) readGround(ctx context.Context, cover catalog.Dataset, p Progress) (*ground, error) {
	if s.ground != nil {
		return s.ground, nil
	}
	g := &ground{at: s, cover: cover}
	read := g.covered
	if cover.ID == "" {
		read = g.open
	}
	if err := read(ctx, p); err != nil {
		return nil, err
	}
	var err error
	if g.season, err = s.season(ctx, s.q.Season, g.lattice); err != nil {
		return nil, err
	}
	if g.season != nil && g.season.SnowLine != 0 && g.heights == nil {
		s.notice("snow-line-unused",
			"The snow line has no effect: no elevation is known here.",
			"Il limite della neve non ha effetto: qui non è nota l'elevazione.")
	}
	s.ground = g
	return g, nil
}

// noClass is the land-cover value for "not known".
const noClass = math.MinInt32

// covered reads land cover and elevation onto one grid: the land cover's own,
// cut to the territory and its surroundings.
func (g *ground) covered(ctx context.Context, p Progress) error {
	g.at.used(g.cover)
	box := g.at.box.Buffer(g.at.degrees(reachMetres(g.at.longest(), walkSpeed)))
	var err error
	if g.item, err = g.at.oneItem(g.cover, "", "", &g.at.box); err != nil {
		return err
	}
	native, err := fromLonLat(box, g.item.Grid.CRS)
	if err != nil {
		return err
	}
	win := g.item.Grid.WindowOf(native)
	if win.Empty() {
		return fault.Errorf("analysis.walking", fault.Invalid, "land cover %q does not cover the territory", g.cover.ID)
	}
	if win.Cells() > maxWalkingCells {
		return fault.WithHint(fault.Errorf("analysis.walking", fault.TooLarge, "the territory and its surroundings have %d cells of land cover, the limit is %d", win.Cells(), maxWalkingCells),
			"take a smaller territory, or coarser land cover")
	}
	g.lattice = g.item.Grid.Sub(win)
	p.tell(0.1, "land cover")
	values := make([]float32, g.lattice.Cells())
	if _, err := g.at.resample(ctx, []catalog.Item{g.item}, 1, g.lattice, false, values); err != nil {
		return err
	}
	g.classes = make([]int32, len(values))
	for i, v := range values {
		g.classes[i] = noClass
		if v == v && v > math.MinInt32 && v < math.MaxInt32 {
			g.classes[i] = int32(v)
		}
	}
	g.coverExtent()
	p.tell(0.2, "elevation")
	return g.relief(ctx, values)
}

// open takes the ground as open: a grid of its own, without classes.
func (g *ground) open(ctx context.Context, p Progress) error {
	var err error
	if g.lattice, err = squareGrid(g.at.box.Buffer(g.at.degrees(reachMetres(g.at.longest(), walkSpeed))), openMinCell); err != nil {
		return err
	}
	g.at.notice("open-ground",
		notice.Text("No land cover is known here: off the roads the ground is taken as open everywhere (%s), on cells of %.0f m.", openSpeeds, g.lattice.Transform[1]),
		notice.Italian("Qui non è nota la copertura del suolo: fuori dalle strade il terreno è considerato aperto ovunque (%s), su celle di %.0f m.", openSpeeds, g.lattice.Transform[1]))
	p.tell(0.5, "elevation")
	return g.relief(ctx, make([]float32, g.lattice.Cells()))
}

// openSpeeds is the speed table of ground without land cover.
const openSpeeds = "walking-open"

// openMinCell is the least side of its cells, in metres.
const openMinCell = 20.0

// coverExtent warns when the land cover ends inside the territory.
func (g *ground) coverExtent() {
	const slack = 0.005 // of the extent: boxes of tilted grids are not exact
	b, dx, dy := g.item.BBox, slack*g.at.box.Width(), slack*g.at.box.Height()
	if b.MinX > g.at.box.MinX+dx || b.MinY > g.at.box.MinY+dy || b.MaxX < g.at.box.MaxX-dx || b.MaxY < g.at.box.MaxY-dy {
		g.at.notice("landcover-partial",
			"The land cover does not reach the whole extent of the territory; people beyond it cannot be placed and are not in the figures.",
			"La copertura del suolo non arriva a tutta l'estensione del territorio; le persone oltre il suo limite non sono nelle cifre.")
	}
}

// relief reads elevation onto the grid; buffer is reused.
func (g *ground) relief(ctx context.Context, buffer []float32) error {
	if g.at.q.Elevation == "none" {
		g.flat("as asked", "come richiesto")
		return nil
	}
	d, found, err := g.at.pick(catalog.Elevation, g.at.q.Elevation, "--elevation", g.at.box)
	if err != nil {
		return err
	}
	if !found {
		g.flat("no elevation is known here", "qui non è nota l'elevazione")
		return nil
	}
	if d.Kind != catalog.Raster {
		return fault.Errorf("analysis.walking", fault.Invalid, "elevation %q is no raster", d.ID)
	}
	g.at.used(d)
	box, err := boxIn(g.lattice, geo.WGS84)
	if err != nil {
		return err
	}
	missing, err := g.at.resample(ctx, g.at.snapshot.Items(d.ID, &box), 1, g.lattice, true, buffer)
	if err != nil {
		return err
	}
	if missing > 0 {
		g.at.notice("elevation-missing",
			notice.Text("%d of %d [cell|cells] [1:has no elevation and is|have no elevation and are] taken as level.", missing, len(buffer)),
			notice.Italian("%d [cella|celle] su %d non [1:ha quota ed è considerata|hanno quota e sono considerate] in piano.", missing, len(buffer)))
	}
	g.heights = buffer
	return nil
}

func (g *ground) flat(en, it string) {
	g.at.notice("flat-ground", "The ground is taken as flat: "+en+".", "Il terreno è considerato piano: "+it+".")
}
