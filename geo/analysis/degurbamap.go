package analysis

import (
	"fmt"

	"contado/geo/gdal"
	"contado/geo/store/catalog"
)

// draw writes the map of cells.
func (d *degurbaRun) draw(path string) (*Map, error) {
	m := &Map{
		Process: "degurba", Title: d.rules.Title["en"] + ", " + d.whole.Name, Role: catalog.OtherRole, Grid: d.cells,
		Method: d.rules.Source + "; " + d.how, Files: []MapFile{{Path: path}},
	}
	band := gdal.BandSpec{Name: fmt.Sprintf("degurba_l%d", d.q.Level)}
	nodata := 255.0
	band.Nodata = &nodata
	values := make([]uint8, len(d.class))
	for i, c := range d.class {
		if d.q.Level == 1 {
			c = c.Level1()
		}
		values[i] = uint8(c)
	}
	for _, c := range degurbaLegend(d.q.Level) {
		m.Classes = append(m.Classes, catalog.Class{Value: int(c.class), Name: c.en, Color: c.color})
	}
	categories(&band, m.Classes)
	w, err := gdal.CreateGeoTIFF(path, gdal.RasterSpec{Grid: d.cells, DataType: "uint8", Bands: []gdal.BandSpec{band}, Compress: "ZSTD", BlockSize: 512})
	if err != nil {
		return nil, err
	}
	if err := firstError(w.Write(1, d.cells.Full(), values), w.Close()); err != nil {
		return nil, err
	}
	used := map[string][]string{}
	for _, in := range d.inputs {
		used[in.Dataset] = nil
	}
	params := map[string]any{"territory": d.q.Territory, "population": d.q.Population, "land": d.q.Land, "built": d.q.Built, "rules": d.rules.ID, "level": d.q.Level}
	return m, d.seal(m, params, used)
}

// crsName is the name of the lattice for people.
func (d *degurbaRun) crsName() string {
	if info, err := gdal.DescribeCRS(d.cells.CRS); err == nil {
		return info.Name
	}
	return string(d.cells.CRS)
}
