package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// oracle runs a script of testdata, which works the answer out apart from the
// program (GDAL, NumPy), and decodes the JSON that it prints.
func oracle(t *testing.T, into any, script string, args ...string) {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", append([]string{filepath.Join("testdata", script)}, args...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, errs.String())
	}
	decode(t, out, into)
}

// rectangle is an area in the metres of a grid, so that the share of each cell
// in it is known without geometry.
type rectangle struct {
	name           string
	x0, y0, x1, y1 float64
	class          string
}

// writeRectangles writes areas as GeoJSON in a CRS of metres.
func writeRectangles(t *testing.T, epsg int, list []rectangle) string {
	t.Helper()
	var features []map[string]any
	for _, r := range list {
		features = append(features, map[string]any{
			"type": "Feature", "properties": map[string]any{"code": r.name, "name": r.name, "class": r.class},
			"geometry": map[string]any{"type": "Polygon", "coordinates": [][][2]float64{{{r.x0, r.y0}, {r.x1, r.y0}, {r.x1, r.y1}, {r.x0, r.y1}, {r.x0, r.y0}}}},
		})
	}
	b, err := json.Marshal(map[string]any{
		"type": "FeatureCollection", "features": features,
		"crs": map[string]any{"type": "name", "properties": map[string]any{"name": fmt.Sprintf("urn:ogc:def:crs:EPSG::%d", epsg)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "areas.geojson")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// described is what info --json says of a raster dataset.
type described struct {
	Dataset struct {
		Role    string
		Version struct {
			Derived *struct {
				Process    string
				Parameters json.RawMessage
				Inputs     []struct {
					Dataset string
					Version int
					SHA256  string
					Items   []string
				}
			}
		}
	}
	Items []struct {
		ID         string
		Datetime   string
		CloudCover *float64 `json:"cloud_cover"`
		Grid       struct {
			CRS           string
			Transform     [6]float64
			Width, Height int
		}
		Scene struct {
			SunElevation float64 `json:"sun_elevation"`
			SunAzimuth   float64 `json:"sun_azimuth"`
			Platform     string
		}
		Bands []struct {
			Name, Quantity, Flags, Unit string
			CommonName                  string `json:"common_name"`
			Scale, Offset               float64
			Nodata                      *float64
			Classes                     []struct {
				Value       int
				Name, Color string
			}
		}
	}
}

func (h *house) describe(dataset string) described {
	h.t.Helper()
	var d described
	decode(h.t, []byte(h.must("info", dataset, "--json")), &d)
	return d
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decode(t, b, into)
}
