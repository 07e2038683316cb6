package analysis

import (
	"fmt"
	"strings"

	"contado/geo"
)

// Text is the journey for people to read, in English or Italian ("it").
func (j *Journey) Text(lang string) string {
	w := journeyWords[lang]
	if w == nil {
		w = journeyWords["en"]
	}
	var b strings.Builder
	fmt.Fprintf(&b, w["head"]+"\n", duration(j.Seconds), kilometres(j.Metres), j.Facility.Name, j.Profile)
	if j.Departure != nil {
		fmt.Fprintln(&b, j.Departure.text(w))
	}
	for i := range j.Legs {
		l := &j.Legs[i]
		metres := ""
		if l.Metres > 0 {
			metres = kilometres(l.Metres)
		}
		fmt.Fprintf(&b, "%8s  %8s  %s\n", duration(l.Seconds), metres, l.text(w))
	}
	for _, n := range j.Notices {
		text := n.Text
		if t := n.Texts[lang]; t != "" {
			text = t
		}
		fmt.Fprintf(&b, "%s: %s\n", w["note"], text)
	}
	return b.String()
}

// What walks lead over, when it is no class of land cover.
const (
	groundRoad    = "road or path"
	groundOpen    = "open ground"
	groundUnknown = "ground of unknown class"
)

var journeyWords = map[string]map[string]string{
	"en": {
		"head": "%s, %s to %s, profile %s", "note": "note", "walk": "walk over %s", "drive": "drive on %s", "ride": "ride on %s", "ferry": "ferry %s",
		"slope": ", up %.0f m, down %.0f m", "speed": ", %g km/h (%s)", "mean": ", %.1f km/h on the way",
		"start": "start", "end": "destination", "wait": "wait at %s", "on foot": "on foot: %s → %s", "calls": "%d [stop|stops]",
		"language": "en", "departure": "Leaves at %s on %s: of %d [departure|departures] from %s to %s it is the one", "median": " whose time is the median",
		"percentile": " whose time is percentile %g", "spread": "; they take %s to %s", "nowhere": ", and %.0f %% of them arrive nowhere",
		"sample": " (lines by headway: timetable %d of %d)",
	},
	"it": {
		"head": "%s, %s per %s, profilo %s", "note": "nota", "walk": "a piedi su %s", "drive": "in auto su %s", "ride": "in bicicletta su %s", "ferry": "traghetto %s",
		groundRoad: "strada o sentiero", groundOpen: "terreno aperto", groundUnknown: "terreno di classe non nota",
		"slope": ", salita %.0f m, discesa %.0f m", "speed": ", %g km/h (%s)", "mean": ", %.1f km/h in media",
		"start": "partenza", "end": "arrivo", "wait": "attesa a %s", "on foot": "a piedi: %s → %s", "calls": "%d [fermata|fermate]",
		"language": "it", "departure": "Parte alle %s del %s: di %d [partenza|partenze] dalle %s alle %s è quella", "median": " il cui tempo è la mediana",
		"percentile": " il cui tempo è il percentile %g", "spread": "; durano da %s a %s", "nowhere": ", e il %.0f %% non arriva da nessuna parte",
		"sample": " (linee a frequenza: orario %d di %d)",
	},
}

func (l *JourneyLeg) text(w map[string]string) string {
	if l.Transit != nil {
		return l.Transit.text(w)
	}
	what := strings.TrimSpace(strings.Join([]string{l.Ref, l.Name}, " "))
	if l.Kind == "walk" {
		var parts []string
		for i, g := range l.Ground {
			if i == 3 {
				break
			}
			label := g.Label
			if own := w[label]; own != "" {
				label = own
			}
			parts = append(parts, fmt.Sprintf("%s %.0f %% (%g km/h)", label, g.Share*100, g.KMH))
		}
		what = strings.Join(parts, ", ")
	} else if what == "" {
		what = l.Class
	} else {
		what += " (" + l.Class + ")"
	}
	out := fmt.Sprintf(w[l.Kind], what)
	if l.KMH > 0 {
		out += fmt.Sprintf(w["speed"], l.KMH, l.Source)
	}
	if l.Up >= 1 || l.Down >= 1 {
		out += fmt.Sprintf(w["slope"], l.Up, l.Down)
	}
	if l.Seconds > 0 {
		out += fmt.Sprintf(w["mean"], l.Metres/l.Seconds*3.6)
	}
	return out
}

func duration(s float64) string {
	if s < 60 {
		return fmt.Sprintf("%.0f s", s)
	}
	return fmt.Sprintf("%.1f min", s/60)
}

func kilometres(m float64) string {
	if m < 1000 {
		return fmt.Sprintf("%.0f m", m)
	}
	return fmt.Sprintf("%.2f km", m/1000)
}

// JourneySchema is that of the legs of a journey as features.
func JourneySchema() geo.Schema {
	field := func(name string, t geo.FieldType) geo.Field { return geo.Field{Name: name, Type: t} }
	return geo.Schema{GeometryType: "LineString", CRS: geo.WGS84, Fields: []geo.Field{
		field("leg", geo.Integer), field("kind", geo.String), field("seconds", geo.Real), field("metres", geo.Real), field("up_m", geo.Real), field("down_m", geo.Real),
		field("name", geo.String), field("ref", geo.String), field("class", geo.String), field("kmh", geo.Real), field("why", geo.String),
	}}
}

// Features are the legs as rows of JourneySchema; a walk within one cell has
// no line, and no row.
func (j *Journey) Features() []geo.Feature {
	var out []geo.Feature
	for i := range j.Legs {
		l := &j.Legs[i]
		if len(l.Line) < 2 {
			continue
		}
		out = append(out, geo.Feature{ID: int64(i + 1), Geometry: l.Line, Values: []any{
			int64(i + 1), l.Kind, l.Seconds, l.Metres, l.Up, l.Down, l.Name, l.Ref, l.Class, l.KMH, l.text(journeyWords["en"]),
		}})
	}
	return out
}
