package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/geo/travel"
)

// What is left of the usual speed. Snow off the roads: Weiss and others
// (2020) walk snow and ice at 1.62 km/h and grassland at 4.86. Roads under
// snow are an assumption. Water closes.
const (
	onSnow     = 1.62 / 4.86
	roadOnSnow = 0.5
)

// seasonCover is one thing that a season reads from pictures.
type seasonCover struct {
	name      string
	subject   string   // of extent maps, for pictures that are not classified
	words     []string // that begin the names of classes
	scl       int      // class of Sentinel-2 scene classifications
	threshold map[string]float64
}

var seasonCovers = []seasonCover{
	{
		name: "snow", subject: "snow", scl: 11, words: []string{"snow", "new snow", "neve", "ice", "ghiacci", "firn"},
		// NDSI > 0.4: Hall, Riggs and Salomonson 1995; a cell counts as snow
		// from half of it under snow (fractional snow cover, in percent).
		threshold: map[string]float64{"ndsi": 0.4, "fsc": 49.999, "fscog": 49.999, "fsctoc": 49.999},
	},
	{
		name: "flood", subject: "water", scl: 6, words: []string{"water", "flood", "acqua", "alluvion", "inond", "allagat"},
		threshold: map[string]float64{"mndwi": 0, "ndwi": 0}, // Xu 2006; McFeeters 1996
	},
}

// maskUnknown marks cells that no picture showed, such as those under clouds.
const maskUnknown = 0xff

// season reads a season from words onto a grid: masks of snow and floods from
// raster datasets, and the snow line. Each word is one of
//
//	snow:DATASET[@TIME]   flood:DATASET[@TIME]   DATASET[@TIME]
//	snowline:METRES       snowline:DATASET[@TIME]
//
// where TIME is as Interval reads it. A dataset may hold classes, a band of
// NDSI, NDWI, MNDWI or fractional snow cover, or bands to compute these from.
// Without kind, the classes tell. nil when there are no words.
//
// Errors: fault.Invalid for words that cannot be read and datasets that show
// neither snow nor water; fault.NotExist for datasets that are not there.
func (r *run) season(ctx context.Context, names []string, g grid.Grid) (*travel.Season, error) {
	if len(names) == 0 {
		return nil, nil
	}
	s := &travel.Season{
		Name: strings.Join(names, ","), Grid: g, Title: map[string]string{},
		OnSnow: onSnow, RoadOnSnow: roadOnSnow,
		Sources: []travel.Citation{
			{Figure: "on_snow", Text: "Weiss and others 2020: snow and ice 1.62 km/h beside grassland 4.86"},
			{Figure: "road_on_snow", Text: "assumption: half the usual speed on roads under snow"},
			{Figure: "on_flood", Text: "assumption: flooded ground and roads are closed"},
		},
	}
	for _, word := range names {
		if err := r.seasonWord(ctx, s, word); err != nil {
			return nil, fmt.Errorf("season %q: %w", word, err)
		}
	}
	s.Title["en"], s.Title["it"] = seasonTitle(s)
	return s, s.Check()
}

func seasonTitle(s *travel.Season) (en, it string) {
	var e, i []string
	if s.Snow != nil {
		e, i = append(e, "snow as seen by satellite"), append(i, "neve vista da satellite")
	}
	if s.SnowLine != 0 {
		e, i = append(e, notice.Text("snow line at %.0f m", s.SnowLine)), append(i, notice.Italian("limite della neve a %.0f m", s.SnowLine))
	}
	if s.Flood != nil {
		e, i = append(e, "floods as seen by satellite"), append(i, "allagamenti visti da satellite")
	}
	return strings.Join(e, ", "), strings.Join(i, ", ")
}

