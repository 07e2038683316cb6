package analysis_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"contado/geo"
	"contado/geo/analysis"
	"contado/geo/demand"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// town is a land of 5 × 5 sections of 20 × 20 cells, with people at 9 a cell of
// class 2, 1 a cell of class 1 and none on class 0, and a building on every
// fourth cell of class 2 of 9 storeys.
func town(t *testing.T) (l *land, people [25]int64) {
	t.Helper()
	l = newLand(t)
	cover := make([]uint8, side*side)
	house := geo.Schema{CRS: utm, GeometryType: "Polygon", Fields: []geo.Field{{Name: "building", Type: geo.String}, {Name: "levels", Type: geo.Integer}}}
	var houses []geo.Feature
	for i := range cover {
		row, col := i/side, i%side
		section := row/20*5 + col/20
		switch h := (row*31 + col*17 + row*col) % 100; {
		case h < section*4:
			cover[i] = 2
			people[section] += 9
			use := "apartments"
			if section%2 == 0 {
				use = "yes"
			}
			g := block(float64(col)+0.1, float64(row)+0.1, float64(col)+0.9, float64(row)+0.9)
			houses = append(houses, geo.Feature{ID: int64(len(houses) + 1), Geometry: g, Values: []any{use, int64(9)}})
		case h < section*4+20:
			cover[i] = 1
			people[section]++
			g := block(float64(col)+0.1, float64(row)+0.1, float64(col)+0.9, float64(row)+0.9)
			houses = append(houses, geo.Feature{ID: int64(len(houses) + 1), Geometry: g, Values: []any{"house", nil}})
		case h > 95:
			g := block(float64(col)+0.1, float64(row)+0.1, float64(col)+0.9, float64(row)+0.9)
			houses = append(houses, geo.Feature{ID: int64(len(houses) + 1), Geometry: g, Values: []any{"industrial", int64(5)}})
		}
	}
	var rows []geo.Feature
	for s, n := range people {
		x, y := float64(s%5*20), float64(s/5*20)
		rows = append(rows, sectionRow(int64(s+1), block(x, y, x+20, y+20), n))
	}
	l.vector("census", catalog.Population, sectionSchema(), rows, nil, nil)
	l.vector("houses", catalog.OtherRole, house, houses, nil, nil)
	l.raster("built", catalog.OtherRole, cover, catalog.Band{Name: "class", Quantity: catalog.Classes, Classes: []catalog.Class{
		{Value: 0, Name: "open"}, {Value: 1, Name: "built loosely"}, {Value: 2, Name: "built densely"},
	}})
	if err := l.atlas.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return l, people
}

// sums reads a band of a grid back and sums it by section of the town.
func sums(t *testing.T, path string, band int) (by [25]float64, all float64) {
	t.Helper()
	r, err := gdal.OpenRaster(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	g := r.Info().Grid
	values := make([]float64, g.Cells())
	if err := r.ReadFloat64(band, g.Full(), values); err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		x, y := g.Center(i%g.Width, i/g.Width)
		col, row := int((x-west)/cellSize), int((north-y)/cellSize)
		all += v
		if col >= 0 && row >= 0 && col < side && row < side {
			by[row/20*5+col/20] += v
		}
	}
	return by, all
}

// Whatever the method, sections keep their people; the methods that know more
// err less on sections that they were not told.
func TestSpreadPeople(t *testing.T) {
	t.Parallel()
	l, people := town(t)
	ctx := context.Background()
	share := map[demand.Method]float64{}
	for name, c := range map[string]struct {
		q    analysis.SpreadRequest
		want demand.Method
	}{
		"surface":   {analysis.SpreadRequest{}, demand.AreaWeighted},
		"classes":   {analysis.SpreadRequest{Ground: "built"}, demand.ClassDensity},
		"binary":    {analysis.SpreadRequest{Ground: "built", Inhabited: []int{2}, Method: demand.Binary, Whole: true}, demand.Binary},
		"buildings": {analysis.SpreadRequest{Buildings: "houses", Cell: 100, Whole: true}, demand.Proportional},
	} {
		c.q.Sections, c.q.Dir = "census", t.TempDir()
		m, err := l.engine.SpreadPeople(ctx, c.q, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rep, ok := m.Details.(*analysis.SpreadReport)
		if !ok || rep.Method != c.want {
			t.Errorf("%s: method %v, want %s", name, rep, c.want)
			continue
		}
		by, all := sums(t, m.Files[0].Path, 1)
		if all != rep.People {
			t.Errorf("%s: %g people, want %g", name, all, rep.People)
		}
		for s, n := range people {
			if math.Abs(by[s]-float64(n)) > 0.5+0.01*float64(n) { // cells on the edge of a section are shared
				t.Errorf("%s: section %d has %g people, want %d", name, s+1, by[s], n)
			}
		}
		if len(rep.Bands) != 19 || rep.Bands[0] != "total" {
			t.Errorf("%s: bands %v", name, rep.Bands)
		}
		for _, a := range rep.Accuracy {
			share[a.Method] = a.Share
		}
		var csv strings.Builder
		if err := rep.Table(table.Italian, m).CSV(&csv, table.Italian); err != nil || !strings.Contains(csv.String(), string(c.want)) {
			t.Errorf("%s: table %q (%v)", name, csv.String(), err)
		}
	}
	if !(share[demand.ClassDensity] < 0.3*share[demand.AreaWeighted]) || !(share[demand.Proportional] < 0.3*share[demand.AreaWeighted]) {
		t.Errorf("errors on sections held out: %v", share)
	}
}

func TestSpreadPeopleRefusals(t *testing.T) {
	t.Parallel()
	l, _ := town(t)
	for name, c := range map[string]struct {
		q    analysis.SpreadRequest
		kind fault.Kind
		says string
	}{
		"no sections":   {analysis.SpreadRequest{Sections: "nothing"}, fault.NotExist, ""},
		"points":        {analysis.SpreadRequest{Sections: "clinic"}, fault.Invalid, "polygons"},
		"cells":         {analysis.SpreadRequest{Sections: "census", Cell: 0.1}, fault.Invalid, "cells of 0.1 m"},
		"method":        {analysis.SpreadRequest{Sections: "census", Method: demand.Binary}, fault.Invalid, "--ground"},
		"inhabited":     {analysis.SpreadRequest{Sections: "census", Ground: "built", Inhabited: []int{77}}, fault.Invalid, "--inhabited"},
		"no people":     {analysis.SpreadRequest{Sections: "municipalities"}, fault.Invalid, "--population-field"},
		"far away":      {analysis.SpreadRequest{Sections: "census", BBox: &geo.BBox{MinX: 1, MinY: 1, MaxX: 2, MaxY: 2}}, fault.Invalid, "box"},
		"no buildings":  {analysis.SpreadRequest{Sections: "census", Buildings: "clinic"}, fault.Invalid, "polygons"},
		"far too many":  {analysis.SpreadRequest{Sections: "census", Group: 1001}, fault.Invalid, "merged"},
		"ground of old": {analysis.SpreadRequest{Sections: "census", Ground: "houses"}, fault.Invalid, "not a raster"},
	} {
		c.q.Dir = t.TempDir()
		if _, err := l.engine.SpreadPeople(context.Background(), c.q, nil); !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %q", name, err, c.kind, c.says)
		}
	}
}
