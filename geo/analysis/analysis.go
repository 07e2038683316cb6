// Package analysis turns questions in the words of users (a territory's code,
// a dataset's id) into the arrays that the engines take, runs the engine, and
// adds to the answer what it was made from: datasets, versions, checksums,
// method, notices. The command line, the API and the job queue call it alike.
package analysis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/blockstats"
	"contado/geo/coverage"
	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/mosaic"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// Engine answers questions over the current snapshot of an atlas. It is safe
// for concurrent use.
type Engine struct {
	atlas   *atlas.Atlas
	pool    *gdal.Pool
	reader  *mosaic.Reader
	weights *zonal.WeightCache
	stats   *blockstats.Cache
	program string
	roads   *networks
	// explored is what answers to earlier questions have in common with later
	// ones.
	explored *explored
	trees    peopleTrees
	// timetables opens those of public transport; nil when none can be read.
	timetables OpenTimetable
}

// New makes an engine; program is the name and version that answers carry.
func New(a *atlas.Atlas, pool *gdal.Pool, program string) *Engine {
	stats := blockstats.NewCache(0)
	return &Engine{
		atlas: a, pool: pool, program: program, stats: stats, roads: &networks{}, explored: newExplored(), weights: zonal.NewWeightCache(maxWeights),
		reader: mosaic.New(mosaic.FromPool(pool), &mosaic.Options{Blocks: mosaic.FromBlockStats(stats)}),
	}
}

// Progress is told how far the work is, done in [0, 1], and its stage. It may
// be called from several goroutines, never after the work has returned.
type Progress func(done float64, stage string)

func (p Progress) tell(done float64, stage string) {
	if p != nil {
		p(done, stage)
	}
}

// run is one question being answered: the snapshot that it sees throughout,
// and what it has used and noticed so far.
type run struct {
	*Engine
	snapshot *atlas.Snapshot
	tree     *atlas.Territories
	inputs   []coverage.Input
	shown    bool // people are read as they are shown: see peopleAs

	mu      sync.Mutex // of notices
	notices []coverage.Notice
	left    map[mosaic.Skip]bool // pictures noted as left out
}

func (e *Engine) begin(ctx context.Context) (*run, error) {
	s := e.atlas.Current()
	tree, err := s.Territories(ctx)
	if err != nil {
		return nil, err
	}
	return &run{Engine: e, snapshot: s, tree: tree}, nil
}

// fork is a run over the same snapshot that notes its own inputs and notices.
func (r *run) fork() *run {
	return &run{Engine: r.Engine, snapshot: r.snapshot, tree: r.tree, shown: r.shown}
}

// inputsOf are the inputs of several runs, each once, in their order.
func inputsOf(runs ...*run) []coverage.Input {
	out := []coverage.Input{}
	for _, r := range runs {
		for _, in := range r.inputs {
			if !slices.ContainsFunc(out, func(o coverage.Input) bool { return o.Dataset == in.Dataset && o.Version == in.Version }) {
				out = append(out, in)
			}
		}
	}
	return out
}

// noticesOf are the notices of several runs, each once, in their order.
func noticesOf(runs ...*run) []coverage.Notice {
	out := []coverage.Notice{}
	for _, r := range runs {
		for _, n := range r.said() {
			if !slices.ContainsFunc(out, func(o coverage.Notice) bool { return o.Code == n.Code && o.Text == n.Text }) {
				out = append(out, n)
			}
		}
	}
	return out
}

// used writes a dataset version down as an input, once.
func (r *run) used(d catalog.Dataset) {
	version := r.snapshot.Stamp(d.ID)
	for _, in := range r.inputs {
		if in.Dataset == d.ID && in.Version == version {
			return
		}
	}
	r.inputs = append(r.inputs, coverage.Input{
		Dataset: d.ID, Version: version, Role: string(d.Role), SHA256: d.Version.SHA256,
		Title: d.Title, Attribution: strings.TrimSpace(d.Attribution),
	})
}

// notice adds something that the reader has to know, in English and Italian.
func (r *run) notice(code, en, it string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices = append(r.notices, coverage.Notice{Code: code, Text: en, Texts: map[string]string{"it": it}})
}

// said are the notices, never nil.
func (r *run) said() []coverage.Notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]coverage.Notice{}, r.notices...)
}

// programOf is the name and version that answers carry.
func (r *run) programOf() coverage.Program {
	name, version, _ := strings.Cut(r.program, " ")
	return coverage.Program{Name: name, Version: version}
}

// maxLeftOut bounds the pictures that notices name.
const maxLeftOut = 10

// leftOut notes pictures that a mosaic left out, each once.
func (r *run) leftOut(list []mosaic.Skip) {
	for _, s := range list {
		r.mu.Lock()
		known := r.left[s]
		if r.left == nil {
			r.left = map[mosaic.Skip]bool{}
		}
		r.left[s] = true
		n := len(r.left)
		r.mu.Unlock()
		switch {
		case known:
		case n <= maxLeftOut:
			r.notice("picture-left-out", fmt.Sprintf("Picture %s was left out: %s.", s.Item, s.Reason), fmt.Sprintf("L'immagine %s è stata esclusa: %s.", s.Item, s.Reason))
		case n == maxLeftOut+1:
			r.notice("pictures-left-out", "More pictures were left out than are named here.", "Sono state escluse più immagini di quelle qui nominate.")
		}
	}
}

