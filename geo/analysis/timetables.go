package analysis

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/travel/transit"
)

// OpenTimetable opens the file of a timetable's version. The caller closes it.
type OpenTimetable func(path string) (*transit.Feed, io.Closer, error)

// WithTimetables gives the engine a reader of timetables; without one, public
// transport is not computed. Call it before the first question.
func (e *Engine) WithTimetables(open OpenTimetable) *Engine {
	e.timetables = open
	return e
}

// timetableSets are the timetables named, or all that cover the territory.
func (w *way) timetableSets(named []string) ([]catalog.Dataset, error) {
	const op = "analysis.transit"
	var out []catalog.Dataset
	for i, id := range named {
		d, err := w.snapshot.Dataset(id)
		if err != nil {
			return nil, err
		}
		if slices.Contains(named[:i], id) {
			return nil, fault.Errorf(op, fault.Invalid, "timetable %q is named twice", id)
		}
		out = append(out, d)
	}
	if len(named) == 0 {
		for _, d := range w.snapshot.ByRole(catalog.TimetableRole) {
			if d.Version.BBoxWGS84.Intersects(w.box) || d.Version.BBoxWGS84 == (geo.BBox{}) {
				out = append(out, d)
			}
		}
	}
	if len(out) == 0 {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "profile %q needs a timetable, and none covers the territory", w.profile), "ingest a GTFS feed")
	}
	if len(out) > transit.MaxFeeds {
		return nil, fault.WithHint(fault.Errorf(op, fault.TooLarge, "%d timetables at once: at most %d", len(out), transit.MaxFeeds), "say which with --timetable")
	}
	for _, d := range out {
		if d.Kind != catalog.Timetable || len(d.Version.Files) == 0 {
			return nil, fault.Errorf(op, fault.Invalid, "dataset %q is no timetable", d.ID)
		}
		w.used(d)
	}
	return out, nil
}

// names are the ids of the timetables, for people.
func (m *transitMover) names() string {
	ids := make([]string, len(m.sets))
	for i, d := range m.sets {
		ids[i] = d.ID
	}
	return strings.Join(ids, ", ")
}

// load reads what runs in the window.
func (m *transitMover) load(ctx context.Context) error {
	var feeds []*transit.Feed
	for _, d := range m.sets {
		path, err := m.atlas.Path(d.Version.Files[0].Key)
		if err != nil {
			return err
		}
		feed, file, err := m.timetables(path)
		if err != nil {
			return fmt.Errorf("timetable %s: %w", d.ID, err)
		}
		defer file.Close() // read only: nothing to lose
		feeds = append(feeds, feed)
	}
	feed, err := transit.Merge(feeds...)
	if err != nil {
		return fmt.Errorf("timetables %s: %w", m.names(), err)
	}
	date := m.q.Date
	if date == "" {
		if date = feed.Typical; date == "" {
			return fault.WithHint(fault.Errorf("analysis.transit", fault.Invalid, "timetable %s runs on no working day", m.names()), "say which day with --date")
		}
	}
	if m.day, err = transit.ParseDay(date); err != nil {
		return err
	}
	m.timetable, err = transit.Load(ctx, feed, m.day, transit.Options{
		From: m.q.From, Until: m.q.Until, MaxRides: m.q.MaxRides, Wheelchair: m.q.Wheelchair, OnDemand: m.q.OnDemand,
		// Walks longer than the longest threshold cannot matter to the shares.
		Walk: int32(math.Ceil(min(m.longest(), 4*3600))),
	})
	if fault.Is(err, fault.NotExist) {
		if hint := m.runningTimes(); hint != "" {
			err = fault.WithHint(err, hint)
		}
	}
	if err == nil && len(feeds) > 1 {
		m.idle(feeds)
	}
	return err
}

// runningTimes says from when to when the timetables run.
func (m *transitMover) runningTimes() string {
	var out []string
	for _, d := range m.sets {
		if v := d.Version; v.TimeStart != nil && v.TimeEnd != nil {
			out = append(out, fmt.Sprintf("timetable %s runs from %s to %s", d.ID, v.TimeStart.Format("2006-01-02"), v.TimeEnd.Format("2006-01-02")))
		}
	}
	return strings.Join(out, "; ")
}

// idle says which of several timetables have no trip on the day.
func (m *transitMover) idle(feeds []*transit.Feed) {
	for i, f := range feeds {
		if f.TripsOn(m.day) == 0 {
			m.notice("timetable-idle",
				notice.Text("Timetable %s has no trip on %s: only the other timetables count.", m.sets[i].ID, notice.Day(m.day.String())),
				notice.Italian("L'orario %s non ha corse il %s: contano solo gli altri orari.", m.sets[i].ID, notice.Day(m.day.String())))
		}
	}
}

// remark says what of the timetable did not come in.
func (m *transitMover) remark() {
	n := m.timetable.Notes()
	if n.Trips == 0 {
		m.notice("no-trips",
			fmt.Sprintf("No trip of %s that may be used runs on %s in the window or after it: everyone walks all the way.", m.names(), n.Day),
			fmt.Sprintf("Nessuna corsa utilizzabile di %s circola il %s nella fascia oraria o dopo: tutti vanno a piedi.", m.names(), n.Day))
	}
	if m.q.Wheelchair {
		m.notice("wheelchair",
			notice.Text("For wheelchair users, %d [trip|trips] and %d [stop|stops] are not accessible, and %d [trip|trips] and %d [stop|stops] do not say whether they are: neither are used.", n.TripsNotAccessible, n.StopsNotAccessible, n.TripsNotKnown, n.StopsNotKnown),
			notice.Italian("Per chi usa la sedia a rotelle, %d [corsa|corse] e %d [fermata|fermate] non sono accessibili, e di %d [corsa|corse] e %d [fermata|fermate] non è noto: né le une né le altre sono usate.", n.TripsNotAccessible, n.StopsNotAccessible, n.TripsNotKnown, n.StopsNotKnown))
	}
	if n.ByPhone > 0 && !m.q.OnDemand {
		m.notice("calls-by-phone",
			notice.Text("%d [call must be booked by phone and is|calls must be booked by phone and are] not used.", n.ByPhone),
			notice.Italian("%d [passaggio è a chiamata telefonica e non è usato|passaggi sono a chiamata telefonica e non sono usati].", n.ByPhone))
	}
}
