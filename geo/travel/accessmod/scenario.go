package accessmod

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"contado/geo/fault"
)

// Class is a row of a scenario.
type Class struct {
	Class int32
	Label string
	Code  Code
}

// Scenario gives the code of each class of land cover and road.
type Scenario struct {
	Name    string
	classes map[int32]Class
}

// Limits of a scenario file.
const (
	maxScenarioBytes = 1 << 20
	maxScenarioRows  = 10_000
)

// ParseScenario reads a table of speeds as AccessMod has it: CSV in UTF-8 with
// the columns class, label (may be left out), speed (km/h) and mode, comma- or
// semicolon-separated. A class that stands twice keeps its first row, as in
// AccessMod; speed 0 is a barrier. Errors: Invalid with the line, TooLarge.
func ParseScenario(r io.Reader, name string) (*Scenario, error) {
	const op = "accessmod.ParseScenario"
	text, err := io.ReadAll(io.LimitReader(r, maxScenarioBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read scenario %s: %w", name, err)
	}
	if len(text) > maxScenarioBytes {
		return nil, fault.Errorf(op, fault.TooLarge, "scenario %s is over %d bytes", name, maxScenarioBytes)
	}
	s := &Scenario{Name: name, classes: map[int32]Class{}}
	if err := s.parse(bytes.TrimPrefix(text, []byte("\ufeff"))); err != nil {
		return nil, fault.E(op, fault.Invalid, fmt.Errorf("scenario %s: %w", name, err))
	}
	return s, nil
}

func (s *Scenario) parse(text []byte) error {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace, r.Comment = -1, true, '#'
	if head, _, _ := bytes.Cut(text, []byte("\n")); bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		r.Comma = ';'
	}
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("first row: %w", err)
	}
	for i := range header {
		header[i] = strings.ToLower(strings.TrimSpace(header[i]))
	}
	columns := map[string]int{}
	for _, name := range []string{"class", "label", "speed", "mode"} {
		columns[name] = slices.Index(header, name)
		if columns[name] < 0 && name != "label" {
			return fmt.Errorf("there is no column %q; the first row must name class, speed and mode", name)
		}
	}
	for rows := 0; ; rows++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if rows == maxScenarioRows {
			return fmt.Errorf("it has over %d rows", maxScenarioRows)
		}
		if err := s.row(record, columns); err != nil {
			line, _ := r.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	if len(s.classes) == 0 {
		return errors.New("it has no classes")
	}
	return nil
}

func (s *Scenario) row(record []string, columns map[string]int) error {
	field := func(name string) string {
		if at := columns[name]; at >= 0 && at < len(record) {
			return strings.TrimSpace(record[at])
		}
		return ""
	}
	class, err := strconv.ParseInt(field("class"), 10, 32)
	if err != nil {
		return fmt.Errorf("class is %q; want a whole number", field("class"))
	}
	kmh, err := strconv.ParseFloat(strings.Replace(field("speed"), ",", ".", 1), 64)
	if err != nil {
		return fmt.Errorf("speed is %q; want km/h", field("speed"))
	}
	mode, err := ParseMode(field("mode"))
	if err != nil {
		return err
	}
	code, err := NewCode(mode, kmh)
	if err != nil {
		return err
	}
	if _, twice := s.classes[int32(class)]; !twice {
		s.classes[int32(class)] = Class{Class: int32(class), Label: field("label"), Code: code}
	}
	return nil
}

// Class gives the row of a class.
func (s *Scenario) Class(class int32) (Class, bool) {
	c, ok := s.classes[class]
	return c, ok
}

// Classes lists the rows by class.
func (s *Scenario) Classes() []Class {
	out := make([]Class, 0, len(s.classes))
	for _, c := range s.classes {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Class) int { return int(a.Class) - int(b.Class) })
	return out
}

// Codes turns merged classes into codes; NoClass and classes that the scenario
// does not list become barriers, and the latter are counted by class.
func (s *Scenario) Codes(classes []int32) (codes []Code, unlisted map[int32]int) {
	codes, unlisted = make([]Code, len(classes)), map[int32]int{}
	for i, class := range classes {
		if class == NoClass {
			continue
		}
		c, ok := s.classes[class]
		if !ok {
			unlisted[class]++
		}
		codes[i] = c.Code
	}
	return codes, unlisted
}