// seasonWord reads one word into the season.
func (r *run) seasonWord(ctx context.Context, s *travel.Season, word string) error {
	const op = "analysis.season"
	kind, what, named := strings.Cut(word, ":")
	if !named {
		kind, what = "", word
	}
	if kind == "snowline" {
		if v, err := strconv.ParseFloat(what, 64); err == nil {
			if !(v > 0 && v < 9000) {
				return fault.Errorf(op, fault.Invalid, "a snow line at %g m: want more than 0 and less than 9000", v)
			}
			s.SnowLine = v
			return nil
		}
	}
	dataset, when, _ := strings.Cut(what, "@")
	q := Pictures{Dataset: dataset, Select: mosaic.Newest}
	var err error
	if q.From, q.To, err = Interval(when); err != nil {
		return err
	}
	if kind == "snowline" {
		return r.seasonLine(ctx, s, q)
	}
	cover, mask, err := r.seasonMask(ctx, kind, q, s.Grid)
	if err != nil {
		return err
	}
	into := &s.Snow
	if cover.name == "flood" {
		into = &s.Flood
	}
	if *into == nil {
		*into = make([]uint8, len(mask))
	}
	unknown := 0
	for i, v := range mask {
		switch v {
		case 1:
			(*into)[i] = 1
		case maskUnknown:
			unknown++
		}
	}
	if unknown > 0 {
		r.notice("season-unknown",
			notice.Text("%d of %d [cell|cells] [1:was|were] not seen in %s (clouds, or no picture) and [1:counts|count] as clear of %s.", unknown, len(mask), dataset, cover.name),
			notice.Italian("%d [cella|celle] su %d non [1:è visibile|sono visibili] in %s (nuvole, o nessuna immagine) e [1:conta come libera|contano come libere].", unknown, len(mask), dataset))
	}
	return nil
}

// seasonLine sets the snow line to the height that parts snow from bare
// ground best in pictures of snow.
func (r *run) seasonLine(ctx context.Context, s *travel.Season, q Pictures) error {
	_, mask, err := r.seasonMask(ctx, "snow", q, s.Grid)
	if err != nil {
		return err
	}
	box, err := boxIn(s.Grid, geo.WGS84)
	if err != nil {
		return err
	}
	d, found, err := r.pick(catalog.Elevation, "", "--elevation", box)
	if err != nil {
		return err
	}
	if !found {
		return fault.WithHint(fault.Errorf("analysis.season", fault.Invalid, "a snow line from pictures needs elevation, and none is known here"), "give the line in metres: snowline:1500")
	}
	r.used(d)
	heights := make([]float32, s.Grid.Cells())
	if _, err := r.resample(ctx, r.snapshot.Items(d.ID, &box), 1, s.Grid, true, heights); err != nil {
		return err
	}
	line, ok := snowLine(heights, mask)
	if !ok {
		return fault.Errorf("analysis.season", fault.Invalid, "dataset %q shows no snow with a known height here, so there is no snow line", q.Dataset)
	}
	s.SnowLine = line
	return nil
}

// snowLine is the height, in whole metres, with the fewest cells of snow
// below it and of bare ground at or above it: the regional snow line of
// P. Krajčí and others, Water Resources Research 50, 2014. The lowest such
// height; ok is false without snow.
func snowLine(heights []float32, mask []uint8) (line float64, ok bool) {
	type step struct{ snow, bare int }
	const lowest, highest = 1, 8999
	steps := make([]step, highest+2)
	for i, z := range heights {
		if z != z {
			continue
		}
		k := int(math.Max(lowest-1, math.Min(float64(z), highest)))
		switch mask[i] {
		case 1:
			steps[k].snow++
			ok = true
		case 0:
			steps[k].bare++
		}
	}
	if !ok {
		return 0, false
	}
	wrong := 0 // for a line at lowest: bare ground above, snow below
	for k, s := range steps {
		if k < lowest {
			wrong += s.snow
		} else {
			wrong += s.bare
		}
	}
	best, at := wrong, lowest
	for k := lowest; k <= highest; k++ {
		// The line moves above the cells of step k.
		if wrong += steps[k].snow - steps[k].bare; wrong < best {
			best, at = wrong, k+1
		}
	}
	return float64(at), true
}

