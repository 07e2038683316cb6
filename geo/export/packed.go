package export

import (
	"contado/geo"
	"contado/geo/fgb"
	"contado/geo/parquet"
	"contado/geo/store/catalog"
)

// packedSink writes FlatGeobuf.
type packedSink struct{ w *fgb.Writer }

func (x *exporter) openPacked(path string) (sink, error) {
	w, err := fgb.Create(path, x.out, &fgb.Options{Name: x.layer, Title: x.o.Title, Description: x.o.Description})
	if err != nil {
		return nil, err
	}
	return packedSink{w}, nil
}

func (s packedSink) write(f geo.Feature) error { return s.w.Write(f) }
func (s packedSink) finish() error             { return s.w.Close() }
func (s packedSink) abort() error {
	s.w.Abort()
	return nil
}

func (x *exporter) openParquet(path string) (sink, error) {
	w, err := parquet.Create(path, x.out, &parquet.Options{OnLoss: func(field, what string) {
		x.notes.Count(catalog.Warning, "zone-lost", "a column holds times with a zone or without one, not both: some were taken as universal time", field+": "+what)
	}})
	if err != nil {
		return nil, err
	}
	return parquetSink{w}, nil
}

type parquetSink struct{ w *parquet.Writer }

func (s parquetSink) write(f geo.Feature) error { return s.w.Write(f) }
func (s parquetSink) finish() error             { return s.w.Close() }
func (s parquetSink) abort() error              { return s.w.Abort() }
