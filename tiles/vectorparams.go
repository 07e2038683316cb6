package tiles

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"contado/geo"
	"contado/geo/cql2"
	"contado/geo/layer"
	"contado/tiles/live"
	"contado/tiles/tms"
	"contado/tiles/vector"
)

// VectorParams is what a vector tile request asks for; the zero value asks
// for everything.
type VectorParams struct {
	// Properties names the attributes to put into the tile; nil means all.
	Properties []string
	// Filter draws only the rows for which it is true; nil draws all. Its
	// geometries are in FilterCRS, "" for longitude and latitude.
	Filter    cql2.Expr
	FilterCRS geo.CRS
	// Points says what is done with many points, Labels adds a layer with a
	// point inside each polygon.
	Points vector.PointMode
	Labels bool
	// Grid that the tile is of; nil is WebMercatorQuad, which pyramids are of.
	Grid *tms.TileMatrixSet
}

// VectorNames are the parameters that ParseVectorParams reads.
var VectorNames = []string{"properties", "points", "labels"}

var pointModes = map[string]vector.PointMode{"": vector.PointsAll, "all": vector.PointsAll, "thin": vector.PointsThin, "cluster": vector.PointsCluster}

// ParseVectorParams reads the parameters that VectorNames lists against the
// schemas of the layers: an attribute has to be in one of them.
func ParseVectorParams(q url.Values, schemas ...geo.Schema) (VectorParams, error) {
	var p VectorParams
	if err := known(q, VectorNames...); err != nil {
		return p, err
	}
	var err error
	if p.Properties, err = list(q, "properties"); err != nil {
		return p, err
	}
	points, err := one(q, "points", maxText)
	if err != nil {
		return p, err
	}
	mode, ok := pointModes[points]
	if !ok {
		return p, invalid("points", "there is no %q; there are all, thin and cluster", shorten(points))
	}
	p.Points = mode
	switch labels, err := one(q, "labels", maxText); {
	case err != nil:
		return p, err
	case labels == "true":
		p.Labels = true
	case labels != "" && labels != "false":
		return p, invalid("labels", "%q is neither true nor false", shorten(labels))
	}
	return p, checkProperties(p.Properties, schemas)
}

func checkProperties(names []string, schemas []geo.Schema) error {
	for _, name := range names {
		var have []string
		found := false
		for i := range schemas {
			found = found || schemas[i].FieldIndex(name) >= 0
			for _, f := range schemas[i].Fields {
				have = append(have, f.Name)
			}
		}
		if found {
			continue
		}
		if n := len(have) - maxList; n > 0 {
			have = append(have[:maxList], fmt.Sprintf("and %d more", n))
		}
		return invalid("properties", "there is no attribute %q; there are %s", name, strings.Join(have, ", "))
	}
	return nil
}

// plain reports whether tiles of the pyramid are what is asked for.
func (p *VectorParams) plain() bool {
	return p.Grid == nil && p.Properties == nil && p.Filter == nil && p.Points == vector.PointsAll && !p.Labels
}

// key is the canonical text of the parameters.
func (p *VectorParams) key() (string, error) {
	filter := ""
	if p.Filter != nil {
		text, err := cql2.JSON(p.Filter)
		if err != nil {
			return "", err
		}
		filter = string(text)
	}
	grid := ""
	if p.Grid != nil {
		grid = p.Grid.ID
	}
	names := slices.Clone(p.Properties)
	slices.Sort(names)
	return fmt.Sprintf("properties=%t%q filter=%s %q points=%d labels=%t grid=%s",
		p.Properties != nil, slices.Compact(names), p.FilterCRS, filter, p.Points, p.Labels, grid), nil
}

// part is a layer drawn with the parameters.
func (p *VectorParams) part(l *layer.Layer) (live.Part, error) {
	schema := l.Schema()
	part := live.Part{Name: l.Dataset().ID, Layer: l, Fields: live.Drawable(schema)}
	if p.Properties != nil {
		part.Fields = slices.DeleteFunc(part.Fields, func(i int) bool { return !slices.Contains(p.Properties, schema.Fields[i].Name) })
	}
	part.Drawing = vector.Drawing{Points: p.Points, Labels: p.Labels}
	if p.Filter == nil {
		return part, nil
	}
	var err error
	part.Where, err = l.Where(p.Filter, p.FilterCRS)
	return part, err
}
