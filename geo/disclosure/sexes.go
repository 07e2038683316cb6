package disclosure

import (
	"slices"
	"strings"

	"contado/geo/coverage"
)

// Women and men are not ages: everyone is of an age and of a sex, so that the
// people of all ages are told twice over, and bands of the one cannot change
// places with bands of the other. Each kind has a cube of its own, with the
// figures of all people in common. What is dealt out otherwise in one cube must
// be possible in the other:
//   - where the figures of all stay as they are, it is: the other has nothing
//     to do with it;
//   - where they change, they are hidden, and the other cube hides its bands of
//     the same area whole. Then it can follow: as many of each of its bands
//     come as go, in the same classes, and its sums over areas stay.
//
// So the cubes hide the same figures of all (seed, join), and where a witness of
// one changes those of an area, the bands of the other kind are hidden there.

// sexWords are the names of bands that are sexes.
var sexWords = []string{"male", "female", "males", "females", "men", "women", "m", "f", "maschi", "femmine", "uomini", "donne"}

// SexBand reports whether a band's name is that of a sex of all ages.
func SexBand(name string) bool { return slices.Contains(sexWords, strings.ToLower(name)) }

// kinds parts bands into ages and sexes.
func kinds(bands []coverage.BandResult) (ages, sexes []int) {
	for b := range bands {
		if SexBand(bands[b].Band) {
			sexes = append(sexes, b)
		} else {
			ages = append(ages, b)
		}
	}
	return ages, sexes
}

// beside are the cubes that have the figures of all people in common.
func (t *table) beside() []*cube {
	out := []*cube{t.whole}
	for _, p := range t.parts {
		if p.margin && p.cube != t.whole {
			out = append(out, p.cube)
		}
	}
	return out
}

// seed hides the figures of all that an earlier cube hides, so that the same
// areas make up for each other.
func (c *cube) seed(t *table) {
	if w := t.whole; c != w && slices.Contains(t.beside(), c) {
		c.hideAll(w.allHidden())
	}
}

// allHidden copies what is hidden of the figures of all, by area.
func (c *cube) allHidden() (population, split, row []bool) {
	for a := range c.areas + 1 {
		f := c.figure(a, c.bands)
		population, split, row = append(population, c.population[f]), append(split, c.split[f]), append(row, c.row[f*c.rows:(f+1)*c.rows]...)
	}
	return population, split, row
}

func (c *cube) hideAll(population, split, row []bool) {
	for a := range c.areas + 1 {
		f := c.figure(a, c.bands)
		c.population[f] = c.population[f] || population[a]
		c.split[f] = c.split[f] || split[a]
		for j := range c.rows {
			c.row[f*c.rows+j] = c.row[f*c.rows+j] || row[a*c.rows+j]
		}
	}
}

// join hides the same figures of all in each cube, and the bands of the others
// where one deals them out otherwise.
func (t *table) join() {
	list := t.beside()
	if len(list) < 2 {
		return
	}
	for i, from := range list {
		for k, to := range list {
			if i != k {
				to.follow(from)
			}
		}
	}
	for i := range list {
		for k := range list {
			list[k].hideAll(list[i].allHidden())
		}
	}
	for _, c := range list {
		c.countHidden()
	}
}

// follow hides the bands of areas, and of the whole, of which another cube
// deals the figures of all out otherwise.
func (c *cube) follow(other *cube) {
	if c.bands == 1 {
		return // its only band is all
	}
	for a := range c.areas + 1 {
		if !other.changes[a] {
			continue
		}
		for b := range c.bands {
			f := c.figure(a, b)
			c.population[f], c.split[f] = true, true
			for j := range c.rows {
				c.row[f*c.rows+j] = true
			}
		}
	}
}
