package analysis

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/coverage/verify"
	"contado/geo/fault"
	"contado/geo/store/blob"
)

// reportSummary is a line of the list of reports.
type reportSummary struct {
	ID            string    `json:"id"`
	Title         string    `json:"title"`
	Territory     string    `json:"territory"`
	TerritoryCode string    `json:"territory_code"`
	Service       string    `json:"service"`
	Profile       string    `json:"profile"`
	Services      []named   `json:"services"`
	Profiles      []string  `json:"profiles"`
	Thresholds    []float64 `json:"thresholds_s"`
	Population    float64   `json:"population_total"`
	CreatedAt     time.Time `json:"created_at"`
	// Headline is the first service and way of moving at the largest time;
	// left out when it is hidden.
	Headline *headline `json:"headline,omitempty"`
	// Renews is the report of which the question was asked again.
	Renews string `json:"renews,omitempty"`
	// Repeatable: the report says how it was asked for.
	Repeatable bool `json:"repeatable"`
	// Newer are the inputs that have changed since.
	Newer []verify.Gone `json:"newer"`
	Links []rest.Link   `json:"links"`

	inputs []coverage.Input
	text   string // to search in
}

// named is a service with its name for people.
type named struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
}

// headline is one share, with its range when assumptions were varied.
type headline struct {
	ThresholdS float64  `json:"threshold_s"`
	Share      float64  `json:"share"`
	Low        *float64 `json:"low,omitempty"`
	High       *float64 `json:"high,omitempty"`
}

// titles remembers the summaries of reports, so that a list need not read
// them all again. An entry is good for one size and time of the file.
type titles struct {
	mu   sync.Mutex
	seen map[string]titleEntry
}

type titleEntry struct {
	info    blob.Info
	summary reportSummary
}

const maxTitles = 10_000

// sectionHead is what a list tells of a report, or of a section of a study.
type sectionHead struct {
	Service      string
	ServiceTitle string `json:"service_title"`
	Profile      string
	Thresholds   []float64 `json:"thresholds_s"`
	Coverage     []coverage.Row
	Ranges       []coverage.Range
	Inputs       []coverage.Input
}

// reportHead is the part of a report's document that a list needs.
type reportHead struct {
	Title      string
	Territory  coverage.Territory
	Population float64   `json:"population_total"`
	CreatedAt  time.Time `json:"created_at"`
	Recipe     string
	Renews     string
	sectionHead
	Sections []sectionHead
}

// summary reads the head of a report.
func (h *Handler) summary(ctx context.Context, f blob.Info) (reportSummary, error) {
	h.titles.mu.Lock()
	e, ok := h.titles.seen[f.Key]
	h.titles.mu.Unlock()
	if ok && e.info.Size == f.Size && e.info.Modified.Equal(f.Modified) {
		return e.summary, nil
	}
	b, _, err := h.read(ctx, f.Key)
	if err != nil {
		return reportSummary{}, err
	}
	var doc reportHead
	if err := json.Unmarshal(b, &doc); err != nil {
		return reportSummary{}, fmt.Errorf("report %s: %w", f.Key, err)
	}
	s := doc.summary(idOf(f.Key))
	h.titles.mu.Lock()
	defer h.titles.mu.Unlock()
	if h.titles.seen == nil || len(h.titles.seen) >= maxTitles {
		h.titles.seen = map[string]titleEntry{}
	}
	h.titles.seen[f.Key] = titleEntry{f, s}
	return s, nil
}

