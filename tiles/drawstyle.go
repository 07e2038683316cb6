package tiles

import (
	"context"
	"fmt"
	"math"
	"slices"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/store/catalog"
	"contado/tiles/raster"
)

// The coarse picture of a dataset that percentiles are taken from.
const (
	sampleSide  = 256 // cells
	sampleItems = 64
)

// Style is how a raster dataset is drawn with the parameters, with the
// defaults filled in: for legends.
func (s *Service) Style(src RasterSource, p RasterParams) (*raster.Style, error) {
	return s.styleOf(context.Background(), src, p)
}

func (s *Service) styleOf(ctx context.Context, src RasterSource, p RasterParams) (*raster.Style, error) {
	d := src.Dataset()
	version := versionKey(d)
	key := version + "\n" + p.look()
	if style, ok := s.styles.GetIfPresent(key); ok {
		return style, nil
	}
	bands, err := s.profile(src, d, version)
	if err != nil {
		return nil, err
	}
	style, err := raster.Resolve(p.Params, bands, d.Role)
	if err != nil {
		return nil, err
	}
	if style.Percentiles != nil {
		if style, err = s.stretch(ctx, src, style, key); err != nil {
			return nil, err
		}
	}
	s.styles.Set(key, style)
	return style, nil
}

// versionKey names a state of a dataset.
func versionKey(d catalog.Dataset) string {
	return fmt.Sprintf("%s\n%d\n%s\n%d", d.ID, d.Version.Number, d.Version.SHA256, d.Version.PublishedAt.UnixNano())
}

// profile is the statistics of the bands over the whole dataset.
func (s *Service) profile(src RasterSource, d catalog.Dataset, key string) ([]catalog.Band, error) {
	if bands, ok := s.profiles.GetIfPresent(key); ok {
		return bands, nil
	}
	bands := raster.Profile(src.Items(nil), d.Role)
	if len(bands) == 0 {
		return nil, fault.Errorf("tiles.Raster", fault.NotExist, "dataset %s has no items to draw", d.ID)
	}
	s.profiles.Set(key, bands)
	return bands, nil
}

// stretch finds the ranges that a style wants by percentiles: from one coarse
// picture of the whole dataset, so that all tiles are drawn alike.
func (s *Service) stretch(ctx context.Context, src RasterSource, style *raster.Style, key string) (*raster.Style, error) {
	v, err := s.once(ctx, "stretch\n"+key, small, func(ctx context.Context) (any, error) {
		return s.sampleRanges(ctx, src, style)
	})
	if err != nil {
		return nil, fmt.Errorf("find the range of values to show: %w", err)
	}
	return style.WithRanges(v.([][2]float64))
}

func (s *Service) sampleRanges(ctx context.Context, src RasterSource, style *raster.Style) ([][2]float64, error) {
	d := src.Dataset()
	g, ok := sampleGrid(d.Version.BBoxWGS84)
	ranges := make([][2]float64, style.Outputs())
	if !ok {
		return ranges, nil
	}
	g = widened(g, style.Border())
	sources, err := s.sources(src, RasterParams{}, g)
	if err != nil {
		return nil, err
	}
	q := style.Query()
	q.MaxItems = sampleItems
	res, err := s.mosaics.Read(ctx, sources, q, g)
	if err != nil {
		return nil, err
	}
	defer s.mosaics.Release(res)
	drawn, err := style.Draw(res)
	if err != nil {
		return nil, err
	}
	for i, band := range drawn.Values.Bands {
		var values []float32
		for k, m := range drawn.Values.Mask {
			if m != 0 {
				values = append(values, band[k])
			}
		}
		slices.Sort(values)
		if want := style.Percentiles[i]; len(values) > 0 {
			ranges[i] = [2]float64{raster.Percentile(values, want[0]), raster.Percentile(values, want[1])}
		}
	}
	return ranges, nil
}

// sampleGrid is a coarse grid over a WGS 84 box.
func sampleGrid(b geo.BBox) (grid.Grid, bool) {
	if b.MinX > b.MaxX {
		b.MaxX += 360
	}
	if b.IsEmpty() || !(b.Width() > 0 && b.Height() > 0 && b.Width() <= 720 && b.Height() <= 180) {
		return grid.Grid{}, false
	}
	wide := b.Width() * math.Max(0.01, math.Cos((b.MinY+b.MaxY)/2*math.Pi/180))
	w, h := sampleSide, sampleSide
	if wide > b.Height() {
		h = max(int(sampleSide*b.Height()/wide), 1)
	} else {
		w = max(int(sampleSide*wide/b.Height()), 1)
	}
	return grid.Grid{
		CRS: geo.WGS84, Width: w, Height: h,
		Transform: grid.Transform{b.MinX, b.Width() / float64(w), 0, b.MaxY, 0, -b.Height() / float64(h)},
	}, true
}
