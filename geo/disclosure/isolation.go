package disclosure

import (
	"context"
	"slices"

	"contado/geo/coverage"
	"contado/geo/fault"
)

// Isolation tables count people by how many services they lack. They are tied
// to the sections, which say of each service how many lack it: with these, the
// counts of an area can only change in one way. Two people who lack j services
// each, not the same ones, may be one who lacks j − 1 and one who lacks j + 1
// (a spread at j), or the other way round (a contraction): no section can tell.
//
// So, time by time:
//   - the classes from m services up are told in one ("m or more"), in all
//     areas and in the whole, with the m that shows most;
//   - an area is hidden when a count below m is small, when the merged count
//     is, or when small counts within it cannot change by threshold − 1 in the
//     way above; and where the sections hide it;
//   - where areas are hidden and the whole is not, another area that is rich in
//     the classes told is hidden with them: whatever way the hidden people are
//     dealt out, its people can make up for it;
//   - where no area is, all are hidden, and the whole is told only when it is
//     rich itself, in every class told.
//
// An area that is hidden at one time is hidden at all times of the profile.
// (Held against every small table in TestIsolationAgainstEveryTable, and
// against an attack that knows all sections in TestAttackOnStudies.)

// lackingOf are the people who lack each service, by profile and time, then by
// area, in the order of the sections.
func lackingOf(s *coverage.Study) map[string]map[string][]float64 {
	out := map[string]map[string][]float64{}
	for _, i := range s.Isolation {
		key := momentKey(i.Profile, i.ThresholdS)
		out[key] = map[string][]float64{}
		for _, r := range s.Sections {
			if r.Profile != i.Profile || !slices.Contains(i.Services, r.Service) {
				continue
			}
			for _, a := range r.Areas {
				for _, row := range a.Coverage {
					if row.ThresholdS == i.ThresholdS {
						out[key][a.Code] = append(out[key][a.Code], row.Uncovered+row.Unreachable)
					}
				}
			}
		}
	}
	return out
}

// richness is how many times the threshold the counts of an area must have
// that is to make up for others.
const richness = 10

// isolations protects the tables of each profile together.
func (w *studyWork) isolations(ctx context.Context) error {
	var profiles []string
	for i := range w.s.Isolation {
		if p := w.s.Isolation[i].Profile; !slices.Contains(profiles, p) {
			profiles = append(profiles, p)
		}
	}
	for _, profile := range profiles {
		if err := ctx.Err(); err != nil {
			return fault.E(opProtect, fault.Canceled, err)
		}
		var tables []*isolationTable
		for i := range w.s.Isolation {
			if one := &w.s.Isolation[i]; one.Profile == profile {
				tables = append(tables, w.isolationTable(one))
			}
		}
		w.together(tables)
		for _, t := range tables {
			t.write()
		}
	}
	return nil
}

// isolationTable is one Isolation being protected.
type isolationTable struct {
	w    *studyWork
	i    *coverage.Isolation
	shut map[string]bool // areas ("" is the whole) that a section hides at this time
	lack map[string][]float64
	from int    // classes from here up are told in one; len(Services): none is
	hide []bool // by area
	all  bool   // no area is told
}

func (w *studyWork) isolationTable(i *coverage.Isolation) *isolationTable {
	key := momentKey(i.Profile, i.ThresholdS)
	t := &isolationTable{w: w, i: i, shut: w.hidden.at[key], lack: w.lacking[key], hide: make([]bool, len(i.Areas))}
	t.choose()
	return t
}

// choose finds the detail that tells most numbers.
func (t *isolationTable) choose() {
	best := -1
	for from := len(t.i.Services); from >= 1; from-- {
		hide := t.unsafe(from)
		some, partners := slices.Contains(hide, true), []bool(nil)
		if some && t.wholeTold(from) {
			if partners = t.partners(hide, from); partners == nil {
				continue
			}
		}
		told := 0
		for a := range hide {
			if !hide[a] && (partners == nil || !partners[a]) {
				told += from + 1
			}
		}
		if told > best {
			best, t.from, t.hide = told, from, hide
		}
	}
	if t.all = best <= 0; t.all {
		t.from, t.hide = len(t.i.Services), make([]bool, len(t.i.Areas))
	}
}

