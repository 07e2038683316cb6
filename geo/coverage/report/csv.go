package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// Table says which rows a CSV file holds.
type Table string

// The tables. The zero value is TableAreas.
const (
	TableAreas Table = "areas"     // the whole and each area, by threshold
	TableBands Table = "age-bands" // the whole and each area, by age band and threshold
	TableGaps  Table = "gaps"      // the listed gaps, then the omitted ones in one row
)

// CSVOptions choose the form of a CSV file; nil means the defaults: areas,
// comma, no byte order mark.
type CSVOptions struct {
	Table Table
	// BOM writes the UTF-8 byte order mark by which Excel knows the encoding.
	BOM bool
	// Comma is the separator: ',' (default) or ';', which Excel expects where
	// the decimal mark is a comma. Decimals have a point always.
	Comma rune
}

// Column documents one column of a table.
type Column struct{ Name, Description string }

var figureColumns = []Column{
	{"population", "people, in whole persons rounded together so that rows and columns add up"},
	{"threshold_s", "threshold T in seconds"},
	{"covered", "people with a travel time of at most T"},
	{"uncovered", "people with a longer, finite travel time"},
	{"unreachable", "people who cannot reach any facility"},
	{"share", "covered / population from the unrounded numbers, 0 to 1, 6 decimals; empty where nobody lives"},
	{"median_s", "time within which half of all people are reached, seconds; empty when not reached"},
	{"p90_s", "time within which nine tenths of all people are reached, seconds; empty when not reached"},
	{"suppressed", "yes when the numbers of the row are hidden to protect a small group"},
}

// Columns lists the columns of a table in order.
func Columns(t Table) []Column {
	level := []Column{
		{"level", `"territory" for the whole, "area" for a part`},
		{"code", "code of the territory or area"},
		{"name", "its name"},
	}
	switch t {
	case TableBands:
		level = append(level, Column{"band", "age band"}, Column{"band_label", "its name for people; may be empty"})
	case TableGaps:
		return []Column{
			{"rank", "1 for the largest group; empty for the row of omitted groups"},
			{"name", `name of the group; "(omitted)" for all groups that are not listed`},
			{"kind", "place, near or area"},
			{"area_code", "code of the area"},
			{"area_name", "name of the area"},
			{"population", "people not covered at the largest threshold, in whole persons"},
			{"unreachable", "how many of them cannot reach any facility"},
			{"time_s", "median time of those who can, seconds; empty when none can"},
			{"facility", "nearest facility in time; may be empty"},
			{"lon", "longitude of the centre of the group, degrees"},
			{"lat", "latitude, degrees"},
			{"groups", "1, or how many groups the row of omitted ones stands for"},
		}
	}
	return append(level, figureColumns...)
}

// CSV writes one table after RFC 4180: CRLF, a header line, quotes where
// needed. A text that a spreadsheet would take for a formula gets a leading
// apostrophe.
func CSV(w io.Writer, r *coverage.Report, o *CSVOptions) error {
	const op = "report.CSV"
	if o == nil {
		o = &CSVOptions{}
	}
	if err := validate(op, r); err != nil {
		return err
	}
	var rows [][]string
	switch o.Table {
	case "", TableAreas:
		rows = areaRows(r, round(r))
	case TableBands:
		rows = bandRows(r, round(r))
	case TableGaps:
		rows = gapRows(r, round(r))
	default:
		return fault.Errorf(op, fault.Invalid, "no table %q in a coverage report: %s, %s or %s", o.Table, TableAreas, TableBands, TableGaps)
	}
	comma := o.Comma
	switch comma {
	case 0:
		comma = ','
	case ',', ';', '\t':
	default:
		return fault.Errorf(op, fault.Invalid, "CSV separator %q: use a comma, a semicolon or a tab", comma)
	}
	if o.BOM {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return fmt.Errorf("write coverage report as CSV: %w", err)
		}
	}
	head := []string{}
	for _, c := range Columns(o.Table) {
		head = append(head, c.Name)
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = comma, true
	if err := out.WriteAll(append([][]string{head}, rows...)); err != nil {
		return fmt.Errorf("write coverage report as CSV: %w", err)
	}
	return nil
}

