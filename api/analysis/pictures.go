package analysis

import (
	"slices"

	"contado/geo/analysis"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
)

// picturesInput says which rasters take part, and what is read of them.
type picturesInput struct {
	Dataset  string   `json:"dataset"`
	Value    name     `json:"value"`
	Mask     string   `json:"mask"`
	MaxCloud *float64 `json:"max_cloud"`
	Datetime string   `json:"datetime"`
	Items    []string `json:"items"`
	Select   string   `json:"select"`
}

// maxItems bounds the items that a request names.
const maxItems = 1000

func (in *picturesInput) pictures(input string) (analysis.Pictures, error) {
	p := analysis.Pictures{
		Dataset: in.Dataset, Value: string(in.Value), Mask: in.Mask, Cloud: in.MaxCloud, Items: in.Items, Select: mosaic.Selection(in.Select),
	}
	var err error
	switch {
	case !catalog.ValidID(in.Dataset):
		return p, invalid("%s: %.80q is no dataset id", input, in.Dataset)
	case len(in.Items) > maxItems:
		return p, invalid("%s: %d items; at most %d", input, len(in.Items), maxItems)
	case len(in.Value) > 2000 || len(in.Mask) > 500:
		return p, invalid("%s: a value or mask is too long", input)
	case in.Select != "" && (!slices.Contains(mosaic.Selections, p.Select) || p.Select == mosaic.Highest):
		return p, invalid("%s: select %.40q; there are newest, oldest, least-cloudy, median, mean, min and max", input, in.Select)
	case in.MaxCloud != nil && !(*in.MaxCloud >= 0 && *in.MaxCloud <= 100):
		return p, invalid("%s: max_cloud %g; want percent from 0 to 100", input, *in.MaxCloud)
	}
	if p.From, p.To, err = analysis.Interval(in.Datetime); err != nil {
		return p, invalid("%s: %w", input, err)
	}
	return p, nil
}

// picturesSchema describes a picturesInput.
func picturesSchema() object {
	return object{"type": "object", "required": []string{"dataset"}, "properties": object{
		"dataset": text(), "value": object{"oneOf": []object{text(), {"type": "integer", "format": "int32"}}}, "mask": text(),
		"max_cloud": object{"type": "number", "format": "double", "minimum": 0, "maximum": 100}, "datetime": text(), "items": list(text()),
		"select": object{"type": "string", "enum": []mosaic.Selection{"newest", "oldest", "least-cloudy", "median", "mean", "min", "max"}},
	}}
}
