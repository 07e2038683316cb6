package raster

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// scene is the files that make one item.
type scene struct {
	id      string
	files   []*file
	time    *time.Time
	cloud   *float64 // percent, from metadata
	product *Product // what metadata or names say; nil when nothing does
}

var (
	// reBand splits "scene_B02_10m" into scene, band and stated resolution.
	reBand = regexp.MustCompile(`(?i)^(.*?)[_.-]?((?:SR_|ST_)?B(?:8A|6_VCID_[12]|\d{1,2})|BQA|(?:SR_)?QA_[A-Z]+|SCL|AOT|WVP|TCI|CLD|SNW|VAA|VZA|SAA|SZA|SR_(?:CLOUD_QA|ATMOS_OPACITY)|ST_(?:QA|ATRAN|CDIST|DRAD|EMIS|EMSD|TRAD|URAD)|band_?\d{1,2})(?:[_-](\d{2})m)?$`)
	// rePolarization splits "scene_vv" of a radar picture.
	rePolarization = regexp.MustCompile(`(?i)^(?:(.*)[_.-])?(VV|VH|HH|HV)$`)
	// reProduct is the naming of sen2r: all bands of a product in one file.
	reProduct = regexp.MustCompile(`^(S2[A-C].*)_(BOA|TOA|SCL)_(\d{2})$`)
	reColour  = regexp.MustCompile(`(?i)^(?:(.*)[_.-])?(red|green|blue|nir|swir16|swir22|rededge)$`)
	reAge     = regexp.MustCompile(`(?i)^(.*?)[_.-]?(total|age_\d{1,3}_(?:\d{1,3}|plus))$`)
)

// splitBand finds the band in a file name; token is "" when there is none.
func splitBand(base string) (prefix, token string, metres int) {
	if m := reProduct.FindStringSubmatch(base); m != nil {
		return m[1], m[2], 0
	}
	if m := reBand.FindStringSubmatch(base); m != nil && (m[1] == "" || !endsInLetter(m[1]) || separated(base, m[1])) {
		metres, _ = strconv.Atoi(m[3]) // "" is 0: not stated
		return m[1], bandName(m[2]), metres
	}
	if m := rePolarization.FindStringSubmatch(base); m != nil {
		return m[1], strings.ToUpper(m[2]), 0
	}
	for _, re := range []*regexp.Regexp{reColour, reAge} {
		if m := re.FindStringSubmatch(base); m != nil {
			return m[1], strings.ToLower(m[2]), 0
		}
	}
	return "", "", 0
}

// separated reports whether a separator follows the prefix: "mob2" is a name,
// "mo_b2" a band of mo.
func separated(base, prefix string) bool {
	return len(base) > len(prefix) && strings.ContainsRune("_.-", rune(base[len(prefix)]))
}

