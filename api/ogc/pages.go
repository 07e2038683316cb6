package ogc

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/page"
	"contado/api/rest"
	"contado/geo"
	"contado/geo/store/catalog"
)

func collectionsPage(c echo.Context, list []Collection, links []rest.Link) error {
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	type line struct {
		Href, ID, Title, Kind, Role string
		Version                     int
	}
	lines := make([]line, 0, len(list))
	for _, x := range list {
		lines = append(lines, line{rest.URL(c, "collections", x.ID) + "?f=html", x.ID, x.Title, string(x.Contado.Kind), string(x.Contado.Role), x.Contado.Version})
	}
	return page.Render(c, lang, page.Page{
		Name: "collections", Title: page.Text(lang, "collections"), Links: links, Data: lines, Crumbs: crumbs(c, lang),
	})
}

func collectionPage(c echo.Context, x Collection) error {
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	data := struct {
		Collection
		Kind, Role, Published, BBox, CRS, Items string
		Version                                 int
		Count                                   int64
		Invented                                bool
		Fields                                  []geo.Field
		Notices                                 []catalog.Notice
	}{
		Collection: x, Kind: string(x.Contado.Kind), Role: string(x.Contado.Role), Version: x.Contado.Version,
		Published: x.Contado.PublishedAt.Format(time.DateTime) + " UTC", CRS: x.Contado.NativeCRS,
		Items: rest.URL(c, "collections", x.ID, "items") + "?f=html", Invented: x.Contado.Invented,
		Fields: x.Contado.Fields, Notices: x.Contado.Notices,
	}
	if x.Contado.Count != nil {
		data.Count = *x.Contado.Count
	}
	if s := x.Extent.Spatial; s != nil {
		b := s.BBox[0]
		data.BBox = fmt.Sprintf("%.5f, %.5f, %.5f, %.5f", b[0], b[1], b[2], b[3])
	}
	links := rest.Representations(c, rest.URL(c, "collections", x.ID), "html", rest.JSONFormat, rest.HTMLFormat)
	return page.Render(c, lang, page.Page{Name: "collection", Title: x.Title, Links: links, Data: data, Crumbs: crumbs(c, lang)})
}

func itemsPage(c echo.Context, columns []string, d catalog.Dataset, res *result, links []rest.Link) error {
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	type line struct {
		Href, ID string
		Cells    []string
	}
	data := struct {
		Returned int
		Matched  *int64
		Next     string
		Columns  []string
		Rows     []line
	}{Returned: len(res.rows), Matched: res.matched, Columns: columns}
	for _, r := range res.rows {
		l := line{Href: rest.URL(c, "collections", d.ID, "items", r.ID) + "?f=html", ID: r.ID}
		for _, v := range r.Values {
			l.Cells = append(l.Cells, cell(v))
		}
		data.Rows = append(data.Rows, l)
	}
	for _, l := range links {
		if l.Rel == "next" {
			data.Next = l.Href
		}
	}
	return page.Render(c, lang, page.Page{
		Name: "items", Title: name(d) + ": " + page.Text(lang, "items"), Links: links, Data: data,
		Crumbs: crumbs(c, lang, page.Crumb{Href: rest.URL(c, "collections", d.ID) + "?f=html", Text: name(d)}),
	})
}

func itemPage(c echo.Context, d catalog.Dataset, names []string, r row, geometry string, links []rest.Link) error {
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	type line struct{ Name, Value string }
	data := struct {
		Rows     []line
		Geometry string
	}{Geometry: geometry}
	for i, v := range r.Values {
		data.Rows = append(data.Rows, line{names[i], cell(v)})
	}
	if geometry == "" {
		data.Geometry = page.Text(lang, "nothing")
	}
	return page.Render(c, lang, page.Page{
		Name: "item", Title: name(d) + " " + r.ID, Links: links, Data: data,
		Crumbs: crumbs(c, lang,
			page.Crumb{Href: rest.URL(c, "collections", d.ID) + "?f=html", Text: name(d)},
			page.Crumb{Href: rest.URL(c, "collections", d.ID, "items") + "?f=html", Text: page.Text(lang, "items")}),
	})
}

func schemaPage(c echo.Context, d catalog.Dataset, kind string, doc *schemaDocument, links []rest.Link) error {
	lang, err := rest.Language(c)
	if err != nil {
		return err
	}
	type line struct{ Name, Title, Type, Description, Values string }
	var lines []line
	for n, p := range doc.Properties {
		t := p.Type
		if p.Format != "" {
			t = p.Format
		}
		lines = append(lines, line{n, p.Title, t, p.Description, joined(p.Enum)})
	}
	slices.SortFunc(lines, func(a, b line) int {
		x, y := doc.Properties[a.Name], doc.Properties[b.Name]
		return cmp.Or(cmp.Compare(x.Seq, y.Seq), strings.Compare(a.Name, b.Name))
	})
	return page.Render(c, lang, page.Page{
		Name: "schema", Title: name(d) + ": " + page.Text(lang, kind), Links: links, Data: lines,
		Crumbs: crumbs(c, lang, page.Crumb{Href: rest.URL(c, "collections", d.ID) + "?f=html", Text: name(d)}),
	})
}

func joined(list []any) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = fmt.Sprint(v)
	}
	return strings.Join(out, ", ")
}

func name(d catalog.Dataset) string {
	if d.Title != "" {
		return d.Title
	}
	return d.ID
}

// cell is a value as a table shows it.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return fmt.Sprintf("%d bytes", len(v))
	case *time.Time:
		if v == nil {
			return ""
		}
		return v.Format(time.RFC3339)
	case *float64:
		if v == nil {
			return ""
		}
		return fmt.Sprint(*v)
	case string:
		if r := []rune(v); len(r) > 300 {
			return strings.TrimSpace(string(r[:300])) + "…"
		}
		return v
	}
	return fmt.Sprint(v)
}
