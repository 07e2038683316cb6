package analysis

import (
	"encoding/xml"
	"fmt"
	"os"
	"strconv"

	"contado/geo/store/catalog"
)

// pamDataset is GDAL's .aux.xml as far as a raster attribute table needs it.
type pamDataset struct {
	XMLName xml.Name `xml:"PAMDataset"`
	Band    struct {
		Number int `xml:"band,attr"`
		Table  struct {
			Type   string     `xml:"tableType,attr"`
			Fields []ratField `xml:"FieldDefn"`
			Rows   []ratRow   `xml:"Row"`
		} `xml:"GDALRasterAttributeTable"`
	} `xml:"PAMRasterBand"`
}

type ratField struct {
	Index int    `xml:"index,attr"`
	Name  string `xml:"Name"`
	Type  int    `xml:"Type"`  // 0 integer, 2 text
	Usage int    `xml:"Usage"` // 2 name, 5 value, 6 to 8 red, green, blue
}

type ratRow struct {
	Index int      `xml:"index,attr"`
	F     []string `xml:"F"`
}

// writeAttributes writes the names and colours of classes beside a raster, as
// GDAL keeps them, for maps with more classes than a palette should have.
func writeAttributes(path string, classes []catalog.Class) error {
	var d pamDataset
	d.Band.Number = 1
	t := &d.Band.Table
	t.Type = "thematic"
	for i, f := range []ratField{{Name: "Value", Usage: 5}, {Name: "Class", Type: 2, Usage: 2}, {Name: "Red", Usage: 6}, {Name: "Green", Usage: 7}, {Name: "Blue", Usage: 8}} {
		f.Index = i
		t.Fields = append(t.Fields, f)
	}
	for i, c := range classes {
		row := ratRow{Index: i, F: []string{strconv.Itoa(c.Value), c.Name, "", "", ""}}
		var rgb [3]uint8
		if n, err := fmt.Sscanf(c.Color, "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); err == nil && n == 3 {
			for k, v := range rgb {
				row.F[2+k] = strconv.Itoa(int(v))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	text, err := xml.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("attribute table of %s: %w", path, err)
	}
	return os.WriteFile(path+".aux.xml", append(text, '\n'), 0o600)
}
