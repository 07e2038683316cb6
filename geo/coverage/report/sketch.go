package report

import (
	"bytes"
	"image/png"
	"math"
	"regexp"

	"github.com/paulmach/orb"

	"contado/geo/fault"
)

// Sketch is what the map is drawn from, in longitude and latitude (WGS84).
type Sketch struct {
	// Areas are the polygons of the areas, matched to the report by code.
	Areas      []AreaShape
	Facilities []orb.Point
	// Outline is the border of the territory or other lines to draw over the
	// areas; may be nil.
	Outline orb.Geometry
	// Backdrop is a picture of the travel time surface (PNG, at most
	// MaxBackdrop bytes) over BackdropBounds, rows of equal latitude; it is
	// drawn as a map of its own. Nil when there is none.
	Backdrop       []byte
	BackdropBounds orb.Bound
	// BackdropLegend explains its colours, in order.
	BackdropLegend []LegendEntry
}

// AreaShape is the polygon of one area.
type AreaShape struct {
	Code     string
	Geometry orb.Geometry
}

// LegendEntry is one colour ("#rrggbb") of the backdrop: times up to Seconds;
// a Label takes the place of the time when set.
type LegendEntry struct {
	Color   string
	Seconds float64
	Label   string
}

// MaxBackdrop is the most bytes of a backdrop picture.
const MaxBackdrop = 700 << 10

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (s *Sketch) check() error {
	bad := func(kind fault.Kind, format string, args ...any) error {
		return fault.Errorf("report.HTML", kind, format, args...)
	}
	b, any := s.bounds()
	if any && !(b.Min[0] >= -360 && b.Max[0] <= 360 && b.Min[1] >= -90 && b.Max[1] <= 90) {
		return fault.WithHint(bad(fault.Invalid, "map outlines reach from %v to %v", b.Min, b.Max), "give them in longitude and latitude")
	}
	if len(s.Backdrop) > MaxBackdrop {
		return bad(fault.TooLarge, "backdrop picture of %d bytes; the limit is %d", len(s.Backdrop), MaxBackdrop)
	}
	if len(s.Backdrop) > 0 {
		if _, err := png.DecodeConfig(bytes.NewReader(s.Backdrop)); err != nil {
			return bad(fault.Invalid, "backdrop picture is not a PNG: %v", err)
		}
		if bb := s.BackdropBounds; !(bb.Min[0] < bb.Max[0] && bb.Min[1] < bb.Max[1]) {
			return bad(fault.Invalid, "backdrop picture has no bounds")
		}
	}
	for _, e := range s.BackdropLegend {
		if !colour.MatchString(e.Color) {
			return bad(fault.Invalid, "backdrop legend colour %q: must be #rrggbb", e.Color)
		}
	}
	return nil
}

// bounds is the box of all outlines; false when there are none.
func (s *Sketch) bounds() (orb.Bound, bool) {
	b, found := orb.Bound{}, false
	grow := func(g orb.Geometry) {
		for _, r := range rings(g) {
			for _, p := range r {
				if !found {
					b, found = orb.Bound{Min: p, Max: p}, true
				}
				if math.IsNaN(p[0]) || math.IsNaN(p[1]) {
					p = orb.Point{math.Inf(1), math.Inf(1)}
				}
				b = b.Extend(p)
			}
		}
	}
	for _, a := range s.Areas {
		grow(a.Geometry)
	}
	if s.Outline != nil {
		grow(s.Outline)
	}
	return b, found
}

// frameOf is the frame of the map. Outlines on both sides of the antimeridian
// are brought together on its eastern side.
func (s *Sketch) frameOf() *frame {
	b, found := s.bounds()
	if !found {
		return nil
	}
	if b.Max[0]-b.Min[0] <= 180 {
		return newFrame(b)
	}
	west, east := math.Inf(1), math.Inf(-1)
	for _, a := range append([]AreaShape{{Geometry: s.Outline}}, s.Areas...) {
		for _, r := range rings(a.Geometry) {
			for _, p := range r {
				lon := p[0]
				if lon < 0 {
					lon += 360
				}
				west, east = math.Min(west, lon), math.Max(east, lon)
			}
		}
	}
	f := newFrame(orb.Bound{Min: orb.Point{west, b.Min[1]}, Max: orb.Point{east, b.Max[1]}})
	f.wraps = true
	return f
}
