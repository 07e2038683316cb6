package table

import (
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"contado/geo/fault"
)

// CSV writes the header and the rows. Numbers have every digit that they
// need to be read back the same.
func (t *Table) CSV(w io.Writer, l Locale) error {
	if err := t.Check(); err != nil {
		return err
	}
	out, err := t.NewCSV(w, l)
	if err != nil {
		return err
	}
	for _, row := range t.Rows {
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return out.Flush()
}

func text(v any, l Locale) string {
	if empty(v) {
		return ""
	}
	switch v := v.(type) {
	case string:
		return SafeCell(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		s := strconv.FormatFloat(v, 'f', -1, 64)
		if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
			s = strconv.FormatFloat(v, 'g', -1, 64)
		}
		if l == Italian {
			s = strings.Replace(s, ".", ",", 1)
		}
		return s
	case time.Time:
		return l.date(v)
	case bool:
		return l.flag(v)
	}
	return ""
}

// SafeCell keeps a spreadsheet from taking a name for a formula. A number,
// which a code can be, is none.
func SafeCell(s string) string {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// MarshalJSON writes the rows as objects, a member a column; empty cells are
// null.
func (t *Table) MarshalJSON() ([]byte, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	rows := make([]map[string]any, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = make(map[string]any, len(row))
		for k, v := range row {
			switch d, isDate := v.(time.Time); {
			case empty(v):
				v = nil
			case isDate:
				v = Plain.date(d)
			}
			if _, twice := rows[i][t.Columns[k].Name]; twice {
				return nil, fault.Errorf("table", fault.Invalid, "two columns are named %s", t.Columns[k].Name)
			}
			rows[i][t.Columns[k].Name] = v
		}
	}
	return json.Marshal(rows)
}
