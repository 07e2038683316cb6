package raster

import (
	"slices"
	"strconv"
	"strings"

	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/tiles/encode"
	"contado/tiles/terrain"
)

// Kinds of terrain pictures.
const (
	Hillshade        = "hillshade"
	Multidirectional = "multidirectional" // relief lit from four sides
	Slope            = "slope"            // degrees
	SlopePercent     = "slope-percent"
	Aspect           = "aspect" // degrees clockwise from north
	Contours         = "contours"
	TerrainRGB       = "terrain-rgb" // Mapbox's code of heights
	Terrarium        = "terrarium"   // Tilezen's
)

// Terrains lists the kinds of terrain pictures.
var Terrains = []string{Hillshade, Multidirectional, Slope, SlopePercent, Aspect, Contours, TerrainRGB, Terrarium}

// Terrain is what is derived from heights.
type Terrain struct {
	Kind string
	// Interval of Contours in metres; 0 = by the resolution of the picture.
	Interval float64
}

// Unit is that of slopes.
func (t *Terrain) Unit() terrain.Unit {
	if t.Kind == SlopePercent {
		return terrain.Percent
	}
	return terrain.Degrees
}

// Light is how relief is lit.
func (t *Terrain) Light() *terrain.Light {
	return &terrain.Light{Multidirectional: t.Kind == Multidirectional}
}

// Coding is that of coded heights.
func (t *Terrain) Coding() terrain.Coding {
	if t.Kind == Terrarium {
		return terrain.Terrarium
	}
	return terrain.Mapbox
}

func (t *Terrain) coded() bool { return t.Kind == TerrainRGB || t.Kind == Terrarium }

func (t *Terrain) colormap() string {
	switch t.Kind {
	case Slope, SlopePercent:
		return "ylorbr"
	case Aspect:
		return "twilight"
	}
	return "greys"
}

// values is the range of what is derived.
func (t *Terrain) values() [2]float64 {
	switch t.Kind {
	case Slope:
		return [2]float64{0, 60}
	case SlopePercent:
		return [2]float64{0, 150}
	case Aspect:
		return [2]float64{0, 360}
	}
	return [2]float64{1, 255}
}

// border is how many cells round the picture are looked at.
func (t *Terrain) border() int {
	switch {
	case t.coded():
		return 0
	case t.Kind == Contours:
		return (*terrain.Pen)(nil).Border()
	}
	return 1
}

func (s *Style) setTerrain(p Params) error {
	const op = "raster.Resolve"
	if p.Terrain == "" {
		return nil
	}
	kind, interval, has := strings.Cut(p.Terrain, ":")
	t := &Terrain{Kind: kind}
	if !slices.Contains(Terrains, kind) {
		return fault.Errorf(op, fault.Invalid, "terrain: there is no %q; there are %s", kind, strings.Join(Terrains, ", "))
	}
	if has {
		v, err := strconv.ParseFloat(interval, 64)
		if kind != Contours || err != nil || !(v >= 0.01 && v <= 10000) {
			return fault.Errorf(op, fault.Invalid, "terrain: %.40q; only contours take an interval, of 0.01 to 10000 metres, such as contours:20", p.Terrain)
		}
		t.Interval = v
	}
	if t.coded() && s.Format == JPEG {
		return fault.Errorf(op, fault.Invalid, "terrain: %s does not survive the losses of JPEG; ask for png or webp", kind)
	}
	if t.coded() && (len(p.Rescale) > 0 || len(p.Percentiles) > 0) {
		return fault.Errorf(op, fault.Invalid, "terrain: %s codes heights as they are; it takes no rescale", kind)
	}
	s.Terrain = t
	switch kind {
	case Slope, Aspect:
		s.Unit = "°"
	case SlopePercent:
		s.Unit = "%"
	case Hillshade, Multidirectional:
		s.Unit = ""
	}
	return nil
}

// Border is how many cells on every side of a picture Draw needs.
func (s *Style) Border() int {
	if s.Terrain == nil {
		return 0
	}
	return s.Terrain.border()
}

// derive turns heights with a border into what is drawn: values without it,
// for relief, slope and aspect.
func (s *Style) derive(res *mosaic.Result, ground Ground) (*mosaic.Result, *terrain.Surface, error) {
	n := s.Border()
	w, h := res.Grid.Width-2*n, res.Grid.Height-2*n
	f := &terrain.Surface{Heights: res.Bands[0], Mask: res.Mask, Width: w, Height: h, Border: n, CellX: ground.X, CellY: ground.Y}
	out := &mosaic.Result{
		Grid: res.Grid.Sub(grid.Window{Col: n, Row: n, Width: w, Height: h}), Bands: [][]float32{make([]float32, w*h)}, Mask: make([]uint8, w*h),
		Used: res.Used, Skipped: res.Skipped, Complete: res.Complete, Reads: res.Reads,
	}
	var err error
	switch s.Terrain.Kind {
	case Hillshade, Multidirectional:
		err = terrain.Hillshade(out.Bands[0], out.Mask, f, s.Terrain.Light())
	case Slope, SlopePercent:
		err = terrain.Slope(out.Bands[0], out.Mask, f, s.Terrain.Unit())
	case Aspect:
		err = terrain.Aspect(out.Bands[0], out.Mask, f)
	default: // the heights themselves, without the border
		for y := range h {
			from := (y+n)*res.Grid.Width + n
			copy(out.Bands[0][y*w:(y+1)*w], res.Bands[0][from:from+w])
			copy(out.Mask[y*w:(y+1)*w], res.Mask[from:from+w])
		}
	}
	for _, m := range out.Mask {
		out.Valid += int(m & 1)
	}
	return out, f, err
}

// paintTerrain draws contour lines and coded heights.
func (s *Style) paintTerrain(res *mosaic.Result, f *terrain.Surface, ground Ground) (*encode.Image, error) {
	w, h := res.Grid.Width, res.Grid.Height
	if s.Terrain.coded() {
		return terrain.Code(s.Terrain.Coding(), res.Bands[0], res.Mask, w, h, 0)
	}
	levels := terrain.Levels{Interval: s.Terrain.Interval}
	if levels.Interval == 0 {
		levels.Interval = terrain.DefaultInterval(ground.Nominal)
	}
	m := &encode.Image{Width: w, Height: h, Kind: encode.RGBA, Pix: make([]uint8, w*h*4)}
	if err := terrain.DrawContours(m, f, levels, nil); err != nil {
		return nil, err
	}
	return m, nil
}
