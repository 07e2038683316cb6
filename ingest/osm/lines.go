package osm

import (
	"strings"

	"contado/geo"
	"contado/geo/store/catalog"
	"contado/ingest/osm/stream"
	"contado/ingest/spool"
)

func cutClass(class string) (key, value string) {
	key, value, _ = strings.Cut(class, "=")
	return strings.Clone(key), strings.Clone(value)
}

// roadClasses are the values of highway that are classes of their own; links
// count to the class that they lead to, all else is "other".
var roadClasses = map[string]access{
	"motorway": {car: "yes", bicycle: "no", foot: "no"}, "trunk": {car: "yes", bicycle: "yes", foot: "yes"},
	"primary": all, "secondary": all, "tertiary": all, "unclassified": all, "residential": all, "living_street": all, "service": all, "road": all,
	"track": all, "busway": none, "raceway": none, "escape": none,
	"pedestrian": {car: "no", bicycle: "no", foot: "yes"}, "footway": {car: "no", bicycle: "no", foot: "yes"}, "steps": {car: "no", bicycle: "no", foot: "yes"},
	"path": {car: "no", bicycle: "yes", foot: "yes"}, "cycleway": {car: "no", bicycle: "yes", foot: "no"}, "bridleway": {car: "no", bicycle: "no", foot: "yes"},
	"corridor": {car: "no", bicycle: "no", foot: "yes"}, "platform": {car: "no", bicycle: "no", foot: "yes"}, "ferry": {car: "no", bicycle: "yes", foot: "yes"},
	"construction": none, "proposed": none, "other": none,
}

// access says who may use a road when no tag says otherwise
// (wiki.openstreetmap.org/wiki/OSM_tags_for_routing/Access_restrictions, Italy).
type access struct{ car, bicycle, foot string }

var (
	all  = access{"yes", "yes", "yes"}
	none = access{"no", "no", "no"}
)

// roadClass is the class of a road; link says that it leads to one.
func roadClass(tags stream.Tags) (class string, link bool) {
	v := tags.Get("highway")
	if v == "" && tags.Get("route") == "ferry" {
		return "ferry", false
	}
	base, link := strings.CutSuffix(v, "_link")
	if _, ok := roadClasses[base]; ok && base != "other" && base != "ferry" {
		return strings.Clone(base), link
	}
	return "other", false
}

// allowed is what the tags say of a mode, the finest key that is there.
func allowed(tags stream.Tags, byDefault string, keys ...string) string {
	for i := len(keys) - 1; i >= 0; i-- {
		if v := tags.Get(keys[i]); v != "" {
			v, _, _ = strings.Cut(v, ";")
			return strings.Clone(strings.TrimSpace(v))
		}
	}
	return byDefault
}

var roadKeys = append([]string{"highway"}, append(append([]string{}, nameKeys...),
	"ref", "surface", "tracktype", "smoothness", "access", "junction", "service", "toll", "incline", "sac_scale", "mtb:scale", "lit")...)

func roadsLayer() *layer {
	return &layer{
		name: "roads", role: catalog.Road, geometry: "LineString", keys: append([]string{"lanes", "layer"}, roadKeys...),
		title: spool.Text{EN: "Roads, paths and ferries", IT: "Strade, sentieri e traghetti"},
		text:  spool.Text{EN: "The network for cars, bicycles and people on foot", IT: "La rete per auto, biciclette e pedoni"},
		fields: append(append(append([]geo.Field{
			text("class", "Class", "motorway, primary, residential, track, path, …, ferry; other"), typed("link", geo.Boolean, "Link", "a slip road of its class"), text("highway", "Highway", "as tagged"),
		}, nameFields()...),
			text("ref", "Number", ""), text("surface", "Surface", ""), text("tracktype", "Track type", "grade1 to grade5"), text("smoothness", "Smoothness", ""), text("access", "Access", ""),
			text("junction", "Junction", ""), text("service", "Service", ""), text("toll", "Toll", ""), text("incline", "Incline", ""), text("sac_scale", "SAC scale", ""),
			text("mtb_scale", "Mountain bike scale", ""), text("lit", "Lit", "")),
			typed("maxspeed", geo.Real, "Speed limit", "km/h, the lower of the two directions"), typed("maxspeed_forward", geo.Real, "Speed limit forward", "km/h, along the line"),
			typed("maxspeed_backward", geo.Real, "Speed limit backward", "km/h, against the line"), typed("oneway", geo.Integer, "One way", "1 along the line, -1 against it, 0 both"),
			text("car", "Cars", "yes, no, private, destination, …: tagged, else by class"), text("bicycle", "Bicycles", ""), text("foot", "On foot", ""),
			typed("bridge", geo.Boolean, "Bridge", ""), typed("tunnel", geo.Boolean, "Tunnel", ""), typed("layer", geo.Integer, "Level", ""),
			typed("lanes", geo.Integer, "Lanes", ""), typed("width", geo.Real, "Width", "metres"), typed("duration", geo.Integer, "Crossing", "seconds, of ferries"),
			typed("is_area", geo.Boolean, "Area", "the line is the outline of a square")),
		class: func(tags stream.Tags, f form) string {
			if f == pointForm || tags.Get("highway") == "" && tags.Get("route") != "ferry" {
				return ""
			}
			c, _ := roadClass(tags)
			return c
		},
		values: roadValues,
	}
}