func (doc *reportHead) summary(id string) reportSummary {
	s := reportSummary{
		ID: id, Title: doc.Title, Territory: doc.Territory.Name, TerritoryCode: doc.Territory.Code, Population: doc.Population,
		CreatedAt: doc.CreatedAt, Renews: doc.Renews, Services: []named{}, Profiles: []string{}, Thresholds: []float64{}, inputs: doc.Inputs,
		Repeatable: doc.Recipe != "" || len(doc.Sections) == 0,
	}
	sections := doc.Sections
	if len(sections) == 0 { // a report of one service
		sections = []sectionHead{doc.sectionHead}
	}
	var services []string
	for i := range sections {
		sec := &sections[i]
		if name := (named{sec.Service, sec.ServiceTitle}); !slices.Contains(s.Services, name) {
			s.Services, services = append(s.Services, name), append(services, cmp.Or(sec.ServiceTitle, sec.Service))
		}
		if !slices.Contains(s.Profiles, sec.Profile) {
			s.Profiles = append(s.Profiles, sec.Profile)
		}
		s.Thresholds = append(s.Thresholds, sec.Thresholds...)
		s.inputs = append(s.inputs, sec.Inputs...)
	}
	slices.Sort(s.Thresholds)
	s.Thresholds = slices.Compact(s.Thresholds)
	s.Headline = sections[0].headline()
	s.Service, s.Profile = strings.Join(services, ", "), strings.Join(s.Profiles, ", ")
	s.text = folded(strings.Join([]string{id, s.Title, s.Territory, s.TerritoryCode, s.Service, s.Profile}, " "))
	return s
}

func (s *sectionHead) headline() *headline {
	if len(s.Coverage) == 0 {
		return nil
	}
	row := s.Coverage[len(s.Coverage)-1]
	if row.Suppressed || row.Share == nil {
		return nil
	}
	out := &headline{ThresholdS: row.ThresholdS, Share: *row.Share}
	for _, r := range s.Ranges {
		if r.ThresholdS == row.ThresholdS {
			out.Low, out.High = r.Low, r.High
		}
	}
	return out
}

// folded is a text without accents, in small letters.
func folded(s string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		plain = s
	}
	return strings.ToLower(plain)
}

// contentOf finds what datasets hold now.
func contentOf(state *atlas.Snapshot) verify.Content {
	return func(id string) (string, string, bool) {
		d, err := state.Dataset(id)
		if err != nil {
			return "", "", false
		}
		return state.Stamp(id), d.Version.SHA256, true
	}
}

// newer are the inputs of a report that are others now.
func newer(s *reportSummary, state *atlas.Snapshot) []verify.Gone {
	out := verify.Inputs(&coverage.Study{Inputs: s.inputs}, contentOf(state))
	if out == nil {
		out = []verify.Gone{}
	}
	return out
}

// reportFilter is what a list is narrowed to.
type reportFilter struct {
	words     []string
	territory string
	service   string
	profile   string
	when      *rest.Interval
	stale     string // "", "true", "false"
}

func readReportFilter(c echo.Context) (f reportFilter, err error) {
	q := c.QueryParam("q")
	if len(q) > 200 {
		return f, fault.Errorf("reports", fault.Invalid, "q is longer than 200 bytes")
	}
	f = reportFilter{words: strings.Fields(folded(q)), territory: c.QueryParam("territory"), service: c.QueryParam("service"), profile: c.QueryParam("profile"), stale: c.QueryParam("stale")}
	if f.stale != "" && f.stale != "true" && f.stale != "false" {
		return f, fault.Errorf("reports", fault.Invalid, "stale=%.20q: want true or false", f.stale)
	}
	if text := c.QueryParam("datetime"); text != "" {
		f.when, err = rest.Datetime(text)
	}
	return f, err
}

func (f *reportFilter) takes(s *reportSummary) bool {
	for _, w := range f.words {
		if !strings.Contains(s.text, w) {
			return false
		}
	}
	return (f.territory == "" || s.TerritoryCode == f.territory) &&
		(f.service == "" || slices.ContainsFunc(s.Services, func(n named) bool { return n.ID == f.service })) &&
		(f.profile == "" || slices.Contains(s.Profiles, f.profile)) &&
		(f.when == nil || f.when.Contains(s.CreatedAt)) &&
		(f.stale == "" || (len(s.Newer) > 0) == (f.stale == "true"))
}

