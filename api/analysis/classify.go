package analysis

import (
	"encoding/json"

	"contado/geo/analysis"
	"contado/geo/classify"
	"contado/geo/store/catalog"
)

// Classification is the id of the process that learns land cover.
const Classification = "land-cover-classification"

// classifyInputs are its inputs.
type classifyInputs struct {
	mapInputs
	Pictures   picturesInput     `json:"pictures"`
	Training   string            `json:"training"`
	ClassField string            `json:"class_field"`
	Features   []string          `json:"features"`
	Colors     map[string]string `json:"colors"`
	Method     string            `json:"method"`
	Neighbours int               `json:"neighbours"`
	Folds      int               `json:"folds"`
}

func parseClassify(raw json.RawMessage) (work, error) {
	var in classifyInputs
	if err := inputsOf(raw, &in); err != nil {
		return nil, err
	}
	q := analysis.ClassifyRequest{
		Training: in.Training, ClassField: in.ClassField, Features: in.Features, ClassColors: in.Colors,
		Method: classify.Method(in.Method), Neighbours: in.Neighbours, Folds: in.Folds,
	}
	switch q.Method {
	case "", classify.MaximumLikelihood, classify.NearestNeighbours:
	default:
		return nil, invalid("method: %.40q; there are %s and %s", in.Method, classify.MaximumLikelihood, classify.NearestNeighbours)
	}
	if !catalog.ValidID(in.Training) {
		return nil, invalid("training: %.80q is no dataset id", in.Training)
	}
	if len(in.Features) > 16 || len(in.Colors) > 255 {
		return nil, invalid("features: at most 16, and colors of at most 255 classes")
	}
	var err error
	if q.Pictures, err = in.Pictures.pictures("pictures"); err != nil {
		return nil, err
	}
	return mapOf(&in.mapInputs, &q, &q.MapWhere, (*analysis.Engine).Classify, q.Dataset, q.Training)
}

// classification describes the process.
func classification() process {
	return process{
		id: Classification, title: "A map of land cover learnt from areas where it is known",
		description: "Gaussian maximum likelihood or nearest neighbours on bands and indices, with an error matrix from a cross-validation by training area.",
		inputs: mapInputsAnd(map[string]input{
			"pictures":    picturesOf("Pictures"),
			"training":    required("Dataset of polygons whose land cover is known", text()),
			"class_field": required("Attribute that names the class", text()),
			"features":    optional("Bands, indices and expressions; all bands of amounts when left out", object{"type": "array", "maxItems": 16, "items": text()}),
			"colors":      optional("Colours #rrggbb by class", object{"type": "object"}),
			"method":      optional("How classes are learnt", object{"type": "string", "enum": []classify.Method{classify.MaximumLikelihood, classify.NearestNeighbours}, "default": classify.MaximumLikelihood}),
			"neighbours":  optional("How many neighbours vote", object{"type": "integer", "format": "int32", "default": 5}),
			"folds":       optional("Parts of the cross-validation", object{"type": "integer", "format": "int32", "default": 5}),
		}),
		output: required("Hectares by class and area, and the accuracy", object{"type": "object"}), formats: tableFormats, parse: parseClassify,
	}
}
