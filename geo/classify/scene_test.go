package classify

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"contado/scripts/shareddata"
)

// sceneOracle writes six reflective bands of a Landsat 8 scene as float32,
// and as classes what its quality band says: 1 clear land, 2 clear water,
// 3 cloud; 0 anything in between.
const sceneOracle = `
import sys
import numpy as np
from osgeo import gdal
gdal.UseExceptions()
read = lambda b: gdal.Open(sys.argv[1] + '/l8_' + b + '.tif').ReadAsArray()
qa = read('BQA').astype(np.int32)
cloud, cirrus, water = qa >> 14 & 3, qa >> 12 & 3, qa >> 4 & 3
c = np.zeros(qa.shape, np.uint8)
clear = (cloud == 1) & (cirrus == 1)
c[clear & (water == 0)] = 1
c[clear & (water >= 2)] = 2
c[(cloud == 3) & (water == 0)] = 3
c.tofile(sys.argv[2] + '/classes')
for b in ['B2', 'B3', 'B4', 'B5', 'B6', 'B7']:
    read(b).astype('<f4').tofile(sys.argv[2] + '/' + b)
print(qa.shape[1])
`

// TestLandsatScene learns from blocks of a real scene what its producer's
// cloud and water masks say, and tests on blocks elsewhere.
func TestLandsatScene(t *testing.T) {
	t.Parallel()
	const exe = "/usr/bin/python3"
	if err := exec.CommandContext(t.Context(), exe, "-c", "import numpy; from osgeo import gdal").Run(); err != nil {
		t.Skipf("GDAL's python bindings are not installed: %v", err)
	}
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), exe, "-c", sceneOracle, filepath.Dir(shareddata.Path(t, "us-alabama-landsat8/l8_BQA.tif")), dir).Output()
	if err != nil || strings.TrimSpace(string(out)) != "627" {
		t.Fatalf("%s, %v", out, err)
	}
	classes, err := os.ReadFile(filepath.Join(dir, "classes"))
	if err != nil {
		t.Fatal(err)
	}
	var bands [][]float32
	for _, b := range []string{"B2", "B3", "B4", "B5", "B6", "B7"} {
		raw, err := os.ReadFile(filepath.Join(dir, b))
		if err != nil {
			t.Fatal(err)
		}
		row := make([]float32, len(classes))
		if _, err := binary.Decode(raw, binary.LittleEndian, row); err != nil {
			t.Fatal(err)
		}
		bands = append(bands, row)
	}
	s := &Samples{Bands: len(bands)}
	values := make([]float32, len(bands))
	for i := 0; i < len(classes); i += 37 {
		if classes[i] == 0 {
			continue
		}
		for j := range bands {
			values[j] = bands[j][i]
		}
		s.Add(classes[i], 0, float64(i%627)*30, float64(i/627)*30, values)
	}
	if s.Groups, err = Blocks(s.X, s.Y, 1500); err != nil {
		t.Fatal(err)
	}
	for method, least := range map[Method]float64{MaximumLikelihood: 0.88, NearestNeighbours: 0.94} {
		r, err := CrossValidate(t.Context(), s, &Options{Method: method}, &Validation{Buffer: 300})
		if err != nil {
			t.Fatal(err)
		}
		a := r.Accuracy
		t.Logf("%s: %.3f [%.3f, %.3f], kappa %.3f, %d samples worth %.0f, %v", method, a.Overall, a.Low, a.High, a.Kappa, a.Samples, r.Effective, a.Classes)
		if a.Overall < least || a.Kappa < least-0.1 || r.Effective >= float64(a.Samples) {
			t.Errorf("%s: %+v", method, a)
		}
	}
}
