package vector

import (
	"fmt"
	"strings"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
)

// feed is one Rows with where its fields go.
type feed struct {
	rows Rows
	to   []int            // field i goes to column to[i]
	tr   *crs.Transformer // nil: same CRS
}

// merge settles the schema that holds the rows of all sources.
func (w *writer) merge(sources []Rows) error {
	const op = "vector.Write"
	for i, r := range sources {
		s := r.Schema()
		if i == 0 {
			w.schema.CRS, w.schema.GeometryType = s.CRS, s.GeometryType
		}
		src := feed{rows: r}
		switch {
		case (s.GeometryType == "") != (w.schema.GeometryType == ""):
			return fault.Errorf(op, fault.Invalid, "%s and %s cannot be one dataset: one has positions and the other has not", sources[0].Name(), r.Name())
		case s.CRS != w.schema.CRS && s.GeometryType != "":
			tr, err := crs.New(s.CRS, w.schema.CRS)
			if err != nil {
				return fmt.Errorf("%s: %w", r.Name(), err)
			}
			src.tr = tr
			w.notes.Count(catalog.Info, "reprojected", "files in another reference system were brought to "+w.schema.CRS.Short(), r.Name()+": from "+s.CRS.Short())
		}
		src.to = w.place(s.Fields, i == 0)
		w.sources = append(w.sources, src)
		if n := r.Count(); n >= 0 && w.total >= 0 {
			w.total += n
		} else {
			w.total = -1
		}
	}
	w.total = max(w.total, 0)
	if len(w.schema.Fields) > w.o.Limits.Fields {
		return fault.Errorf(op, fault.TooLarge, "%d attributes are more than the limit of %d", len(w.schema.Fields), w.o.Limits.Fields)
	}
	if w.schema.GeometryType != "" {
		d, err := gdal.DescribeCRS(w.schema.CRS)
		if err != nil {
			return err
		}
		w.geodetic = d.Geographic && d.RadiansPerUnit > 0.017 && d.RadiansPerUnit < 0.018
	}
	w.naming = namingField(&w.schema)
	for _, f := range w.schema.Fields {
		w.columns = append(w.columns, &columnStats{dense: !w.mayBeCode(f.Name)})
	}
	return nil
}

// reserved are the columns that the GeoPackage needs for itself.
var reserved = map[string]bool{"fid": true, "geom": true}

// place gives the fields of a source columns: new ones in the first, else
// those of the same name.
func (w *writer) place(fields []geo.Field, first bool) []int {
	mine := map[int]bool{}
	to := make([]int, len(fields))
	for i, f := range fields {
		at := -1
		for j := range w.schema.Fields {
			if !first && !mine[j] && strings.EqualFold(w.schema.Fields[j].Name, f.Name) {
				at = j
				break
			}
		}
		if at < 0 {
			at = len(w.schema.Fields)
			w.schema.Fields = append(w.schema.Fields, geo.Field{Name: w.freeName(f.Name, i), Type: f.Type, Alias: f.Alias, Description: f.Description})
		} else if t := commonType(w.schema.Fields[at].Type, f.Type); t != w.schema.Fields[at].Type {
			w.schema.Fields[at].Type = t
		}
		mine[at], to[i] = true, at
	}
	return to
}

// freeName is a column name that is not taken; SQL does not tell upper from
// lower case.
func (w *writer) freeName(name string, i int) string {
	taken := func(s string) bool {
		if reserved[strings.ToLower(s)] {
			return true
		}
		for _, f := range w.schema.Fields {
			if strings.EqualFold(f.Name, s) {
				return true
			}
		}
		return false
	}
	out := strings.TrimSpace(strings.ReplaceAll(name, "\x00", ""))
	if out == "" {
		out = fmt.Sprintf("field_%d", i+1)
	}
	base := out
	for n := 2; taken(out); n++ {
		out = fmt.Sprintf("%s_%d", base, n)
	}
	if out != name {
		w.notes.Count(catalog.Warning, "field-renamed", "attributes were renamed: a name may occur once, and fid and geom are taken", fmt.Sprintf("%q is now %q", name, out))
	}
	return out
}

func commonType(a, b geo.FieldType) geo.FieldType {
	switch {
	case a == b:
		return a
	case (a == geo.Integer || a == geo.Real) && (b == geo.Integer || b == geo.Real):
		return geo.Real
	}
	return geo.String
}

func namingField(s *geo.Schema) int {
	for _, want := range []string{"name", "nome", "comune", "denominazione", "den_com", "nom", "zone", "area"} {
		for i, f := range s.Fields {
			if strings.EqualFold(f.Name, want) {
				return i
			}
		}
	}
	for i, f := range s.Fields {
		if strings.Contains(strings.ToLower(f.Name), "name") && f.Type == geo.String {
			return i
		}
	}
	return -1
}
