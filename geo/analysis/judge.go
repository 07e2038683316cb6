package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"contado/geo/crs"
	"contado/geo/rules"
	"contado/geo/snai"
	"contado/geo/travel"
)

// kindWords are words in ids and titles of datasets that tell the kind of
// their facilities, as the OpenStreetMap import calls it.
var kindWords = []struct{ word, kind string }{
	{"pharmac", "pharmacy"},
	{"farmac", "pharmacy"},
	{"post_office", "post_office"},
	{"post-office", "post_office"},
	{"uffici-postali", "post_office"},
	{"uffici_postali", "post_office"},
	{"poste", "post_office"},
	{"ambulan", "ambulance_station"},
	{"118", "ambulance_station"},
	{"pronto-soccorso", "emergency_room"},
	{"emergency", "emergency_room"},
	{"ospedal", "hospital"},
	{"hospital", "hospital"},
	{"infanzia", "kindergarten"},
	{"kindergarten", "kindergarten"},
	{"primari", "school_primary"},
	{"secondaria-1", "school_lower_secondary"},
	{"medie", "school_lower_secondary"},
	{"secondaria-2", "school_upper_secondary"},
	{"superior", "school_upper_secondary"},
	{"scuol", "school"},
	{"school", "school"},
}

// kindOf is the kind of a service's facilities: the one asked for, or that
// the dataset's id or title tells; "" when neither does.
func kindOf(c chosen) string {
	if c.Kind != "" {
		return c.Kind
	}
	name := strings.ToLower(c.set.ID + " " + c.set.Title)
	for _, w := range kindWords {
		if strings.Contains(name, w.word) {
			return w.kind
		}
	}
	return ""
}

// modes are the ways of moving that rules speak of.
var modes = map[travel.Mode]rules.Mode{travel.Walk: rules.Foot, travel.Bicycle: rules.Bicycle, travel.Car: rules.Car, travel.Transit: rules.Transit}

// judge evaluates the rule tables asked for, as far as they are about the
// services of the study.
func (y *study) judge(ctx context.Context) error {
	var tables []*rules.Table
	for _, name := range y.q.Rules {
		t, err := rules.Load(name)
		if err != nil {
			return err
		}
		tables = append(tables, y.concerned(t))
	}
	if len(tables) == 0 {
		return nil
	}
	people := &y.standing[0].who
	in := rules.Input{Demand: people.Demand, BandNames: people.bandNames, Figures: y.q.Figures}
	for _, a := range y.areas {
		in.Areas = append(in.Areas, rules.Area{Code: a.Code, Name: a.Name, KM2: crs.Area(a.lonLat) / 1e6})
	}
	for _, service := range y.services {
		in.Services = append(in.Services, y.underRules(service))
	}
	var err error
	y.doc.Rules, err = rules.Evaluate(ctx, tables, in)
	return err
}

// concerned is the part of a table that speaks of the study's services, or of
// none.
func (y *study) concerned(t *rules.Table) *rules.Table {
	part := *t
	part.Rules = nil
	for _, r := range t.Rules {
		about := len(r.Services) == 0
		for _, s := range y.services {
			about = about || slices.Contains(r.Services, kindOf(s))
		}
		if about {
			part.Rules = append(part.Rules, r)
		}
	}
	return &part
}

// underRules is a service as rules see it: with its times on the cells where
// the people of the rules stand.
func (y *study) underRules(service chosen) rules.Service {
	out := rules.Service{Dataset: service.String(), Kind: kindOf(service)}
	for _, c := range y.sections {
		if c.service.String() != service.String() {
			continue
		}
		if out.Facilities == nil {
			for _, f := range c.facilities {
				out.Facilities = append(out.Facilities, rules.Facility{Name: f.name, Lon: f.lon, Lat: f.lat, Area: int32(areaAt(y.areas, f.lon, f.lat))})
			}
		}
		prof, err := y.setting.q.travelProfile(c.profile)
		if err != nil || c.way.standing != y.standing[0] {
			continue // a straight line is no way of moving; other cells are other people
		}
		out.Times = append(out.Times, rules.Times{Profile: c.profile, Mode: modes[prof.Mode], Seconds: c.demand.Seconds})
	}
	return out
}

// urban adds the degree of urbanisation and the indicators asked for.
func (y *study) urban(ctx context.Context) error {
	if y.q.Degurba {
		d, err := y.Engine.Degurba(ctx, DegurbaRequest{Territory: y.q.Territory, Population: y.q.Population, HideBelow: y.q.HideBelow, inReport: true}, nil)
		if err != nil {
			return fmt.Errorf("degree of urbanisation: %w", err)
		}
		y.doc.Classes = append(y.doc.Classes, d.Classes...)
		y.beside = append(y.beside, &run{Engine: y.Engine, inputs: d.Inputs, notices: d.Notices})
	}
	if len(y.q.Indicators) > 0 {
		q := y.q.IndicatorData
		q.Territory, q.Population, q.Only = y.q.Territory, y.q.Population, y.q.Indicators
		q.inReport = true // protected with the study
		res, err := y.Engine.Indicators(ctx, q, nil)
		if err != nil {
			return fmt.Errorf("indicators: %w", err)
		}
		y.doc.Indicators = res.Indicators
		y.beside = append(y.beside, &run{Engine: y.Engine, inputs: res.Inputs, notices: res.Notices})
	}
	return nil
}