// seasonMask reads where pictures show snow or water: 1 yes, 0 no,
// maskUnknown where nothing was seen.
func (r *run) seasonMask(ctx context.Context, kind string, q Pictures, g grid.Grid) (*seasonCover, []uint8, error) {
	box, err := boxIn(g, geo.WGS84)
	if err != nil {
		return nil, nil, err
	}
	pics, err := r.found(q, &box)
	if err != nil {
		return nil, nil, err
	}
	cover, value, test, err := seasonTest(kind, &pics.items[len(pics.items)-1])
	if err != nil {
		return nil, nil, fmt.Errorf("dataset %s: %w", q.Dataset, err)
	}
	if value == "" { // pictures to compute it from
		sub, err := subjectOf(cover.subject)
		if err != nil {
			return nil, nil, err
		}
		if pics, err = r.findFor(sub, q, &box); err != nil {
			return nil, nil, fault.WithHint(fmt.Errorf("dataset %s tells no %s: %w", q.Dataset, cover.name, err), "it may hold classes with names, a band named ndsi, ndwi or fsc, or the bands to compute them from")
		}
		test = func(v float32) uint8 { return yes(v > float32(sub.Threshold)) }
	} else {
		q.Value = value
		if pics, err = r.find(q, &box); err != nil {
			return nil, nil, err
		}
	}
	out := make([]uint8, g.Cells())
	pl := &plan{grid: g, layers: []layer{r.layerOf(pics)}}
	for _, win := range tilesOf(g) {
		in, err := r.readLayers(ctx, pl, win)
		if err != nil {
			return nil, nil, err
		}
		for i, v := range in[0].Bands[0] {
			at := (win.Row+i/win.Width)*g.Width + win.Col + i%win.Width
			if out[at] = maskUnknown; in[0].Mask[i] != 0 {
				out[at] = test(v)
			}
		}
		r.reader.Release(in[0])
	}
	return cover, out, nil
}

func yes(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// seasonTest finds the band of a picture that tells of a kind ("" for any)
// and how; value is "" when it has to be computed.
func seasonTest(kind string, it *catalog.Item) (cover *seasonCover, value string, test func(float32) uint8, err error) {
	var names []string
	for i := range seasonCovers {
		c := &seasonCovers[i]
		names = append(names, c.name)
		if kind != "" && kind != c.name {
			continue
		}
		for b := range it.Bands {
			if test = c.test(&it.Bands[b]); test != nil {
				return c, it.Bands[b].Name, test, nil
			}
		}
		if kind != "" {
			return c, "", nil, nil
		}
	}
	if kind != "" {
		return nil, "", nil, fault.Errorf("analysis.season", fault.Invalid, "%q is unknown: say snow, flood or snowline", kind)
	}
	return nil, "", nil, fault.WithHint(fault.Errorf("analysis.season", fault.Invalid, "no band tells by itself of %s", strings.Join(names, " or ")), "say which: snow:… or flood:…")
}

// test tells how values of a band mean the cover; nil when they do not.
func (c *seasonCover) test(b *catalog.Band) func(float32) uint8 {
	if b.Flags == "sentinel2-scl" {
		return func(v float32) uint8 {
			switch int(v) {
			case 0, 1, 3, 8, 9, 10: // nothing, defects, shadows and clouds
				return maskUnknown
			}
			return yes(int(v) == c.scl)
		}
	}
	if limit, ok := c.threshold[strings.ToLower(b.Name)]; ok {
		top := math.Inf(1)
		if limit > 1 {
			top = 100 // codes beyond percent: clouds and no data
		}
		return func(v float32) uint8 {
			if float64(v) > top {
				return maskUnknown
			}
			return yes(v > float32(limit))
		}
	}
	var is, clouds []int
	for _, k := range b.Classes {
		name := strings.ToLower(k.Name)
		switch {
		case slices.ContainsFunc(c.words, func(w string) bool { return strings.HasPrefix(name, w) }) && !strings.Contains(name, "melted") && !strings.Contains(name, "dried"):
			is = append(is, k.Value)
		case strings.Contains(name, "cloud") || strings.Contains(name, "nuvol"):
			clouds = append(clouds, k.Value)
		}
	}
	if len(is) == 0 {
		return nil
	}
	return func(v float32) uint8 {
		if slices.Contains(clouds, int(v)) {
			return maskUnknown
		}
		return yes(slices.Contains(is, int(v)))
	}
}
