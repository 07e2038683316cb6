package style

import "contado/geo/breaks"

// Lang is the language of a legend's own words; "" means English.
type Lang string

// The languages.
const (
	English Lang = "en"
	Italian Lang = "it"
)

// word is a piece of text that legends say by themselves.
type word uint8

const (
	wordRelief word = iota
	wordReliefMulti
	wordShadow
	wordLit
	wordSlope
	wordDegrees
	wordAspect
	wordNorth
	wordEast
	wordSouth
	wordWest
	wordContours
	wordContour
	wordIndexContour
	wordContourAny
	wordIndexAny
	wordCoded
	wordCodedMapbox
	wordCodedTerrarium
	wordMasked
	wordFormula
	wordSource
	wordRed
	wordGreen
	wordBlue
	wordAlpha
	wordFrom
	wordPercentile
	wordGamma
	wordBorder
	wordPath
	wordLocalRoad
	wordTertiaryRoad
	wordSecondaryRoad
	wordPrimaryRoad
	wordMotorway
	wordOtherRoad
	wordOthers
	wordWithout
	wordQuantiles
	wordJenks
	wordEqual
)

// themeMethods say how numbers were divided into classes.
var themeMethods = map[breaks.Method]word{breaks.Quantiles: wordQuantiles, breaks.Jenks: wordJenks, breaks.Equal: wordEqual}

var words = [...][2]string{
	wordRelief:         {"Shaded relief", "Rilievo ombreggiato"},
	wordReliefMulti:    {"Shaded relief, lit from four sides", "Rilievo ombreggiato, luce da quattro direzioni"},
	wordShadow:         {"in shadow", "in ombra"},
	wordLit:            {"facing the sun", "verso il sole"},
	wordSlope:          {"Slope", "Pendenza"},
	wordDegrees:        {"degrees", "gradi"},
	wordAspect:         {"Aspect (direction downhill)", "Esposizione del versante"},
	wordNorth:          {"North", "Nord"},
	wordEast:           {"East", "Est"},
	wordSouth:          {"South", "Sud"},
	wordWest:           {"West", "Ovest"},
	wordContours:       {"Contour lines", "Curve di livello"},
	wordContour:        {"every %s m", "ogni %s m"},
	wordIndexContour:   {"index line, every %s m", "curva direttrice, ogni %s m"},
	wordContourAny:     {"interval by the scale of the map", "equidistanza secondo la scala"},
	wordIndexAny:       {"index line, every %d lines", "curva direttrice, ogni %d curve"},
	wordCoded:          {"Heights coded in colours", "Quote codificate nei colori"},
	wordCodedMapbox:    {"height = −10000 + 0.1 · (65536 R + 256 G + B) m", "quota = −10000 + 0,1 · (65536 R + 256 G + B) m"},
	wordCodedTerrarium: {"height = 256 R + G + B/256 − 32768 m", "quota = 256 R + G + B/256 − 32768 m"},
	wordMasked:         {"left out: %s", "esclusi: %s"},
	wordFormula:        {"Formula", "Formula"},
	wordSource:         {"Source", "Fonte"},
	wordRed:            {"Red", "Rosso"},
	wordGreen:          {"Green", "Verde"},
	wordBlue:           {"Blue", "Blu"},
	wordAlpha:          {"Opacity", "Opacità"},
	wordFrom:           {"%s to %s", "da %s a %s"},
	wordPercentile:     {"percentile %s", "percentile %s"},
	wordGamma:          {"gamma %s", "gamma %s"},
	wordBorder:         {"Border", "Confine"},
	wordPath:           {"Path, footway, track", "Sentiero, percorso pedonale, sterrata"},
	wordLocalRoad:      {"Local road", "Strada locale"},
	wordTertiaryRoad:   {"Tertiary road", "Strada terziaria"},
	wordSecondaryRoad:  {"Secondary road", "Strada secondaria"},
	wordPrimaryRoad:    {"Primary road", "Strada primaria"},
	wordMotorway:       {"Motorway, trunk road", "Autostrada, superstrada"},
	wordOtherRoad:      {"Other road", "Altra strada"},
	wordOthers:         {"other values", "altri valori"},
	wordWithout:        {"no value", "senza valore"},
	wordQuantiles:      {"Classes with as many rows each (quantiles).", "Classi con lo stesso numero di righe (quantili)."},
	wordJenks:          {"Classes whose values are as alike as can be (natural breaks, Jenks).", "Classi con valori il più possibile simili (interruzioni naturali, Jenks)."},
	wordEqual:          {"Classes of equal width.", "Classi della stessa ampiezza."},
}

func (lang Lang) say(w word) string {
	if lang == Italian {
		return words[w][1]
	}
	return words[w][0]
}
