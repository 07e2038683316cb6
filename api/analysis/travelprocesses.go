package analysis

import (
	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/travel/isochrone"
)

// travelProcesses are those of travel.
func travelProcesses() []process {
	place := object{"oneOf": []object{{"type": "array", "minItems": 2, "maxItems": 2, "items": number()}, {"type": "object"}}}
	inputs := func(more map[string]input) map[string]input {
		out := map[string]input{
			"territory":     optional("Code of the territory; or give a bbox", text()),
			"bbox":          optional("Or a box of longitudes and latitudes: west, south, east, north", object{"type": "array", "minItems": 4, "maxItems": 4, "items": number()}),
			"service":       optional("Facilities: dataset, dataset:kind, or dataset[CQL2 filter]; or give places", text()),
			"places":        optional("Or the facilities themselves: [longitude, latitude], or objects with lon, lat and name", object{"type": "array", "maxItems": maxPlaces, "items": place}),
			"profile":       optional("How people move", object{"type": "string", "enum": analysis.Profiles(), "default": analysis.Walking}),
			"direction":     optional("Which way people go", object{"type": "string", "enum": []string{"to-facility", "from-facility"}, "default": "to-facility"}),
			"neighbours":    optional("Directions of a step over the ground", object{"type": "integer", "format": "int32", "enum": []int{8, 16, 32}, "default": 16}),
			"any_direction": optional("Cross the ground in any direction (fast marching) instead of by steps; such times have no legs", object{"type": "boolean", "default": false}),
			"landcover":     optional("Dataset of land cover, or none", text()),
			"elevation":     optional("Dataset of elevation, or none", text()),
			"roads":         optional("Datasets of roads, or none", list(text())),
			"barriers":      optional("Datasets of barriers, or none", list(text())),
			"season":        optional("Snow and floods: snowline:METRES, snow:DATASET@TIME, flood:DATASET@TIME", list(text())),
		}
		transitFields(out)
		for name, in := range more {
			out[name] = in
		}
		return out
	}
	times := object{"oneOf": []object{number(), text()}}
	without := func(m map[string]input, name string) map[string]input {
		delete(m, name)
		return m
	}
	return []process{
		{
			id: TravelTime, title: "A raster of the time from every place to the nearest facility",
			description: "Seconds in every cell over ground and roads in one run; no limit on how far a road is. Published with into, it has tiles and statistics.",
			inputs: inputs(map[string]input{
				"within": optional("Leave out what is further away: seconds, or text such as 60m", times),
				"areas":  optional("Areas to give mean times for, as of zonal-statistics", object{"type": "object"}),
				"into":   optional("Dataset to make of the raster, which must be new", text()),
				"title":  optional("Title of that dataset", text()),
				"locale": locale(),
			}),
			output: required("Mean, least and greatest time by area", object{"type": "object"}), formats: tableFormats, parse: parseTravelTime,
		},
		{
			id: Isochrone, title: "Areas within times of facilities",
			description: "Polygons with their holes and islands, as GeoJSON in longitude, latitude, the largest first.",
			inputs:      inputs(map[string]input{"within": optional("Times, rising, inclusive: seconds, or text such as 15m", object{"type": "array", "maxItems": isochrone.MaxLimits, "items": times, "default": []string{"15m", "30m", "60m"}})}),
			output:      required("A FeatureCollection", object{"type": "object"}), formats: []rest.Format{rest.GeoJSONFormat}, parse: parseIsochrone,
		},
		{
			id: TravelMatrix, title: "Times between places",
			description: "From each origin to each destination (service or places); no time where there is no way.",
			inputs: without(inputs(map[string]input{
				"from":    optional("Origins, as places", object{"type": "array", "maxItems": maxPlaces, "items": place}),
				"origins": optional("Or a dataset of origins, as service", text()),
				"locale":  locale(),
			}), "direction"),
			output: required("The times", object{"type": "object"}), formats: tableFormats, parse: parseMatrix,
		},
		{
			id: TravelExplain, title: "Why a journey takes as long as it does",
			description: "The legs of the journey from a place to the nearest facility, or back: seconds, metres, slope, road, speed and where the speed is from. As GeoJSON with the text beside it.",
			inputs:      without(inputs(map[string]input{"from": required("The place", place)}), "any_direction"),
			output:      required("A FeatureCollection of legs", object{"type": "object"}), formats: []rest.Format{rest.GeoJSONFormat}, parse: parseExplain,
		},
	}
}
