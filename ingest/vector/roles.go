package vector

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// mayBeCode reports whether a field's values must be remembered.
func (w *writer) mayBeCode(name string) bool {
	return strings.EqualFold(name, w.o.Fields.Code) || roles().codes[strings.ToLower(name)]
}

func (w *writer) field(name string) int {
	if i := w.schema.FieldIndex(name); i >= 0 {
		return i
	}
	for i, f := range w.schema.Fields {
		if strings.EqualFold(f.Name, name) {
			return i
		}
	}
	return -1
}

// explicit finds a field that the user named.
func (w *writer) explicit(flag, name string) (int, error) {
	if i := w.field(name); i >= 0 {
		return i, nil
	}
	names := make([]string, len(w.schema.Fields))
	for i, f := range w.schema.Fields {
		names[i] = f.Name
	}
	return -1, fault.WithHint(fault.Errorf("vector.Write", fault.Invalid, "%s: there is no attribute %q", flag, name), "the attributes are: "+strings.Join(names, ", "))
}

// assignRoles settles the role and the attributes that it needs.
func (w *writer) assignRoles() error {
	w.asText, w.pad = map[int]bool{}, map[int]int{}
	if w.role = w.o.Role; w.role == "" {
		w.role = w.guessRole()
		w.notes.Add(catalog.Info, "role-guessed", "the role was guessed to be %q: name it with --role if it is not", w.role)
	}
	switch w.role {
	case catalog.TerritoryRole:
		if w.schema.GeometryType == "" {
			return fault.Errorf("vector.Write", fault.Invalid, "territories need areas, and %s has no positions", w.sources[0].rows.Name())
		}
		return w.assignTerritory()
	case catalog.Population:
		return w.assignPopulation()
	}
	return w.checkFlags()
}

// keepCode makes text of a code, with the zeros that numbers lose.
func (w *writer) keepCode(i int, k *known) {
	w.asText[i] = true
	if k != nil && k.Digits > 0 && w.schema.Fields[i].Type != geo.String {
		w.pad[i] = k.Digits
		w.notes.Add(catalog.Info, "codes-padded", "the numbers in %s were padded with zeros to %d digits", w.schema.Fields[i].Name, k.Digits)
	}
}

