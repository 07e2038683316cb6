package export

import (
	"context"

	"contado/geo"
	"contado/geo/gdal"
)

// layerSink writes one layer through GDAL.
type layerSink struct {
	ctx context.Context //nolint:containedctx // lives as long as Write
	w   *gdal.VectorWriter
}

func (x *exporter) openGeoPackage(path string) (sink, error) {
	description := x.o.Description
	if description == "" {
		description = x.o.Title
	}
	o := &gdal.VectorWriteOptions{Description: description}
	if x.o.Title != "" {
		o.LayerOptions = []string{"IDENTIFIER=" + x.o.Title}
	}
	w, err := gdal.CreateVector(path, "GPKG", x.layer, x.out, o)
	if err != nil {
		return nil, err
	}
	return &layerSink{x.ctx, w}, nil
}

func (s *layerSink) write(f geo.Feature) error { return s.w.Write(s.ctx, f) }
func (s *layerSink) finish() error             { return s.w.Close() }
func (s *layerSink) abort() error              { return s.w.Abort() }