// officialClasses are attributes of territories that commonly hold the class
// of the strategy for inner areas, and officialMinutes the time to the pole.
var (
	officialClasses = []string{"snai_class", "cod_ai_2020", "classe_ai_2020", "classe_2020", "cod_classe", "classificazione", "classe", "class"}
	officialMinutes = []string{"snai_minutes", "tempo_medio_min_al_polo", "minuti_polo", "tempo_medio", "minuti", "minutes", "dist_media", "tempo"}
)

// inner classes areas and hamlets by their time to the nearest pole.
func (y *study) inner(ctx context.Context) error {
	if y.q.Poles == "" {
		return nil
	}
	poles, err := y.service(y.q.Poles)
	if err != nil {
		return err
	}
	w := y.sections[0].way
	for _, c := range y.sections {
		if c.profile == "car" {
			w = c.way
		}
	}
	if w.profile != "car" {
		y.notice("classes-not-by-car",
			fmt.Sprintf("Classes of inner areas are defined by the time by car; here they are computed by the profile %s.", w.profile),
			fmt.Sprintf("Le classi delle aree interne sono definite dal tempo in auto; qui sono calcolate con il profilo %s.", w.profile))
	}
	c, err := w.everywhere(ctx, poles)
	if err != nil {
		return err
	}
	y.beside = append(y.beside, c.run)
	municipalities, err := c.municipalities(ctx)
	if err != nil {
		return err
	}
	hamlets, err := c.hamlets()
	if err != nil {
		return err
	}
	for _, edition := range []snai.Edition{snai.Edition2020, snai.Edition2014} {
		y.doc.Classes = append(y.doc.Classes, snai.Classes(edition, municipalities)...)
		y.doc.Classes = append(y.doc.Classes, snai.Classes(edition, hamlets)...)
	}
	return nil
}

// everywhere computes the times to all the facilities of a service, wherever they
// are: classes have no threshold.
func (w *way) everywhere(ctx context.Context, service chosen) (*section, error) {
	c := &section{way: w, run: w.setting.fork(), service: service}
	var err error
	if c.facilities, err = c.run.facilitiesOf(ctx, service, service.extent()); err != nil {
		return nil, err
	}
	c.times, err = w.mover.times(ctx, c.facilities, w.moveOptions(), nil)
	if err == nil {
		c.demand = c.who.to(c.times)
	}
	return c, err
}

// municipalities are the areas with their mean time over people, and what the
// territory's dataset says officially.
func (c *section) municipalities(ctx context.Context) ([]snai.Area, error) {
	mean, _, err := snai.MeanSeconds(ctx, len(c.areas), c.demand.Area, c.demand.People, c.demand.Seconds)
	if err != nil {
		return nil, err
	}
	people := make([]float64, len(c.areas))
	for i, n := range c.demand.People {
		people[c.demand.Area[i]] += n
	}
	poles := make([]string, len(c.areas))
	for _, f := range c.facilities {
		if a := areaAt(c.areas, f.lon, f.lat); a >= 0 {
			poles[a] = snai.Pole
		}
	}
	out := make([]snai.Area, len(c.areas))
	for i, a := range c.areas {
		out[i] = snai.Area{Code: a.Code, Name: a.Name, Level: a.Level, People: people[i], Seconds: mean[i], Pole: poles[i]}
		if out[i].Official, out[i].OfficialMinutes, err = c.official(ctx, a); err != nil {
			return nil, err
		}
		if out[i].Pole == "" && (out[i].Official == snai.Pole || out[i].Official == snai.JointPole) {
			out[i].Pole = out[i].Official
		}
	}
	return out, nil
}

// official reads the class and minutes that an area's row carries.
func (c *section) official(ctx context.Context, a area) (class string, minutes *float64, err error) {
	if a.FeatureID == 0 {
		return "", nil, nil
	}
	l, err := c.snapshot.Layer(ctx, a.Dataset)
	if err != nil {
		return "", nil, err
	}
	row, err := l.Feature(ctx, a.FeatureID)
	if err != nil {
		return "", nil, err
	}
	s := l.Schema()
	f := facility{values: row.Values}
	// "D - Intermedio" and "D" are one class.
	if text := f.text(&s, officialClasses...); text != "" && snai.Label(text[:1]) != nil && (len(text) == 1 || text[1] == ' ' || text[1] == '-') {
		class = text[:1]
	}
	for _, name := range officialMinutes {
		if i := s.FieldIndex(name); i >= 0 {
			if v := number(row.Values[i]); v >= 0 && !math.IsInf(v, 1) {
				return class, &v, nil
			}
		}
	}
	return class, nil, nil
}

// hamlets are the named places with the time of their cell.
func (c *section) hamlets() ([]snai.Area, error) {
	cells, err := newCounter(c.standing)
	if err != nil {
		return nil, err
	}
	var out []snai.Area
	for _, p := range c.settlements {
		cell, ok := cells.cell(p.Lon, p.Lat)
		if !ok {
			continue
		}
		seconds := float64(c.times.seconds[cell])
		out = append(out, snai.Area{Code: c.areas[p.Area].Code, Name: p.Name, Level: "hamlet", Seconds: seconds})
	}
	return out, nil
}
