package settle

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
)

// rank lists the indices of values from the largest to the smallest; equal
// ones in their order.
func rank(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return order
}

// namer makes names that sound of the Apennines and the Alps and are of no
// place: each once.
type namer struct {
	rng  *rand.Rand
	used map[string]bool
}

func newNamer(rng *rand.Rand) *namer { return &namer{rng: rng, used: map[string]bool{}} }

var (
	townHeads = []string{"Pieve", "Rocca", "Borgo", "Castel", "Monte", "Villa", "Ponte", "Campo", "Serra", "Torre", "Sasso", "Colle"}
	townTails = []string{
		"Contada", "Valdrina", "Sorlago", "Mergone", "Brentola", "Alvarda", "Fontescura", "Lamarda", "Ristelle", "Oltrerio", "Sambrica", "Verdassa",
		"Corvaia", "Pradalunga Nuova", "Tramezza", "Ghirone", "Salvarina", "Aldesa", "Morgana", "Trebbiana", "Luvesca", "Ardola", "Zerbina", "Nevosa",
		"Calastra", "Rovesca", "Pontalba", "Gerlasca", "Sturana", "Vescola", "Marnasca", "Belforno", "Cerrodoro", "Frassinella", "Gavarda", "Olmeda",
	}
	hamletHeads = []string{"Ca'", "Casale", "Prato", "Pian", "Fonte", "Costa", "Poggio", "Valle", "Molino", "Casa", "Croce", "Riva", "Selva", "Pozzo", "Chiesa", "Maso", "Baita", "Cima", "Fossa", "Ronco"}
	hamletTails = []string{
		"Rossa", "del Lupo", "dei Frati", "Vecchia", "Lunga", "di Sopra", "di Sotto", "del Conte", "Bella", "Fredda", "Alta", "del Noce", "dei Merli", "Scura", "Marenga",
		"del Prete", "Gualdina", "Bruna", "della Volpe", "Orsara", "dei Castagni", "Serena", "della Chiusa", "Nera", "del Sole", "dell'Orto", "Pelosa", "Grande", "Picena", "Torta",
		"dei Tigli", "di Mezzo", "del Monaco", "Calva", "Tonda", "della Fonte", "Maura", "dei Corvi", "Bianca", "Sperduta",
	}
	saints = []string{"San Rocco", "San Biagio", "Santa Lucia", "San Mauro", "San Vito", "Sant'Elmo", "San Zeno", "Santa Tecla", "San Donnino", "Sant'Oronzo", "San Fedele", "Santa Dorotea"}
)

func (n *namer) once(make func() string) string {
	for range 400 {
		name := make()
		if !n.used[name] {
			n.used[name] = true
			return name
		}
	}
	for i := 2; ; i++ { // the stock is used up
		name := fmt.Sprintf("%s %d", make(), i)
		if !n.used[name] {
			n.used[name] = true
			return name
		}
	}
}

func pick(rng *rand.Rand, list []string) string { return list[rng.IntN(len(list))] }

func (n *namer) towns(count int) []string {
	n.used["Borgo Contada"] = true
	out := []string{"Borgo Contada"}
	tails := slices.Clone(townTails)
	n.rng.Shuffle(len(tails), func(i, j int) { tails[i], tails[j] = tails[j], tails[i] })
	for len(out) < count {
		out = append(out, n.once(func() string {
			tail := tails[len(out)%len(tails)]
			switch n.rng.IntN(4) {
			case 0:
				return tail
			case 1:
				return pick(n.rng, saints) + " " + tail
			}
			return pick(n.rng, townHeads) + " " + tail
		}))
	}
	return out
}

func (n *namer) hamlet() string {
	return n.once(func() string {
		if n.rng.IntN(6) == 0 {
			return pick(n.rng, saints) + " " + pick(n.rng, []string{"al Monte", "in Valle", "in Bosco", "al Ponte", "in Piano", "al Guado"})
		}
		return pick(n.rng, hamletHeads) + " " + pick(n.rng, hamletTails)
	})
}
