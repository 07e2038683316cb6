package osm

import (
	"contado/geo"
	"contado/geo/store/catalog"
	"contado/ingest/osm/stream"
	"contado/ingest/spool"
	"contado/ingest/vector"

	"github.com/paulmach/orb"
)

// form is what shape an element has.
type form uint8

const (
	pointForm form = iota
	lineForm
	areaForm
)

// element is a thing of the map with its shape.
type element struct {
	kind stream.Kind
	id   int64
	tags stream.Tags
	form form
	// line is the line of a way, also of a closed one; area that of an area.
	line []stream.Position
	area orb.MultiPolygon
	at   stream.Position // of a node
}

// featureID is stable from extract to extract.
func featureID(k stream.Kind, id int64) int64 { return id*4 + int64(k) }

func (e *element) id64() int64 { return featureID(e.kind, e.id) }

// layer says what goes into a layer and how.
type layer struct {
	name        string
	title, text spool.Text
	role        catalog.Role
	geometry    string
	fields      []geo.Field // after osm_type and osm_id, before tags
	keys        []string    // tags that fields hold as they are
	roles       vector.Fields
	// class is "" for what does not belong to the layer. An area and its
	// outline of the same class are one thing.
	class func(tags stream.Tags, f form) string
	// values fills the fields.
	values func(e *element, class string) []any
	// point says that the layer holds points, whatever the element's shape.
	point bool

	columns map[string]bool
}

func text(name, alias, description string) geo.Field {
	return geo.Field{Name: name, Type: geo.String, Alias: alias, Description: description}
}

func typed(name string, t geo.FieldType, alias, description string) geo.Field {
	return geo.Field{Name: name, Type: t, Alias: alias, Description: description}
}

// schema is the whole one: identity first, the other tags last.
func (l *layer) schema() geo.Schema {
	fields := []geo.Field{
		text("osm_type", "OSM type", "node, way or relation"),
		typed("osm_id", geo.Integer, "OSM id", "number of the element in OpenStreetMap"),
	}
	fields = append(fields, l.fields...)
	fields = append(fields, typed("tags", geo.JSON, "Other tags", "tags that no other column holds"))
	return geo.Schema{Fields: fields, GeometryType: l.geometry, CRS: geo.WGS84}
}

// named are the fields of names that most layers have.
var nameKeys = []string{"name", "name:it", "name:de", "name:fr", "name:sl", "alt_name", "wikidata"}

func nameFields() []geo.Field {
	return []geo.Field{
		text("name", "Name", ""), text("name_it", "Name (Italian)", ""), text("name_de", "Name (German)", ""), text("name_fr", "Name (French)", ""),
		text("name_sl", "Name (Slovene)", ""), text("alt_name", "Other name", ""), text("wikidata", "Wikidata", "item of Wikidata"),
	}
}

// raw are the values of keys as they are.
func raw(tags stream.Tags, keys []string) []any {
	out := make([]any, len(keys))
	for i, k := range keys {
		out[i] = orNil(tags.Get(k))
	}
	return out
}

// layers are all layers, in the order of Names.
func layers(t *serviceTable) []*layer {
	all := []*layer{
		roadsLayer(), placesLayer(), servicesLayer(t), landuseLayer(), buildingsLayer(), boundariesLayer(), waterwaysLayer(), barriersLayer(), restrictionsLayer(),
	}
	for _, l := range all {
		l.columns = map[string]bool{}
		for _, k := range l.keys {
			l.columns[k] = true
		}
	}
	return all
}

var placeKeys = append(append([]string{"place"}, nameKeys...), "is_in", "postal_code", "capital", "admin_level")

