// Package table writes the answer to a question as a table that people open:
// CSV, a spreadsheet (XLSX) or JSON, with numbers as their language has them.
package table

import (
	"fmt"
	"math"
	"time"

	"contado/geo/fault"
)

// Kind is what the cells of a column hold.
type Kind uint8

// The kinds, with the Go type of their cells. A nil cell is empty whatever
// the kind, and so is a Real that is NaN.
const (
	Text    Kind = iota // string
	Integer             // int or int64
	Real                // float64
	Share               // float64, 0 to 1: a percentage where people read it
	Date                // time.Time: a day in UTC
	Flag                // bool
)

// Column is one column.
type Column struct {
	Name string // stable, as in JSON and CSV: "mean", "water_ha"
	Kind Kind
	Unit string // "ha", "m"; "" = none
	// Digits after the decimal separator in a spreadsheet; CSV and JSON have all.
	Digits int
}

// Table is an answer in rows.
type Table struct {
	Name    string // of the sheet: "Serie temporale"
	Columns []Column
	Rows    [][]any
	// About is what a reader has to know beside the rows: sources, method,
	// notices. It becomes a second sheet of a spreadsheet.
	About [][2]string
}

// Check reports, as fault.Invalid, a row of the wrong length or a cell of
// the wrong type.
func (t *Table) Check() error {
	for i, row := range t.Rows {
		if err := t.check(i, row); err != nil {
			return err
		}
	}
	return nil
}

func fits(k Kind, v any) bool {
	ok := v == nil
	switch v.(type) {
	case string:
		ok = k == Text
	case int, int64:
		ok = k == Integer
	case float64:
		ok = k == Real || k == Share
	case time.Time:
		ok = k == Date
	case bool:
		ok = k == Flag
	}
	return ok
}

// empty reports a cell without a value.
func empty(v any) bool {
	f, ok := v.(float64)
	return v == nil || ok && (math.IsNaN(f) || math.IsInf(f, 0))
}

// Locale is how numbers and dates are written.
type Locale string

// The locales. Plain is for programs: comma between fields, point in
// numbers, ISO dates. Italian is what spreadsheets in Italian open right:
// semicolon, decimal comma, day/month/year.
const (
	Plain   Locale = "plain"
	English Locale = "en"
	Italian Locale = "it"
)

// ParseLocale reads "plain", "en" or "it"; "" is plain.
func ParseLocale(s string) (Locale, error) {
	switch l := Locale(s); l {
	case "":
		return Plain, nil
	case Plain, English, Italian:
		return l, nil
	}
	return "", fault.Errorf("table", fault.Invalid, "locale %.20q is not known: use plain, en or it", s)
}

func (l Locale) date(t time.Time) string {
	switch l {
	case Italian:
		return t.UTC().Format("02/01/2006")
	default:
		return t.UTC().Format(time.DateOnly)
	}
}

func (l Locale) flag(b bool) string {
	switch {
	case l == Italian && b:
		return "sì"
	case l == Italian:
		return "no"
	}
	return fmt.Sprint(b)
}
