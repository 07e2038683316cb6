package analysis

import (
	"context"
	"slices"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/coverage"
	"contado/geo/coverage/inspect"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// Attributes in which facilities commonly declare their municipality, by
// official code and by name, best first.
var (
	declaredCodes = []string{
		"com_istat_code", "codice_istat_comune_sede", "cod_istat_sede", "codice_istat", "cod_istat", "pro_com_t", "pro_com", "istat", "municipality_code",
	}
	declaredNames = []string{"comune_sede", "comune", "municipality", "municipio", "localita", "city", "addr_city", "addr:city", "town"}
)

// maxInspected bounds the facilities that are looked at one by one.
const maxInspected = 200_000

// open keeps the facilities that are open at a time of the week. Those whose
// hours are not known or cannot be read stay, and are counted.
func (c *section) open(at *OpenAt) {
	if at == nil {
		return
	}
	schema := &c.service.set.Version.Vector.Schema
	texts := make([]string, len(c.facilities))
	for i := range c.facilities {
		texts[i] = c.facilities[i].text(schema, "opening_hours", "orari", "orario")
	}
	states, counts := coverage.OpenFilter(texts, at.Day, at.Minute)
	var kept []facility
	for i, s := range states {
		if s != coverage.HoursShut {
			kept = append(kept, c.facilities[i])
		}
	}
	c.notice("opening-hours",
		notice.Text("Only facilities open on %s at %s count: %d [is|are] open, %d shut and left out; the hours of %d are not known and of %d cannot be read, and these count as open.",
			at.Day, clockText(int32(at.Minute)*60), counts[coverage.HoursOpen], counts[coverage.HoursShut], counts[coverage.HoursMissing], counts[coverage.HoursUnread]),
		notice.Italian("Contano solo i punti aperti di %s alle %s: %d [è aperto|sono aperti], %d [chiuso ed escluso|chiusi ed esclusi]; di %d non si conoscono gli orari e di %d non si riesce a leggerli: questi contano come aperti.",
			weekdays[at.Day], clockText(int32(at.Minute)*60), counts[coverage.HoursOpen], counts[coverage.HoursShut], counts[coverage.HoursMissing], counts[coverage.HoursUnread]))
	c.facilities = kept
}

var weekdays = [...]string{"domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"}

// inspect looks at the facilities of a service before they are counted: all
// of its dataset, also those far from the territory.
func (s *setting) inspect(ctx context.Context, service chosen, registered int) ([]coverage.Check, error) {
	list, err := s.fork().facilitiesOf(ctx, service, service.extent())
	if err != nil {
		return nil, err
	}
	if len(list) > maxInspected {
		return []coverage.Check{{
			Code: "not-inspected", Severity: coverage.SeverityNote, Dataset: service.set.ID,
			Text: words(notice.Text("%d facilities are too many to look at one by one.", len(list)), notice.Italian("%d punti sono troppi per guardarli uno a uno.", len(list))),
		}}, nil
	}
	schema := &service.set.Version.Vector.Schema
	in := inspect.Input{Dataset: service.set.ID, Areas: coverageAreas(s.areas), Registered: registered, Now: time.Now().UTC(), AsOf: service.set.Version.TimeEnd}
	for i := range list {
		f := &list[i]
		in.Points = append(in.Points, inspect.Point{
			ID: f.id, Name: f.name, Names: f.names, Lon: f.lon, Lat: f.lat, Area: areaAt(s.areas, f.lon, f.lat),
			Code: f.text(schema, declaredCodes...), Municipality: f.text(schema, declaredNames...),
		})
	}
	out := inspect.Points(in)
	if in.AsOf == nil {
		out = append(out, coverage.Check{
			Code: "data-undated", Severity: coverage.SeverityNote, Dataset: service.set.ID,
			Text: words("The dataset does not say of which date its data are.", "Il dataset non dice a quale data si riferiscono i dati."),
		})
	}
	return out, nil
}

// mapped doubts OpenStreetMap where people live and it holds little.
func (s *setting) mapped(ctx context.Context, t *standing) ([]coverage.Check, error) {
	roads, buildings := s.openStreetMap(catalog.Road, "roads"), s.openStreetMap(catalog.OtherRole, "buildings")
	if roads == nil && buildings == nil {
		return nil, nil
	}
	m := make([]inspect.Mapped, len(s.areas))
	for i := range m {
		m[i].Roads, m[i].Buildings = -1, -1
	}
	for i, n := range t.who.People {
		m[t.who.Area[i]].People += n
	}
	count := func(d *catalog.Dataset, add func(*inspect.Mapped)) error {
		if d == nil {
			return nil
		}
		for i := range m {
			add(&m[i]) // from −1 to 0
		}
		cells, err := newCounter(t)
		if err != nil {
			return err
		}
		return s.fork().points(ctx, *d, s.box, func(_ geo.Feature, _ string, lon, lat float64) {
			if a := cells.area(lon, lat); a != noArea {
				add(&m[a])
			}
		})
	}
	if err := count(roads, func(x *inspect.Mapped) { x.Roads++ }); err != nil {
		return nil, err
	}
	if err := count(buildings, func(x *inspect.Mapped) { x.Buildings++ }); err != nil {
		return nil, err
	}
	name := "OpenStreetMap"
	if roads != nil {
		name = roads.ID
	}
	return inspect.Completeness(name, coverageAreas(s.areas), m), nil
}

// openStreetMap is the dataset of a role over the territory that was made from
// OpenStreetMap and whose id has a word; nil when there is none.
func (s *setting) openStreetMap(role catalog.Role, word string) *catalog.Dataset {
	for _, d := range s.snapshot.ByRole(role) {
		if d.Kind == catalog.Vector && strings.Contains(d.Attribution, "OpenStreetMap") && strings.Contains(d.ID, word) && d.Version.BBoxWGS84.Intersects(s.box) {
			return &d
		}
	}
	return nil
}

// check adds a check, once: services of one dataset share some.
func (y *study) check(c coverage.Check) {
	if !slices.ContainsFunc(y.doc.Checks, func(o coverage.Check) bool {
		return o.Code == c.Code && o.Dataset == c.Dataset && o.Feature == c.Feature && o.Text["en"] == c.Text["en"]
	}) {
		y.doc.Checks = append(y.doc.Checks, c)
	}
}

// finish adds what concerns the whole study.
func (y *study) finish(ctx context.Context) error {
	for _, service := range y.services {
		list, err := y.inspect(ctx, service, y.q.Registered[service.String()])
		if err != nil {
			return err
		}
		for _, c := range list {
			y.check(c)
		}
	}
	list, err := y.mapped(ctx, y.standing[0])
	if err != nil {
		return err
	}
	y.doc.Checks = append(y.doc.Checks, list...)
	if err := y.judge(ctx); err != nil {
		return err
	}
	if err := y.inner(ctx); err != nil {
		return err
	}
	return y.urban(ctx)
}