func placesLayer() *layer {
	return &layer{
		name: "places", role: catalog.Place, geometry: "Point", point: true, keys: placeKeys,
		title: spool.Text{EN: "Places", IT: "Località"},
		text:  spool.Text{EN: "Cities, towns, villages, hamlets and other named places", IT: "Città, paesi, frazioni, nuclei e altri luoghi con un nome"},
		fields: append(append([]geo.Field{text("place", "Kind of place", "city, town, village, hamlet, isolated_dwelling, …")}, nameFields()...),
			text("is_in", "Is in", ""), text("postal_code", "Postal code", ""), text("capital", "Capital", ""), text("admin_level", "Administrative level", ""),
			typed("population", geo.Integer, "Population", "inhabitants"), text("ref_istat", "ISTAT code", ""), typed("ele", geo.Real, "Elevation", "metres above the sea")),
		class: func(tags stream.Tags, f form) string {
			if f == lineForm {
				return ""
			}
			return tags.Get("place")
		},
		values: func(e *element, _ string) []any {
			v := raw(e.tags, placeKeys)
			people := any(nil)
			if n, ok := Population(e.tags.Get("population")); ok {
				people = n
			}
			return append(v, people, orNil(istat(e.tags)), metres(e.tags.Get("ele")))
		},
	}
}

func istat(tags stream.Tags) string {
	for _, k := range []string{"ref:ISTAT", "ref:istat", "istat_id", "ref:catasto:istat"} {
		if v := tags.Get(k); v != "" {
			return v
		}
	}
	return ""
}

var serviceKeys = append(append([]string{}, nameKeys...),
	"operator", "ref", "opening_hours", "wheelchair", "phone", "website", "addr:street", "addr:housenumber", "addr:postcode", "addr:city", "capacity")

func servicesLayer(t *serviceTable) *layer {
	return &layer{
		name: "services", role: catalog.Service, geometry: "Point", point: true, keys: serviceKeys,
		title: spool.Text{EN: "Services", IT: "Servizi"},
		text:  spool.Text{EN: "Health, schools, offices, shops, stops and other services, one point each", IT: "Sanità, scuole, uffici, negozi, fermate e altri servizi, un punto ciascuno"},
		fields: append(append([]geo.Field{
			text("kind", "Kind", "pharmacy, bus_stop, …: the first that fits"), text("kinds", "All kinds", "parted by ;"), text("group", "Group", "health, education, …"),
			text("kind_en", "Kind (English)", ""), text("kind_it", "Kind (Italian)", ""),
		}, nameFields()...),
			text("operator", "Operator", ""), text("ref", "Reference", ""), text("opening_hours", "Opening hours", "as OpenStreetMap writes them"), text("wheelchair", "Wheelchair", ""),
			text("phone", "Telephone", ""), text("website", "Web site", ""), text("addr_street", "Street", ""), text("addr_housenumber", "House number", ""),
			text("addr_postcode", "Postal code", ""), text("addr_city", "Town", ""), text("capacity", "Capacity", "")),
		class: func(tags stream.Tags, _ form) string {
			if found := t.find(tags, nil); len(found) > 0 {
				return t.kinds[found[0]].Kind
			}
			return ""
		},
		values: func(e *element, _ string) []any {
			found := t.find(e.tags, nil)
			k := &t.kinds[found[0]]
			names := k.Kind
			for _, i := range found[1:] {
				names += ";" + t.kinds[i].Kind
			}
			return append([]any{k.Kind, names, k.Group, k.EN, k.IT}, raw(e.tags, serviceKeys)...)
		},
	}
}