// checkFlags makes sure that fields named by the user exist even where the
// role has no use for them; a code stays one in every role.
func (w *writer) checkFlags() error {
	if w.o.Fields.Code != "" {
		i, k, err := w.codeField()
		if err != nil {
			return err
		}
		w.keepCode(i, k)
	}
	for flag, name := range map[string]string{"--code-field": w.o.Fields.Code, "--name-field": w.o.Fields.Name, "--level-field": w.o.Fields.Level, "--population-field": w.o.Fields.Population} {
		if name == "" {
			continue
		}
		if _, err := w.explicit(flag, name); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) guessRole() catalog.Role {
	areas := w.schema.GeometryType == "MultiPolygon"
	if areas {
		for _, k := range roles().Codes {
			if i := w.field(k.Field); k.Sure && i >= 0 && w.columns[i].filled == w.rows {
				if code, _ := w.guessCode(); code >= 0 {
					return catalog.TerritoryRole
				}
			}
		}
	}
	if code, _ := w.guessCode(); w.schema.GeometryType == "" && code >= 0 {
		if total, _ := w.guessPeople(); total >= 0 {
			return catalog.Population
		}
	}
	if strings.HasSuffix(w.schema.GeometryType, "LineString") && w.field("highway") >= 0 {
		return catalog.Road
	}
	return w.hinted()
}

// hinted guesses by attributes that nearly every row has a value in.
func (w *writer) hinted() catalog.Role {
	shape := map[string]string{
		"Point": "point", "MultiPoint": "point", "LineString": "line", "MultiLineString": "line", "MultiPolygon": "area",
	}[w.schema.GeometryType]
	for _, h := range roles().Roles {
		if h.Geometry != shape && (h.Geometry != "any" || shape == "") {
			continue
		}
		for _, name := range h.Fields {
			if i := w.field(name); i >= 0 && w.columns[i].filled*10 >= w.rows*9 {
				return h.Role
			}
		}
	}
	return catalog.OtherRole
}

// guessCode finds the first known code attribute that has a different value
// in every row, else the first that has a value in every row.
func (w *writer) guessCode() (int, *known) {
	for _, strict := range []bool{true, false} {
		for k := range roles().Codes {
			known := &roles().Codes[k]
			i := w.field(known.Field)
			if i < 0 || w.columns[i].filled < w.rows || (strict && !w.columns[i].unique(w.rows)) {
				continue
			}
			if !strict && (!known.Sure || w.columns[i].dense || int64(len(w.columns[i].seen))*2 < w.rows) {
				continue // parts of territories are few; else the code is of something above
			}
			return i, known
		}
	}
	return -1, nil
}

// assignTerritory settles code, name, parents and level.
func (w *writer) assignTerritory() error {
	t := &catalog.TerritoryFields{LevelName: w.o.Fields.LevelName}
	code, k, err := w.codeField()
	if err != nil {
		return err
	}
	t.Code = w.schema.Fields[code].Name
	name, err := w.nameField(code, k)
	if err != nil {
		return err
	}
	t.Name = w.schema.Fields[name].Name
	if err := w.parentFields(t, k); err != nil {
		return err
	}
	if w.o.Fields.Level != "" {
		i, err := w.explicit("--level-field", w.o.Fields.Level)
		if err != nil {
			return err
		}
		t.Level = w.schema.Fields[i].Name
	} else if t.LevelName == "" && k != nil {
		t.LevelName = k.Level
	}
	w.keepCode(code, k)
	w.territory, w.naming = t, name
	w.notes.Add(catalog.Info, "territory-fields", "code is %s, name is %s, level is %s, parents are %s", t.Code, t.Name, orNone(t.Level+t.LevelName), orNone(strings.Join(t.Parents, ", ")))
	return w.checkCodes(code, name)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (w *writer) codeField() (int, *known, error) {
	if w.o.Fields.Code != "" {
		i, err := w.explicit("--code-field", w.o.Fields.Code)
		if err != nil {
			return -1, nil, err
		}
		return i, roles().code(w.schema.Fields[i].Name), nil
	}
	if i, k := w.guessCode(); i >= 0 {
		return i, k, nil
	}
	for _, n := range roles().Naming.Fields {
		if i := w.field(n); i >= 0 && w.columns[i].unique(w.rows) {
			w.notes.Add(catalog.Warning, "code-from-name", "no attribute looks like a code: %s is used for it", w.schema.Fields[i].Name)
			return i, nil, nil
		}
	}
	names := make([]string, len(w.schema.Fields))
	for i, f := range w.schema.Fields {
		names[i] = f.Name
	}
	return -1, nil, fault.WithHint(fault.Errorf("vector.Write", fault.Invalid, "no attribute of %s looks like a territory code", w.sources[0].rows.Name()),
		"name it with --code-field; the attributes are: "+strings.Join(names, ", "))
}

func (w *writer) nameField(code int, k *known) (int, error) {
	if w.o.Fields.Name != "" {
		return w.explicit("--name-field", w.o.Fields.Name)
	}
	var list []string
	if k != nil {
		list = k.Names
	}
	for _, n := range append(slices.Clone(list), roles().Naming.Fields...) {
		if i := w.field(n); i >= 0 && w.columns[i].filled > 0 {
			return i, nil
		}
	}
	return code, nil
}

func (w *writer) parentFields(t *catalog.TerritoryFields, k *known) error {
	add := func(i int, name, level string) {
		t.Parents = append(t.Parents, w.schema.Fields[i].Name)
		parentName := ""
		if j := w.field(name); name != "" && j >= 0 {
			parentName = w.schema.Fields[j].Name
		}
		t.ParentNames = append(t.ParentNames, parentName)
		t.ParentLevels = append(t.ParentLevels, level)
		w.asText[i] = true
	}
	if len(w.o.Fields.Parents) > 0 {
		for _, p := range w.o.Fields.Parents {
			i, err := w.explicit("--parent-field", strings.TrimSpace(p))
			if err != nil {
				return err
			}
			l := roles().parent(w.schema.Fields[i].Name)
			add(i, l.Name, l.Level)
		}
		return nil
	}
	if k == nil {
		return nil
	}
	for _, p := range k.Parents {
		if i := w.field(p); i >= 0 && w.columns[i].filled > 0 {
			l := roles().parent(p)
			add(i, l.Name, l.Level)
		}
	}
	return nil
}

// checkCodes demands a code in every row, and that rows of the same code are
// parts of one territory.
func (w *writer) checkCodes(code, name int) error {
	const op = "vector.Write"
	c := w.columns[code]
	if missing := w.rows - c.filled; missing > 0 {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "%d of %d rows have no territory code in %s", missing, w.rows, w.schema.Fields[code].Name),
			"fill them in, or name another attribute with --code-field")
	}
	if c.dense {
		return fault.Errorf(op, fault.Invalid, "%s holds texts too long or too many to be territory codes", w.schema.Fields[code].Name)
	}
	twice := map[string]int64{}
	for s, n := range c.seen {
		if n > 1 {
			twice[strings.TrimSpace(s)] = n
		}
	}
	if len(twice) > 0 {
		w.merging = &merger{code: code, name: name, want: twice, parts: map[string]*merged{}, pad: w.pad[code]}
	}
	return nil
}

