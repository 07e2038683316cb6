package stac

import (
	"maps"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/cql2"
	"contado/geo/store/catalog"
)

// Names of the span of time of an item in filters of our own making: its
// datetime twice, or its start and end.
const (
	spanStart = "contado:span_start"
	spanEnd   = "contado:span_end"
)

// types are the properties that filters and sorting know.
var types = map[string]cql2.Type{
	"id": cql2.TextType, "collection": cql2.TextType, "geometry": cql2.GeometryType,
	"datetime": cql2.TimeType, "start_datetime": cql2.TimeType, "end_datetime": cql2.TimeType, "created": cql2.TimeType,
	"platform": cql2.TextType, "constellation": cql2.TextType, "instruments": cql2.ArrayType,
	"eo:cloud_cover":   cql2.NumberType,
	"view:sun_azimuth": cql2.NumberType, "view:sun_elevation": cql2.NumberType, "view:off_nadir": cql2.NumberType, "view:azimuth": cql2.NumberType,
	"sat:orbit_state": cql2.TextType, "sat:relative_orbit": cql2.NumberType,
	"proj:epsg": cql2.NumberType, "proj:code": cql2.TextType,
	"contado:version": cql2.NumberType, "contado:product": cql2.TextType, "contado:level": cql2.TextType, "contado:baseline": cql2.TextType,
}

var titles = map[string]string{
	"id": "Id of the item", "collection": "Id of the collection", "geometry": "Outline of the item", "datetime": "Time of the picture",
	"start_datetime": "Begin, of an item without a time of its own", "end_datetime": "End, of an item without a time of its own", "created": "Time of publishing",
	"platform": "Satellite", "constellation": "Group of satellites", "instruments": "Instruments", "eo:cloud_cover": "Cloud cover in percent",
	"view:sun_azimuth": "Azimuth of the sun, degrees from north", "view:sun_elevation": "Height of the sun, degrees", "view:off_nadir": "Angle from straight down, degrees", "view:azimuth": "Azimuth of the view, degrees",
	"sat:orbit_state": "Direction of the orbit", "sat:relative_orbit": "Number of the orbit", "proj:epsg": "EPSG code", "proj:code": "Code of the reference system",
	"contado:version": "Version of the dataset", "contado:product": "Id that the producer gave", "contado:level": "Level of processing", "contado:baseline": "Baseline of processing",
}

// property is the name of a property without the prefix that some clients
// write.
func property(name string) string {
	if _, ok := types[name]; ok {
		return name
	}
	return strings.TrimPrefix(name, "properties.")
}

// typeOf is for cql2.Compile.
func typeOf(name string) (cql2.Type, bool) {
	if name == spanStart || name == spanEnd {
		return cql2.TimeType, true
	}
	t, ok := types[property(name)]
	return t, ok
}

func known() []string { return slices.Sorted(maps.Keys(types)) }

func sortables() []string {
	return slices.DeleteFunc(known(), func(n string) bool { return types[n] == cql2.GeometryType || types[n] == cql2.ArrayType })
}

// getter gives the properties of an item to a filter.
func getter(d catalog.Dataset, it *catalog.Item) cql2.Getter {
	var p *Properties
	return func(name string) any {
		name = property(name)
		switch name {
		case "id":
			return it.ID
		case "collection":
			return d.ID
		case "geometry":
			return Footprint(*it)
		}
		if p == nil {
			made := propertiesOf(d, *it)
			p = &made
		}
		return p.get(name)
	}
}

func (p *Properties) get(name string) any {
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	switch name {
	case spanStart, spanEnd:
		if p.Datetime != nil {
			return p.Datetime
		}
		return p.Start // the same as End
	case "datetime":
		return p.Datetime
	case "start_datetime":
		return p.Start
	case "end_datetime":
		return p.End
	case "created":
		return p.Created
	case "platform":
		return text(p.Platform)
	case "constellation":
		return text(p.Constellation)
	case "instruments":
		return p.Instruments
	case "eo:cloud_cover":
		return p.CloudCover
	case "view:sun_azimuth":
		return p.SunAzimuth
	case "view:sun_elevation":
		return p.SunElevation
	case "view:off_nadir":
		return p.OffNadir
	case "view:azimuth":
		return p.ViewAzimuth
	case "sat:orbit_state":
		return text(p.OrbitState)
	case "sat:relative_orbit":
		return p.RelativeOrbit
	case "proj:epsg":
		return p.EPSG
	case "proj:code":
		return p.Code
	case "contado:version":
		return p.Version
	case "contado:product":
		return text(p.Product)
	case "contado:level":
		return text(p.Level)
	case "contado:baseline":
		return text(p.Baseline)
	}
	return nil
}

// queryables describes what can be asked for, of all collections or one.
func (h *Handler) queryables(c echo.Context) error {
	if err := plain(c); err != nil {
		return err
	}
	address, title := rest.URL(c, "stac", "queryables"), "Items of all collections"
	if c.Param("id") != "" {
		_, d, err := h.named(c)
		if err != nil {
			return err
		}
		address, title = rest.URL(c, "stac", "collections", d.ID, "queryables"), d.Title
	}
	props := map[string]any{}
	for name, t := range types {
		one := map[string]any{"title": titles[name]}
		switch t {
		case cql2.TextType:
			one["type"] = "string"
		case cql2.NumberType:
			one["type"] = "number"
		case cql2.TimeType:
			one["type"], one["format"] = "string", "date-time"
		case cql2.ArrayType:
			one["type"], one["items"] = "array", map[string]string{"type": "string"}
		case cql2.GeometryType:
			one = map[string]any{"title": titles[name], "$ref": "https://geojson.org/schema/Geometry.json"}
		}
		props[name] = one
	}
	return rest.JSON(c, rest.MediaSchema, map[string]any{
		"$schema": "https://json-schema.org/draft/2019-09/schema", "$id": address, "type": "object", "title": title,
		"properties": props, "additionalProperties": false,
	})
}
