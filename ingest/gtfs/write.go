package gtfs

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"contado/geo/fault"

	"github.com/paulmach/orb"
)

// writer writes the cleaned feed: rows in use, in UTF-8 without a byte order
// mark, calls sorted by trip and sequence, shapes by shape and sequence. Other
// columns stay, but for those two files, and other files stay as they are.
type writer struct {
	f   *Feed
	out *os.File
	zip *zip.Writer
	buf []byte
	row []string
}

// summaryFile is the file of the feed that holds its Summary.
const summaryFile = "contado.json"

func (f *Feed) newWriter(path string) (*writer, error) {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fault.E("gtfs.Convert", fault.Other, err)
	}
	return &writer{f: f, out: out, zip: zip.NewWriter(out)}, nil
}

// entry begins a file of the zip. Without times, so that the same feed makes
// the same bytes.
func (w *writer) entry(name string) (*bufio.Writer, error) {
	e, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		return nil, fault.E("gtfs.Convert", fault.Other, err)
	}
	return bufio.NewWriterSize(e, 1<<18), nil
}

func (w *writer) put(to *bufio.Writer, values ...string) error {
	w.buf = appendRow(w.buf[:0], values)
	_, err := to.Write(w.buf)
	return err
}

// calls writes stop_times.txt, and tells of every trip written.
func (w *writer) calls(ctx context.Context, used []bool) (count int64, err error) {
	to, err := w.entry("stop_times.txt")
	if err != nil {
		return 0, err
	}
	if err := w.put(to, "trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "stop_headsign", "pickup_type", "drop_off_type", "shape_dist_traveled", "timepoint"); err != nil {
		return 0, fault.E("gtfs.Convert", fault.Other, err)
	}
	err = w.f.walk(ctx, w.f.notes, func(trip int, calls []Call) (bool, error) {
		used[trip] = true
		for i := range calls {
			c := &calls[i]
			exact := "1"
			if c.Interpolated {
				exact = "0"
			}
			if err := w.put(to, w.f.Trips[trip].ID, FormatTime(c.Arrival), FormatTime(c.Departure), w.f.Stops[c.Stop].ID, strconv.FormatUint(uint64(c.Sequence), 10),
				c.Headsign, strconv.Itoa(int(c.Pickup)), strconv.Itoa(int(c.DropOff)), plain(c.Distance), exact); err != nil {
				return false, fault.E("gtfs.Convert", fault.Other, err)
			}
			count++
		}
		return true, nil
	})
	if err != nil {
		return 0, err
	}
	return count, fault.E("gtfs.Convert", fault.Other, to.Flush())
}

func plain(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// shapes writes shapes.txt and gives the lines to keep.
func (w *writer) shapes(ctx context.Context, keep func(shape int, line orb.LineString)) error {
	if !w.f.src.has("shapes.txt") {
		return nil
	}
	to, err := w.entry("shapes.txt")
	if err != nil {
		return err
	}
	if err := w.put(to, "shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence", "shape_dist_traveled"); err != nil {
		return fault.E("gtfs.Convert", fault.Other, err)
	}
	err = w.f.ShapeLines(ctx, func(shape int, line orb.LineString, along []float64) (bool, error) {
		keep(shape, line)
		for i, p := range line {
			if err := w.put(to, w.f.Shapes[shape], plain(p[1]), plain(p[0]), strconv.Itoa(i+1), plain(along[i])); err != nil {
				return false, fault.E("gtfs.Convert", fault.Other, err)
			}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	return fault.E("gtfs.Convert", fault.Other, to.Flush())
}

// lines are the lines of a file that stay, in order.
func lines[T any](all []T, line func(*T) int, keep func(i int) bool) []int {
	out := []int{}
	for i := range all {
		if keep == nil || keep(i) {
			out = append(out, line(&all[i]))
		}
	}
	return out
}

// rest writes all other files: those with rows that were left out row by row.
func (w *writer) rest(used []bool) error {
	f := w.f
	kept := map[string][]int{
		"stops.txt":       lines(f.Stops, func(s *Stop) int { return s.line }, nil),
		"routes.txt":      lines(f.Routes, func(r *Route) int { return r.line }, nil),
		"trips.txt":       lines(f.Trips, func(t *Trip) int { return t.line }, func(i int) bool { return used[i] }),
		"frequencies.txt": lines(f.Frequencies, func(q *Frequency) int { return q.line }, func(i int) bool { return used[f.Frequencies[i].Trip] }),
		"transfers.txt": lines(f.Transfers, func(t *Transfer) int { return t.line }, func(i int) bool {
			t := &f.Transfers[i]
			return (t.FromTrip < 0 || used[t.FromTrip]) && (t.ToTrip < 0 || used[t.ToTrip])
		}),
	}
	for _, name := range f.src.names() {
		if name == "stop_times.txt" || name == "shapes.txt" || name == summaryFile {
			continue
		}
		var err error
		if rows, ok := kept[name]; ok {
			err = w.filter(name, rows)
		} else if knownColumns[name] != "" {
			err = w.filter(name, nil)
		} else {
			err = w.copy(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// filter writes the rows of a file that begin on the given lines; nil = all.
func (w *writer) filter(name string, keep []int) error {
	to, err := w.entry(name)
	if err != nil {
		return err
	}
	_, err = w.f.src.each(name, nil, func(t *table) {
		_ = w.put(to, t.columns...) // an error stays with the writer
	}, func(t *table) error {
		if _, ok := slices.BinarySearch(keep, t.line); !ok && keep != nil {
			return nil
		}
		w.row = w.row[:0]
		for i := range t.columns {
			w.row = append(w.row, t.value(i))
		}
		return w.put(to, w.row...)
	})
	if err != nil {
		return err
	}
	return fault.E("gtfs.Convert", fault.Other, to.Flush())
}

func (w *writer) copy(name string) error {
	to, err := w.entry(name)
	if err != nil {
		return err
	}
	in, err := w.f.src.open(name)
	if err != nil {
		return err
	}
	defer in.Close() // read only: nothing to lose
	if _, err := io.Copy(to, io.LimitReader(in, maxFileSize)); err != nil {
		return fault.Errorf("gtfs.Convert", fault.Invalid, "%s: %w", name, err)
	}
	return fault.E("gtfs.Convert", fault.Other, to.Flush())
}

// finish writes the summary and closes the file.
func (w *writer) finish(s Summary) error {
	to, err := w.entry(summaryFile)
	if err != nil {
		return err
	}
	e := json.NewEncoder(to)
	e.SetIndent("", "  ")
	for _, err := range []error{e.Encode(s), to.Flush(), w.zip.Close(), w.out.Close()} {
		if err != nil {
			return fault.E("gtfs.Convert", fault.Other, err)
		}
	}
	return nil
}

// abandon closes the file of a conversion that failed.
func (w *writer) abandon() { _ = w.out.Close() } // the work has ended with another error

// ReadSummary reads the summary of a cleaned feed.
func ReadSummary(path string) (Summary, error) {
	var s Summary
	src, err := openSource(path)
	if err != nil {
		return s, err
	}
	defer src.close()
	in, err := src.open(summaryFile)
	if err != nil {
		return s, err
	}
	defer in.Close() // read only: nothing to lose
	if err := json.NewDecoder(io.LimitReader(in, 1<<20)).Decode(&s); err != nil {
		return s, fault.Errorf("gtfs.ReadSummary", fault.Invalid, "%s in %s: %w", summaryFile, filepath.Base(path), err)
	}
	return s, nil
}
