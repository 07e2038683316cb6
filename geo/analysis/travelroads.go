package analysis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
	"contado/geo/travel/road"
)

// wayFields are the columns of a layer of lines that say what roads are: those
// of our own OpenStreetMap layers, and names that others commonly use.
type wayFields struct {
	id, class, surface, track, name, ref, link, oneway, bridge, tunnel, seconds, area, tags int
	max, forward, backward                                                                  int
	access                                                                                  [road.Modes]int
}

func newWayFields(s geo.Schema) wayFields {
	find := func(names ...string) int {
		for _, want := range names {
			for i, f := range s.Fields {
				if strings.EqualFold(f.Name, want) {
					return i
				}
			}
		}
		return -1
	}
	return wayFields{
		id: find("osm_id", "way_id", "id"), class: find(roadClassFields...), surface: find("surface", "superficie"), track: find("tracktype"),
		name: find("name", "nome", "toponimo"), ref: find("ref", "number", "numero"), link: find("link"), oneway: find("oneway", "one_way", "senso_unico"),
		bridge: find("bridge", "ponte"), tunnel: find("tunnel", "galleria"), seconds: find("duration"), area: find("is_area"), tags: find("tags"),
		max: find("maxspeed", "max_speed", "speed_limit", "limite"), forward: find("maxspeed_forward"), backward: find("maxspeed_backward"),
		access: [road.Modes]int{find("car", "motorcar", "motor_vehicle", "access"), find("bicycle", "access"), find("foot", "access")},
	}
}

// way reads a row.
func (w *wayFields) way(f geo.Feature) road.Way {
	out := road.Way{ID: f.ID, Attributes: road.Attributes{
		Class: strings.ToLower(fieldText(f, w.class)), Surface: fieldText(f, w.surface), Track: fieldText(f, w.track),
		Name: fieldText(f, w.name), Ref: fieldText(f, w.ref), Link: isTrue(fieldText(f, w.link)), OneWay: onewayOf(fieldText(f, w.oneway)),
		Bridge: isTrue(fieldText(f, w.bridge)), Tunnel: isTrue(fieldText(f, w.tunnel)), Area: isTrue(fieldText(f, w.area)),
		MaxForward: kmh(fieldText(f, w.forward)), MaxBackward: kmh(fieldText(f, w.backward)),
	}}
	if id, err := strconv.ParseInt(fieldText(f, w.id), 10, 64); err == nil {
		out.ID = id
	}
	if base, ok := strings.CutSuffix(out.Class, "_link"); ok {
		out.Class, out.Link = base, true
	}
	both := kmh(fieldText(f, w.max))
	if out.MaxForward == 0 {
		out.MaxForward = both
	}
	if out.MaxBackward == 0 {
		out.MaxBackward = both
	}
	if s, err := strconv.ParseFloat(fieldText(f, w.seconds), 32); err == nil {
		out.Seconds = float32(s)
	}
	for m := range road.Modes {
		out.Access[m] = road.AccessOf(strings.ToLower(fieldText(f, w.access[m])))
	}
	out.BicycleBoth = againstOneway(fieldText(f, w.tags))
	return out
}

// againstOneway reads from the other tags whether bicycles may ride against a
// one-way street.
func againstOneway(tags string) bool {
	if !strings.Contains(tags, "oneway:bicycle") && !strings.Contains(tags, "opposite") {
		return false
	}
	var t map[string]string
	if json.Unmarshal([]byte(tags), &t) != nil {
		return false
	}
	return t["oneway:bicycle"] == "no" || strings.HasPrefix(t["cycleway"], "opposite")
}

// isTrue reads what columns say of yes: true, yes, T, 1, viaduct, …
func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "", "0", "no", "false", "f", "n":
		return false
	}
	return true
}

// onewayOf reads 1, -1, yes, and F, T and B (from, to, both) as shapefiles
// made of OpenStreetMap have them.
func onewayOf(s string) int8 {
	switch strings.ToLower(s) {
	case "1", "yes", "true", "f":
		return 1
	case "-1", "reverse", "t":
		return -1
	}
	return 0
}

