package raster

import (
	"os"
	"path/filepath"
	"testing"

	"contado/geo/gdal"
)

// Names and colours of classes come from the attribute table beside a file.
func TestAttributeTable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cover.tif")
	const table = `<PAMDataset><PAMRasterBand band="1"><GDALRasterAttributeTable tableType="thematic">
<FieldDefn index="0"><Name>Value</Name><Type>0</Type><Usage>5</Usage></FieldDefn>
<FieldDefn index="1"><Name>Class</Name><Type>2</Type><Usage>2</Usage></FieldDefn>
<FieldDefn index="2"><Name>Red</Name><Type>0</Type><Usage>6</Usage></FieldDefn>
<FieldDefn index="3"><Name>Green</Name><Type>0</Type><Usage>7</Usage></FieldDefn>
<FieldDefn index="4"><Name>Blue</Name><Type>0</Type><Usage>8</Usage></FieldDefn>
<Row index="0"><F>2</F><F>bosco</F><F>17</F><F>119</F><F>51</F></Row>
<Row index="1"><F>300</F><F>acqua</F><F>43</F><F>108</F><F>256</F></Row>
<Row index="2"><F>4</F><F></F><F>1</F><F>2</F><F>3</F></Row>
<Row index="3"><F>-1</F><F>none</F><F>1</F><F>2</F><F>3</F></Row>
<Row index="4"><F>5</F></Row>
</GDALRasterAttributeTable></PAMRasterBand></PAMDataset>`
	if names, colours := attributes(path); names != nil || colours != nil {
		t.Errorf("%v %v without a table", names, colours)
	}
	if err := os.WriteFile(path+".aux.xml", []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	names, colours := attributes(path)
	if len(names) != 301 || names[2] != "bosco" || names[300] != "acqua" || names[4] != "" {
		t.Errorf("names %d, %q %q", len(names), names[2], names[300])
	}
	want := []gdal.ColorEntry{{Value: 2, R: 17, G: 119, B: 51, A: 255}, {Value: 4, R: 1, G: 2, B: 3, A: 255}} // 256 is no colour
	if len(colours) != 2 || colours[0] != want[0] || colours[1] != want[1] {
		t.Errorf("colours %+v, want %+v", colours, want)
	}
}
