package vector

import (
	"context"
	"fmt"

	"contado/geo"
	"contado/geo/notice"
	"contado/geo/parquet"
)

// parquetDriver is the name by which Parquet files are told: GDAL has no
// driver for them here.
const parquetDriver = "Parquet"

type parquetSource struct{ *parquet.File }

func (s parquetSource) scan(ctx context.Context, _ string, problem func(int64, error) error, yield func(geo.Feature) (bool, error)) error {
	return s.Rows(ctx, &parquet.ScanOptions{OnProblem: problem}, yield)
}

func openParquet(path, label string, o OpenOptions, notes *notice.List) (*Layer, error) {
	f, err := parquet.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label, err)
	}
	l := &Layer{src: parquetSource{f}, name: label, schema: f.Schema(), count: f.Len()}
	return l, l.settle(parquetDriver, o, notes)
}
