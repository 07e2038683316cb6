package raster

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"contado/geo/fault"
)

const maxMTL = 1 << 20

// parseMTL reads the "KEY = VALUE" lines of Landsat metadata; quotes are
// taken off and groups ignored. At most 1 MiB is read.
func parseMTL(r io.Reader) map[string]string {
	out := map[string]string{}
	sc := bufio.NewScanner(io.LimitReader(r, maxMTL))
	for sc.Scan() {
		k, v, ok := strings.Cut(sc.Text(), "=")
		if k = strings.TrimSpace(k); ok && k != "GROUP" && k != "END_GROUP" {
			if _, seen := out[k]; !seen {
				out[k] = strings.Trim(strings.TrimSpace(v), `"`)
			}
		}
	}
	return out
}

// readMTL gives scenes the time, cloud cover and spacecraft of the metadata
// file whose name begins with theirs.
func (c *converter) readMTL(scenes []*scene, paths []string) error {
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			return fault.E("raster.Convert", fault.Invalid, err)
		}
		m := parseMTL(f)
		f.Close()
		base := filepath.Base(p)
		prefix := slug(base[:len(base)-len("_MTL.txt")], "")
		for _, s := range scenes {
			if s.id == prefix || (s.files[0].dir == filepath.Dir(p) && strings.HasPrefix(prefix, s.id)) {
				s.describe(m, c.o.Datetime != nil)
			}
		}
	}
	return nil
}

func (s *scene) describe(m map[string]string, timeGiven bool) {
	s.craft = m["SPACECRAFT_ID"]
	if v, err := strconv.ParseFloat(m["CLOUD_COVER"], 64); err == nil && v >= 0 && v <= 100 {
		s.cloud = &v
	}
	if timeGiven {
		return
	}
	day := m["DATE_ACQUIRED"]
	if t, err := time.Parse(time.RFC3339Nano, day+"T"+m["SCENE_CENTER_TIME"]); err == nil {
		t = t.UTC().Truncate(time.Millisecond)
		s.time = &t
	} else if t, err := time.Parse("2006-01-02", day); err == nil {
		s.time = &t
	}
}