// territory returns a territory and notes the dataset that holds it.
func (r *run) territory(code string) (geo.Territory, error) {
	t, err := r.tree.Get(code)
	if err != nil {
		return geo.Territory{}, err
	}
	d, err := r.snapshot.Dataset(t.Dataset)
	if err != nil {
		return geo.Territory{}, err
	}
	r.used(d)
	return t, nil
}

// pick chooses the dataset of a role: the one named, or the only one of that
// role whose extent meets the box (WGS84). found is false when none does and
// none was named; several candidates are an error that names the flag.
func (r *run) pick(role catalog.Role, named, flag string, box geo.BBox) (d catalog.Dataset, found bool, err error) {
	const op = "analysis.pick"
	if named != "" {
		if d, err = r.snapshot.Dataset(named); err != nil {
			return d, false, err
		}
		return d, true, nil
	}
	var ids []string
	for _, c := range r.snapshot.ByRole(role) {
		if c.Version.BBoxWGS84.Intersects(box) || c.Version.BBoxWGS84 == (geo.BBox{}) {
			d = c
			ids = append(ids, c.ID)
		}
	}
	if len(ids) > 1 {
		return d, false, fault.WithHint(
			fault.Errorf(op, fault.Invalid, "%d datasets of role %s cover the territory: %s", len(ids), role, strings.Join(ids, ", ")),
			fmt.Sprintf("say which one with %s", flag))
	}
	return d, len(ids) == 1, nil
}

// all returns every dataset of a role whose extent meets the box, or the ones
// that are named.
func (r *run) all(role catalog.Role, named []string, box geo.BBox) ([]catalog.Dataset, error) {
	var out []catalog.Dataset
	if len(named) > 0 {
		for _, id := range named {
			if id == "none" {
				continue
			}
			d, err := r.snapshot.Dataset(id)
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
		return out, nil
	}
	for _, c := range r.snapshot.ByRole(role) {
		if c.Version.BBoxWGS84.Intersects(box) {
			out = append(out, c)
		}
	}
	return out, nil
}

// oneItem returns the single raster item that matters: the one named or of
// the day asked for, else the newest that meets the box.
func (r *run) oneItem(d catalog.Dataset, item, datetime string, box *geo.BBox) (catalog.Item, error) {
	const op = "analysis.item"
	if d.Kind != catalog.Raster {
		return catalog.Item{}, fault.Errorf(op, fault.Invalid, "dataset %q is a %s dataset, not a raster", d.ID, d.Kind)
	}
	items := r.snapshot.Items(d.ID, nil)
	if item != "" {
		for _, it := range items {
			if it.ID == item {
				return it, nil
			}
		}
		return catalog.Item{}, fault.Errorf(op, fault.NotExist, "dataset %q has no item %q (it has %s)", d.ID, item, itemIDs(items))
	}
	if datetime != "" {
		for _, it := range items {
			if it.Datetime != nil && strings.HasPrefix(it.Datetime.UTC().Format("2006-01-02T15:04:05Z"), datetime) {
				return it, nil
			}
		}
		return catalog.Item{}, fault.Errorf(op, fault.NotExist, "dataset %q has no item of %s (it has %s)", d.ID, datetime, itemIDs(items))
	}
	within := r.snapshot.Items(d.ID, box)
	if len(within) == 0 {
		return catalog.Item{}, fault.Errorf(op, fault.NotExist, "dataset %q has no raster over the area asked for", d.ID)
	}
	if len(within) > 1 && within[0].Datetime == nil {
		return catalog.Item{}, fault.WithHint(
			fault.Errorf(op, fault.Invalid, "dataset %q has %d rasters here and none has a date: %s", d.ID, len(within), itemIDs(within)),
			"name one as item, or merge them before ingest")
	}
	if len(within) > 1 {
		r.notice("item-chosen",
			notice.Text("Dataset %s has %d rasters here; the newest is used: %s.", d.ID, len(within), within[0].ID),
			notice.Italian("Il dataset %s ha qui %d raster; si usa il più recente: %s.", d.ID, len(within), within[0].ID))
	}
	return within[0], nil
}

func itemIDs(items []catalog.Item) string {
	ids := make([]string, 0, 10)
	for i, it := range items {
		if i == 10 {
			ids = append(ids, fmt.Sprintf("… %d more", len(items)-i))
			break
		}
		ids = append(ids, it.ID)
	}
	return strings.Join(ids, ", ")
}

// bandOf finds a band by name, common name or number (from 1), as expr.Find
// does; "" is the first band.
func bandOf(it catalog.Item, name string) (int, error) {
	if name == "" {
		return 1, nil
	}
	for i, b := range it.Bands {
		if strings.EqualFold(b.Name, name) || (b.CommonName != "" && strings.EqualFold(b.CommonName, name)) {
			return i + 1, nil
		}
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(strings.ToLower(name), "b")); err == nil && n >= 1 && n <= len(it.Bands) {
		return n, nil
	}
	n, err := expr.Find(it.Bands, name)
	if err != nil {
		return 0, fmt.Errorf("item %s: %w", it.ID, err)
	}
	return n, nil
}