func endsInLetter(s string) bool {
	c := s[len(s)-1]
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func bandName(token string) string {
	if strings.HasPrefix(strings.ToLower(token), "band") {
		return strings.ToLower(token)
	}
	return strings.ToUpper(token)
}

// group puts the files into scenes: for imagery (and population by age) those
// that differ by the band alone, else each file by itself.
func (c *converter) group(files []*file) ([]*scene, error) {
	byKey := map[string]*scene{}
	var out []*scene
	for _, f := range files {
		key, id := c.sceneKey(f, files)
		s := byKey[key]
		if s == nil {
			s = &scene{id: id}
			byKey[key] = s
			out = append(out, s)
		}
		s.files = append(s.files, f)
	}
	taken := map[string]int{}
	for _, s := range out {
		if err := c.settleScene(s); err != nil {
			return nil, err
		}
		if taken[s.id]++; taken[s.id] > 1 {
			s.id = fmt.Sprintf("%s-%d", s.id, taken[s.id])
		}
	}
	slices.SortStableFunc(out, func(a, b *scene) int { return strings.Compare(a.id, b.id) })
	return out, nil
}

func (c *converter) sceneKey(f *file, all []*file) (key, id string) {
	alone := func() (string, string) { return f.path, slug(f.base, c.o.Dataset) }
	if p := f.product; p != nil {
		return "product:" + p.dir, p.ID
	}
	if f.token == "" || (c.o.Role != catalog.Imagery && c.o.Role != catalog.Population) {
		f.token = ""
		return alone()
	}
	if len(f.bands) > 1 && f.token != "BOA" && f.token != "TOA" && f.token != "TCI" {
		f.token = ""
		return alone()
	}
	key = f.prefix
	same := 0
	for _, o := range all {
		if o != f && o.prefix == f.prefix && o.token == f.token && o.metres == f.metres {
			same++
		}
	}
	if key == "" || same > 0 {
		key = filepath.Join(f.dir, f.prefix)
	}
	id = slug(f.prefix, "")
	if folder := filepath.Base(f.dir); id == "" && (same > 0 || timeFromName(folder) != nil) {
		id = slug(folder, c.o.Dataset)
	}
	if id == "" {
		id = slug(c.o.Dataset, "item")
	}
	return "scene:" + key, id
}

// slug makes an item id of a name.
func slug(s, otherwise string) string {
	s = strings.Trim(strings.Map(slugRune, s), "-_.")
	if len(s) > 100 {
		s = s[:100]
	}
	if s == "" {
		return otherwise
	}
	return s
}

// settleScene sorts the bands, takes each once, and finds the time and the
// product.
func (c *converter) settleScene(s *scene) error {
	slices.SortStableFunc(s.files, func(a, b *file) int {
		return cmp.Or(strings.Compare(sortKey(a.token), sortKey(b.token)), cmp.Compare(a.metres, b.metres))
	})
	if err := c.takeOnce(s); err != nil {
		return err
	}
	c.dropAncillary(s)
	s.time = c.o.Datetime
	f := s.files[0]
	if f.product != nil {
		s.describe(f.product, c.o.Datetime != nil)
	} else if c.o.Role == catalog.Imagery {
		s.product = productByName(f)
		s.polarizations()
	}
	if s.time != nil || c.o.Role != catalog.Imagery {
		return nil
	}
	for _, f := range s.files {
		if s.time == nil {
			s.time = timeFromName(f.base)
		}
	}
	if s.time == nil && s.files[0].token != "" {
		s.time = timeFromName(filepath.Base(f.dir))
	}
	if s.time == nil {
		s.time = timeFromTag(f.info.Metadata["TIFFTAG_DATETIME"])
		if s.time != nil {
			c.notes.Count(catalog.Info, "time-from-tag", "the time was taken from the TIFF tag DateTime, which may be that of processing: set it with --datetime", s.id)
		}
	}
	return nil
}

// takeOnce keeps one of a band's files, which differ by the resolution that
// their names state: the native one of Sentinel-2, else the finest.
func (c *converter) takeOnce(s *scene) error {
	kept := s.files[:0]
	for _, f := range s.files {
		n := len(kept)
		if n == 0 || f.token == "" || kept[n-1].token != f.token {
			kept = append(kept, f)
			continue
		}
		was := kept[n-1]
		if was.metres == f.metres {
			return fault.Errorf("raster.Convert", fault.Invalid, "%s and %s are both band %s of scene %s", was.name, f.name, f.token, s.id)
		}
		if betterResolution(f.metres, was.metres, msiMetres[f.token]) {
			kept[n-1], f = f, was
		}
		c.notes.Count(catalog.Info, "copy-skipped", "bands given at several resolutions were taken at the one they were measured at, or the finest", f.name)
	}
	s.files = kept
	return nil
}

// reAncillary are bands that help to make or to look at a product and are
// none of its measurements.
var reAncillary = regexp.MustCompile(`^(AOT|WVP|TCI|CLD|SNW|VAA|VZA|SAA|SZA|SR_ATMOS_OPACITY|ST_(ATRAN|CDIST|DRAD|EMIS|EMSD|TRAD|URAD))$`)

// dropAncillary leaves such bands out, unless there is nothing else.
func (c *converter) dropAncillary(s *scene) {
	main := func(f *file) bool { return !reAncillary.MatchString(f.token) }
	if !slices.ContainsFunc(s.files, main) {
		return
	}
	s.files = slices.DeleteFunc(s.files, func(f *file) bool {
		if main(f) {
			return false
		}
		c.notes.Count(catalog.Info, "ancillary-skipped", "bands of aerosol, water vapour, angles and ready-made pictures were left out: name such a file alone to have it", f.name)
		return true
	})
}

// productByName is what the names of a file and its folder say of a scene
// without metadata; nil when they say nothing.
func productByName(f *file) *Product {
	if p := landsatByName(f.base, filepath.Base(f.dir)); p != nil {
		return p
	}
	if p := radarByName(f); p != nil {
		return p
	}
	return sentinel2ByName(f)
}

// sortKey orders B1, B2 … B8, B8A, B9, B10, then quality bands.
func sortKey(token string) string {
	t := strings.ToUpper(token)
	for _, prefix := range []string{"SR_", "ST_", "BAND"} {
		t = strings.TrimPrefix(t, prefix)
	}
	t = strings.TrimPrefix(t, "_")
	if m := reNumbered.FindStringSubmatch(t); m != nil {
		n, _ := strconv.Atoi(m[1]) // at most two digits by the pattern
		return fmt.Sprintf("0%02d%s", n, m[2])
	}
	if t == "VV" || t == "HH" {
		return "10" + t
	}
	if t == "BOA" || t == "TOA" || t == "TOTAL" {
		return "0" + t
	}
	return "1" + t
}

var (
	reNumbered = regexp.MustCompile(`^B?(\d{1,2})(A?)$`)
	reDay      = regexp.MustCompile(`(?:^|[^0-9])((?:19|20)\d{2})[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?:[T_]?([01]\d|2[0-3]):?([0-5]\d):?([0-5]\d))?(?:[^0-9]|$)`)
	reLandsat  = regexp.MustCompile(`^L[COTEM]\d{1}\d{6}((?:19|20)\d{2})([0-3]\d{2})[A-Z]{3}\d{2}`)
)

// timeFromName reads 20230714, 2023-07-14, 20230714T101559 and the day of
// year of old Landsat scene names; the first date is the acquisition. UTC.
func timeFromName(base string) *time.Time {
	if m := reLandsat.FindStringSubmatch(base); m != nil {
		if t, err := time.Parse("2006 002", m[1]+" "+m[2]); err == nil {
			return &t
		}
	}
	m := reDay.FindStringSubmatch(base)
	if m == nil {
		return nil
	}
	layout, text := "20060102", m[1]+m[2]+m[3]
	if m[4] != "" {
		layout, text = layout+"150405", text+m[4]+m[5]+m[6]
	}
	t, err := time.Parse(layout, text)
	if err != nil {
		return nil
	}
	return &t
}

func timeFromTag(s string) *time.Time {
	t, err := time.Parse("2006:01:02 15:04:05", strings.TrimSpace(s))
	if err != nil || t.Year() < 1960 {
		return nil
	}
	return &t
}
