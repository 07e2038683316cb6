package tms

// Definition is the JSON encoding of a tile grid (17-083r4, 7.2.1): points
// are in the axis order of the CRS, as orderedAxes names it.
type Definition struct {
	ID           string             `json:"id"`
	Title        string             `json:"title,omitempty"`
	Description  string             `json:"description,omitempty"`
	URI          string             `json:"uri"`
	CRS          string             `json:"crs"`
	OrderedAxes  [2]string          `json:"orderedAxes"`
	ScaleSet     string             `json:"wellKnownScaleSet,omitempty"`
	BoundingBox  DefinitionBox      `json:"boundingBox"`
	TileMatrices []DefinitionMatrix `json:"tileMatrices"`
}

// DefinitionBox is the box of the first matrix.
type DefinitionBox struct {
	LowerLeft   [2]float64 `json:"lowerLeft"`
	UpperRight  [2]float64 `json:"upperRight"`
	CRS         string     `json:"crs"`
	OrderedAxes [2]string  `json:"orderedAxes"`
}

// DefinitionMatrix is one zoom.
type DefinitionMatrix struct {
	ID               string     `json:"id"`
	ScaleDenominator float64    `json:"scaleDenominator"`
	CellSize         float64    `json:"cellSize"`
	CornerOfOrigin   string     `json:"cornerOfOrigin"`
	PointOfOrigin    [2]float64 `json:"pointOfOrigin"`
	TileWidth        int        `json:"tileWidth"`
	TileHeight       int        `json:"tileHeight"`
	MatrixWidth      int        `json:"matrixWidth"`
	MatrixHeight     int        `json:"matrixHeight"`
}

// Definition gives the published form. uri stands where the grid is in no
// register: the address that publishes it.
func (s *TileMatrixSet) Definition(uri string) Definition {
	if s.URI != "" {
		uri = s.URI
	}
	e := s.Extent(0)
	d := Definition{
		ID: s.ID, Title: s.Title, URI: uri, CRS: s.CRSURI, OrderedAxes: s.Axes, ScaleSet: s.ScaleSet,
		BoundingBox: DefinitionBox{
			LowerLeft: s.Ordered(e.MinX, e.MinY), UpperRight: s.Ordered(e.MaxX, e.MaxY),
			CRS: s.CRSURI, OrderedAxes: s.Axes,
		},
		TileMatrices: make([]DefinitionMatrix, len(s.Matrices)),
	}
	if s.Accuracy != "" {
		d.Description = "Positional accuracy of the transformation: " + s.Accuracy + "."
	}
	for i := range s.Matrices {
		m := &s.Matrices[i]
		d.TileMatrices[i] = DefinitionMatrix{
			ID: m.ID, ScaleDenominator: m.ScaleDenominator, CellSize: m.CellSize, CornerOfOrigin: "topLeft",
			PointOfOrigin: s.Ordered(m.OriginX, m.OriginY), TileWidth: m.TileWidth, TileHeight: m.TileHeight,
			MatrixWidth: m.Columns, MatrixHeight: m.Rows,
		}
	}
	return d
}

// Ordered puts a point in the axis order of the CRS.
func (s *TileMatrixSet) Ordered(x, y float64) [2]float64 {
	if s.AxesSwapped {
		return [2]float64{y, x}
	}
	return [2]float64{x, y}
}