var (
	rePeople  = regexp.MustCompile(`(?i)^(pop|popolazione|population|pop_res|residenti|abitanti)_?(res_|tot_)?(19|20)?\d{2}$`)
	reAgeBand = regexp.MustCompile(`(?i)^(?:pop_|p_)?(?:age|eta|età)_?(\d{1,3})_(\d{1,3}|plus|oltre|e_oltre)$`)
)

// guessPeople finds the column of all people and those of age bands.
func (w *writer) guessPeople() (total int, ages map[string]string) {
	total, ages = -1, map[string]string{}
	for i, f := range w.schema.Fields {
		if f.Type != geo.Integer && f.Type != geo.Real {
			continue
		}
		if m := reAgeBand.FindStringSubmatch(f.Name); m != nil {
			to := m[2]
			if to[0] < '0' || to[0] > '9' {
				to = "plus"
			}
			ages[f.Name] = fmt.Sprintf("age_%s_%s", m[1], to)
		}
		if total < 0 && rePeople.MatchString(f.Name) {
			total = i
		}
	}
	for _, n := range roles().People.Fields {
		if i := w.field(n); total < 0 && i >= 0 && (w.schema.Fields[i].Type == geo.Integer || w.schema.Fields[i].Type == geo.Real) {
			total = i
		}
	}
	return total, ages
}

// assignPopulation settles code, total and age bands of a table of people.
func (w *writer) assignPopulation() error {
	const op = "vector.Write"
	total, ages := w.guessPeople()
	if w.o.Fields.Population != "" {
		i, err := w.explicit("--population-field", w.o.Fields.Population)
		if err != nil {
			return err
		}
		if t := w.schema.Fields[i].Type; t != geo.Integer && t != geo.Real {
			return fault.Errorf(op, fault.Invalid, "--population-field: %s holds %s, not numbers", w.schema.Fields[i].Name, t)
		}
		total = i
	}
	if total < 0 {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "no attribute of %s looks like a number of people", w.sources[0].rows.Name()), "name it with --population-field")
	}
	t := &catalog.PopulationFields{Total: w.schema.Fields[total].Name, AgeBands: ages}
	code, k, err := w.codeField()
	if err != nil && w.schema.GeometryType == "" {
		return err
	}
	if err == nil {
		t.Code = w.schema.Fields[code].Name
		w.keepCode(code, k)
	}
	w.table = t
	w.notes.Add(catalog.Info, "population-fields", "people are in %s, by the code in %s", t.Total, orNone(t.Code))
	return nil
}
