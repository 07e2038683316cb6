package style

import (
	"net/url"
	"strings"

	"contado/geo"
	"contado/geo/store/catalog"
	"contado/tiles/vector"
)

// names are those of water and roads along their lines, then of places; of
// the smallest territories where there are no places.
func (b *base) names(sets []catalog.Dataset) {
	for _, d := range sets {
		switch {
		case drawnBy(d, isWater):
			b.along(d, baseWaterInk, 11.5)
		case drawnBy(d, func(d catalog.Dataset) bool { return d.Role == catalog.Road }):
			b.along(d, ink, 13.5)
		}
	}
	placed := false
	var most *catalog.Dataset
	for i, d := range sets {
		switch {
		case drawnBy(d, func(d catalog.Dataset) bool { return d.Role == catalog.Place && LabelField(d) != "" }):
			b.places(d)
			placed = true
		case drawnBy(d, func(d catalog.Dataset) bool { return d.Role == catalog.TerritoryRole && LabelField(d) != "" }):
			if most == nil || d.Version.Vector.Count > most.Version.Vector.Count {
				most = &sets[i]
			}
		}
	}
	if !placed && most != nil {
		b.areaNames(*most)
	}
}

// nameIn is the name of a feature in the language where the data have it, and
// its own name else.
func (b *base) nameIn(d catalog.Dataset, field string) any {
	own := []any{"to-string", []any{"get", field}}
	lang := string(b.o.Lang)
	if lang == "" {
		return own
	}
	other := fieldNamed(d, field+"_"+lang, field+":"+lang, "name_"+lang, "name:"+lang, "nome_"+lang)
	if other == "" || strings.EqualFold(other, field) {
		return own
	}
	text := []any{"to-string", []any{"get", other}}
	return []any{"case", []any{"!=", text, ""}, text, own}
}

func (b *base) text(d catalog.Dataset, field string, size any) map[string]any {
	return map[string]any{
		"text-field": b.nameIn(d, field), "text-font": localFonts, "text-size": size, "text-max-width": 8, "text-padding": 4,
	}
}

func quiet(colour string) map[string]any {
	return map[string]any{"text-color": colour, "text-halo-color": "rgba(255,255,255,0.85)", "text-halo-width": 1.3}
}

func (b *base) along(d catalog.Dataset, colour string, from float64) {
	field := LabelField(d)
	if field == "" {
		return
	}
	l := Layer{Type: "symbol", MinZoom: from, Filter: named(field, "LineString"), Layout: b.text(d, field, zoomed(11, 10, 16, 12.5)), Paint: quiet(colour)}
	l.Layout["symbol-placement"], l.Layout["symbol-spacing"], l.Layout["text-max-angle"] = "line", 350, 32
	b.add(d, "name", l)
}

// places are named by importance: those with many people from afar, all of
// them where there is room.
func (b *base) places(d catalog.Dataset) {
	field := LabelField(d)
	b.vector(d)
	size, filter := any(zoomed(8, 10.5, 14, 13.5)), named(field, "Point")
	if p := peopleField(d); p != "" {
		people := []any{"to-number", []any{"get", p}, 0}
		size = zoomed(7, []any{"step", people, 9.5, 1000, 11, 10000, 13}, 14, []any{"step", people, 12, 500, 13.5, 2000, 15, 10000, 18})
		filter = append(filter, []any{
			"any",
			[]any{">=", []any{"zoom"}, labelZoom(d)},
			[]any{"all", []any{">=", []any{"zoom"}, labelZoom(d) - 2}, []any{">=", people, 300}},
			[]any{">=", people, 2000},
		})
	}
	l := Layer{Type: "symbol", Filter: filter, Layout: b.text(d, field, size), Paint: quiet(ink)}
	l.Layout["text-variable-anchor"], l.Layout["text-radial-offset"] = []any{"center", "top", "bottom"}, 0.4
	if key := importance(d); key != nil {
		l.Layout["symbol-sort-key"] = key
	}
	b.add(d, "name", l)
}

// peopleField is the attribute with how many people live in a place.
func peopleField(d catalog.Dataset) string {
	f := fieldNamed(d, "population", "popolazione", "residents", "abitanti")
	if f == "" {
		return ""
	}
	schema := &d.Version.Vector.Schema
	if t := schema.Fields[schema.FieldIndex(f)].Type; t != geo.Integer && t != geo.Real {
		return ""
	}
	return f
}

func (b *base) areaNames(d catalog.Dataset) {
	field := LabelField(d)
	name := sourceName(d) + ":labels"
	b.doc.Sources[name] = Source{Type: "vector", URL: b.o.TileJSON(d.ID) + "?" + url.Values{"labels": {"true"}}.Encode()}
	b.add(d, "name", Layer{Type: "symbol", SourceLayer: d.ID + vector.LabelsSuffix, MinZoom: labelZoom(d) - 1, Filter: named(field, "Point"), Layout: b.text(d, field, zoomed(7, 10.5, 14, 15)), Paint: quiet(ink)})
	b.doc.Layers[len(b.doc.Layers)-1].Source = name
}