// together hides an area at all times when it is at one, and finds those that
// make up for them; hidden ones may ask for others in turn.
func (w *studyWork) together(tables []*isolationTable) {
	for again := true; again; {
		again = false
		hidden := make([]bool, len(tables[0].hide))
		for _, t := range tables {
			for a := range t.hide {
				hidden[a] = hidden[a] || t.hide[a]
			}
		}
		for _, t := range tables {
			if t.all {
				continue
			}
			if !slices.Equal(t.hide, hidden) {
				t.hide, again = slices.Clone(hidden), true
			}
		}
	}
	// The makers-up come last: they are hidden for others, and need none.
	also := make([]bool, len(tables[0].hide))
	for _, t := range tables {
		if t.all || !slices.Contains(t.hide, true) || !t.wholeTold(t.from) {
			continue
		}
		partners := t.partners(t.hide, t.from)
		if partners == nil {
			t.all, t.from = true, len(t.i.Services)
			continue
		}
		for a := range partners {
			also[a] = also[a] || partners[a]
		}
	}
	for _, t := range tables {
		for a := range also {
			t.hide[a] = t.hide[a] || also[a]
		}
	}
}

// unsafe are the areas that cannot be told with the classes from a number up
// in one.
func (t *isolationTable) unsafe(from int) []bool {
	out := make([]bool, len(t.i.Areas))
	for a, v := range t.i.Areas {
		out[a] = t.shut[v.Code] || t.w.hidden.populations[v.Code] || !t.tells(v.People, t.lack[v.Code], from)
	}
	return out
}

func (t *isolationTable) wholeTold(from int) bool {
	return !t.shut[""] && t.tells(t.i.People, t.lackOfAll(), from)
}

// lackOfAll are the people of all areas who lack each service.
func (t *isolationTable) lackOfAll() []float64 {
	out := make([]float64, len(t.i.Services))
	for _, v := range t.i.Areas {
		for s, n := range t.lack[v.Code] {
			if s < len(out) {
				out[s] += n
			}
		}
	}
	return out
}

// write takes the hidden numbers out and merges the classes.
func (t *isolationTable) write() {
	i := t.i
	hideWhole := !t.wholeTold(t.from)
	if t.all {
		hideWhole = !t.richWhole()
	}
	if t.from < len(i.Services) {
		i.MergedFrom = t.from
	}
	for a := range i.Areas {
		v := &i.Areas[a]
		if !t.hide[a] && !t.all {
			v.People = merged(v.People, t.from)
			continue
		}
		t.w.tally(!t.safe(v.People, len(v.People)-1))
		v.People, v.Suppressed = nil, true
	}
	if hideWhole {
		t.w.tally(true)
		i.People, i.Suppressed = nil, true
		return
	}
	i.People = merged(i.People, t.from)
}

// richWhole finds how much of the whole can be told beside areas that are all
// hidden: its classes must have many people or none, and there must be those
// who lack none, one and two services, to make up for any other way in which
// the hidden people are dealt out.
func (t *isolationTable) richWhole() bool {
	if t.shut[""] || len(t.i.People) < 3 {
		return false
	}
	for _, n := range t.i.People[:3] {
		if n < richness*t.w.k {
			return false
		}
	}
	for from := len(t.i.Services); from >= 2; from-- {
		poor := slices.ContainsFunc(merged(t.i.People, from), func(n float64) bool { return n > tiny && n < richness*t.w.k })
		if !poor && t.tells(t.i.People, t.lackOfAll(), from) {
			t.from = from
			return true
		}
	}
	return false
}

func merged(people []float64, from int) []float64 {
	out := slices.Clone(people[:from+1])
	for _, v := range people[from+1:] {
		out[from] += v
	}
	return out
}

func (w *studyWork) tally(small bool) {
	if small {
		w.d.Primary++
	} else {
		w.d.Secondary++
	}
}
