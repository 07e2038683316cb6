package analysis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"contado/api/territory"
	"contado/geo/analysis"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/travel"
)

// maxSeason bounds the words of a season.
const maxSeason = 16

// coverageInputs are the inputs of coverage-report.
type coverageInputs struct {
	Territory  string   `json:"territory"`
	Service    string   `json:"service"`
	Profile    string   `json:"profile"`
	Thresholds []period `json:"thresholds"`
	Direction  string   `json:"direction"`
	Neighbours int      `json:"neighbours"`
	SpeedKmh   float64  `json:"speed_kmh"`
	ReportID   string   `json:"report_id"`
	Title      string   `json:"title"`
	// Datasets by role; those of the catalog when left out.
	LandCover  string   `json:"landcover"`
	Elevation  string   `json:"elevation"`
	Population string   `json:"population"`
	Places     string   `json:"places"`
	Roads      []string `json:"roads"`
	Barriers   []string `json:"barriers"`
	Season     []string `json:"season"`
	HideBelow  *float64 `json:"hide_below"`
	transitInputs
}

// moving checks how people move and reads which way.
func moving(profile, direction string, neighbours int) (travel.Direction, error) {
	if profile != "" && !slices.Contains(analysis.Profiles(), profile) {
		return 0, invalid("profile: %.40q; there are %s", profile, strings.Join(analysis.Profiles(), ", "))
	}
	if n := neighbours; n != 0 && n != 8 && n != 16 && n != 32 {
		return 0, invalid("neighbours: %d; there are 8, 16 and 32", n)
	}
	switch direction {
	case "", "to-facility":
		return travel.ToFacility, nil
	case "from-facility":
		return travel.FromFacility, nil
	}
	return 0, invalid("direction: %.40q; there are to-facility, from-facility", direction)
}

// period is a time in seconds, written as a number or as "15m", "1h30m".
type period float64

func (p *period) UnmarshalJSON(b []byte) error {
	var n float64
	if err := json.Unmarshal(b, &n); err == nil {
		*p = period(n)
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%.40s is no time: want seconds, or text such as 15m", b)
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		*p = period(n)
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%.40q is no time: want seconds, or text such as 15m, 1h30m", s)
	}
	*p = period(d.Seconds())
	return nil
}

// maxServiceText bounds a service with its filter, in bytes.
const maxServiceText = 4000

// maxThresholds bounds the thresholds of one report.
const maxThresholds = 24

// request checks the inputs and turns them into the engine's words.
func (in *coverageInputs) request() (analysis.CoverageRequest, error) {
	q := analysis.CoverageRequest{
		Territory: in.Territory, Service: in.Service, Profile: in.Profile, Neighbours: in.Neighbours, SpeedKmh: in.SpeedKmh,
		LandCover: in.LandCover, Elevation: in.Elevation, Population: in.Population, Places: in.Places,
		Roads: in.Roads, Barriers: in.Barriers, ID: in.ReportID, Title: in.Title,
	}
	if err := territory.CheckCode(in.Territory); err != nil {
		return q, invalid("territory: %w", err)
	}
	var err error
	if q.Transit, err = in.window(); err != nil {
		return q, err
	}
	if s, err := analysis.ParseService(in.Service); err != nil || !catalog.ValidID(s.Dataset) || len(in.Service) > maxServiceText {
		return q, invalid("service: %.80q: want a dataset, dataset:kind or dataset[filter]", in.Service)
	}
	if len(in.Thresholds) > maxThresholds {
		return q, invalid("thresholds: %d of them; at most %d", len(in.Thresholds), maxThresholds)
	}
	for _, t := range in.Thresholds {
		if !(t > 0 && t <= 86400) {
			return q, invalid("thresholds: %g s; want more than 0 and at most a day", float64(t))
		}
		q.Thresholds = append(q.Thresholds, float64(t))
	}
	if q.Direction, err = moving(in.Profile, in.Direction, in.Neighbours); err != nil {
		return q, err
	}
	if v := in.SpeedKmh; v != 0 && !(v > 0 && v <= 200) {
		return q, invalid("speed_kmh: %g; want more than 0 and at most 200", v)
	}
	if in.ReportID != "" && !catalog.ValidID(in.ReportID) {
		return q, invalid("report_id: %.80q; want 1 to 63 of a-z, 0-9 and hyphen", in.ReportID)
	}
	if len(in.Title) > 300 {
		return q, invalid("title: longer than 300 bytes")
	}
	if len(in.Season) > maxSeason {
		return q, invalid("season: %d words; at most %d", len(in.Season), maxSeason)
	}
	q.Season = in.Season
	if h := in.HideBelow; h != nil {
		if !(*h >= 0 && *h <= 1000) {
			return q, invalid("hide_below: %g; want 0 to 1000", *h)
		}
		if q.HideBelow = *h; *h == 0 {
			q.HideBelow = -1 // nothing is hidden
		}
	}
	return q, in.checkDatasets()
}

