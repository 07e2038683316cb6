package analysis

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync"

	"contado/geo"
	"contado/geo/disclosure"
	"contado/geo/store/catalog"
)

// PyramidBand is the people of an age, women and men.
type PyramidBand struct {
	Band   string  `json:"band"`
	Female float64 `json:"female"`
	Male   float64 `json:"male"`
}

// sexAge is the name of a band, or of a column, of women or men of an age:
// female_age_0_4, male_age_75_plus.
var sexAge = regexp.MustCompile(`(?i)^(female|male)_(age_\d{1,3}_(?:\d{1,3}|plus))$`)

// ofSexAndAge reports whether a band holds women or men of an age: a part of
// the people of a band of that age.
func ofSexAndAge(name string) bool { return sexAge.MatchString(name) }

// sexColumns are the columns of women or men of an age, with their bands:
// those of such names, else those of ISTAT's variables P30 to P45, the men of
// the ages of P14 to P29.
func sexColumns(d *catalog.Dataset) map[string]string {
	out, have := map[string]string{}, map[string]string{}
	for _, f := range d.Version.Vector.Schema.Fields {
		if f.Type != geo.Integer && f.Type != geo.Real {
			continue
		}
		have[strings.ToUpper(f.Name)] = f.Name
		if ofSexAndAge(f.Name) {
			out[f.Name] = strings.ToLower(f.Name)
		}
	}
	ages := map[string]string{}
	if istatBands(have, ages); len(out) > 0 || len(ages) == 0 {
		return out
	}
	men := map[string]string{}
	for i, age := range istatAges {
		name, ok := have[fmt.Sprintf("P%d", 30+i)]
		if !ok {
			return out
		}
		men[name] = "male_" + age
	}
	return men
}

// sexCounts are people by age (as the first bands of bandCounts) and area.
type sexCounts struct{ women, men [][]float64 }

// peopleBySex counts women and men of every age; nil when the data do not have
// the sexes of every age. Those of one sex are enough: the others are the rest.
func (r *run) peopleBySex(ctx context.Context, d catalog.Dataset, it *catalog.Item, areas []area, people *bandCounts) (*sexCounts, error) {
	known, err := r.sexBands(ctx, d, it, areas)
	if err != nil || len(known) == 0 || people.ages == 0 {
		return nil, err
	}
	out := &sexCounts{}
	for b, age := range people.names[:people.ages] {
		women, men := known["female_"+age], known["male_"+age]
		if women == nil && men == nil {
			return nil, nil
		}
		if women == nil {
			women = less(people.bands[b], men)
		}
		if men == nil {
			men = less(people.bands[b], women)
		}
		for a, all := range people.bands[b] {
			if women[a] < -tinyPeople || men[a] < -tinyPeople || math.Abs(women[a]+men[a]-all) > agesTolerance*all+tinyPeople {
				r.notice("sexes-inconsistent",
					fmt.Sprintf("Women and men of band %s are not its people in %s: ages are told without sexes.", age, d.ID),
					fmt.Sprintf("Donne e uomini della fascia %s non fanno le sue persone in %s: le età sono indicate senza sesso.", age, d.ID))
				return nil, nil
			}
			women[a], men[a] = math.Max(0, women[a]), math.Max(0, men[a])
		}
		out.women, out.men = append(out.women, women), append(out.men, men)
	}
	return out, nil
}

// tinyPeople is less than anybody.
const tinyPeople = 1e-6

func less(all, some []float64) []float64 {
	out := make([]float64, len(all))
	for i := range out {
		out[i] = all[i] - some[i]
	}
	return out
}