func roadValues(e *element, _ string) []any {
	t := e.tags
	class, link := roadClass(t)
	may := roadClasses[class]
	if t.Get("motorroad") == "yes" {
		may = roadClasses["motorway"]
	}
	both, fwd, bwd := speedsOf(t)
	v := []any{class, link}
	v = append(v, raw(t, roadKeys)...)
	return append(v, both, fwd, bwd, oneway(t),
		allowed(t, may.car, "access", "vehicle", "motor_vehicle", "motorcar"), allowed(t, may.bicycle, "access", "vehicle", "bicycle"), allowed(t, may.foot, "access", "foot"),
		truth(t.Get("bridge")), truth(t.Get("tunnel")), whole(t.Get("layer")), whole(t.Get("lanes")), metres(t.Get("width")), duration(t.Get("duration")),
		t.Get("area") == "yes" && len(e.line) > 3 && e.line[0] == e.line[len(e.line)-1])
}

// speedsOf are the limits of a road: the lower one, along and against it.
func speedsOf(t stream.Tags) (both, forward, backward any) {
	read := func(keys ...string) any {
		for _, k := range keys {
			if v, ok := Maxspeed(t.Get(k)); ok {
				return v
			}
		}
		return nil
	}
	both = read("maxspeed")
	if both == nil && t.Get("maxspeed") == "" {
		both = read("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")
	}
	forward, backward = read("maxspeed:forward"), read("maxspeed:backward")
	if forward == nil {
		forward = both
	}
	if backward == nil {
		backward = both
	}
	if both == nil {
		both = forward
		if b, ok := backward.(float64); ok && (both == nil || b < both.(float64)) {
			both = b
		}
	}
	return both, forward, backward
}

var waterKeys = append(append([]string{"waterway"}, nameKeys...), "intermittent", "width")

func waterwaysLayer() *layer {
	return &layer{
		name: "waterways", role: catalog.Barrier, geometry: "LineString", keys: waterKeys,
		title: spool.Text{EN: "Rivers and streams", IT: "Fiumi e torrenti"},
		text:  spool.Text{EN: "Lines of rivers, streams, canals and ditches", IT: "Linee di fiumi, torrenti, canali e fossi"},
		fields: append(append([]geo.Field{text("class", "Class", "river, stream, canal, ditch, drain, …")}, nameFields()...),
			text("intermittent", "Intermittent", ""), text("width_tag", "Width as tagged", ""), typed("width", geo.Real, "Width", "metres"),
			typed("tunnel", geo.Boolean, "Underground", "in a tunnel, pipe or culvert"), typed("layer", geo.Integer, "Level", "")),
		class: func(tags stream.Tags, f form) string {
			v := tags.Get("waterway")
			if f == pointForm || v == "" || v == "no" || has([]string{"riverbank", "dock", "boatyard", "dam", "weir", "lock_gate", "waterfall", "fuel", "water_point"}, v) {
				return ""
			}
			return v
		},
		values: func(e *element, _ string) []any {
			return append(raw(e.tags, waterKeys), metres(e.tags.Get("width")), truth(e.tags.Get("tunnel")), whole(e.tags.Get("layer")))
		},
	}
}

var barrierKeys = []string{"name", "material", "access", "wikidata"}

func barriersLayer() *layer {
	return &layer{
		name: "barriers", role: catalog.Barrier, geometry: "LineString", keys: barrierKeys,
		title: spool.Text{EN: "Walls, fences and cliffs", IT: "Muri, recinzioni e pareti"},
		text:  spool.Text{EN: "Lines that people on foot cannot easily cross", IT: "Linee che a piedi non si attraversano facilmente"},
		fields: []geo.Field{
			text("key", "Key", "barrier, natural, waterway or man_made"), text("class", "Class", "wall, fence, hedge, cliff, dam, …"),
			text("name", "Name", ""), text("material", "Material", ""), text("access", "Access", ""), text("wikidata", "Wikidata", ""), typed("height", geo.Real, "Height", "metres"),
		},
		class: func(tags stream.Tags, f form) string {
			if f == pointForm {
				return ""
			}
			for _, k := range []string{"barrier", "natural", "waterway", "man_made"} {
				v := tags.Get(k)
				switch {
				case k == "barrier" && v != "" && v != "no" && v != "kerb",
					k == "natural" && v == "cliff",
					k == "waterway" && (v == "dam" || v == "weir"),
					k == "man_made" && (v == "embankment" || v == "dyke"):
					return k + "=" + v
				}
			}
			return ""
		},
		values: func(e *element, class string) []any {
			key, value := cutClass(class)
			return append(append([]any{key, value}, raw(e.tags, barrierKeys)...), metres(e.tags.Get("height")))
		},
	}
}