// summaries are those of all kept reports that a filter takes, newest first.
func (h *Handler) summaries(ctx context.Context, f *reportFilter) ([]reportSummary, error) {
	files, err := h.Blobs.List(ctx, reportPrefix)
	if err != nil {
		return nil, err
	}
	state := h.Atlas.Current()
	out := []reportSummary{}
	for _, file := range files {
		if idOf(file.Key) == "" {
			continue
		}
		s, err := h.summary(ctx, file)
		if fault.Is(err, fault.NotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		if s.Newer = newer(&s, state); f.takes(&s) {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b reportSummary) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// reportList is the answer of reports.
type reportList struct {
	Reports       []reportSummary `json:"reports"`
	NumberMatched int             `json:"numberMatched"`
	// CanDelete: reports can be deleted here. PDF is the kind of PDF that is
	// made here: pdf/ua-1, tagged, or none.
	CanDelete bool        `json:"can_delete"`
	PDF       string      `json:"pdf"`
	Links     []rest.Link `json:"links"`
}

// reports lists the kept reports, newest first.
func (h *Handler) reports(c echo.Context) error {
	if err := rest.Only(c, "limit", "after", "f", "q", "territory", "service", "profile", "datetime", "stale"); err != nil {
		return err
	}
	if _, err := rest.Choose(c, rest.JSONFormat); err != nil {
		return err
	}
	limit := jobList
	if text := c.QueryParam("limit"); text != "" {
		var err error
		if limit, err = rest.Limit(text); err != nil {
			return err
		}
	}
	filter, err := readReportFilter(c)
	if err != nil {
		return err
	}
	list, err := h.summaries(c.Request().Context(), &filter)
	if err != nil {
		return err
	}
	out := reportList{NumberMatched: len(list), CanDelete: h.Edit != nil, PDF: h.pdfKind(c.Request().Context())}
	if after := c.QueryParam("after"); after != "" {
		i := slices.IndexFunc(list, func(s reportSummary) bool { return s.ID == after })
		if i < 0 {
			return fault.Errorf("reports", fault.Invalid, "after=%.80q is not in the list", after)
		}
		list = list[i+1:]
	}
	out.Links = []rest.Link{{Href: rest.With(rest.URL(c, "reports"), c.QueryParams()), Rel: "self", Type: rest.MediaJSON, Title: "Reports"}}
	if len(list) > limit {
		list = list[:limit]
		q := rest.Query(c)
		q.Set("after", list[limit-1].ID)
		out.Links = append(out.Links, rest.Link{Href: rest.With(rest.URL(c, "reports"), q), Rel: "next", Type: rest.MediaJSON, Title: "Next page"})
	}
	for i := range list {
		list[i].Links = (&output{links: reportLinks(list[i].ID)}).resolve(c)
	}
	out.Reports = list
	rest.AddHeader(c, out.Links)
	return rest.JSON(c, rest.MediaJSON, out)
}

// Warm looks up what takes a while the first time, unless ctx ends before.
func (h *Handler) Warm(ctx context.Context) {
	h.pdf.of(func() (string, error) { return report.PDFKind(ctx, nil) })
}

// pdfKind is the kind of PDF that is made here.
func (h *Handler) pdfKind(ctx context.Context) string {
	return h.pdf.of(func() (string, error) { return report.PDFKind(context.WithoutCancel(ctx), nil) })
}

// printer remembers which kind of PDF is made here.
type printer struct {
	mu   sync.Mutex
	kind string
}

// of is what look finds, or "none" where it finds nothing: only what it finds
// is kept, for a program that is missing, or too slow to answer, may be there
// the next time. It is looked for by one at a time.
func (p *printer) of(look func() (string, error)) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kind == "" {
		kind, err := look()
		if err != nil {
			return "none"
		}
		p.kind = kind
	}
	return p.kind
}
