package analysis

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"sync"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/geo/travel/road"
)

// roadsExtra is the kind of the graph of roads that belongs to a version.
const roadsExtra catalog.ExtraKind = "roads"

// networks are the graphs of roads that have been opened, by what they were
// made of. They stay mapped: that costs addresses, and pages of the file that
// the system takes back when it wants them.
type networks struct {
	mu   sync.Mutex
	open map[string]*road.Network
}

// roadsMadeOf is what a graph was made of, as its extra says.
type roadsMadeOf struct {
	Format string   `json:"format"` // of the program: another one is made anew
	From   []string `json:"from"`   // dataset and state
}

// roadsFormat changes when graphs come out otherwise.
const roadsFormat = "2"

// network is the graph of datasets of roads, whole, with heights from a
// dataset of elevation when there is one. It is built once for each state of
// what it is made of, and kept with the version of the first dataset.
func (r *run) network(ctx context.Context, sets []catalog.Dataset, elevation *catalog.Dataset) (*road.Network, error) {
	made := roadsMadeOf{Format: roadsFormat}
	all := append(slices.Clone(sets), r.restrictionSets(sets)...)
	if elevation != nil {
		all = append(all, *elevation)
	}
	for _, d := range all {
		r.used(d)
		made.From = append(made.From, d.ID+" "+r.snapshot.Stamp(d.ID)+" "+d.Version.SHA256)
	}
	key := strings.Join(append([]string{made.Format}, made.From...), "\n")
	r.roads.mu.Lock()
	defer r.roads.mu.Unlock()
	if n, ok := r.roads.open[key]; ok {
		return n, nil
	}
	n, err := r.keptNetwork(ctx, sets, elevation, made)
	if err != nil {
		return nil, err
	}
	if r.roads.open == nil {
		r.roads.open = map[string]*road.Network{}
	}
	r.roads.open[key] = n
	return n, nil
}

// keptNetwork opens the graph that was kept, or makes and keeps it.
func (r *run) keptNetwork(ctx context.Context, sets []catalog.Dataset, elevation *catalog.Dataset, made roadsMadeOf) (*road.Network, error) {
	fits := func(detail json.RawMessage) bool {
		var was roadsMadeOf
		return json.Unmarshal(detail, &was) == nil && was.Format == made.Format && slices.Equal(was.From, made.From)
	}
	if path, ok := r.atlas.Kept(sets[0], roadsExtra, fits); ok {
		if n, err := road.Open(path); err == nil {
			return n, nil
		}
		// Damaged or of another version: made anew below.
	}
	restrictions, err := r.restrictionsOf(ctx, sets)
	if err != nil {
		return nil, err
	}
	o := &road.BuildOptions{}
	if elevation != nil {
		o.Elevation = (&heights{run: r, set: *elevation}).at
	}
	n, err := road.Build(ctx, r.ways(ctx, sets), restrictions, o)
	if err != nil {
		return nil, err
	}
	detail, err := json.Marshal(made)
	if err != nil {
		return nil, fault.E("analysis.roads", fault.Other, err)
	}
	path, err := r.atlas.Keep(ctx, sets[0], catalog.Extra{Kind: roadsExtra, Detail: detail}, "network"+road.Extension, func(path string) error {
		return road.Create(path, n)
	})
	if err != nil {
		return n, r.unkept(ctx, err)
	}
	return road.Open(path)
}

// unkept says that a graph could not be kept; it serves as it is.
func (r *run) unkept(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	r.notice("network-not-kept",
		"The graph of roads could not be kept in the data folder, so it is made each time: "+err.Error(),
		"Il grafo delle strade non si è potuto conservare nella cartella dei dati, quindi è ricostruito ogni volta: "+err.Error())
	return nil
}

// heights reads elevation at places.
type heights struct {
	*run
	set catalog.Dataset
}

// maxHeightCells bounds the window that is read for a batch of places; batches
// spread wider are halved.
const maxHeightCells = 4 << 20

// at is a road.Elevation: bilinear between cell centres, NaN where no raster
// reaches.
func (h *heights) at(ctx context.Context, lon, lat []float64, z []float32) error {
	index := make([]int, len(lon))
	for i := range index {
		index[i] = i
		z[i] = float32(math.NaN())
	}
	return h.part(ctx, lon, lat, z, index)
}

func (h *heights) part(ctx context.Context, lon, lat []float64, z []float32, index []int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	box := geo.EmptyBBox()
	for _, i := range index {
		box = box.ExtendPoint(lon[i], lat[i])
	}
	for _, it := range h.snapshot.Items(h.set.ID, &box) {
		native, err := fromLonLat(box, it.Grid.CRS)
		if err != nil {
			return err
		}
		if len(index) > 1 && it.Grid.WindowOf(native).Cells() > maxHeightCells {
			return h.halves(ctx, lon, lat, z, index, box)
		}
	}
	for _, it := range h.snapshot.Items(h.set.ID, &box) {
		if err := h.item(ctx, it, box, lon, lat, z, index); err != nil {
			return err
		}
	}
	return nil
}

func (h *heights) halves(ctx context.Context, lon, lat []float64, z []float32, index []int, box geo.BBox) error {
	by := lon
	if box.Height() > box.Width() {
		by = lat
	}
	slices.SortFunc(index, func(a, b int) int {
		switch {
		case by[a] < by[b]:
			return -1
		case by[a] > by[b]:
			return 1
		}
		return a - b
	})
	half := len(index) / 2
	if err := h.part(ctx, lon, lat, z, index[:half]); err != nil {
		return err
	}
	return h.part(ctx, lon, lat, z, index[half:])
}

// item fills in the places that have no height yet.
func (h *heights) item(ctx context.Context, it catalog.Item, box geo.BBox, lon, lat []float64, z []float32, index []int) error {
	tr, err := crs.New(geo.WGS84, it.Grid.CRS)
	if err != nil {
		return err
	}
	native, err := fromLonLat(box, it.Grid.CRS)
	if err != nil {
		return err
	}
	p, ok, err := h.readPatch(ctx, it, 1, grown(it.Grid, native))
	if err != nil || !ok {
		return err
	}
	inv, ok := p.grid.Transform.Invert()
	if !ok {
		return fault.Errorf("analysis.heights", fault.Invalid, "the georeference of item %s is degenerate", it.ID)
	}
	xs, ys := make([]float64, len(index)), make([]float64, len(index))
	for k, i := range index {
		xs[k], ys[k] = lon[i], lat[i]
	}
	if err := tr.Points(xs, ys); err != nil {
		return err
	}
	for k, i := range index {
		if z[i] != z[i] {
			z[i] = float32(p.bilinear(inv.Apply(xs[k], ys[k])))
		}
	}
	return nil
}

// grown is a box with half a cell around it, so that places on its edge have
// neighbours to interpolate between.
func grown(g grid.Grid, b geo.BBox) geo.BBox {
	return b.Buffer(math.Max(math.Abs(g.Transform[1]), math.Abs(g.Transform[5])))
}
