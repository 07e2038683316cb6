package analysis

import (
	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/series"
	"contado/geo/table"
)

// Ids of the processes over satellite pictures.
const (
	TimeSeries = "time-series"
	Composite  = "composite"
	Difference = "difference"
	BurnedArea = "burned-area"
	Extent     = "extent"
	LandChange = "land-change"
)

// tableFormats are those of answers that are tables.
var tableFormats = []rest.Format{rest.JSONFormat, rest.CSVFormat, rest.XLSXFormat}

// picturesOf describes an input of pictures.
func picturesOf(title string) input {
	in := required(title, picturesSchema())
	in.Description = "dataset; value: a band, an index such as ndvi, or an expression of bands; mask: cells to leave out, such as clouds; max_cloud in percent; datetime: a day, month or year, or two with / between; select: which picture shows where several do"
	return in
}

// mapInputsAnd are the inputs of processes that make maps, and more.
func mapInputsAnd(more map[string]input) map[string]input {
	out := map[string]input{
		"areas":  optional("Areas to give hectares for, as of zonal-statistics; the map covers the box round them", object{"type": "object"}),
		"bbox":   optional("Only this box of longitudes and latitudes: west, south, east, north", object{"type": "array", "minItems": 4, "maxItems": 4, "items": number()}),
		"into":   optional("Dataset to make of the map, which must be new; without it only the figures are given back", text()),
		"title":  optional("Title of that dataset", text()),
		"locale": locale(),
	}
	for name, in := range more {
		out[name] = in
	}
	return out
}

func locale() input {
	return optional("Numbers and dates of CSV and spreadsheets", object{"type": "string", "enum": []table.Locale{table.Plain, table.English, table.Italian}, "default": table.Plain})
}

func step() object {
	return object{"type": "string", "enum": []series.Step{series.Month, series.Season, series.Year}}
}

// mapProcesses are those over satellite pictures.
func mapProcesses() []process {
	hectares := required("Hectares by class and area, and what they were made from", object{"type": "object"})
	return []process{
		{
			id: TimeSeries, title: "How pictures of areas change over time",
			description: "For each day and area the value over the cells seen and the share of the area that was seen; means of months, seasons and years, anomalies and trends.",
			inputs: map[string]input{
				"pictures":  picturesOf("Pictures"),
				"areas":     required("Which areas, as of zonal-statistics", object{"type": "object"}),
				"stat":      optional("What an area is worth on a day", object{"type": "string", "enum": []string{"mean", "median", "min", "max", "sum", "std"}, "default": "mean"}),
				"min_valid": optional("Least share of an area that must be seen for a day to count", object{"type": "number", "format": "double", "default": analysis.DefaultMinValid}),
				"period":    optional("Also means of these periods", step()),
				"baseline":  optional("Time that anomalies are measured from, such as 2017/2022", text()),
				"trend":     optional("Also the trend and its significance", object{"type": "boolean", "default": false}),
				"locale":    locale(),
			},
			output: required("The series of each area", object{"type": "object"}), formats: areaFormats, parse: parseSeries,
		},
		{
			id: Composite, title: "One picture out of many",
			description: "The median (or another selection) of the cells seen in the pictures of a month, a season, a year or the whole time.",
			inputs: mapInputsAnd(map[string]input{
				"pictures": picturesOf("Pictures"),
				"bands":    optional("Bands to keep; all bands of amounts when left out", list(text())),
				"period":   optional("One picture for each; one for the whole time when left out", step()),
			}),
			output: required("What was made", object{"type": "object"}), formats: tableFormats, parse: parseComposite,
		},
		{
			id: Difference, title: "How much a value changed between two times",
			description: "After minus before, cell by cell where both were seen.",
			inputs:      mapInputsAnd(map[string]input{"before": picturesOf("Pictures before"), "after": picturesOf("Pictures after")}),
			output:      required("Mean, least and greatest change by area", object{"type": "object"}), formats: tableFormats, parse: parseDifference(false),
		},
		{
			id: BurnedArea, title: "Burn severity between two times",
			description: "dNBR, the fall of the normalised burn ratio, in the classes of Key and Benson (2006).",
			inputs:      mapInputsAnd(map[string]input{"before": picturesOf("Pictures before the fire"), "after": picturesOf("Pictures after it")}),
			output:      hectares, formats: tableFormats, parse: parseDifference(true),
		},
		{
			id: Extent, title: "Where water, snow or buildings are, or came and went",
			description: "Cells whose index lies beyond a threshold: of one time, or of two, such as a flood.",
			inputs: mapInputsAnd(map[string]input{
				"subject":           required("What to look for", object{"type": "string", "enum": analysis.SubjectNames()}),
				"pictures":          picturesOf("Pictures, or those of the later time"),
				"before":            optional("Pictures of the earlier time", picturesSchema()),
				"threshold":         optional("Threshold instead of the usual one", number()),
				"otsu":              optional("Find the threshold from the values", object{"type": "boolean", "default": false}),
				"permanent":         optional("Land-cover dataset with water that is always there", text()),
				"permanent_classes": optional("Its classes of water", list(object{"type": "integer", "format": "int32"})),
			}),
			output: hectares, formats: tableFormats, parse: parseExtent,
		},
		{
			id: LandChange, title: "What became of each class between two maps",
			description: "Hectares from each class to each other, by area, and a map of the transitions.",
			inputs:      mapInputsAnd(map[string]input{"from": picturesOf("Map before"), "to": picturesOf("Map after")}),
			output:      hectares, formats: tableFormats, parse: parseTransition,
		},
		classification(),
	}
}
