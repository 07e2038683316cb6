package parquet_test

import "time"

func day(second int64) string { return time.Unix(second, 0).UTC().Format(time.DateOnly) }

func instant(second int64, zone string) string {
	return time.Unix(second, 125e6).UTC().Format("2006-01-02T15:04:05.999") + zone
}
