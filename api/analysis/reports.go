package analysis

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/fault"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
)

const reportPrefix = "reports/"

// reportKey is where a report is kept; ending is json, csv, it.html, en.html.
func reportKey(id, ending string) string { return reportPrefix + id + "." + ending }

// reportEndings are the files of a report that people can ask for.
var reportEndings = []string{"json", "html", "csv", "pdf", "gpkg", "xlsx", "zip"}

// reportLinks are the files of a report by format.
func reportLinks(id string) map[string]string {
	out := map[string]string{}
	for _, ending := range reportEndings {
		out[ending] = id + "." + ending
	}
	return out
}

// StoreReport keeps a report in all its formats, under reports/<id>.json,
// .csv, .it.html and .en.html. The JSON comes last: where it is, all is. The
// id must be one that catalog.ValidID takes, else fault.Invalid.
func StoreReport(ctx context.Context, blobs blob.Driver, rep *coverage.Report, sketch *report.Sketch) error {
	if !catalog.ValidID(rep.ID) {
		return fault.Errorf("reports", fault.Invalid, "report id %.80q: want 1 to 63 of a-z, 0-9 and hyphen", rep.ID)
	}
	return store(ctx, blobs, rep.ID, []reportFile{
		{"sketch", func(w io.Writer) error { return writeSketches(w, []*report.Sketch{sketch}) }},
		{"csv", func(w io.Writer) error { return report.CSV(w, rep, nil) }},
		{"it.html", func(w io.Writer) error { return report.HTML(w, rep, sketch, report.Italian) }},
		{"en.html", func(w io.Writer) error { return report.HTML(w, rep, sketch, report.English) }},
		{"json", func(w io.Writer) error { return report.JSON(w, rep) }},
	})
}

// ownID names a report after what it is about and what it was made from: the
// same question on the same data has the same id, any other has another.
func ownID(id string, decides ...any) string {
	h := sha256.New()
	// Only what decides the numbers; encoding these cannot fail.
	_ = json.NewEncoder(h).Encode(decides)
	about := strings.Trim(id[:min(len(id), 54)], "-")
	return cmp.Or(about, "report") + "-" + hex.EncodeToString(h.Sum(nil))[:8]
}

