package style

import "contado/geo/store/catalog"

// roadClass is a group of OpenStreetMap highway values drawn alike.
type roadClass struct {
	label  word
	values []any
	colour string
	width  float64 // pixels at zoom 14
	from   float64 // zoom
}

// roadClasses go from the least to the most important, which is drawn last.
var roadClasses = []roadClass{
	{wordPath, []any{"path", "footway", "track", "steps", "bridleway", "cycleway", "pedestrian"}, "#a08f76", 0.9, 12},
	{wordLocalRoad, []any{"residential", "unclassified", "living_street", "service", "road"}, "#c9bfae", 1.8, 11},
	{wordTertiaryRoad, []any{"tertiary", "tertiary_link"}, "#e0b84c", 2.4, 9},
	{wordSecondaryRoad, []any{"secondary", "secondary_link"}, "#e69f00", 2.9, 8},
	{wordPrimaryRoad, []any{"primary", "primary_link"}, "#d9772b", 3.4, 6},
	{wordMotorway, []any{"motorway", "motorway_link", "trunk", "trunk_link"}, "#b5402f", 4, 4},
}

// classField is the attribute that holds the class of a road.
func classField(d catalog.Dataset) string {
	return fieldNamed(d, "highway", "class", "fclass", "road_class", "type")
}

func roadLayers(d catalog.Dataset) []Layer {
	field := classField(d)
	plain := line("road", "#c08a3e", zoomed(8, 0.5, 14, 2.2, 18, 8))
	if field == "" {
		return []Layer{plain}
	}
	var known []any
	for _, c := range roadClasses {
		known = append(known, c.values...)
	}
	class := []any{"get", field}
	rest := plain
	rest.ID = "road-other"
	rest.Filter = []any{"!", []any{"in", class, []any{"literal", known}}}
	rest.Paint = map[string]any{"line-color": "#d3cbbd", "line-width": zoomed(10, 0.5, 14, 1.2)}
	layers := []Layer{rest}
	for i, c := range roadClasses {
		l := line("road-"+string(rune('1'+i)), c.colour, zoomed(6, c.width*0.15, 10, c.width*0.45, 14, c.width, 18, c.width*3))
		l.Filter = []any{"in", class, []any{"literal", c.values}}
		l.MinZoom = c.from
		layers = append(layers, l)
	}
	return layers
}

// barrierLayers draw rivers and other things that people cannot cross.
func barrierLayers() []Layer {
	return []Layer{
		fill(water, 0.55),
		line("line", water, zoomed(6, 0.5, 10, 1.2, 14, 2.6)),
		circle(barrier, zoomed(10, 1.5, 16, 4)),
	}
}
