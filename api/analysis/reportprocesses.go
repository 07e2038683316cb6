package analysis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/coverage/verify"
	"contado/geo/fault"
	"contado/geo/recipe"
	"contado/geo/store/catalog"
)

// Ids of the processes on kept reports and recipes; the kinds of their jobs
// are the same.
const (
	ReportAgain  = "report-again"
	ReportVerify = "report-verify"
	RecipeReport = "recipe-report"
)

func keptInput() input { return required("Id of a kept report", text()) }

func againProcess() process {
	return process{
		id: ReportAgain, title: "Ask the question of a kept report again",
		description: "The same territory, services, ways of moving and settings, with the data that are there now. The new report is kept beside the old one; /reports/{id}/comparison/{other} says what changed. When nothing has changed, the report comes back as it is.",
		inputs: map[string]input{
			"report":    keptInput(),
			"report_id": optional("Id to keep the new report under; must be new", text()),
		},
		output: required("The new report", object{"type": "object"}), formats: []rest.Format{rest.JSONFormat}, parse: parseAgain,
	}
}

func verifyProcess() process {
	return process{
		id: ReportVerify, title: "Compute a kept report again and compare number by number",
		description: "Says whether every number is the same (same), some are not (different), or inputs are no longer what they were, so that nothing can be said (inputs-changed).",
		inputs:      map[string]input{"report": keptInput()},
		output:      required("The verdict", object{"type": "object"}), formats: []rest.Format{rest.JSONFormat}, parse: parseVerify,
	}
}

func recipeProcess() process {
	return process{
		id: RecipeReport, title: "Make the report of a recipe of this server",
		description: "The recipes are listed at /recipes. The report is kept under /reports.",
		inputs: map[string]input{
			"recipe":    required("Name of the recipe", text()),
			"territory": optional("Code of one of its territories; may be left out when there is one", text()),
		},
		output: required("The study", object{"type": "object"}), formats: []rest.Format{rest.JSONFormat}, parse: parseRecipeReport,
	}
}

// keptInputs name a kept report.
type keptInputs struct {
	Report   string `json:"report"`
	ReportID string `json:"report_id"`
}

func readKept(raw json.RawMessage) (in keptInputs, err error) {
	if raw, err = plain(raw); err != nil {
		return in, err
	}
	if err := strict(raw, &in); err != nil {
		return in, invalid("inputs: %w", err)
	}
	for name, id := range map[string]string{"report": in.Report, "report_id": in.ReportID} {
		if (id != "" || name == "report") && !catalog.ValidID(id) {
			return in, invalid("%s: %.80q; want 1 to 63 of a-z, 0-9 and hyphen", name, id)
		}
	}
	return in, nil
}

// question reads a kept report and finds its question. What the report names
// must be there, and nothing of it may be a path of this machine.
func (h *Handler) question(ctx context.Context, id string) (*coverage.Study, *recipe.Question, error) {
	kept, _, err := h.keptReport(ctx, id)
	if err != nil {
		return nil, nil, asInvalid("report", err)
	}
	q, err := recipe.Ask(kept)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range q.Request.Rules {
		if !catalog.ValidID(name) {
			return nil, nil, fault.WithHint(fault.Errorf("processes", fault.Unsupported, "report %s was judged by a table of rules from a file, which is not kept in it", id),
				"ask again on the command line, where the file is")
		}
	}
	return kept, q, nil
}

// againWork asks the question of a kept report again.
type againWork struct{ in keptInputs }

func parseAgain(raw json.RawMessage) (work, error) {
	in, err := readKept(raw)
	return &againWork{in}, err
}

func (w *againWork) check(ctx context.Context, h *Handler) error {
	_, q, err := h.question(ctx, w.in.Report)
	if err != nil {
		return err
	}
	if err := h.checkQuestion(ctx, &q.Request); err != nil {
		return err
	}
	return h.newReport(ctx, w.in.ReportID)
}

// checkQuestion refuses what names services or territories that are not there.
func (h *Handler) checkQuestion(ctx context.Context, q *analysis.StudyRequest) error {
	state := h.Atlas.Current()
	for _, text := range q.Services {
		s, err := analysis.ParseService(text)
		if err != nil {
			return err
		}
		if _, err := state.Dataset(s.Dataset); err != nil {
			return asInvalid("services", err)
		}
	}
	return asInvalid("territory", checkTerritories(ctx, state, q.Territory))
}

func (w *againWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	kept, q, err := h.question(ctx, w.in.Report)
	if err != nil {
		return nil, err
	}
	st, sketches, err := q.Run(ctx, h.Engine, p)
	if err != nil {
		return nil, err
	}
	if st.ID = w.in.ReportID; st.ID == "" {
		st.ID = ownID(kept.ID[:min(len(kept.ID), 54)], kept.ID, st.Territory.Code, st.Recipe, st.Attached, madeFrom(st), st.Program)
		if sameInputs(st, kept) && st.Program == kept.Program {
			st.ID = kept.ID // nothing has changed: it is the same report
		}
	}
	if st.ID == kept.ID {
		return h.keptOutput(ctx, kept.ID)
	}
	st.Renews = kept.ID
	if q.Single {
		single := st.Sections[0]
		single.ID, single.Renews = st.ID, st.Renews
		return h.keep(ctx, st.ID, func() error { return StoreReport(ctx, h.Blobs, single, sketches[0]) })
	}
	return h.keep(ctx, st.ID, func() error { return StoreStudy(ctx, h.Blobs, st, sketches) })
}