// reportSummary is a line of the list of reports.
type reportSummary struct {
	ID        string      `json:"id"`
	Title     string      `json:"title"`
	Territory string      `json:"territory"`
	Service   string      `json:"service"`
	Profile   string      `json:"profile"`
	CreatedAt time.Time   `json:"created_at"`
	Links     []rest.Link `json:"links"`
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
	var doc struct {
		Title        string
		Territory    struct{ Name string }
		Service      string
		ServiceTitle string `json:"service_title"`
		Profile      string
		Sections     []struct {
			Service      string
			ServiceTitle string `json:"service_title"`
			Profile      string
		}
		CreatedAt time.Time `json:"created_at"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return reportSummary{}, fmt.Errorf("report %s: %w", f.Key, err)
	}
	s := reportSummary{
		ID: idOf(f.Key), Title: doc.Title, Territory: doc.Territory.Name, Service: cmp.Or(doc.ServiceTitle, doc.Service),
		Profile: doc.Profile, CreatedAt: doc.CreatedAt,
	}
	if len(doc.Sections) > 0 { // a study
		var services, profiles []string
		for _, sec := range doc.Sections {
			services, profiles = append(services, cmp.Or(sec.ServiceTitle, sec.Service)), append(profiles, sec.Profile)
		}
		s.Service, s.Profile = once(services), once(profiles)
	}
	h.titles.mu.Lock()
	defer h.titles.mu.Unlock()
	if h.titles.seen == nil || len(h.titles.seen) >= maxTitles {
		h.titles.seen = map[string]titleEntry{}
	}
	h.titles.seen[f.Key] = titleEntry{f, s}
	return s, nil
}

// once joins texts, each once.
func once(list []string) string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", ")
}

// idOf is the id of a report from its JSON's key; "" for other keys.
func idOf(key string) string {
	id, ok := strings.CutSuffix(strings.TrimPrefix(key, reportPrefix), ".json")
	if !ok || !catalog.ValidID(id) {
		return ""
	}
	return id
}

// reports lists the kept reports, newest first.
func (h *Handler) reports(c echo.Context) error {
	if err := rest.Only(c, "limit", "after", "f"); err != nil {
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
	ctx := c.Request().Context()
	files, err := h.Blobs.List(ctx, reportPrefix)
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(f blob.Info) bool { return idOf(f.Key) == "" })
	slices.SortStableFunc(files, func(a, b blob.Info) int { return b.Modified.Compare(a.Modified) })
	n := len(files)
	if after := c.QueryParam("after"); after != "" {
		i := slices.IndexFunc(files, func(f blob.Info) bool { return idOf(f.Key) == after })
		if i < 0 {
			return fault.Errorf("reports", fault.Invalid, "after=%.80q is not in the list", after)
		}
		files = files[i+1:]
	}
	links := []rest.Link{{Href: rest.With(rest.URL(c, "reports"), c.QueryParams()), Rel: "self", Type: rest.MediaJSON, Title: "Reports"}}
	if len(files) > limit {
		files = files[:limit]
		q := rest.Query(c)
		q.Set("after", idOf(files[limit-1].Key))
		links = append(links, rest.Link{Href: rest.With(rest.URL(c, "reports"), q), Rel: "next", Type: rest.MediaJSON, Title: "Next page"})
	}
	list := []reportSummary{}
	for _, f := range files {
		s, err := h.summary(ctx, f)
		if err != nil {
			return err
		}
		s.Links = (&output{links: reportLinks(s.ID)}).resolve(c)
		list = append(list, s)
	}
	rest.AddHeader(c, links)
	return rest.JSON(c, rest.MediaJSON, struct {
		Reports       []reportSummary `json:"reports"`
		NumberMatched int             `json:"numberMatched"`
		Links         []rest.Link     `json:"links"`
	}{list, n, links})
}

// studySchemaFile is the JSON Schema of studies, beside the reports.
const studySchemaFile = "study.schema.json"

func studySchema(c echo.Context) error {
	if err := rest.Only(c); err != nil {
		return err
	}
	b, err := report.StudySchema()
	if err != nil {
		return err
	}
	return rest.Bytes(c, "application/schema+json", b)
}

// report answers with one file of a report.
func (h *Handler) report(c echo.Context) error {
	file, err := rest.Path(c, "file")
	if err != nil {
		return err
	}
	if file == studySchemaFile {
		return studySchema(c)
	}
	id, ending, _ := strings.Cut(file, ".")
	if !catalog.ValidID(id) || !slices.Contains(reportEndings, ending) {
		return fault.WithHint(fault.Errorf("reports", fault.NotExist, "there is no report %.80q", file), "the list is at /reports")
	}
	if err := rest.Only(c, "lang"); err != nil {
		return err
	}
	keys, media := []string{reportKey(id, ending)}, rest.MediaJSON
	switch ending {
	case "csv":
		media = rest.MediaCSV
		c.Response().Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
	case "html":
		lang, err := rest.Language(c)
		if err != nil {
			return err
		}
		media = rest.MediaHTML
		keys = []string{reportKey(id, lang+".html"), reportKey(id, "html")}
		c.Response().Header().Set("Content-Security-Policy", report.ContentSecurityPolicy+"; frame-ancestors 'none'")
	case "pdf", "gpkg", "xlsx", "zip":
		return h.download(c, id, ending)
	}
	for _, key := range keys {
		b, _, err := h.read(c.Request().Context(), key)
		if fault.Is(err, fault.NotExist) {
			continue
		}
		if err != nil {
			return err
		}
		return rest.Bytes(c, media, b)
	}
	c.Response().Header().Del("Content-Disposition")
	return fault.WithHint(fault.Errorf("reports", fault.NotExist, "there is no report %s as %s", id, ending), "the list is at /reports")
}

// download answers with a file of a report that is made on demand.
func (h *Handler) download(c echo.Context, id, ending string) error {
	media := map[string]string{"pdf": mediaPDF, "gpkg": mediaGeoPackage, "xlsx": mediaXLSX, "zip": mediaZip}[ending]
	name := ending
	if ending == "pdf" {
		lang, err := rest.Language(c)
		if err != nil {
			return err
		}
		name = lang + ".pdf"
	}
	b, err := h.made(c.Request().Context(), id, name)
	if fault.Is(err, fault.NotExist) {
		return fault.WithHint(fault.E("reports", fault.NotExist, fmt.Errorf("report %s as %s: %w", id, ending, err)), "the list is at /reports")
	}
	if err != nil {
		return err
	}
	if ending != "pdf" {
		c.Response().Header().Set("Content-Disposition", `attachment; filename="`+id+"."+ending+`"`)
	}
	return rest.Bytes(c, media, b)
}
