package zonal_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/paulmach/orb"

	"contado/geo/grid"
	"contado/geo/zonal"
)

// steps is a raster of 4 × 4 cells of 100 m whose values are their columns.
type steps struct{}

func (steps) Grid() grid.Grid {
	return grid.Grid{CRS: "EPSG:25832", Transform: grid.Transform{680000, 100, 0, 5150000, 0, -100}, Width: 4, Height: 4}
}

func (steps) ReadFloat64(_ context.Context, _ int, w grid.Window, dst []float64) error {
	for i := range dst {
		dst[i] = float64(w.Col + i%w.Width)
	}
	return nil
}

func ExampleCompute() {
	areas := []zonal.Area{{ID: "022001", Geometry: orb.Bound{Min: orb.Point{680050, 5149700}, Max: orb.Point{680200, 5150000}}}}
	res, err := zonal.Compute(context.Background(), steps{}, areas, zonal.Options{
		Stats:    []zonal.Stat{zonal.Count, zonal.Mean, zonal.AreaHa},
		Classes:  true,
		CellArea: func(int) float64 { return 100 * 100 },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	b, _ := json.Marshal(res[0])
	fmt.Println(string(b))
	// Output: {"id":"022001","count":4.5,"mean":0.6666666666666666,"area_ha":4.5,"classes":[{"value":0,"cells":1.5,"area_ha":1.5,"share":0.3333333333333333},{"value":1,"cells":3,"area_ha":3,"share":0.6666666666666666}]}
}
