package analysis

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/disclosure"
	"contado/geo/snai"
	"contado/geo/store/catalog"
	"contado/geo/zonal"
)

// OfficialClass is the class of the strategy for inner areas that the
// territory's own row carries.
type OfficialClass struct {
	Dataset string            `json:"dataset"`
	Class   string            `json:"class"`
	Label   map[string]string `json:"label"`
	// Minutes are those to the pole; null when the row does not say.
	Minutes *float64 `json:"minutes"`
}

// DatedPeople is how many people there were.
type DatedPeople struct {
	Date   time.Time `json:"date"`
	People float64   `json:"people"`
	Hidden bool      `json:"hidden,omitempty"` // People is null in JSON
}

// MarshalJSON writes null for what is hidden.
func (p DatedPeople) MarshalJSON() ([]byte, error) {
	type plain DatedPeople
	return json.Marshal(struct {
		plain
		People *float64 `json:"people"`
	}{plain(p), told(p.People, p.Hidden)})
}

// DatedCover is the ground by class as it was.
type DatedCover struct {
	Date    time.Time    `json:"date"`
	Classes []ZonalClass `json:"classes"`
}

// DataFact says how old the data behind a profile are.
type DataFact struct {
	Dataset   string     `json:"dataset"`
	Title     string     `json:"title"`
	Role      string     `json:"role"`
	Version   int        `json:"version"`
	Published time.Time  `json:"published"` // when this version was taken in
	From      *time.Time `json:"from"`      // the time that the data speak of, if they say
	To        *time.Time `json:"to"`
	License   string     `json:"license,omitempty"`
	Credit    string     `json:"attribution,omitempty"`
}

// placeOf adds what is around a territory, and what its row says of it.
func (r *run) placeOf(ctx context.Context, p *Profile, _ []area, _ geo.BBox) (err error) {
	if p.Neighbours, err = r.neighbours(ctx, p.Territory); err != nil {
		return err
	}
	if p.Neighbours == nil {
		p.Neighbours = []geo.Territory{}
	}
	s := &section{run: r}
	class, minutes, err := s.official(ctx, area{Territory: p.Territory})
	if err != nil || class == "" {
		return err
	}
	p.Official = &OfficialClass{Dataset: p.Territory.Dataset, Class: class, Label: snai.Label(class), Minutes: minutes}
	return nil
}

// dataOf lists the datasets that the profile was made of, each once.
func (r *run) dataOf() []DataFact {
	out := []DataFact{}
	for _, in := range r.inputs {
		d, err := r.snapshot.Dataset(in.Dataset)
		if err != nil || slices.ContainsFunc(out, func(f DataFact) bool { return f.Dataset == d.ID }) {
			continue
		}
		out = append(out, DataFact{
			Dataset: d.ID, Title: d.Title, Role: string(d.Role), Version: d.Version.Number, Published: d.Version.PublishedAt,
			From: d.Version.TimeStart, To: d.Version.TimeEnd, License: d.License, Credit: d.Attribution,
		})
	}
	return out
}

// maxDates bounds the dates of a trend; the newest are kept.
const maxDates = 24

// dated are the dated items of a dataset that meet the box, one a date, the
// oldest first; none when there are not at least two.
func (r *run) dated(d catalog.Dataset, box geo.BBox) []catalog.Item {
	items := slices.DeleteFunc(slices.Clone(r.snapshot.Items(d.ID, &box)), func(it catalog.Item) bool { return it.Datetime == nil })
	slices.SortStableFunc(items, oldestFirst)
	items = slices.CompactFunc(items, func(a, b catalog.Item) bool { return a.Datetime.Equal(*b.Datetime) })
	if len(items) < 2 {
		return nil
	}
	return items[max(0, len(items)-maxDates):]
}

// trendsOf adds what datasets of several dates tell of change.
func (r *run) trendsOf(ctx context.Context, p *Profile, areas []area, box geo.BBox) error {
	p.PeopleDates, p.CoverDates = []DatedPeople{}, []DatedCover{}
	if d, ok := r.only(catalog.Population, box); ok && d.Kind == catalog.Raster {
		for _, it := range r.dated(d, box) {
			one, err := r.peopleAt(ctx, d, it, p.Territory.Code, areas)
			if err != nil {
				return err
			}
			p.PeopleDates = append(p.PeopleDates, one)
		}
	}
	if d, ok := r.only(catalog.LandCover, box); ok && d.Kind == catalog.Raster {
		for _, it := range r.dated(d, box) {
			classes, err := r.coverClasses(ctx, it, areas)
			if err != nil {
				return err
			}
			if len(classes) > 0 {
				p.CoverDates = append(p.CoverDates, DatedCover{*it.Datetime, classes})
			}
		}
	}
	return nil
}

// peopleAt is how many people there were at the date of an item.
func (r *run) peopleAt(ctx context.Context, d catalog.Dataset, it catalog.Item, code string, areas []area) (DatedPeople, error) {
	ctx = atlas.Exact(ctx)
	one := DatedPeople{Date: *it.Datetime}
	if r.protected(d) {
		tree, err := r.treeOf(ctx, d, &it, disclosure.DefaultThreshold)
		if err != nil {
			return one, err
		}
		one.People, one.Hidden, _ = tree.Total(code)
		return one, nil
	}
	sums := make([]float64, len(areas))
	if err := r.addPeople(ctx, it, areas, sums); err != nil {
		return one, err
	}
	for _, v := range sums {
		one.People += v
	}
	return one, nil
}

// coverClasses are the hectares of each class of a raster in all areas.
func (r *run) coverClasses(ctx context.Context, it catalog.Item, areas []area) ([]ZonalClass, error) {
	cell, err := cellAreas(it, 1)
	if err != nil {
		return nil, err
	}
	res, err := r.statsOver(ctx, it, 1, areas, zonal.Options{Stats: []zonal.Stat{zonal.Count}, Classes: true, CellArea: cell})
	if err != nil {
		return nil, err
	}
	ha := map[float64]float64{}
	total := 0.0
	for _, one := range res {
		for _, c := range one.Classes {
			ha[c.Value] += c.Ha
			total += c.Ha
		}
	}
	if total == 0 || math.IsNaN(total) {
		return nil, nil
	}
	known := map[float64]catalog.Class{}
	for _, c := range it.Bands[0].Classes {
		known[float64(c.Value)] = c
	}
	out := []ZonalClass{}
	for _, v := range sortedKeys(ha) {
		c := known[v]
		out = append(out, ZonalClass{Value: v, Name: c.Name, Color: c.Color, Hectares: ha[v], Share: ha[v] / total})
	}
	return out, nil
}
