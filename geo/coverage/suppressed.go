package coverage

import "encoding/json"

// Hidden numbers are null in JSON, beside "suppressed": true. Reading null
// leaves a number 0, so a document that was read has no hidden number in it.

func shown(v float64, hidden bool) *float64 {
	if hidden {
		return nil
	}
	return &v
}

func known(v *float64, hidden bool) *float64 {
	if hidden {
		return nil
	}
	return v
}

// MarshalJSON writes null for what is hidden.
func (r Row) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ThresholdS  float64  `json:"threshold_s"`
		Covered     *float64 `json:"covered"`
		Uncovered   *float64 `json:"uncovered"`
		Unreachable *float64 `json:"unreachable"`
		Share       *float64 `json:"share"`
		Suppressed  bool     `json:"suppressed,omitempty"`
		Merged      bool     `json:"unreachable_suppressed,omitempty"`
	}{
		r.ThresholdS, shown(r.Covered, r.Suppressed), shown(r.Uncovered, r.Suppressed), shown(r.Unreachable, r.Suppressed || r.Merged),
		known(r.Share, r.Suppressed), r.Suppressed, r.Merged,
	})
}

// figuresJSON is Figures as written, in whatever embeds it.
type figuresJSON struct {
	Population *float64 `json:"population"`
	Coverage   []Row    `json:"coverage"`
	MedianS    *float64 `json:"median_s"`
	P90S       *float64 `json:"p90_s"`
	Suppressed bool     `json:"suppressed,omitempty"`
}

func (f *Figures) written() figuresJSON {
	return figuresJSON{
		shown(f.Population, f.Suppressed), f.Coverage,
		known(f.MedianS, f.Suppressed), known(f.P90S, f.Suppressed), f.Suppressed,
	}
}

// MarshalJSON writes null for what is hidden.
func (a AreaResult) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Code string `json:"code"`
		Name string `json:"name"`
		figuresJSON
		AgeBands []BandResult `json:"age_bands,omitempty"`
	}{a.Code, a.Name, a.written(), a.AgeBands})
}

// MarshalJSON writes null for what is hidden.
func (b BandResult) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Band  string `json:"band"`
		Label string `json:"label,omitempty"`
		figuresJSON
	}{b.Band, b.Label, b.written()})
}

// MarshalJSON writes null for what is hidden.
func (h Hamlet) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name     string  `json:"name"`
		Lon      float64 `json:"lon"`
		Lat      float64 `json:"lat"`
		AreaCode string  `json:"area_code"`
		AreaName string  `json:"area_name"`
		figuresJSON
	}{h.Name, h.Lon, h.Lat, h.AreaCode, h.AreaName, h.written()})
}

// MarshalJSON writes null for what is hidden.
func (c Choice) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		K int `json:"k"`
		figuresJSON
	}{c.K, c.written()})
}

// MarshalJSON writes null for what is hidden.
func (g Gap) MarshalJSON() ([]byte, error) {
	type plain Gap
	return json.Marshal(struct {
		plain
		Unreachable *float64 `json:"unreachable"`
	}{plain(g), shown(g.Unreachable, g.Suppressed)})
}

// MarshalJSON writes null for what is hidden.
func (g GapsOmitted) MarshalJSON() ([]byte, error) {
	type plain GapsOmitted
	return json.Marshal(struct {
		plain
		Population *float64 `json:"population"`
	}{plain(g), shown(g.Population, g.Suppressed)})
}

// MarshalJSON writes null for what is hidden.
func (c Capacity) MarshalJSON() ([]byte, error) {
	type plain Capacity
	return json.Marshal(struct {
		plain
		Assigned *float64 `json:"assigned"`
		Full     *float64 `json:"in_reach_but_full"`
		Beyond   *float64 `json:"beyond"`
	}{plain(c), shown(c.Assigned, c.Suppressed), shown(c.Full, c.Suppressed), shown(c.Beyond, c.Suppressed)})
}

// MarshalJSON writes null for what is hidden.
func (l FacilityLoad) MarshalJSON() ([]byte, error) {
	type plain FacilityLoad
	return json.Marshal(struct {
		plain
		Assigned *float64 `json:"assigned"`
		MeanS    *float64 `json:"mean_s"`
		MaxS     *float64 `json:"max_s"`
	}{plain(l), shown(l.Assigned, l.Suppressed), known(l.MeanS, l.Suppressed), known(l.MaxS, l.Suppressed)})
}

// MarshalJSON writes null for what is hidden.
func (a CapacityArea) MarshalJSON() ([]byte, error) {
	type plain CapacityArea
	return json.Marshal(struct {
		plain
		People   *float64 `json:"people"`
		Assigned *float64 `json:"assigned"`
		Full     *float64 `json:"in_reach_but_full"`
		Beyond   *float64 `json:"beyond"`
	}{plain(a), shown(a.People, a.Suppressed), shown(a.Assigned, a.Suppressed), shown(a.Full, a.Suppressed), shown(a.Beyond, a.Suppressed)})
}

// MarshalJSON writes null for what is hidden.
func (c ClassCoverage) MarshalJSON() ([]byte, error) {
	type plain ClassCoverage
	return json.Marshal(struct {
		plain
		Population *float64 `json:"population"`
	}{plain(c), shown(c.Population, c.Suppressed)})
}

// MarshalJSON writes null for what is hidden.
func (i Isolation) MarshalJSON() ([]byte, error) {
	type plain Isolation
	if i.Suppressed {
		i.People = nil
	}
	return json.Marshal(plain(i))
}

// MarshalJSON writes null for what is hidden.
func (a IsolationArea) MarshalJSON() ([]byte, error) {
	type plain IsolationArea
	if a.Suppressed {
		a.People = nil
	}
	return json.Marshal(plain(a))
}

// MarshalJSON writes null for what is hidden.
func (r RuleResult) MarshalJSON() ([]byte, error) {
	type plain RuleResult
	return json.Marshal(struct {
		plain
		Value  *float64 `json:"value"`
		People *float64 `json:"people_not_met"`
	}{plain(r), known(r.Value, r.Suppressed), shown(r.People, r.Suppressed)})
}

// MarshalJSON writes null for what is hidden.
func (a RuleArea) MarshalJSON() ([]byte, error) {
	type plain RuleArea
	return json.Marshal(struct {
		plain
		Value  *float64 `json:"value"`
		People *float64 `json:"people_not_met"`
	}{plain(a), known(a.Value, a.Suppressed), shown(a.People, a.Suppressed)})
}
