package analysis

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/disclosure"
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

// idOf is the id of a report from its JSON's key; "" for other keys.
func idOf(key string) string {
	id, ok := strings.CutSuffix(strings.TrimPrefix(key, reportPrefix), ".json")
	if !ok || !catalog.ValidID(id) {
		return ""
	}
	return id
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
	if err := h.tellable(c.Request().Context(), id); err != nil {
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

// deleteReport takes a report away with all its files; who may, is said by
// Edit.
func (h *Handler) deleteReport(c echo.Context) error {
	id, err := rest.Path(c, "file")
	if err != nil {
		return err
	}
	if h.Edit == nil {
		c.Response().Header().Set("Allow", "GET, HEAD")
		return rest.Refuse(http.StatusMethodNotAllowed, "reports cannot be deleted here; the server was started without --edit")
	}
	if err := sameSite(c); err != nil {
		return err
	}
	if _, err := h.Edit(c.Request()); err != nil {
		return err
	}
	if err := rest.Only(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if _, _, err := h.keptReport(ctx, id); err != nil {
		return err
	}
	files, err := h.Blobs.List(ctx, reportPrefix+id+".")
	if err != nil {
		return err
	}
	// The JSON goes first: where it is not, there is no report.
	if err := h.Blobs.Delete(ctx, reportKey(id, "json")); err != nil {
		return err
	}
	for _, f := range files {
		if err := h.Blobs.Delete(ctx, f.Key); err != nil {
			return err
		}
	}
	return c.NoContent(http.StatusNoContent)
}

// sameSite refuses what a page of another site has its visitors send.
func sameSite(c echo.Context) error {
	r := c.Request()
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	if site == "cross-site" || site == "same-site" || origin != "" && origin != rest.Base(c) {
		return rest.Refuse(http.StatusForbidden, "pages of other sites cannot delete reports")
	}
	return nil
}

// keptReport reads a report with its document; NotExist when there is none.
func (h *Handler) keptReport(ctx context.Context, id string) (*coverage.Study, []byte, error) {
	none := fault.WithHint(fault.Errorf("reports", fault.NotExist, "there is no report %.80q", id), "the list is at /reports")
	if !catalog.ValidID(id) {
		return nil, nil, none
	}
	b, _, err := h.read(ctx, reportKey(id, "json"))
	if fault.Is(err, fault.NotExist) {
		return nil, nil, none
	}
	if err != nil {
		return nil, nil, err
	}
	if err := h.tellable(ctx, id); err != nil {
		return nil, nil, err
	}
	st, err := report.ReadStudy(bytes.NewReader(b))
	return st, b, err
}

// tellable refuses reports whose small counts are not hidden, where they are
// to be.
func (h *Handler) tellable(ctx context.Context, id string) error {
	if !h.Atlas.Hides() {
		return nil
	}
	b, _, err := h.read(ctx, reportKey(id, "json"))
	if fault.Is(err, fault.NotExist) {
		return nil // its other files are not there either
	}
	if err != nil {
		return err
	}
	var doc struct {
		Disclosure *coverage.Disclosure `json:"disclosure"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return err
	}
	if d := doc.Disclosure; d == nil || d.Threshold < disclosure.DefaultThreshold {
		return rest.Refuse(http.StatusForbidden, "report %s was made without hiding small counts of people; make it again, or have the server started with --exact-people", id)
	}
	return nil
}