func (in *coverageInputs) checkDatasets() error {
	for name, ids := range map[string][]string{
		"landcover": {in.LandCover}, "elevation": {in.Elevation}, "population": {in.Population}, "places": {in.Places},
		"roads": in.Roads, "barriers": in.Barriers,
	} {
		if len(ids) > 32 {
			return invalid("%s: %d datasets; at most 32", name, len(ids))
		}
		for _, id := range ids {
			if id != "" && !catalog.ValidID(id) {
				return invalid("%s: %.80q is no dataset id", name, id)
			}
		}
	}
	return nil
}

// zonalInputs are the inputs of zonal-statistics.
type zonalInputs struct {
	Dataset   string       `json:"dataset"`
	Band      name         `json:"band"`
	Mask      string       `json:"mask"`
	Item      string       `json:"item"`
	Datetime  string       `json:"datetime"`
	Areas     areasInput   `json:"areas"`
	Stats     []string     `json:"stats"`
	Quantiles []float64    `json:"quantiles"`
	Classes   bool         `json:"classes"`
	Weights   *weightInput `json:"weights"`
}

type weightInput struct {
	Dataset string `json:"dataset"`
	Band    name   `json:"band"`
}

// name is a text, or a number that stands for it.
type name string

func (n *name) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err == nil {
		*n = name(s)
		return nil
	}
	var i int
	if err := json.Unmarshal(b, &i); err != nil {
		return fmt.Errorf("%.40s is neither a name nor a number", b)
	}
	*n = name(strconv.Itoa(i))
	return nil
}

func (in *zonalInputs) request() (analysis.ZonalRequest, error) {
	q := analysis.ZonalRequest{
		Dataset: in.Dataset, Band: string(in.Band), Item: in.Item, Datetime: in.Datetime,
		Mask: in.Mask, Stats: in.Stats, Quantiles: in.Quantiles, Classes: in.Classes,
	}
	if !catalog.ValidID(in.Dataset) {
		return q, invalid("dataset: %.80q is no dataset id", in.Dataset)
	}
	for _, f := range in.Quantiles {
		if !(f >= 0 && f <= 1) {
			return q, invalid("quantiles: %g; want numbers from 0 to 1", f)
		}
	}
	if len(in.Stats) > 64 || len(in.Quantiles) > 64 {
		return q, invalid("more than 64 stats or quantiles")
	}
	if w := in.Weights; w != nil {
		if !catalog.ValidID(w.Dataset) {
			return q, invalid("weights: %.80q is no dataset id", w.Dataset)
		}
		q.Weights, q.WeightBand = w.Dataset, string(w.Band)
	}
	return q, nil
}

// plain takes inputs out of the wrapping that OGC API Processes has for
// objects: {"value": …} is the value, when beside it there is no more than
// what says how it is written; an object with a value among other things is
// an input of its own. Inputs by reference are refused.
func plain(raw json.RawMessage) (json.RawMessage, error) {
	var inputs map[string]json.RawMessage
	if err := json.Unmarshal(raw, &inputs); err != nil {
		return nil, invalid("inputs: want an object")
	}
	for name, value := range inputs {
		var wrapped map[string]json.RawMessage
		if json.Unmarshal(value, &wrapped) != nil {
			continue // no object
		}
		if _, ok := wrapped["href"]; ok {
			return nil, fault.Errorf("processes", fault.Unsupported, "inputs: %.40s comes by reference; this server fetches nothing: send the value itself", name)
		}
		if inner, ok := wrapped["value"]; ok && qualified(wrapped) {
			inputs[name] = inner
		}
	}
	return json.Marshal(inputs)
}

// qualified reports whether an object has nothing that a qualified input
// value of OGC API Processes has not.
func qualified(wrapped map[string]json.RawMessage) bool {
	for key := range wrapped {
		if !slices.Contains([]string{"value", "mediaType", "encoding", "schema"}, key) {
			return false
		}
	}
	return true
}

func invalid(format string, args ...any) error {
	return fault.E("processes", fault.Invalid, fmt.Errorf(format, args...))
}

// strict reads one JSON value and refuses unknown names, repeats of the
// document and text after it.
func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return readable(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the JSON value")
	}
	return nil
}

// readable words an error of decoding for people who do not know our types.
func readable(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	want := "another kind of value"
	switch wrong.Type.Kind() {
	case reflect.Struct, reflect.Map:
		want = "an object"
	case reflect.Slice, reflect.Array:
		want = "a list"
	case reflect.String:
		want = "a text"
	case reflect.Bool:
		want = "true or false"
	case reflect.Int, reflect.Int64, reflect.Int32:
		want = "a whole number"
	case reflect.Float64, reflect.Float32:
		want = "a number"
	}
	if wrong.Field == "" {
		return fmt.Errorf("want %s, not %s", want, wrong.Value)
	}
	return fmt.Errorf("%s: want %s, not %s", wrong.Field, want, wrong.Value)
}
