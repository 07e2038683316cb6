package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"contado/scripts/shareddata"
)

type trainingSquares struct {
	Squares []struct {
		Class          string
		X0, Y0, X1, Y1 float64
	}
	Counts map[string]int
	Right  map[string]float64
}

// ingestTraining brings in the Alabama scene and training squares over it.
func ingestTraining(t *testing.T, h *house, dir string) int {
	t.Helper()
	var tr trainingSquares
	oracle(t, &tr, "training_oracle.py", dir)
	var list []rectangle
	for i, s := range tr.Squares {
		list = append(list, rectangle{name: strconv.Itoa(i), class: s.Class, x0: s.X0, y0: s.Y0, x1: s.X1, y1: s.Y1})
	}
	if len(list) < 60 {
		t.Fatalf("%d training squares", len(list))
	}
	h.must("ingest", dir, "-d", "landsat", "--role", "imagery")
	h.must("ingest", writeRectangles(t, 32616, list), "-d", "training", "--role", "other")
	return len(list)
}

// Land cover learnt from training squares: the map is right where the rules
// that made the squares hold, and the account of its accuracy adds up.
func TestAlabamaLandCover(t *testing.T) {
	t.Parallel()
	dir := shareddata.Path(t, "us-alabama-landsat8")
	h := newHouse(t)
	squares := ingestTraining(t, h, dir)
	tmp := t.TempDir()
	tif, accuracy, sheet, out := filepath.Join(tmp, "map.tif"), filepath.Join(tmp, "accuracy.csv"), filepath.Join(tmp, "accuracy.xlsx"), filepath.Join(tmp, "ha.csv")
	classify := []string{
		"classify", "-d", "landsat", "--training", "training", "--class-field", "class", "--features", "blue,red,nir08,swir16,ndvi",
		"--colors", "forest=#117733;open=#ddcc77;cloud=#ffffff",
	}
	_, said, code := h.run(append(classify, "--accuracy", accuracy, "--tif", tif, "--into", "cover", "-o", out)...)
	if code != 0 || !strings.Contains(said, "overall accuracy") || !strings.Contains(said, fmt.Sprintf("of %d areas", squares)) {
		t.Fatalf("exit code %d: %s", code, said)
	}
	var got trainingSquares
	oracle(t, &got, "training_oracle.py", dir, tif)
	for class, share := range got.Right {
		if share < 0.8 {
			t.Errorf("%s: %.3f of the cells outside the training squares are right", class, share)
		}
	}

	// The error matrix: as many cells as there are in the squares, and the
	// accuracies worked out again from it.
	rows := readRows(t, accuracy, ',')
	names := []string{"cloud", "forest", "open"}
	matrix := make([][]float64, len(rows))
	total, right := 0.0, 0.0
	for i, r := range rows {
		if r["mapped"] != names[i] {
			t.Fatalf("row %d is %v", i, r)
		}
		for k := range names {
			v := real64(t, r[fmt.Sprintf("true_%d", k+1)])
			matrix[i] = append(matrix[i], v)
			total += v
			if i == k {
				right += v
			}
		}
	}
	if total != float64(squares*25) || right/total < 0.9 {
		t.Errorf("%g cells of %d tested, %.3f right", total, squares*25, right/total)
	}
	for i, r := range rows {
		mapped, truth := 0.0, 0.0
		for k := range names {
			mapped += matrix[i][k]
			truth += matrix[k][i]
		}
		closeTo(t, r["mapped"]+" users", real64(t, r["users_accuracy"]), matrix[i][i]/mapped, 1e-9)
		closeTo(t, r["mapped"]+" producers", real64(t, r["producers_accuracy"]), matrix[i][i]/truth, 1e-9)
	}
	if !strings.Contains(said, fmt.Sprintf("overall accuracy %.1f %%", 100*right/total)) {
		t.Errorf("%.4f by the matrix, said %s", right/total, said)
	}

	// Hectares are the cells of the map; the dataset has the names and colours.
	table := readRows(t, out, ',')
	for k := range names {
		closeTo(t, names[k]+" hectares", real64(t, table[0][fmt.Sprintf("class_%d_ha", k+1)]), float64(got.Counts[strconv.Itoa(k+1)])*0.09, 1e-9)
	}
	d := h.describe("cover")
	var classes []string
	for _, c := range d.Items[0].Bands[0].Classes {
		classes = append(classes, fmt.Sprint(c.Value, " ", c.Name, " ", c.Color))
	}
	if strings.Join(classes, ", ") != "1 cloud #ffffff, 2 forest #117733, 3 open #ddcc77" || d.Dataset.Role != "landcover" || d.Dataset.Version.Derived.Process != "classify" {
		t.Errorf("%s %v", d.Dataset.Role, classes)
	}
	h.must(append(classify, "--method", "nearest-neighbours", "--bbox=-87.45,30.70,-87.42,30.72", "--accuracy", sheet, "-o", out)...)
	if sheetRows := ogrRows(t, sheet); len(sheetRows) != 3 || sheetRows[0]["mapped"] != "cloud" {
		t.Errorf("%v", sheetRows)
	}
	small := readRows(t, out, ',')
	if n := column(t, small, "class_1_ha") + column(t, small, "class_2_ha") + column(t, small, "class_3_ha"); math.Abs(n-637) > 30 { // 2.87 by 2.22 km
		t.Errorf("%g hectares in the box", n)
	}
	if msg := h.refuse(1, "classify", "-d", "landsat", "--training", "training", "--class-field", "colour", "--tif", tif); !strings.Contains(msg, "class") {
		t.Errorf("an unknown attribute should list what there is: %s", msg)
	}
}
