package analysis

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"contado/geo/analysis"
)

// areasInput says which areas, in one of four ways.
type areasInput struct {
	Dataset     string
	Territories []string
	Below       string
	Level       string // of territories below Below; "" = the lowest
	Features    []analysis.ZonalFeature
}

// maxVertices bounds the polygons that come with a request.
const maxVertices = 500_000

// UnmarshalJSON reads {dataset}, {territories}, {territory, level} or a
// GeoJSON FeatureCollection.
func (a *areasInput) UnmarshalJSON(b []byte) error {
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(b, &kind); err != nil {
		return errors.New("areas: want an object")
	}
	if kind.Type != "" {
		return a.features(b)
	}
	var named struct {
		Dataset     string   `json:"dataset"`
		Territories []string `json:"territories"`
		Territory   string   `json:"territory"`
		Level       string   `json:"level"`
	}
	if err := strict(b, &named); err != nil {
		return fmt.Errorf("areas: %w", err)
	}
	if named.Level != "" && (named.Territory == "" || len(named.Level) > 100) {
		return errors.New("areas: level goes with territory")
	}
	a.Dataset, a.Territories, a.Below, a.Level = named.Dataset, named.Territories, named.Territory, named.Level
	return nil
}

func (a *areasInput) features(b []byte) error {
	fc, err := geojson.UnmarshalFeatureCollection(b)
	if err != nil {
		return fmt.Errorf("areas: not a GeoJSON FeatureCollection: %w", err)
	}
	vertices := 0
	for i, f := range fc.Features {
		if f == nil {
			return fmt.Errorf("areas: feature %d is null", i)
		}
		switch f.Geometry.(type) {
		case orb.Polygon, orb.MultiPolygon:
		default:
			return fmt.Errorf("areas: feature %d is no polygon", i)
		}
		if err := checkPolygon(f.Geometry, &vertices); err != nil {
			return fmt.Errorf("areas: feature %d: %w", i, err)
		}
		code := strconv.Itoa(i + 1)
		for _, key := range []string{"code", "id"} {
			if s := propertyText(f.Properties[key]); s != "" {
				code = s
				break
			}
		}
		if s := propertyText(f.ID); s != "" && f.Properties["code"] == nil {
			code = s
		}
		a.Features = append(a.Features, analysis.ZonalFeature{Code: code, Name: propertyText(f.Properties["name"]), Geometry: f.Geometry})
	}
	if len(a.Features) == 0 {
		return errors.New("areas: the FeatureCollection is empty")
	}
	return nil
}

func propertyText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// checkPolygon bounds the vertices and wants longitude, latitude in closed
// rings.
func checkPolygon(g orb.Geometry, vertices *int) error {
	var polygons orb.MultiPolygon
	switch g := g.(type) {
	case orb.Polygon:
		polygons = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		polygons = g
	}
	for _, p := range polygons {
		for _, r := range p {
			if *vertices += len(r); *vertices > maxVertices {
				return fmt.Errorf("more than %d vertices in all", maxVertices)
			}
			if len(r) < 4 || r[0] != r[len(r)-1] {
				return errors.New("a ring is not closed, or has fewer than 4 positions")
			}
			for _, v := range r {
				if !(math.Abs(v[0]) <= 180 && math.Abs(v[1]) <= 90) {
					return fmt.Errorf("position %g,%g is not longitude, latitude in degrees", v[0], v[1])
				}
			}
		}
	}
	return nil
}