// areaKeys are the keys of land use, in order of weight, each with the values
// that are lines or points even when closed ("" in the list: all others are
// areas), or with those alone that are areas.
var areaKeys = []struct {
	key  string
	only []string // nil = all but not
	not  []string
}{
	{key: "landuse"},
	{key: "natural", not: []string{"coastline", "cliff", "ridge", "arete", "tree_row", "peak", "saddle", "spring", "cave_entrance", "tree", "volcano", "valley"}},
	{key: "water"},
	{key: "wetland"},
	{key: "waterway", only: []string{"riverbank", "dock", "boatyard", "dam"}},
	{key: "leisure", not: []string{"track", "slipway", "picnic_table", "fitness_station"}},
	{key: "landcover"},
	{key: "boundary", only: []string{"protected_area", "national_park", "aboriginal_lands"}},
	{key: "tourism", only: []string{"camp_site", "caravan_site", "theme_park", "zoo", "picnic_site"}},
	{key: "amenity", only: []string{"parking", "grave_yard", "school", "university", "college", "hospital", "kindergarten", "marketplace"}},
	{key: "aeroway", only: []string{"aerodrome", "apron", "helipad"}},
	{key: "military", only: []string{"airfield", "barracks", "danger_area", "naval_base", "range", "training_area", "base"}},
	{key: "power", only: []string{"plant", "substation", "generator"}},
	{key: "man_made", only: []string{"wastewater_plant", "water_works", "works", "reservoir_covered"}},
	{key: "place", only: []string{"island", "islet", "square"}},
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// landClass is key=value of the first key that makes an area of its kind.
func landClass(tags stream.Tags, f form) string {
	if f != areaForm || tags.Get("building") != "" && tags.Get("building") != "no" {
		return ""
	}
	for i := range areaKeys {
		k := &areaKeys[i]
		v := tags.Get(k.key)
		if v == "" || v == "no" || has(k.not, v) || k.only != nil && !has(k.only, v) {
			continue
		}
		return k.key + "=" + v
	}
	return ""
}

var landKeys = append(append([]string{}, nameKeys...), "leaf_type", "operator", "protect_class", "intermittent")

func landuseLayer() *layer {
	return &layer{
		name: "landuse", role: catalog.OtherRole, geometry: "MultiPolygon", keys: landKeys,
		title: spool.Text{EN: "Land use, nature and water", IT: "Uso del suolo, natura e acque"},
		text:  spool.Text{EN: "Areas of land use, vegetation, water, leisure and protection", IT: "Aree per uso del suolo, vegetazione, acque, tempo libero e tutela"},
		fields: append(append([]geo.Field{
			text("key", "Key", "landuse, natural, leisure, …"), text("class", "Class", "forest, meadow, water, …"), text("detail", "Detail", "kind of water, wetland or crop"),
		}, nameFields()...), text("leaf_type", "Leaf type", ""), text("operator", "Operator", ""), text("protect_class", "Class of protection", ""), text("intermittent", "Intermittent", "")),
		class: landClass,
		values: func(e *element, class string) []any {
			key, value := cutClass(class)
			detail := any(nil)
			for _, k := range []string{"water", "wetland", "crop", "trees", "sport", "wood", "plant:source"} {
				if v := orNil(e.tags.Get(k)); v != nil && k != key && detail == nil {
					detail = v
				}
			}
			return append([]any{key, value, detail}, raw(e.tags, landKeys)...)
		},
	}
}

var buildingKeys = append(append([]string{"building"}, nameKeys...), "addr:street", "addr:housenumber", "addr:postcode", "addr:city", "amenity", "roof:shape", "start_date")

func buildingsLayer() *layer {
	return &layer{
		name: "buildings", role: catalog.OtherRole, geometry: "MultiPolygon", keys: buildingKeys,
		title: spool.Text{EN: "Buildings", IT: "Edifici"},
		text:  spool.Text{EN: "Outlines of buildings", IT: "Sagome degli edifici"},
		fields: append(append([]geo.Field{text("building", "Building", "house, apartments, farm, … or yes")}, nameFields()...),
			text("addr_street", "Street", ""), text("addr_housenumber", "House number", ""), text("addr_postcode", "Postal code", ""), text("addr_city", "Town", ""),
			text("amenity", "Amenity", ""), text("roof_shape", "Roof shape", ""), text("start_date", "Built", ""),
			typed("levels", geo.Integer, "Storeys", "above the ground"), typed("height", geo.Real, "Height", "metres")),
		class: func(tags stream.Tags, f form) string {
			if v := tags.Get("building"); f == areaForm && v != "no" {
				return v
			}
			return ""
		},
		values: func(e *element, _ string) []any {
			return append(raw(e.tags, buildingKeys), whole(e.tags.Get("building:levels")), metres(e.tags.Get("height")))
		},
	}
}
