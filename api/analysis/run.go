package analysis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"contado/geo/analysis"
	"contado/geo/atlas"
	"contado/geo/fault"
	"contado/geo/table"
)

// coverageWork is a coverage report to be made.
type coverageWork struct{ q analysis.CoverageRequest }

// askedWork is a coverage report that keeps its question as a recipe.
type askedWork struct {
	coverageWork
	recipe string
}

func (w *askedWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	return w.make(ctx, h, w.recipe, p)
}

func parseCoverage(raw json.RawMessage) (work, error) {
	raw, err := plain(raw)
	if err != nil {
		return nil, err
	}
	var in coverageInputs
	if err := strict(raw, &in); err != nil {
		return nil, invalid("inputs: %w", err)
	}
	q, err := in.request()
	return &askedWork{coverageWork{q}, in.recipe()}, err
}

func (w *coverageWork) check(ctx context.Context, h *Handler) error {
	state := h.Atlas.Current()
	service, err := analysis.ParseService(w.q.Service)
	if err != nil {
		return err
	}
	if _, err := state.Dataset(service.Dataset); err != nil {
		return asInvalid("service", err)
	}
	if err := checkTerritories(ctx, state, w.q.Territory); err != nil {
		return asInvalid("territory", err)
	}
	return h.newReport(ctx, w.q.ID)
}

// newReport refuses an id under which there is a report already.
func (h *Handler) newReport(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	f, _, err := h.Blobs.Open(ctx, reportKey(id, "json"))
	if fault.Is(err, fault.NotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), fault.WithHint(
		fault.Errorf("processes", fault.Exist, "report_id: there is a report %s already", id), "choose another id, or leave it out"))
}

// asInvalid: what an input names and is not there makes the input wrong, not
// the address.
func asInvalid(name string, err error) error {
	if fault.Is(err, fault.NotExist) {
		return fault.E("processes", fault.Invalid, fmt.Errorf("%s: %w", name, err))
	}
	return err
}

func checkTerritories(ctx context.Context, state *atlas.Snapshot, codes ...string) error {
	tree, err := state.Territories(ctx)
	if err != nil {
		return err
	}
	for _, code := range codes {
		if _, err := tree.Get(code); err != nil {
			return err
		}
	}
	return nil
}

func (w *coverageWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	return w.make(ctx, h, "", p)
}

// make computes the report and keeps it with its recipe.
func (w *coverageWork) make(ctx context.Context, h *Handler, recipe string, p analysis.Progress) (*output, error) {
	rep, sketch, err := h.Engine.Coverage(ctx, w.q, p)
	if err != nil {
		return nil, err
	}
	rep.Recipe = recipe
	if w.q.ID == "" {
		rep.ID = ownID(rep.ID, rep.Title, rep.Territory.Code, rep.Service, rep.Profile, rep.ThresholdsS, rep.Inputs, rep.Method.Parameters, rep.Program)
	}
	if err := StoreReport(ctx, h.Blobs, rep, sketch); err != nil {
		return nil, err
	}
	out := &output{links: reportLinks(rep.ID)}
	if out.document, err = json.Marshal(rep); err != nil {
		return nil, err
	}
	out.job, err = json.Marshal(kept{Report: rep.ID})
	return out, err
}

// zonalWork is a table of statistics to be made.
type zonalWork struct {
	q     analysis.ZonalRequest
	areas place
}

func parseZonal(raw json.RawMessage) (work, error) {
	raw, err := plain(raw)
	if err != nil {
		return nil, err
	}
	var in zonalInputs
	if err := strict(raw, &in); err != nil {
		return nil, invalid("inputs: %w", err)
	}
	q, err := in.request()
	if err != nil {
		return nil, err
	}
	areas, err := in.Areas.place()
	return &zonalWork{q: q, areas: areas}, err
}

func (w *zonalWork) check(ctx context.Context, h *Handler) error {
	if _, err := h.Atlas.Current().Dataset(w.q.Dataset); err != nil {
		return asInvalid("dataset", err)
	}
	return w.areas.check(ctx, h)
}

func (w *zonalWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	var err error
	if w.q.Areas, err = w.areas.resolve(ctx, h); err != nil {
		return nil, err
	}
	res, err := h.Engine.Zonal(ctx, w.q, p)
	if err != nil {
		return nil, err
	}
	return h.tabledAreas(res, res.Table(table.Plain), table.Plain, w.q.Areas)
}
