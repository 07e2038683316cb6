package ingest

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
)

// bombDXF nests blocks within blocks, ten of each in the next: few lines that
// stand for 10^levels.
func bombDXF(levels int) string {
	out := []string{"0", "SECTION", "2", "HEADER", "0", "ENDSEC", "0", "SECTION", "2", "BLOCKS"}
	for level := range levels {
		out = append(out, "0", "BLOCK", "8", "0", "2", fmt.Sprint("B", level), "70", "0", "10", "0", "20", "0", "30", "0")
		for k := range 10 {
			if level == 0 {
				out = append(out, "0", "LINE", "8", "0", "10", fmt.Sprint(k), "20", "0", "11", "1", "21", "1")
			} else {
				out = append(out, "0", "INSERT", "8", "0", "2", fmt.Sprint("B", level-1), "10", fmt.Sprint(k), "20", "0")
			}
		}
		out = append(out, "0", "ENDBLK", "8", "0")
	}
	out = append(out, "0", "ENDSEC", "0", "SECTION", "2", "ENTITIES", "0", "INSERT", "8", "0", "2", fmt.Sprint("B", levels-1), "10", "0", "20", "0", "0", "ENDSEC", "0", "EOF", "")
	return strings.Join(out, "\n")
}

// Files made to do harm end in an error that says so, soon, and leave nothing.
func TestHostile(t *testing.T) {
	t.Parallel()
	const deep = 100_000
	nest := func(open, within, close string) string {
		return strings.Repeat(open, deep) + within + strings.Repeat(close, deep)
	}
	feature := func(properties, geometry string) string {
		return `{"type":"FeatureCollection","features":[{"type":"Feature","properties":` + properties + `,"geometry":` + geometry + `}]}`
	}
	const kml = `<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2">`
	for name, content := range map[string]string{
		"properties.geojson":  feature(`{"a":`+nest("[", "", "]")+"}", `{"type":"Point","coordinates":[1,2]}`),
		"collections.geojson": feature("{}", nest(`{"type":"GeometryCollection","geometries":[`, "", "]}")),
		"rings.geojson":       feature("{}", `{"type":"Polygon","coordinates":`+nest("[", "", "]")+"}"),
		"folders.kml":         kml + nest("<Folder>", "<Placemark><Point><coordinates>1,2</coordinates></Point></Placemark>", "</Folder>") + "</kml>",
		"geometry.kml":        kml + "<Placemark>" + nest("<MultiGeometry>", "<Point><coordinates>1,2</coordinates></Point>", "</MultiGeometry>") + "</Placemark></kml>",
		"topology.topojson":   `{"type":"Topology","arcs":[[[0,0],[1,1]]],"objects":{"a":` + nest(`{"type":"GeometryCollection","geometries":[`, "", "]}") + "}}",
		"blocks.dxf":          bombDXF(9),
		"endless.csv":         "a,b\n1,\"" + strings.Repeat("x\n", 4<<20),
		"columns.csv":         strings.Repeat("a,", 5000) + "a\n1\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := stores(t, t.TempDir())
			_, err := Run(t.Context(), st, []string{writeFile(t, name, content)}, Options{Dataset: "h", CRS: "EPSG:32632"}, nil)
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge && k != fault.Unsupported {
				t.Errorf("%v: %v", k, err)
			}
			t.Log(err)
			wantClean(t, st)
		})
	}
}

// A spreadsheet that unpacks to more than it may is refused before it is read.
func TestSheetBomb(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bomb.xlsx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, name := range []string{"[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 4<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	st := stores(t, t.TempDir())
	_, err = Run(t.Context(), st, []string{path}, Options{Dataset: "h", Limits: Limits{ArchiveBytes: 1 << 20}}, nil)
	wantFault(t, err, fault.TooLarge, "unpacks to more than 1 MiB")
	wantClean(t, st)
}
