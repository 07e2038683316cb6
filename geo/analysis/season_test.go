package analysis_test

import (
	"context"
	"slices"
	"testing"

	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
)

// Masks come from datasets onto any grid; the snow line from snow and heights.
func TestSeasonFromDatasets(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	ctx := context.Background()
	scene, heights := make([]uint8, side*side), make([]uint8, side*side)
	for i := range scene {
		row, col := i/side, i%side
		heights[i] = uint8(200 - row*2) // 200 m in the north, 2 m in the south
		scene[i] = 1
		switch {
		case row < 30: // 142 m and more
			scene[i] = 2
		case row > 90 && col < 20:
			scene[i] = 3
		case row == 50:
			scene[i] = 4
		}
	}
	l.raster("scene", catalog.Hazard, scene, catalog.Band{Name: "class", Quantity: catalog.Classes, Classes: []catalog.Class{
		{Value: 1, Name: "ground"}, {Value: 2, Name: "snow"}, {Value: 3, Name: "flooded"}, {Value: 4, Name: "cloud"},
	}})
	l.raster("dem", catalog.Elevation, heights, catalog.Band{Name: "height"})
	if err := l.atlas.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	g := landGrid()
	// A grid of 50 m, of the upper left quarter and a little beyond the land.
	fine := grid.Grid{CRS: g.CRS, Transform: grid.Transform{west - 500, 50, 0, north + 500, 0, -50}, Width: 110, Height: 110}
	s, notices, err := l.engine.Season(ctx, []string{"snow:scene", "flood:scene", "snowline:1800"}, fine)
	if err != nil {
		t.Fatal(err)
	}
	if s.SnowLine != 1800 || s.Check() != nil || s.Title["it"] == "" || s.Title["en"] == "" || s.OnSnow <= 0 || s.OnFlood != 0 {
		t.Errorf("season %+v", s)
	}
	for row := range fine.Height {
		for col := range fine.Width {
			want := uint8(0)
			if row >= 10 && col >= 10 && (row-10)/2 < 30 {
				want = 1
			}
			if got := s.Snow[row*fine.Width+col]; got != want {
				t.Fatalf("snow at row %d, column %d: %d, want %d", row, col, got, want)
			}
		}
	}
	if !slices.ContainsFunc(s.Flood, func(v uint8) bool { return v == 0 }) || slices.Contains(s.Flood, 1) {
		t.Error("there is a flood in the north")
	}
	if len(notices) != 2 || notices[0].Code != "season-unknown" || notices[0].Texts["it"] == "" {
		t.Errorf("notices %+v", notices)
	}
	line, _, err := l.engine.Season(ctx, []string{"snowline:scene"}, g)
	if err != nil {
		t.Fatal(err)
	}
	if line.SnowLine <= 140 || line.SnowLine > 142 || line.Snow != nil {
		t.Errorf("snow line at %g m, want it above 140 and at 142 at most", line.SnowLine)
	}
	flood, _, err := l.engine.Season(ctx, []string{"flood:scene"}, g)
	if err != nil {
		t.Fatal(err)
	}
	wet := 0
	for _, v := range flood.Flood {
		wet += int(v)
	}
	if wet != 9*20 {
		t.Errorf("%d cells are flooded, want 180", wet)
	}
	for word, kind := range map[string]fault.Kind{
		"hail:scene": fault.Invalid, "snow:nothing": fault.NotExist, "snowline:-5": fault.Invalid, "snow:scene@yesterday": fault.Invalid,
		"snow:clinic": fault.Invalid, "snow:dem": fault.Invalid, "dem": fault.Invalid, "snow:scene@2020": fault.NotExist,
	} {
		if _, _, err := l.engine.Season(ctx, []string{word}, g); !fault.Is(err, kind) {
			t.Errorf("%s: %v, want %v", word, err, kind)
		}
	}
	if s, _, err := l.engine.Season(ctx, nil, g); s != nil || err != nil {
		t.Errorf("no words made %+v (%v)", s, err)
	}
}