// sameInputs reports whether two studies are made from the same data, in
// whatever order they name them.
func sameInputs(a, b *coverage.Study) bool {
	keys := func(st *coverage.Study) []string {
		var out []string
		for _, in := range madeFrom(st) {
			out = append(out, strings.Join([]string{in.Dataset, in.Role, in.Version, in.SHA256}, " "))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return slices.Equal(keys(a), keys(b))
}

// madeFrom are all inputs of a study, of its sections too.
func madeFrom(st *coverage.Study) []coverage.Input {
	out := slices.Clone(st.Inputs)
	for _, r := range st.Sections {
		out = append(out, r.Inputs...)
	}
	return out
}

// keep stores a report unless it is there: an id of our own tells what is in
// it, and a job that is run again finds what it left.
func (h *Handler) keep(ctx context.Context, id string, store func() error) (*output, error) {
	if err := h.newReport(ctx, id); err == nil {
		if err := store(); err != nil {
			return nil, err
		}
	} else if !fault.Is(err, fault.Exist) {
		return nil, err
	}
	return h.keptOutput(ctx, id)
}

// keptOutput is a kept report as the result of a process.
func (h *Handler) keptOutput(ctx context.Context, id string) (*output, error) {
	b, _, err := h.read(ctx, reportKey(id, "json"))
	if err != nil {
		return nil, err
	}
	out := &output{document: b, links: reportLinks(id)}
	out.job, err = json.Marshal(kept{Report: id})
	return out, err
}

// verifyWork computes a kept report again and compares.
type verifyWork struct{ in keptInputs }

func parseVerify(raw json.RawMessage) (work, error) {
	in, err := readKept(raw)
	if err == nil && in.ReportID != "" {
		err = invalid("report_id is not an input of this process")
	}
	return &verifyWork{in}, err
}

func (w *verifyWork) check(ctx context.Context, h *Handler) error {
	_, _, err := h.question(ctx, w.in.Report)
	return err
}

func (w *verifyWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	kept, q, err := h.question(ctx, w.in.Report)
	if err != nil {
		return nil, err
	}
	v := &verify.Verdict{Outcome: verify.Changed, Differences: []verify.Difference{}, Gone: verify.Inputs(kept, contentOf(h.Atlas.Current()))}
	if len(v.Gone) == 0 {
		st, _, err := q.Run(ctx, h.Engine, p)
		if err != nil {
			return nil, err
		}
		// The report kept is what was written: what is computed again goes the
		// same way, by which hidden numbers become null and others are rounded
		// to what JSON holds.
		var b bytes.Buffer
		if err := report.StudyJSON(&b, st); err != nil {
			return nil, err
		}
		if st, err = report.ReadStudy(&b); err != nil {
			return nil, err
		}
		if v, err = verify.Compare(kept, st); err != nil {
			return nil, err
		}
	}
	out := &output{}
	out.document, err = json.Marshal(v)
	return out, err
}

// recipeWork makes the report of a recipe of the server.
type recipeWork struct {
	Recipe    string `json:"recipe"`
	Territory string `json:"territory"`
}

func parseRecipeReport(raw json.RawMessage) (work, error) {
	raw, err := plain(raw)
	if err != nil {
		return nil, err
	}
	w := &recipeWork{}
	if err := strict(raw, w); err != nil {
		return nil, invalid("inputs: %w", err)
	}
	if !recipeName.MatchString(w.Recipe) {
		return nil, invalid("recipe: %.80q is no name of a recipe", w.Recipe)
	}
	return w, nil
}

// request is the question of the recipe on the territory asked for.
func (w *recipeWork) request(ctx context.Context, h *Handler) (analysis.StudyRequest, *recipe.Recipe, error) {
	r, _, err := h.keptRecipe(ctx, w.Recipe)
	if err != nil {
		return analysis.StudyRequest{}, nil, asInvalid("recipe", err)
	}
	code := w.Territory
	if code == "" && len(r.Territories) == 1 {
		code = r.Territories[0]
	}
	if !slices.Contains(r.Territories, code) {
		return analysis.StudyRequest{}, nil, invalid("territory: %.80q is none of the %d of recipe %s", code, len(r.Territories), w.Recipe)
	}
	q, err := r.Request(code)
	if err != nil {
		return q, nil, err
	}
	single := *r
	single.Territories = []string{code}
	q.Recipe, err = single.Text()
	return q, r, err
}

func (w *recipeWork) check(ctx context.Context, h *Handler) error {
	q, _, err := w.request(ctx, h)
	if err != nil {
		return err
	}
	return h.checkQuestion(ctx, &q)
}

func (w *recipeWork) run(ctx context.Context, h *Handler, p analysis.Progress) (*output, error) {
	q, r, err := w.request(ctx, h)
	if err != nil {
		return nil, err
	}
	st, sketches, err := h.Engine.Study(ctx, q, p)
	if err != nil {
		return nil, fmt.Errorf("recipe %s: %w", w.Recipe, err)
	}
	st.ID = ownID(r.ReportName(q.Territory), q.Recipe, madeFrom(st), st.Program)
	return h.keep(ctx, st.ID, func() error { return StoreStudy(ctx, h.Blobs, st, sketches) })
}
