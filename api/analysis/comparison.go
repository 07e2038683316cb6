package analysis

import (
	"bytes"
	"context"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/coverage"
	"contado/geo/coverage/compare"
	"contado/geo/coverage/report"
	"contado/geo/fault"
	"contado/geo/table"
)

// pdfFormat is a page as PDF.
var pdfFormat = rest.Format{Name: "pdf", Media: mediaPDF, Title: "PDF"}

// comparison says what changed from one kept report to another.
func (h *Handler) comparison(c echo.Context) error {
	if err := rest.Only(c, "f", "lang"); err != nil {
		return err
	}
	format, err := rest.Choose(c, rest.JSONFormat, rest.HTMLFormat, rest.CSVFormat, pdfFormat)
	if err != nil {
		return err
	}
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	var sides [2]*coverage.Study
	for i, name := range []string{"id", "other"} {
		id, err := rest.Path(c, name)
		if err != nil {
			return err
		}
		if sides[i], _, err = h.keptReport(c.Request().Context(), id); err != nil {
			return err
		}
	}
	d, err := compare.Studies(sides[0], sides[1])
	if err != nil {
		return err
	}
	var b bytes.Buffer
	media, head := rest.MediaJSON, c.Response().Header()
	switch name := d.A.ID + "--" + d.B.ID; format.Name {
	case rest.HTMLFormat.Name:
		media = rest.MediaHTML
		head.Set("Content-Security-Policy", report.ContentSecurityPolicy+"; frame-ancestors 'none'")
		err = report.CompareHTML(&b, d, lang)
	case rest.CSVFormat.Name:
		media = rest.MediaCSV
		head.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
		err = report.CompareCSV(&b, d, table.Plain)
	case pdfFormat.Name:
		media = mediaPDF
		if err = h.printed(c.Request().Context(), &b, d, lang); err == nil {
			head.Set("Content-Disposition", `inline; filename="`+name+"."+lang+`.pdf"`)
		}
	default:
		err = report.CompareJSON(&b, d)
	}
	if err != nil {
		return err
	}
	return rest.Bytes(c, media, b.Bytes())
}

// printed writes a comparison as PDF, one at a time with the PDFs of reports:
// each takes seconds and some hundred megabytes.
func (h *Handler) printed(ctx context.Context, b *bytes.Buffer, d *compare.Comparison, lang string) error {
	select {
	case h.making <- struct{}{}:
		defer func() { <-h.making }()
	case <-ctx.Done():
		return fault.E("reports", fault.Canceled, ctx.Err())
	}
	return report.ComparePDF(ctx, b, d, lang, nil)
}
