package gtfs

import (
	"fmt"
	"slices"
	"time"

	"contado/geo/store/catalog"
)

// Service is a set of days.
type Service struct {
	ID string
	// Days are Sunday to Saturday, from Start to End; all false when the
	// service is made of single dates.
	Days       [7]bool
	Start, End Date
	// Added and Removed are sorted and have no date twice.
	Added, Removed []Date
}

// Active reports whether the service runs on a day.
func (s *Service) Active(d Date) bool {
	if has(s.Added, d) {
		return true
	}
	return d >= s.Start && d <= s.End && s.Days[d.Weekday()] && !has(s.Removed, d)
}

func has(list []Date, d Date) bool {
	_, found := slices.BinarySearch(list, d)
	return found
}

// Dates yields the days of the service in order.
func (s *Service) Dates(yield func(Date) bool) {
	added := s.Added
	if s.weekly() {
		for d := s.Start; d <= s.End; d++ {
			for len(added) > 0 && added[0] < d {
				if !yield(added[0]) {
					return
				}
				added = added[1:]
			}
			if len(added) > 0 && added[0] == d {
				added = added[1:]
				if !yield(d) {
					return
				}
			} else if s.Days[d.Weekday()] && !has(s.Removed, d) && !yield(d) {
				return
			}
		}
	}
	for _, d := range added {
		if !yield(d) {
			return
		}
	}
}

func (s *Service) weekly() bool { return s.Days != [7]bool{} && s.Start <= s.End }

// span is the first and the last day; false when the service never runs.
func (s *Service) span() (first, last Date, ok bool) {
	for d := range s.Dates {
		if !ok {
			first, ok = d, true
			break
		}
	}
	if !ok {
		return 0, 0, false
	}
	if n := len(s.Added); n > 0 {
		last = s.Added[n-1]
	}
	if s.weekly() {
		for d := s.End; d >= s.Start && d > last; d-- {
			if s.Days[d.Weekday()] && !has(s.Removed, d) {
				last = d
			}
		}
	}
	return first, last, true
}

// service is the index of a service, which is made when it is new.
func (f *Feed) service(id string) int32 {
	if i, ok := f.serviceIDs[id]; ok {
		return i
	}
	if f.serviceIDs == nil {
		f.serviceIDs = map[string]int32{}
	}
	i := int32(len(f.Services))
	f.serviceIDs[id] = i
	f.Services = append(f.Services, Service{ID: id, Start: 0, End: -1})
	return i
}

// maxSpan bounds how long a calendar may go on: years beyond are a mistake.
const maxSpan = 60 * 366

func (f *Feed) loadCalendar() error {
	var id, start, end int
	days := make([]int, 7)
	return f.read("calendar.txt", []string{"service_id", "start_date", "end_date"}, func(t *table) {
		id, start, end = t.column("service_id"), t.column("start_date"), t.column("end_date")
		for i, name := range []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"} {
			days[i] = t.column(name)
		}
	}, func(t *table) error {
		key := t.value(id)
		if _, twice := f.serviceIDs[key]; twice || key == "" {
			f.warn("ids-repeated", msgIDs, t.at(key))
			return nil
		}
		from, ok1 := ParseDate(t.value(start))
		to, ok2 := ParseDate(t.value(end))
		if !ok1 || !ok2 || to < from || to-from > maxSpan {
			f.warn("dates-wrong", "rows with wrong dates were left out", t.at(t.value(start)+" to "+t.value(end)))
			f.service(key)
			return nil
		}
		s := &f.Services[f.service(key)]
		s.Start, s.End = from, to
		for i, c := range days {
			s.Days[i] = f.small(t, c, 0, 1, 0) == 1
		}
		return nil
	})
}

func (f *Feed) loadCalendarDates() error {
	var id, date, kind int
	err := f.read("calendar_dates.txt", []string{"service_id", "date", "exception_type"}, func(t *table) {
		id, date, kind = t.column("service_id"), t.column("date"), t.column("exception_type")
	}, func(t *table) error {
		d, ok := ParseDate(t.value(date))
		k := t.value(kind)
		if !ok || k != "1" && k != "2" || t.value(id) == "" {
			f.warn("dates-wrong", "rows with wrong dates were left out", t.at(t.value(id)+" "+t.value(date)+" "+k))
			return nil
		}
		s := &f.Services[f.service(t.value(id))]
		if k == "1" {
			s.Added = append(s.Added, d)
		} else {
			s.Removed = append(s.Removed, d)
		}
		return nil
	})
	for i := range f.Services {
		s := &f.Services[i]
		slices.Sort(s.Added)
		slices.Sort(s.Removed)
		s.Added, s.Removed = slices.Compact(s.Added), slices.Compact(s.Removed)
	}
	return err
}

// days is how many runs there are on each day of the feed.
type days struct {
	first, last Date
	runs        map[Date]int64
}

// runs counts the runs of a trip a day: more than one with frequencies.
func (f *Feed) tripRuns() []int64 {
	out := make([]int64, len(f.Trips))
	for i := range f.Frequencies {
		out[f.Frequencies[i].Trip] += f.Frequencies[i].Runs()
	}
	for i := range out {
		if out[i] == 0 {
			out[i] = 1
		}
	}
	return out
}

// calendar adds up the runs of the trips that are used, day by day.
func (f *Feed) calendar(used []bool) days {
	runs := f.tripRuns()
	services := make([]int64, len(f.Services))
	for i := range f.Trips {
		if used[i] {
			services[f.Trips[i].Service] += runs[i]
		}
	}
	out := days{runs: map[Date]int64{}}
	for i, n := range services {
		if n == 0 {
			continue
		}
		for d := range f.Services[i].Dates {
			if len(out.runs) == 0 || d < out.first {
				out.first = d
			}
			if len(out.runs) == 0 || d > out.last {
				out.last = d
			}
			out.runs[d] += n
		}
	}
	return out
}

// typical is the day, of those that fit, of which the number of runs is the
// median (the lower one, the earliest such day); false when nothing runs on
// any of them.
func (d *days) typical(fits func(time.Weekday) bool) (Date, bool) {
	type day struct {
		date Date
		runs int64
	}
	var all []day
	for at := d.first; at <= d.last && len(d.runs) > 0; at++ {
		if n := d.runs[at]; n > 0 && fits(at.Weekday()) {
			all = append(all, day{at, n})
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	slices.SortStableFunc(all, func(a, b day) int { return int(min(max(a.runs-b.runs, -1), 1)) })
	median := all[(len(all)-1)/2].runs
	for _, a := range all {
		if a.runs == median {
			return a.date, true
		}
	}
	return 0, false
}

func workday(w time.Weekday) bool { return w >= time.Monday && w <= time.Friday }

// checkCalendar says when the feed's days are over, or have not begun.
func (f *Feed) checkCalendar(d days, now Date) {
	switch {
	case d.last < now:
		f.notes.Add(catalog.Warning, "calendar-expired", "the timetable ended on %s", d.last)
	case d.first > now:
		f.notes.Add(catalog.Info, "calendar-future", "the timetable begins on %s", d.first)
	}
	for i := range f.Services {
		if _, _, ok := f.Services[i].span(); !ok {
			f.warn("services-empty", "services run on no day", fmt.Sprintf("service %s", f.Services[i].ID))
		}
	}
}
