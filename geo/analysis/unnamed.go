package analysis

import (
	"context"
	"strings"
	"unicode"

	"contado/geo"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// nearbyMetres is how far a named place may lie for a facility to be called
// after it.
const nearbyMetres = 5000

// in is the name of a facility in a language.
func (f *facility) in(lang string) string {
	if s := f.names[lang]; s != "" {
		return s
	}
	return f.name
}

// callUnnamed gives facilities without a name words of people: what they are
// and where, "Pharmacy without a name, near Civezza". Where two would be called
// alike, the number of their row tells them apart, which stays as it is
// whatever else is read.
func (r *run) callUnnamed(ctx context.Context, d catalog.Dataset, list []facility) error {
	var unnamed []*facility
	box := geo.EmptyBBox()
	for i := range list {
		if f := &list[i]; f.name == "" {
			unnamed = append(unnamed, f)
			box = box.Union(geo.BBox{MinX: f.lon, MinY: f.lat, MaxX: f.lon, MaxY: f.lat})
		}
	}
	if len(unnamed) == 0 {
		return nil
	}
	near, err := r.namedPlaces(ctx, box)
	if err != nil {
		return err
	}
	around, alike := surroundings{run: r, near: near}, map[string]int{}
	for _, f := range unnamed {
		where, err := around.whereabouts(ctx, f)
		if err != nil {
			return err
		}
		f.names = f.kindWords(&d)
		for lang := range f.names {
			f.names[lang] += f.street(&d.Version.Vector.Schema) + ", " + where[lang]
		}
		for _, name := range f.names {
			alike[name]++
		}
	}
	for _, f := range unnamed {
		if alike[f.names["en"]] > 1 || alike[f.names["it"]] > 1 {
			f.names["en"] += " (no. " + f.id + ")"
			f.names["it"] += " (n. " + f.id + ")"
		}
		f.name = f.names["en"]
	}
	return nil
}

// nameGaps writes into the gaps what facilities without a name are called in
// each language.
func (c *section) nameGaps() {
	names := map[string]map[string]string{}
	for i := range c.facilities {
		if f := &c.facilities[i]; f.names != nil {
			names[f.name] = f.names
		}
	}
	for i := range c.report.Gaps {
		g := &c.report.Gaps[i]
		g.FacilityNames = names[g.Facility]
	}
}

// in is the name of a place in the language of a table.
func (p *TravelPlace) in(l table.Locale) string {
	if s := p.Names["it"]; s != "" && l == table.Italian {
		return s
	}
	return p.Name
}

// kindWords says what a facility without a name is.
func (f *facility) kindWords(d *catalog.Dataset) map[string]string {
	schema := &d.Version.Vector.Schema
	plain := strings.ReplaceAll(firstOf(f.text(schema, kindFields...)), "_", " ")
	if plain != "" && !unicode.IsLetter([]rune(plain)[0]) {
		plain = "" // a code
	}
	en, it := f.text(schema, "kind_en"), f.text(schema, "kind_it")
	switch {
	case en == "" && it == "" && plain == "":
		title := d.Title
		if title == "" {
			title = d.ID
		}
		return words("Without a name ("+title+")", "Senza nome ("+title+")")
	case en == "":
		en = plain
	}
	if it == "" {
		it = plain
	}
	return words(capitalised(en)+" without a name", capitalised(it)+" senza nome")
}

// firstOf is the first of several kinds in one text.
func firstOf(text string) string {
	if i := strings.IndexAny(text, ";,|"); i >= 0 {
		text = text[:i]
	}
	return strings.TrimSpace(text)
}

func capitalised(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return s
	}
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// street is the address of a facility, where its row tells it.
func (f *facility) street(schema *geo.Schema) string {
	s := f.text(schema, "addr_street", "addr:street", "indirizzo", "address", "street", "via")
	if s == "" {
		return ""
	}
	if n := f.text(schema, "addr_housenumber", "addr:housenumber", "civico"); n != "" {
		s += " " + n
	}
	return ", " + s
}

// namedPlaces are the places of all datasets of places around a box.
func (r *run) namedPlaces(ctx context.Context, box geo.BBox) (*nearest, error) {
	around := box.Buffer(0.1)
	sets, err := r.all(catalog.Place, nil, around)
	if err != nil {
		return nil, err
	}
	var list []facility
	for _, d := range sets {
		if d.Kind != catalog.Vector || d.Version.Vector == nil || d.Version.Vector.Schema.GeometryType == "" {
			continue
		}
		r.used(d)
		if err := r.points(ctx, d, around, func(_ geo.Feature, name string, lon, lat float64) {
			if name != "" {
				list = append(list, facility{name: name, lon: lon, lat: lat})
			}
		}); err != nil {
			return nil, err
		}
	}
	return newNearest(list), nil
}

// surroundings are the places and areas that things are called after.
type surroundings struct {
	*run
	near  *nearest
	areas []area // that held something before
}

// whereabouts says where a facility is: near a named place, else in an area,
// else at a position.
func (s *surroundings) whereabouts(ctx context.Context, f *facility) (map[string]string, error) {
	if i, metres := s.near.of(f.lon, f.lat); i >= 0 && metres <= nearbyMetres {
		return words("near "+s.near.list[i].name, "presso "+s.near.list[i].name), nil
	}
	a, err := s.area(ctx, f.lon, f.lat)
	if err != nil {
		return nil, err
	}
	if a != noArea {
		return words("in the area of "+s.areas[a].Name, "nel territorio di "+s.areas[a].Name), nil
	}
	return words(notice.Text("at %.4f, %.4f", f.lat, f.lon), notice.Italian("a %.4f; %.4f", f.lat, f.lon)), nil
}

// area is the smallest territory that holds a position, noArea when none does.
func (s *surroundings) area(ctx context.Context, lon, lat float64) (int, error) {
	if a := areaAt(s.areas, lon, lat); a != noArea {
		return a, nil
	}
	tree, err := s.snapshot.Territories(ctx)
	if err != nil {
		return noArea, err
	}
	at, err := tree.At(ctx, lon, lat)
	if err != nil || len(at) == 0 {
		return noArea, err
	}
	outline, err := tree.Geometry(ctx, at[0].Code)
	if err != nil {
		return noArea, err
	}
	s.areas = append(s.areas, area{Territory: at[0], lonLat: outline})
	return len(s.areas) - 1, nil
}
