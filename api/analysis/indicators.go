package analysis

import (
	"context"
	"encoding/json"
	"math"
	"strings"

	"contado/geo/analysis"
	"contado/geo/table"
)

// indicatorInputs are the inputs of sdg-indicators.
type indicatorInputs struct {
	peopleInputs
	Only        []string `json:"only"`
	Roads       []string `json:"roads"`
	RoadClasses []string `json:"road-classes"`
	Stops       string   `json:"stops"`
	Stations    string   `json:"stations"`
	BuiltFrom   string   `json:"built-from"`
	BuiltTo     string   `json:"built-to"`
	PeopleFrom  string   `json:"people-from"`
	Years       *float64 `json:"years"`
	OpenSpaces  string   `json:"open-spaces"`
}

// defaultYears is the time between two states of the land when none is said.
const defaultYears = 10

func parseIndicators(raw json.RawMessage) (work, error) {
	raw, err := plain(raw)
	if err != nil {
		return nil, err
	}
	var in indicatorInputs
	if err := strict(raw, &in); err != nil {
		return nil, invalid("inputs: %w", err)
	}
	w, err := in.work()
	if err != nil {
		return nil, err
	}
	q := analysis.IndicatorsRequest{
		Territory: in.Territory, Population: in.Population, Land: in.Land, Rules: in.Rules, Only: in.Only, Roads: in.Roads, RoadClasses: in.RoadClasses,
		Stops: in.Stops, Stations: in.Stations, BuiltFrom: in.BuiltFrom, BuiltTo: in.BuiltTo, PeopleFrom: in.PeopleFrom, Years: defaultYears, OpenSpaces: in.OpenSpaces,
	}
	if in.Years != nil {
		if q.Years = *in.Years; !(q.Years > 0) || math.IsInf(q.Years, 0) {
			return nil, invalid("years: %g; want more than 0", q.Years)
		}
	}
	if len(in.Roads) > 100 || len(in.RoadClasses) > 1000 {
		return nil, invalid("roads: %d datasets and %d classes; at most 100 and 1000", len(in.Roads), len(in.RoadClasses))
	}
	from, _, _ := strings.Cut(in.BuiltFrom, "@")
	to, _, _ := strings.Cut(in.BuiltTo, "@")
	if err := w.name("stops", in.Stops, "stations", in.Stations, "built-from", from, "built-to", to, "people-from", in.PeopleFrom, "open-spaces", in.OpenSpaces); err != nil {
		return nil, err
	}
	for _, id := range in.Roads {
		if err := w.name("roads", id); err != nil {
			return nil, err
		}
	}
	w.make = func(ctx context.Context, h *Handler, p analysis.Progress) (any, *table.Table, error) {
		q.HideBelow = in.hideBelow(h)
		res, err := h.Engine.Indicators(ctx, q, p)
		if err != nil {
			return nil, nil, err
		}
		return res, res.Table(w.locale), nil
	}
	return w, nil
}