// sexBands counts people by bands of sex and age, as far as there are any.
func (r *run) sexBands(ctx context.Context, d catalog.Dataset, it *catalog.Item, areas []area) (map[string][]float64, error) {
	out := map[string][]float64{}
	if it != nil {
		for i, b := range it.Bands {
			if !ofSexAndAge(b.Name) {
				continue
			}
			sums, err := r.bandByArea(ctx, *it, i+1, areas)
			if err != nil {
				return nil, err
			}
			out[strings.ToLower(b.Name)] = sums
		}
		return out, nil
	}
	columns := sexColumns(&d)
	if len(columns) == 0 {
		return nil, nil
	}
	total, _, err := peopleFields(d)
	if err != nil {
		return nil, err
	}
	fields := &catalog.PopulationFields{Total: total, AgeBands: columns}
	if d.Version.Table != nil {
		fields.Code = d.Version.Table.Code
	}
	d.Version.Table = fields
	said := r.said() // what is said of the rows has been said
	rows, names, err := r.peopleRows(ctx, d, areas)
	if err != nil {
		return nil, err
	}
	r.notices = said
	for b, name := range names {
		out[name] = make([]float64, len(areas))
		for a, row := range rows {
			if row != nil {
				out[name][a] = row[b+1]
			}
		}
	}
	return out, nil
}

// pyramids are the people of the territories of a tree by age and sex.
type pyramids struct {
	mu         sync.Mutex
	done       bool
	women, men [][]float64 // by age and node; nil: the data do not tell
	told       []bool      // by node
}

// pyramid is the people of a territory by age and sex; withheld: they are
// known, and not to be told.
func (r *run) pyramid(ctx context.Context, d catalog.Dataset, it *catalog.Item, tree *peopleTree, code string) (list []PyramidBand, withheld bool, err error) {
	node, ok := tree.at[code]
	if !ok || tree.first == 0 {
		return nil, false, nil
	}
	k := &tree.pyramids
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.done {
		if err := r.fillPyramids(ctx, d, it, tree); err != nil {
			return nil, false, err
		}
		k.done = true
	}
	if k.women == nil {
		return nil, false, nil
	}
	if !k.told[node] {
		return nil, true, nil
	}
	for b, age := range tree.bands[:tree.first] {
		list = append(list, PyramidBand{Band: age, Female: k.women[b][node], Male: k.men[b][node]})
	}
	return list, false, nil
}

func (r *run) fillPyramids(ctx context.Context, d catalog.Dataset, it *catalog.Item, tree *peopleTree) error {
	people := &bandCounts{names: tree.bands, ages: tree.first, bands: make([][]float64, tree.first)}
	for b := range people.bands {
		for _, node := range tree.leafAt {
			people.bands[b] = append(people.bands[b], tree.byBand[b][node])
		}
	}
	said := r.said()
	counts, err := r.peopleBySex(ctx, d, it, tree.leaves, people)
	r.notices = said
	if err != nil || counts == nil {
		return err
	}
	n := len(tree.parent)
	p := &disclosure.Pyramids{Parent: tree.parent, Women: make([][]float64, n), Men: make([][]float64, n)}
	p.Hidden = func(node, age int) bool {
		if tree.ages != nil {
			return tree.ages.Band(node, age)
		}
		return tree.hidden.Band(node, age)
	}
	women, men := make([][]float64, tree.first), make([][]float64, tree.first)
	for b := range women {
		women[b], men[b] = make([]float64, n), make([]float64, n)
		for a, leaf := range tree.leafAt {
			p.Women[leaf], p.Men[leaf] = append(p.Women[leaf], counts.women[b][a]), append(p.Men[leaf], counts.men[b][a])
			for v := int32(leaf); v >= 0; v = tree.parent[v] {
				women[b][v] += counts.women[b][a]
				men[b][v] += counts.men[b][a]
			}
		}
	}
	told, err := p.Protect(ctx, tree.threshold)
	if err != nil {
		return err
	}
	for i := range told { // where even everyone is hidden, so are they
		told[i] = told[i] && !tree.hidesAll(i)
	}
	tree.pyramids.women, tree.pyramids.men, tree.pyramids.told = women, men, told
	return nil
}

// pyramidOf sets the people of a territory by age and sex from all of them:
// figures that nothing hides.
func pyramidOf(counts *sexCounts, people *bandCounts) []PyramidBand {
	if counts == nil {
		return nil
	}
	out := make([]PyramidBand, people.ages)
	for b := range out {
		out[b].Band = people.names[b]
		for a := range counts.women[b] {
			out[b].Female += counts.women[b][a]
			out[b].Male += counts.men[b][a]
		}
	}
	return out
}