// kmh reads a speed limit: a number of km/h, or one with its unit; 0 when it
// is none.
func kmh(s string) float32 {
	number, unit, _ := strings.Cut(strings.ToLower(strings.TrimSpace(s)), " ")
	factor := 1.0
	for suffix, f := range map[string]float64{"mph": 1.609344, "km/h": 1, "kmh": 1, "knots": 1.852} {
		if unit == suffix || strings.HasSuffix(number, suffix) {
			factor, number = f, strings.TrimSuffix(number, suffix)
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v > 0 && v <= 300) {
		return 0
	}
	return float32(v * factor)
}

// errStop ends a reading of ways that nobody wants more of.
var errStop = errors.New("no more ways are wanted")

// ways reads the lines of datasets in longitude and latitude, wherever they
// are.
func (r *run) ways(ctx context.Context, sets []catalog.Dataset) func(yield func(road.Way, error) bool) {
	return func(yield func(road.Way, error) bool) {
		for _, d := range sets {
			err := r.waysOf(ctx, d, func(w road.Way) bool { return yield(w, nil) })
			if errors.Is(err, errStop) {
				return
			}
			if err != nil {
				yield(road.Way{}, err)
				return
			}
		}
	}
}

func (r *run) waysOf(ctx context.Context, d catalog.Dataset, yield func(road.Way) bool) error {
	if d.Kind != catalog.Vector {
		return fault.Errorf("analysis.roads", fault.Invalid, "roads %q are no vector dataset", d.ID)
	}
	r.used(d)
	l, err := r.snapshot.Layer(ctx, d.ID)
	if err != nil {
		return err
	}
	fields := newWayFields(l.Schema())
	tr, err := crs.New(l.Schema().CRS, geo.WGS84)
	if err != nil {
		return err
	}
	var failed error
	one := func(w road.Way, line orb.LineString) bool {
		g, err := tr.Geometry(line, nil)
		if err != nil {
			failed = fmt.Errorf("feature of %s: %w", d.ID, err)
			return false
		}
		w.Line, _ = g.(orb.LineString)
		if !yield(w) {
			failed = errStop
			return false
		}
		return true
	}
	err = l.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
		switch g := f.Geometry.(type) {
		case orb.LineString:
			return one(fields.way(f), g)
		case orb.MultiLineString:
			for _, part := range g {
				if !one(fields.way(f), part) {
					return false
				}
			}
		}
		return true
	})
	return firstError(failed, err)
}

// restrictionsOf reads the turn restrictions that belong to datasets of roads:
// those of <id>-restrictions, or <name>-restrictions for <name>-roads.
func (r *run) restrictionsOf(ctx context.Context, sets []catalog.Dataset) ([]road.Restriction, error) {
	var out []road.Restriction
	for _, d := range r.restrictionSets(sets) {
		r.used(d)
		l, err := r.snapshot.Layer(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		s := l.Schema()
		kind, from, to, via, except := s.FieldIndex("kind"), s.FieldIndex("from_way"), s.FieldIndex("to_way"), s.FieldIndex("via_ways"), s.FieldIndex("except")
		if kind < 0 || from < 0 || to < 0 || via < 0 {
			return nil, fault.Errorf("analysis.roads", fault.Invalid, "turn restrictions %q want the columns kind, from_way, to_way and via_ways", d.ID)
		}
		err = l.Scan(ctx, features.Query{}, func(f geo.Feature) bool {
			at, ok := pointOf(f.Geometry)
			a, err1 := strconv.ParseInt(fieldText(f, from), 10, 64)
			b, err2 := strconv.ParseInt(fieldText(f, to), 10, 64)
			if !ok || err1 != nil || err2 != nil {
				return true
			}
			t := road.Restriction{ID: f.ID, From: a, To: b, At: at, Only: strings.HasPrefix(fieldText(f, kind), "only_")}
			for _, id := range strings.FieldsFunc(fieldText(f, via), func(c rune) bool { return c == ';' }) {
				if v, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64); err == nil {
					t.Via = append(t.Via, v)
				}
			}
			exempt := fieldText(f, except)
			t.Except[road.Car] = strings.Contains(exempt, "motorcar") || strings.Contains(exempt, "motor_vehicle")
			t.Except[road.Bicycle] = strings.Contains(exempt, "bicycle")
			out = append(out, t)
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *run) restrictionSets(sets []catalog.Dataset) []catalog.Dataset {
	var out []catalog.Dataset
	for _, d := range sets {
		for _, id := range []string{d.ID + "-restrictions", strings.TrimSuffix(d.ID, "-roads") + "-restrictions"} {
			if t, err := r.snapshot.Dataset(id); err == nil && t.Kind == catalog.Vector {
				out = append(out, t)
				break
			}
		}
	}
	return out
}
