package travel

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"contado/geo/fault"
)

// The kinds of rows.
const (
	kindLandCover = "landcover"
	kindRoad      = "road"
	kindDefault   = "default"
	kindBarrier   = "barrier"
)

// speedColumns are the columns of a speed table, in canonical order; label,
// slope and source may be left out.
var speedColumns = [...]string{"kind", "class", "label", "speed_kmh", "slope", "source"}

// Limits of a speed table file.
const (
	maxSpeedBytes = 1 << 20
	maxSpeedRows  = 10_000
)

// ParseSpeeds reads a speed table: CSV in UTF-8 (with or without BOM), comma-
// or semicolon-separated, lines that start with # are comments. The first
// row names the columns, in any order: kind, class and speed_kmh, and if
// wanted label, slope (yes or no; yes when empty) and source. The decimal
// sign is a point or a comma (quoted when commas separate).
//
// kind is landcover (class is a whole number), road or barrier (class is a
// text, case ignored) or default (no class; for land cover that is not
// listed). speed_kmh 0 cannot be walked. name is for messages and provenance.
// Errors: Invalid with the line, TooLarge over 1 MiB or 10,000 rows.
func ParseSpeeds(r io.Reader, name string) (*SpeedTable, error) {
	const op = "travel.ParseSpeeds"
	text, err := io.ReadAll(io.LimitReader(r, maxSpeedBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read speed table %s: %w", name, err)
	}
	if len(text) > maxSpeedBytes {
		return nil, fault.Errorf(op, fault.TooLarge, "speed table %s is over %d bytes", name, maxSpeedBytes)
	}
	if !utf8.Valid(text) {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "speed table %s is not UTF-8 text", name), "save it as CSV in UTF-8")
	}
	p := &speedParser{table: &SpeedTable{
		Name: name, landcover: map[int32]Speed{}, road: map[string]Speed{}, barrier: map[string]Speed{},
	}}
	if err := p.parse(bytes.TrimPrefix(text, []byte("\ufeff"))); err != nil {
		var size *fault.Error
		if errors.As(err, &size) {
			return nil, err
		}
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("speed table %s: %w", name, err))
	}
	return p.table, nil
}

type speedParser struct {
	table   *SpeedTable
	columns [len(speedColumns)]int // position of each column, −1 when absent
}

func (p *speedParser) parse(text []byte) error {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace = delimiter(text), '#', -1, true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("it has no rows")
	}
	if err != nil {
		return err
	}
	if err := p.header(header); err != nil {
		line, _ := r.FieldPos(0)
		return fmt.Errorf("line %d: %w", line, err)
	}
	for rows := 0; ; rows++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err // says the line
		}
		if rows == maxSpeedRows {
			return fault.Errorf("travel.ParseSpeeds", fault.TooLarge, "speed table %s has over %d rows", p.table.Name, maxSpeedRows)
		}
		line, _ := r.FieldPos(0)
		if err := p.row(record, line); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	if len(p.table.landcover) == 0 && p.table.other == nil {
		return errors.New("it has neither landcover rows nor a default row")
	}
	return nil
}

// delimiter looks at the first line that is no comment.
func delimiter(text []byte) rune {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) == 0 || line[0] == '#' {
			continue
		}
		if bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
			return ';'
		}
		break
	}
	return ','
}

func (p *speedParser) header(names []string) error {
	for i := range p.columns {
		p.columns[i] = -1
	}
	for at, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			continue
		}
		i := slices.Index(speedColumns[:], name)
		if i < 0 {
			return fmt.Errorf("column %q is not known; want %s", name, strings.Join(speedColumns[:], ", "))
		}
		if p.columns[i] >= 0 {
			return fmt.Errorf("column %q stands twice", name)
		}
		p.columns[i] = at
	}
	for _, i := range []int{0, 1, 3} {
		if p.columns[i] < 0 {
			return fmt.Errorf("there is no column %q; the first row must name the columns %s", speedColumns[i], strings.Join(speedColumns[:], ", "))
		}
	}
	return nil
}

func (p *speedParser) row(record []string, line int) error {
	field := func(i int) string {
		if at := p.columns[i]; at >= 0 && at < len(record) {
			return strings.TrimSpace(record[at])
		}
		return ""
	}
	if !slices.ContainsFunc(record, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return nil // spreadsheets leave lines of separators
	}
	s := Speed{Label: field(2), Source: field(5), Line: line}
	var err error
	if s.KMH, err = parseKMH(field(3)); err != nil {
		return err
	}
	switch slope := strings.ToLower(field(4)); slope {
	case "", "yes":
	case "no":
		s.Slope = SlopeIgnored
	default:
		return fmt.Errorf("slope is %q; want yes or no", slope)
	}
	return p.add(strings.ToLower(field(0)), field(1), s)
}

func (p *speedParser) add(kind, class string, s Speed) error {
	t := p.table
	switch kind {
	case kindLandCover:
		n, err := strconv.ParseInt(class, 10, 32)
		if err != nil {
			return fmt.Errorf("land-cover class is %q; want a whole number", class)
		}
		return put(t.landcover, int32(n), s, kind)
	case kindRoad, kindBarrier:
		if className(class) == "" {
			return fmt.Errorf("%s row without a class", kind)
		}
		if kind == kindRoad {
			return put(t.road, className(class), s, kind)
		}
		return put(t.barrier, className(class), s, kind)
	case kindDefault:
		if class != "" {
			return fmt.Errorf("the default row has class %q; leave it empty", class)
		}
		if t.other != nil {
			return fmt.Errorf("there is a default row already on line %d", t.other.Line)
		}
		t.other = &s
		return nil
	}
	return fmt.Errorf("kind is %q; want %s, %s, %s or %s", kind, kindLandCover, kindRoad, kindDefault, kindBarrier)
}

func put[K comparable](m map[K]Speed, class K, s Speed, kind string) error {
	if old, ok := m[class]; ok {
		return fmt.Errorf("%s class %v stands already on line %d", kind, class, old.Line)
	}
	m[class] = s
	return nil
}

// parseKMH reads digits with at most one decimal sign: no exponents, no
// thousands separators, so that 1.000,5 cannot be taken for something else.
func parseKMH(text string) (float64, error) {
	plain := strings.Replace(text, ",", ".", 1)
	if strings.Trim(plain, "0123456789.") != "" || plain == "" {
		return 0, fmt.Errorf("speed_kmh is %q; want a number such as 4.86 (0 for impassable)", text)
	}
	v, err := strconv.ParseFloat(plain, 64)
	if err != nil || v > MaxSpeed*3.6 {
		return 0, fmt.Errorf("speed_kmh is %q; want a number from 0 to %g", text, MaxSpeed*3.6)
	}
	return v, nil
}
