package analysis

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/demand"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

// sections are census sections: polygons with counts of people.
type sections struct {
	counts  demand.Counts
	names   []string // of the bands
	outline []orb.MultiPolygon
	ids     []int64
	total   string // field of all people
	// keepEmpty keeps sections where nobody lives: they tell where people do
	// not. Else they are left out, and counted.
	keepEmpty bool
	empty     int
}

// maxSections bounds the sections that are held at once.
const maxSections = 2_000_000

// ofSections reports whether a population dataset is polygons with counts.
func ofSections(d catalog.Dataset) bool {
	v := d.Version.Vector
	return d.Kind == catalog.Vector && v != nil && strings.HasSuffix(v.Schema.GeometryType, "Polygon")
}

// istatAges are the age bands of the variables of Italian censuses by section
// (ISTAT, "Variabili censuarie", P14 to P29); P2 and P3 are men and women.
var istatAges = []string{
	"age_0_4", "age_5_9", "age_10_14", "age_15_19", "age_20_24", "age_25_29", "age_30_34", "age_35_39",
	"age_40_44", "age_45_49", "age_50_54", "age_55_59", "age_60_64", "age_65_69", "age_70_74", "age_75_plus",
}

var (
	istatTotal = regexp.MustCompile(`(?i)^(P1|POP_?(19|20)?\d{2})$`)
	ageColumn  = regexp.MustCompile(`(?i)^age_(\d{1,3})_(\d{1,3}|plus)$`)
)

// peopleFields says which attributes of a schema hold all people and which a
// band each: those settled at ingest, else those of the names that ISTAT
// gives (POP21, P1 …) and age_… .
func peopleFields(d catalog.Dataset) (total string, bands map[string]string, err error) {
	s := d.Version.Vector.Schema
	bands = map[string]string{}
	if t := d.Version.Table; t != nil {
		total = t.Total
		for column, band := range t.AgeBands {
			bands[column] = band
		}
	}
	have := map[string]string{} // upper case → as written
	for _, f := range s.Fields {
		if f.Type == geo.Integer || f.Type == geo.Real {
			have[strings.ToUpper(f.Name)] = f.Name
			if total == "" && istatTotal.MatchString(f.Name) {
				total = f.Name
			}
			if len(bands) == 0 && ageColumn.MatchString(f.Name) {
				bands[f.Name] = strings.ToLower(f.Name)
			}
		}
	}
	if total == "" {
		return "", nil, fault.WithHint(fault.Errorf("analysis.population", fault.Invalid, "dataset %q does not say which attribute holds the people of a section (it has %s)", d.ID, fieldNames(s)),
			"ingest it again with --role population --population-field")
	}
	if len(bands) == 0 {
		istatBands(have, bands)
	}
	return total, bands, nil
}

// istatBands finds the bands of ISTAT's variables, if they are all there:
// P14 alone could be anything.
func istatBands(have, bands map[string]string) {
	found := map[string]string{}
	for i, band := range istatAges {
		name, ok := have[fmt.Sprintf("P%d", 14+i)]
		if !ok {
			return
		}
		found[name] = band
	}
	for column, band := range found {
		bands[column] = band
	}
	if m, ok := have["P2"]; ok {
		if f, ok := have["P3"]; ok {
			bands[m], bands[f] = "male", "female"
		}
	}
}

// readSections reads the sections that meet a box (WGS 84), their outlines in
// a CRS.
func (r *run) readSections(ctx context.Context, d catalog.Dataset, box geo.BBox, to geo.CRS, keepEmpty bool) (*sections, error) {
	total, bands, err := peopleFields(d)
	if err != nil {
		return nil, err
	}
	l, err := r.snapshot.Layer(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	tr, err := crs.New(l.Schema().CRS, to)
	if err != nil {
		return nil, err
	}
	native, err := fromLonLat(box, l.Schema().CRS)
	if err != nil {
		return nil, err
	}
	out := &sections{total: total, keepEmpty: keepEmpty}
	fields := []string{total}
	for column := range bands {
		fields = append(fields, column)
	}
	slices.SortFunc(fields[1:], func(a, b string) int { return strings.Compare(bands[a], bands[b]) })
	for _, f := range fields[1:] {
		out.names = append(out.names, bands[f])
	}
	out.counts.Bands = make([][]float64, len(out.names))
	var failed error
	err = l.Scan(ctx, features.Query{BBox: &native, Fields: fields}, func(f geo.Feature) bool {
		failed = out.read(f, tr)
		return failed == nil
	})
	if err := firstError(failed, err); err != nil {
		return nil, fmt.Errorf("census sections %s: %w", d.ID, err)
	}
	return out, nil
}

// read adds a section.
func (s *sections) read(f geo.Feature, tr *crs.Transformer) error {
	n := positive(number(f.Values[0]))
	if n == 0 {
		s.empty++
		if !s.keepEmpty || f.Geometry == nil {
			return nil
		}
	}
	if len(s.ids) == maxSections {
		return fault.Errorf("analysis.population", fault.TooLarge, "more than %d sections", maxSections)
	}
	if f.Geometry == nil {
		return fault.Errorf("analysis.population", fault.Invalid, "section %d has %g people and no outline", f.ID, n)
	}
	g, err := tr.Geometry(f.Geometry, nil)
	if err != nil {
		return fmt.Errorf("section %d: %w", f.ID, err)
	}
	mp := polygonsOf(g)
	if len(mp) == 0 {
		return fault.Errorf("analysis.population", fault.Invalid, "section %d is %s, not a polygon", f.ID, f.Geometry.GeoJSONType())
	}
	s.ids, s.outline = append(s.ids, f.ID), append(s.outline, mp)
	s.counts.Total = append(s.counts.Total, n)
	for b := range s.counts.Bands {
		s.counts.Bands[b] = append(s.counts.Bands[b], positive(number(f.Values[b+1])))
	}
	return nil
}

// people is everyone in the sections.
func (s *sections) people() float64 {
	sum := 0.0
	for _, n := range s.counts.Total {
		sum += n
	}
	return sum
}

// peopleRows reads all people and the bands of each area, from a table by
// territory or from sections, each of which counts where its middle lies; nil
// for areas without any.
func (r *run) peopleRows(ctx context.Context, d catalog.Dataset, areas []area) (rows [][]float64, bands []string, err error) {
	if !ofSections(d) {
		return r.tableRows(ctx, d, areas)
	}
	box := geo.EmptyBBox()
	for i := range areas {
		box = box.Union(geo.BBoxOf(areas[i].lonLat.Bound()))
	}
	s, err := r.readSections(ctx, d, box, geo.WGS84, false)
	if err != nil {
		return nil, nil, err
	}
	rows = make([][]float64, len(areas))
	for i, n := range s.counts.Total {
		p, ok := pointOf(s.outline[i])
		if !ok {
			continue
		}
		a := areaAt(areas, p[0], p[1])
		if a == noArea {
			continue
		}
		if rows[a] == nil {
			rows[a] = make([]float64, 1+len(s.names))
		}
		rows[a][0] += n
		for b := range s.names {
			rows[a][b+1] += s.counts.Bands[b][i]
		}
	}
	return rows, s.names, nil
}