// plain makes a text safe in a spreadsheet.
func plain(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
	if strings.TrimLeft(s, " ") != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(strings.TrimLeft(s, " ")[0])) {
		return "'" + s
	}
	return s
}

func areaRows(r *coverage.Report, p *printed) [][]string {
	whole := wholeOf(r)
	rows := figureRows([]string{"territory", plain(r.Territory.Code), plain(r.Territory.Name)}, &whole, &p.total)
	for i := range r.Areas {
		a := &r.Areas[i]
		rows = append(rows, figureRows([]string{"area", plain(a.Code), plain(a.Name)}, &a.Figures, &p.areas[i])...)
	}
	return rows
}

func bandRows(r *coverage.Report, p *printed) [][]string {
	var rows [][]string
	add := func(level, code, name string, bands []coverage.BandResult, lines []line) {
		for b := range bands {
			head := []string{level, plain(code), plain(name), plain(bands[b].Band), plain(bands[b].Label)}
			rows = append(rows, figureRows(head, &bands[b].Figures, &lines[b])...)
		}
	}
	add("territory", r.Territory.Code, r.Territory.Name, r.AgeBands, p.bands)
	for i := range r.Areas {
		add("area", r.Areas[i].Code, r.Areas[i].Name, r.Areas[i].AgeBands, p.areaBands[i])
	}
	return rows
}

func figureRows(head []string, f *coverage.Figures, l *line) [][]string {
	rows := make([][]string, len(f.Coverage))
	for j, c := range f.Coverage {
		if c.Suppressed || f.Suppressed {
			rows[j] = append(append([]string{}, head...), "", decimal(&c.ThresholdS), "", "", "", "", "", "", "yes")
			if !f.Suppressed {
				rows[j][len(head)] = whole(l.population)
			}
			continue
		}
		unreachable := whole(l.unreachable)
		if c.Merged {
			unreachable = ""
		}
		share := ""
		if c.Share != nil {
			share = strconv.FormatFloat(*c.Share, 'f', 6, 64)
		}
		rows[j] = append(append([]string{}, head...),
			whole(l.population), decimal(&c.ThresholdS), whole(l.covered[j]), whole(l.uncovered[j]), unreachable,
			share, decimal(f.MedianS), decimal(f.P90S), "")
	}
	return rows
}

func gapRows(r *coverage.Report, p *printed) [][]string {
	left, omitted := gapPeople(r, p)
	var rows [][]string
	for i, g := range r.Gaps {
		unreachable := whole(min(left[i], int64(math.Round(g.Unreachable))))
		if g.Suppressed {
			unreachable = ""
		}
		rows = append(rows, []string{
			strconv.Itoa(i + 1), plain(g.Name), string(g.Kind), plain(g.AreaCode), plain(g.AreaName),
			whole(left[i]), unreachable, decimal(g.TimeS), plain(g.Facility),
			strconv.FormatFloat(g.Lon, 'f', 6, 64), strconv.FormatFloat(g.Lat, 'f', 6, 64), "1",
		})
	}
	if r.GapsOmitted.Count > 0 {
		people := whole(omitted)
		if r.GapsOmitted.Suppressed {
			people = ""
		}
		rows = append(rows, []string{"", "(omitted)", "", "", "", people, "", "", "", "", "", strconv.Itoa(r.GapsOmitted.Count)})
	}
	return rows
}

// gapPeople are the printed people of each listed gap, and of the omitted.
func gapPeople(r *coverage.Report, p *printed) (list []int64, omitted int64) {
	var parts []int64
	sum := 0.0
	for _, g := range r.Gaps {
		parts = append(parts, int64(math.Round(g.Population*unit)))
		sum += g.Population
	}
	parts = append(parts, int64(math.Round(r.GapsOmitted.Population*unit)))
	sum += r.GapsOmitted.Population
	last := len(r.Coverage) - 1
	total := p.total.uncovered[last] + p.total.unreachable
	if math.Abs(float64(total)-sum) >= 1 { // a list that does not hold everyone
		total = int64(math.Round(sum))
	}
	list = distribute(total, parts)
	return list[:len(r.Gaps)], list[len(r.Gaps)]
}

func whole(v int64) string { return strconv.FormatInt(v, 10) }

func decimal(v *float64) string {
	if v == nil {
		return ""
	}
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(*v, 'f', 3, 64), "0"), ".")
}
