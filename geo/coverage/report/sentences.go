package report

import (
	"strings"

	"contado/geo/coverage"
)

// statement is a sentence of the method as it stands alone: with a capital and
// a full stop.
func (l *language) statement(s string) string {
	if s = capital(l.sentence(s)); s != "" && !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// sentence is a sentence of the method in this language, when it is one that
// the program writes; reports hold them in English.
func (l *language) sentence(s string) string {
	if l.code != Italian {
		return s
	}
	if it, ok := italianSentences[s]; ok {
		return it
	}
	for _, p := range italianBeginnings {
		if rest, ok := strings.CutPrefix(s, p[0]); ok {
			return p[1] + rest
		}
	}
	return s
}

// formulas are those of the method in this language.
func (l *language) formulas(list []coverage.Formula) []coverage.Formula {
	out := make([]coverage.Formula, len(list))
	for i, f := range list {
		out[i] = coverage.Formula{Name: l.word("formula", f.Name), Text: l.sentence(f.Text), Source: l.sentence(f.Source)}
	}
	return out
}

var italianSentences = map[string]string{
	// How people move.
	"walking over land cover, roads and slope: shortest times by Dijkstra's algorithm on the grid, from every inhabited cell, with no limit":                                                          "a piedi sulla copertura del suolo, sulle strade e sui pendii: tempi minimi con l’algoritmo di Dijkstra sulla griglia, da ogni cella abitata e senza limite",
	"straight-line distance to the nearest facility, geodesic on WGS84, at a fixed speed":                                                                                                             "distanza in linea d’aria dal punto di servizio più vicino, geodetica su WGS84, a velocità fissa",
	"on foot and by public transport: for each departure the earliest arrival of all journeys by the timetable, walking over the ground to, between and from stops or all the way":                    "a piedi e con i mezzi pubblici: per ogni partenza il primo arrivo fra tutti i viaggi dell’orario, camminando sul terreno verso, fra e dalle fermate, o per tutto il percorso",
	"walking over the ground to the roads, by car along a directed network of roads (one-way roads, access, turn restrictions), and on foot from there; from every inhabited cell, with no limit":     "a piedi sul terreno fino alle strade, in automobile su una rete stradale orientata (sensi unici, accessi, divieti di svolta), e di nuovo a piedi; da ogni cella abitata e senza limite",
	"walking over the ground to the roads, by bicycle along a directed network of roads (one-way roads, access, turn restrictions), and on foot from there; from every inhabited cell, with no limit": "a piedi sul terreno fino alle strade, in bicicletta su una rete stradale orientata (sensi unici, accessi, divieti di svolta), e di nuovo a piedi; da ogni cella abitata e senza limite",
	// Where people are.
	"people of each population cell spread evenly over its passable cells, and counted in the area of each":                  "le persone di ogni cella di popolazione sono distribuite in modo uniforme sulle sue celle percorribili e contate nell’area di ciascuna",
	"people of each population cell counted in the area that holds its centre, and spread evenly over its passable cells":    "le persone di ogni cella di popolazione contano nell’area che ne contiene il centro e sono distribuite in modo uniforme sulle sue celle percorribili",
	"people of each territory spread evenly over its passable area, because they are known by territory only":                "le persone di ogni territorio sono distribuite in modo uniforme sulla sua superficie percorribile, perché se ne conosce solo il totale",
	"people of each census section spread over the cells that it covers, by the exact share of each cell that can be walked": "le persone di ogni sezione di censimento sono distribuite sulle celle che essa copre, secondo la quota esatta percorribile di ciascuna",
	// Formulas and where they are from.
	"v = v_class · exp(−3.5·(|S + 0.05| − 0.05)), S = rise / run in the direction of walking":               "v = v_classe · exp(−3,5·(|S + 0,05| − 0,05)), S = dislivello / distanza nella direzione di marcia",
	"t = Σ d_i / v_i over the parts of a step (harmonic: speeds are never averaged)":                        "t = Σ d_i / v_i sulle parti di un passo (media armonica: non si fa mai la media delle velocità)",
	"walk to a road, ride, walk on: the least of all roads and cells, with no limit on the walk":            "a piedi fino a una strada, su strada, poi a piedi: il minimo fra tutte le strade e le celle, senza limite al cammino",
	"t = percentile over departures of min(on foot; walk + wait + ride … + walk)":                           "t = percentile sulle partenze di min(a piedi; cammino + attesa + corsa … + cammino)",
	"Tobler 1993, normalised to level ground":                                                               "Tobler 1993, riportata al piano",
	"geodesic d on the WGS84 ellipsoid":                                                                     "d geodetica sull’ellissoide WGS84",
	"harmonic: speeds are never averaged":                                                                   "media armonica: non si fa mai la media delle velocità",
	"three passes of Dijkstra's algorithm: ground, roads, ground":                                           "tre passaggi dell’algoritmo di Dijkstra: terreno, strade, terreno",
	"Dibbelt et al. 2018 (profiles), Delling et al. 2015 (rounds), percentile as in R5":                     "Dibbelt et al. 2018 (profili), Delling et al. 2015 (turni), percentile come in R5",
	"element ⌈p/100·n⌉ of the n times in ascending order; departures that arrive nowhere count as infinite": "elemento ⌈p/100·n⌉ degli n tempi in ordine crescente; le partenze che non arrivano contano come infinite",
	"see the table's source column":                                                                         "vedi la colonna delle fonti nella tabella",
	// Assumptions of the profiles.
	"speeds of the table as they are": "velocità della tabella così come sono",
	"15 km/h on level road; slopes by power balance at the power that 15 km/h take on level ground":                        "15 km/h su strada piana; pendenze con il bilancio della potenza che servono 15 km/h in piano",
	"rides by the timetable; walking at the speeds of the table as they are":                                               "corse secondo l’orario; a piedi alle velocità della tabella così come sono",
	"speeds by class of road, at most 0.8 of the signed limit; no congestion; no time to park":                             "velocità per classe di strada, al massimo 0,8 del limite segnalato; senza traffico e senza tempo di parcheggio",
	"four fifths of an adult's speed at 6 to 10 years":                                                                     "quattro quinti della velocità di un adulto, fra 6 e 10 anni",
	"1.24 m/s on a level path instead of 1.399 m/s (Tobler), slower in proportion elsewhere":                               "1,24 m/s su sentiero piano invece di 1,399 m/s (Tobler), in proporzione altrove",
	"0.8 m/s on a level path instead of 1.399 m/s (Tobler), slower in proportion elsewhere":                                "0,8 m/s su sentiero piano invece di 1,399 m/s (Tobler), in proporzione altrove",
	"0.84 m/s on level ground; the slope slows it as it slows a walker, and closes above 8 %; steps and tracks are closed": "0,84 m/s in piano; la pendenza rallenta come per chi cammina, e oltre l’8 % chiude; scale e piste sono chiuse",
	"20 km/h on level road; slopes by power balance at the rider's power (15 km/h on level ground alone) and 250 W":        "20 km/h su strada piana; pendenze con il bilancio della potenza di chi pedala (15 km/h in piano da sola) e di 250 W",
}

// italianBeginnings are sentences whose end varies.
var italianBeginnings = [][2]string{
	{"t = Σ d_i / v_i over the pieces of an edge, each with its own slope", "t = Σ d_i / v_i sui pezzi di un tratto, ognuno con la propria pendenza"},
	{"people of each census section spread over its built-up land in", "le persone di ogni sezione di censimento sono distribuite sul suo edificato in"},
}
