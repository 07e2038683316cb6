package analysis_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/classify"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// fields publishes training areas: squares of cells, by class.
func (l *land) fields(classes map[string][][2]int) {
	l.t.Helper()
	s := geo.Schema{GeometryType: "Polygon", CRS: utm, Fields: []geo.Field{{Name: "cover", Type: geo.String}}}
	var fs []geo.Feature
	for class, squares := range classes {
		for _, at := range squares {
			x, y := west+float64(at[0])*cellSize, north-float64(at[1])*cellSize
			box := orb.Bound{Min: orb.Point{x, y - 8*cellSize}, Max: orb.Point{x + 8*cellSize, y}}
			fs = append(fs, geo.Feature{ID: int64(len(fs) + 1), Geometry: box.ToPolygon(), Values: []any{class}})
		}
	}
	l.vector("training", catalog.OtherRole, s, fs, nil, nil)
	if err := l.atlas.Refresh(context.Background()); err != nil {
		l.t.Fatal(err)
	}
}

// woods and water are told apart by near infrared: the map is right where the
// two differ, and the report says how sure it is.
func TestClassify(t *testing.T) {
	t.Parallel()
	for _, method := range []classify.Method{classify.MaximumLikelihood, classify.NearestNeighbours} {
		t.Run(string(method), func(t *testing.T) {
			t.Parallel()
			l := newLand(t)
			s := l.twoCovers()
			l.fields(map[string][][2]int{
				"woods": {{5, 5}, {20, 60}, {30, 20}, {5, 80}, {38, 45}}, "water": {{60, 10}, {80, 50}, {55, 70}, {90, 90}, {70, 30}},
			})
			q := analysis.ClassifyRequest{
				MapWhere: where(l), Pictures: analysis.Pictures{Dataset: "scene"}, Training: "training", ClassField: "cover",
				Features: []string{"nir", "ndvi", "(swir16-red)/(swir16+red)"}, Method: method, ClassColors: map[string]string{"water": "#0000ff"},
			}
			q.Areas = analysis.ZonalAreas{Territories: []string{"001", "002"}}
			m, err := l.engine.Classify(context.Background(), q, nil)
			if err != nil {
				t.Fatal(err)
			}
			rep := m.Details.(*analysis.LandCoverReport)
			if rep.Overall < 0.99 || rep.Areas != 10 || rep.Samples != 640 || rep.Low > rep.Overall || len(rep.Classes) != 2 {
				t.Errorf("report %+v", rep)
			}
			if m.Classes[0] != (catalog.Class{Value: 1, Name: "water", Color: "#0000ff"}) {
				t.Errorf("classes %+v", m.Classes)
			}
			cells, wrong := cellsOf(t, m), 0
			for i, c := range cells {
				if s[i] != c {
					wrong++
				}
			}
			if wrong > len(cells)/100 {
				t.Errorf("%d of %d cells are wrong", wrong, len(cells))
			}
			checkHectares(t, m, cells)
			var b bytes.Buffer
			if err := rep.Table(table.Plain, m).CSV(&b, table.Plain); err != nil || !strings.HasPrefix(b.String(), "mapped,true_1,true_2,users_accuracy") {
				t.Errorf("table %q, %v", b.String(), err)
			}
		})
	}
}

// twoCovers publishes a scene of woods (class 2, west) and water (1, east).
func (l *land) twoCovers() []float64 {
	rng := rand.New(rand.NewPCG(11, 12))
	s := shot{id: "scene-1", at: june, bands: map[string][]float32{}}
	g := landGrid()
	truth := make([]float64, g.Cells())
	for _, b := range shotBands {
		v := make([]float32, g.Cells())
		for i := range v {
			level, class := float32(0.4), 2.0
			if i%side >= side/2 {
				level, class = 0.05, 1
			}
			if b == "red" {
				level = 0.1
			}
			v[i], truth[i] = level+0.02*rng.Float32(), class
		}
		s.bands[b] = v
	}
	l.publishItems("scene", catalog.Imagery, catalog.Version{CRS: utm, BBox: g.Bounds(), BBoxWGS84: l.wgs84(g.Bounds())}, []catalog.Item{l.writeShot("scene", s)})
	return truth
}

func TestClassifyErrors(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	l.twoCovers()
	l.fields(map[string][][2]int{"woods": {{5, 5}, {20, 60}}})
	good := analysis.ClassifyRequest{MapWhere: where(l), Pictures: analysis.Pictures{Dataset: "scene"}, Training: "training", ClassField: "cover"}
	for name, change := range map[string]func(*analysis.ClassifyRequest){
		"one class":      func(*analysis.ClassifyRequest) {},
		"no such field":  func(q *analysis.ClassifyRequest) { q.ClassField = "kind" },
		"no polygons":    func(q *analysis.ClassifyRequest) { q.Training, q.ClassField = "hamlets", "name" },
		"no such band":   func(q *analysis.ClassifyRequest) { q.Features = []string{"thermal"} },
		"several values": func(q *analysis.ClassifyRequest) { q.Features = []string{"red; nir"} },
	} {
		q := good
		change(&q)
		if _, err := l.engine.Classify(context.Background(), q, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
