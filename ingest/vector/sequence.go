package vector

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// maxRecord bounds one record of a GeoJSON text sequence.
const maxRecord = 256 << 20

// checkSequence names the records of a GeoJSON text sequence (RFC 8142, or a
// feature a line) that are no JSON: GDAL passes over them without a word.
func checkSequence(ctx context.Context, path, label string, notes *notice.List) error {
	f, err := os.Open(path)
	if err != nil {
		return fault.E("vector.Open", fault.Other, err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	split := byte('\n')
	if first, err := r.Peek(1); err == nil && first[0] == 0x1e {
		split = 0x1e
	}
	for n := 1; ; n++ {
		if n%1000 == 0 && ctx.Err() != nil {
			return fault.E("vector.Open", fault.Canceled, ctx.Err())
		}
		record, err := r.ReadBytes(split)
		if err != nil && !errors.Is(err, io.EOF) {
			return fault.E("vector.Open", fault.Other, err)
		}
		if len(record) > maxRecord {
			return fault.Errorf("vector.Open", fault.TooLarge, "%s: record %d has over %d MB", label, n, maxRecord>>20)
		}
		body := bytes.TrimSpace(bytes.Trim(record, "\x1e\n\r\ufeff"))
		if len(body) > 0 && !json.Valid(body) {
			notes.Count(catalog.Warning, "records-left-out", "records that are no JSON were left out", fmt.Sprintf("%s, record %d", label, n))
		}
		if err != nil {
			return nil //nolint:nilerr // the end of the file
		}
	}
}
