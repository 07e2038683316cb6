package style

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"contado/geo/store/catalog"
	"contado/tiles/colormap"
	"contado/tiles/raster"
	"contado/tiles/terrain"
)

// RasterLegend explains, in English, how a raster dataset is drawn.
func RasterLegend(d catalog.Dataset, s *raster.Style) Legend { return English.RasterLegend(d, s) }

// VectorLegend explains, in English, the default style of a vector dataset.
func VectorLegend(d catalog.Dataset) Legend { return English.VectorLegend(d) }

// RasterLegend explains how a raster dataset is drawn: a band, an expression
// or index, a composite, classes or terrain, and what is left out.
func (lang Lang) RasterLegend(d catalog.Dataset, s *raster.Style) Legend {
	h := Heading{Title: title(d), Unit: s.Unit, Lang: lang}
	switch {
	case s.Index != nil:
		h.Title += ": " + s.Index.Title
		h.Formula, h.Source = s.Index.Formula, s.Index.Source
	case s.Expr != nil:
		h.Formula = s.Expr.String()
	}
	l := lang.values(h, s)
	if s.Mask != "" {
		terms := strings.Split(s.Mask, ",")
		for i, m := range terms {
			terms[i] = strings.ReplaceAll(strings.TrimSpace(m), "_", " ")
		}
		l.Masks(terms...)
	}
	if s.Gamma != 0 && s.Gamma != 1 && s.Mode != raster.ByRamp {
		l.Notes = append(l.Notes, fmt.Sprintf(lang.say(wordGamma), lang.number(s.Gamma)))
	}
	return l
}

func (lang Lang) values(h Heading, s *raster.Style) Legend {
	if s.Terrain != nil {
		return lang.terrain(h, s)
	}
	switch s.Mode {
	case raster.ByClass:
		return classLegend(h, s.Classes)
	case raster.ByRamp:
		l := MapLegend(h, s.Map, s.Ranges[0][0], s.Ranges[0][1], classNames(s.Classes))
		lang.adjust(l.Ramp, s)
		return l
	case raster.ByValue:
		l := h.legend()
		l.Notes = append(l.Notes, strings.Join(s.Labels, ", "))
		return l
	}
	channels := make([]Channel, len(s.Labels))
	for i, name := range s.Labels {
		if name == "" && i < len(s.Bands) {
			name = "b" + strings.TrimPrefix(s.Bands[i], "b")
		}
		channels[i] = Channel{Label: name, Lo: s.Ranges[i][0], Hi: s.Ranges[i][1]}
		if p := percentilesOf(s, i); p != nil {
			channels[i].Words = [2]string{lang.percentile(p[0]), lang.percentile(p[1])}
		}
	}
	return CompositeLegend(h, channels)
}

// adjust bends the colours of a ramp by gamma, and says percentiles where
// their values are not known yet.
func (lang Lang) adjust(r *Ramp, s *raster.Style) {
	if r == nil {
		return
	}
	if p := percentilesOf(s, 0); p != nil {
		r.Low, r.High = lang.percentile(p[0]), lang.percentile(p[1])
	}
	if s.Gamma == 0 || s.Gamma == 1 {
		return
	}
	const steps = 1024
	fine := s.Map.Colours(steps + 1)
	for i := range r.Colours {
		f := float64(i) / float64(len(r.Colours)-1)
		r.Colours[i] = colormap.Hex(fine[int(math.Round(steps*math.Pow(f, 1/s.Gamma)))])
	}
}

// percentilesOf are those of an output whose range is yet to be read; nil
// when it is known.
func percentilesOf(s *raster.Style, i int) *[2]float64 {
	if i >= len(s.Percentiles) || s.Percentiles[i] == ([2]float64{}) {
		return nil
	}
	return &s.Percentiles[i]
}

func (lang Lang) percentile(v float64) string {
	return fmt.Sprintf(lang.say(wordPercentile), lang.number(v))
}

func (lang Lang) terrain(h Heading, s *raster.Style) Legend {
	under := func(w word) { h.Title += ": " + lang.say(w) }
	t := s.Terrain
	switch t.Kind {
	case raster.Contours:
		under(wordContours)
		return ContourLegend(h, terrain.Levels{Interval: t.Interval}, nil)
	case raster.TerrainRGB, raster.Terrarium:
		under(wordCoded)
		return CodeLegend(h, t.Coding())
	case raster.Aspect:
		under(wordAspect)
		h.Unit = ""
		return AspectLegend(h, s.Map)
	case raster.Hillshade:
		under(wordRelief)
	case raster.Multidirectional:
		under(wordReliefMulti)
	default:
		under(wordSlope)
	}
	l := MapLegend(h, s.Map, s.Ranges[0][0], s.Ranges[0][1], nil)
	lang.adjust(l.Ramp, s)
	if relief := t.Kind == raster.Hillshade || t.Kind == raster.Multidirectional; relief && l.Ramp != nil {
		l.Ramp.Low, l.Ramp.High = lang.say(wordShadow), lang.say(wordLit)
	}
	return l
}

func classLegend(h Heading, classes []catalog.Class) Legend {
	l := h.legend()
	for i, c := range classes {
		name, v := c.Name, c.Value
		if name == "" {
			name = strconv.Itoa(v)
		}
		l.Entries = append(l.Entries, Entry{Label: name, Colour: colormap.Hex(colormap.ClassColor(c.Color, i)), Kind: Fill, Value: &v})
	}
	return l
}

func classNames(classes []catalog.Class) map[int]string {
	out := make(map[int]string, len(classes))
	for _, c := range classes {
		out[c.Value] = c.Name
	}
	return out
}

// VectorLegend explains the default style of a vector dataset, or of an
// archive of tiles.
func (lang Lang) VectorLegend(d catalog.Dataset) Legend {
	if t := d.Version.Tiles; d.Kind == catalog.TileArchive && t != nil {
		return lang.archiveLegend(d, t)
	}
	l := Legend{Title: title(d), Entries: []Entry{}, lang: lang}
	add := func(label, colour string, kind Kind) {
		l.Entries = append(l.Entries, Entry{Label: label, Colour: colour, Kind: kind})
	}
	switch d.Role {
	case catalog.TerritoryRole:
		add(l.Title, territory, Fill)
		add(lang.say(wordBorder), border, Line)
	case catalog.Road:
		if classField(d) == "" {
			add(l.Title, "#c08a3e", Line)
			break
		}
		for i := len(roadClasses) - 1; i >= 0; i-- {
			add(lang.say(roadClasses[i].label), roadClasses[i].colour, Line)
		}
		add(lang.say(wordOtherRoad), "#d3cbbd", Line)
	case catalog.Service:
		add(l.Title, service, kindOf(d))
	case catalog.Place:
		add(l.Title, place, kindOf(d))
	case catalog.Barrier:
		add(l.Title, water, kindOf(d))
	case catalog.Hazard:
		add(l.Title, hazard, kindOf(d))
	case catalog.Population:
		add(l.Title, people, kindOf(d))
	default:
		add(l.Title, other, kindOf(d))
	}
	return l
}
