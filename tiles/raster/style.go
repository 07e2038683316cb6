package raster

import (
	"slices"
	"strings"

	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
	"contado/tiles/colormap"
)

// Mode is how values become colours.
type Mode uint8

// The modes.
const (
	ByRamp    Mode = iota // one output through Style.Map
	ByClass               // one band, a colour a value
	ByRGB                 // three outputs
	ByRGBA                // four outputs; alpha 0 to 255
	ByTerrain             // heights as contour lines or colour codes; see Style.Terrain
	ByValue               // another number of outputs: values, which have no colours
)

// Style is Params resolved on the bands of a dataset. It is immutable.
type Style struct {
	Mode  Mode
	Bands []string // as asked for, or the default; resolved by item
	// Expr computes the outputs; nil = the bands themselves. Index is the
	// published index that it is, if it is one.
	Expr  *expr.Expr
	Index *expr.Index
	// Mask is what is left out, as the request says it; "" = nothing.
	Mask    string
	Select  mosaic.Selection
	Highest *expr.Expr
	// Terrain is what is derived from heights; nil = nothing.
	Terrain *Terrain

	Ranges [][2]float64 // by output
	// Percentiles are set where Ranges are not known from statistics: the
	// shares of values (0 to 100) that WithRanges wants the values of.
	Percentiles [][2]float64
	Gamma       float64
	Colormap    string // as asked for, or the default
	Map         colormap.Map
	Resampling  grid.Resampling
	Format      Format
	Classes     []catalog.Class
	Labels      []string // names of the outputs, for legends
	Unit        string
	// Nobody is the number of people below which a cell of a population is
	// left transparent: where nobody lives, the ground is seen. 0 = none.
	Nobody float64

	paint painter
}

// Resolve fills in the defaults and checks the request against the bands of
// the dataset. Errors are fault.Invalid, naming the parameter and what it may be.
func Resolve(p Params, bands []catalog.Band, role catalog.Role) (*Style, error) {
	const op = "raster.Resolve"
	if len(bands) == 0 {
		return nil, fault.Errorf(op, fault.Invalid, "the dataset has no bands to draw")
	}
	s := &Style{Mask: p.Mask, Colormap: p.Colormap, Gamma: p.Gamma, Resampling: p.Resampling, Format: p.Format}
	if s.Format == "" {
		s.Format = PNG
	}
	if !slices.Contains(Formats, s.Format) {
		return nil, fault.Errorf(op, fault.Invalid, "format: there is no %q; there are %s", s.Format, strings.Join(Formats, ", "))
	}
	if s.Mask != "" {
		if _, err := expr.ParseMask(s.Mask, bands); err != nil {
			return nil, fault.E(op, fault.Invalid, err)
		}
	}
	picked, err := s.pick(p, bands)
	if err != nil {
		return nil, err
	}
	for _, f := range []func() error{
		func() error { return s.setSelect(p, bands) },
		func() error { return s.setTerrain(p) },
		func() error { return s.setMode(p, picked, role) },
		func() error { return s.setRanges(p, picked) },
		func() error { s.setNobody(picked, role); return nil },
		func() error { return s.setResampling() },
		s.setGamma,
		s.prepare,
	} {
		if err := f(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// nobodyShare is what counts as nobody, as a share of where the ramp ends:
// in overviews a few people are spread over much ground.
const nobodyShare = 0.01

func (s *Style) setNobody(picked []catalog.Band, role catalog.Role) {
	if role == catalog.Population && s.Mode == ByRamp && len(picked) == 1 && len(s.Ranges) == 1 && s.Ranges[0][0] >= 0 {
		s.Nobody = nobodyShare * s.Ranges[0][1]
	}
}

// pick settles what is drawn; picked are the bands that the outputs are, nil
// for computed ones.
func (s *Style) pick(p Params, bands []catalog.Band) (picked []catalog.Band, err error) {
	const op = "raster.Resolve"
	ways := 0
	for _, set := range []bool{len(p.Bands) > 0, p.Expr != "", p.Index != ""} {
		if set {
			ways++
		}
	}
	if ways > 1 {
		return nil, fault.Errorf(op, fault.Invalid, "bands, expr and index: give one of them")
	}
	if p.Index != "" || p.Expr != "" {
		return nil, s.pickExpr(p, bands)
	}
	if s.Bands = p.Bands; len(s.Bands) == 0 {
		s.Bands = defaultBands(bands, p)
	}
	for _, ref := range s.Bands {
		n, ok := FindBand(bands, ref)
		if !ok {
			return nil, fault.Errorf(op, fault.Invalid, "bands: there is no band %q; the dataset has %s", ref, bandList(bands))
		}
		picked = append(picked, bands[n-1])
		s.Labels = append(s.Labels, bands[n-1].Name)
	}
	s.Unit = picked[0].Unit
	return picked, nil
}

func (s *Style) pickExpr(p Params, bands []catalog.Band) error {
	const op = "raster.Resolve"
	text := p.Expr
	if p.Index != "" {
		x, ok := expr.FindIndex(p.Index)
		if !ok {
			return fault.Errorf(op, fault.Invalid, "index: there is no %q; there are %s", p.Index, indexNames())
		}
		s.Index, text = &x, x.Formula
	}
	e, err := expr.Parse(text)
	if err != nil {
		return fault.E(op, fault.Invalid, err)
	}
	if len(e.Bands()) == 0 {
		return fault.Errorf(op, fault.Invalid, "expr: %s names no band; the dataset has %s", e, bandList(bands))
	}
	for _, ref := range e.Bands() {
		n, err := mosaic.FindBand(bands, ref)
		if err != nil {
			what := "expr"
			if s.Index != nil {
				what = "index " + s.Index.Name
			}
			return fault.Errorf(op, fault.Invalid, "%s: there is no band %q; the dataset has %s", what, ref, bandList(bands))
		}
		if s.Index != nil && s.Index.Reflectance {
			if err := isReflectance(s.Index, &bands[n-1]); err != nil {
				return err
			}
		}
	}
	s.Expr, s.Labels = e, e.Titles()
	if s.Index != nil {
		s.Labels = []string{s.Index.Name}
	}
	return nil
}

// isReflectance refuses to compute an index whose constants are made for
// reflectance from numbers that are something else.
func isReflectance(x *expr.Index, b *catalog.Band) error {
	if b.Quantity == catalog.Reflectance || b.Quantity == "" && b.Scale != 0 && b.Scale != 1 {
		return nil
	}
	err := fault.Errorf("raster.Resolve", fault.Invalid, "index: %s is defined on reflectance (0 to 1), and band %s holds something else (%s)", x.Name, b.Name, quantity(b))
	return fault.WithHint(err, "ingest the scene with its metadata (SAFE folder, MTL file, STAC item), or write the formula with the scale as expr, such as "+scaled(x))
}

func quantity(b *catalog.Band) string {
	if b.Quantity != "" {
		return string(b.Quantity)
	}
	return "numbers without a scale"
}

// scaled is the formula with each band divided by 10,000, the scale in most
// use.
func scaled(x *expr.Index) string {
	text := x.Formula
	for _, b := range x.Bands {
		text = replaceWord(text, b, "("+b+"/10000)")
	}
	return text
}

func replaceWord(text, word, by string) string {
	var out strings.Builder
	letter := func(c byte) bool {
		return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && letter(text[j]) {
			j++
		}
		switch {
		case j == i:
			out.WriteByte(text[i])
			i++
		case text[i:j] == word:
			out.WriteString(by)
			i = j
		default:
			out.WriteString(text[i:j])
			i = j
		}
	}
	return out.String()
}

func indexNames() string {
	var names []string
	for _, x := range expr.Indices() {
		names = append(names, x.Name)
	}
	return strings.Join(names, ", ")
}

func (s *Style) setSelect(p Params, bands []catalog.Band) error {
	const op = "raster.Resolve"
	s.Select = p.Select
	if s.Select == "" && p.Highest != "" {
		s.Select = mosaic.Highest
	}
	if s.Select == "" {
		s.Select = mosaic.Newest
	}
	if !slices.Contains(mosaic.Selections, s.Select) {
		return fault.Errorf(op, fault.Invalid, "select: there is no %q; there are %s", s.Select, selections())
	}
	if (s.Select == mosaic.Highest) != (p.Highest != "") {
		return fault.Errorf(op, fault.Invalid, "select=highest and the expression highest go together")
	}
	if p.Highest == "" {
		return nil
	}
	e, err := expr.Parse(p.Highest)
	if err != nil {
		return fault.E(op, fault.Invalid, err)
	}
	if e.Outputs() != 1 || len(e.Bands()) == 0 {
		return fault.Errorf(op, fault.Invalid, "highest: want one expression that names a band")
	}
	for _, ref := range e.Bands() {
		if _, ok := FindBand(bands, ref); !ok {
			return fault.Errorf(op, fault.Invalid, "highest: there is no band %q; the dataset has %s", ref, bandList(bands))
		}
	}
	s.Highest = e
	return nil
}

func selections() string {
	var out []string
	for _, s := range mosaic.Selections {
		out = append(out, string(s))
	}
	return strings.Join(out, ", ")
}

// Outputs is the number of values a pixel has.
func (s *Style) Outputs() int { return len(s.Labels) }

// Query is what to ask package mosaic for.
func (s *Style) Query() mosaic.Query {
	return mosaic.Query{Bands: s.Bands, Expr: s.Expr, Mask: s.Mask, Select: s.Select, Highest: s.Highest, Resampling: s.Resampling}
}

func (s *Style) setMode(p Params, picked []catalog.Band, role catalog.Role) error {
	const op = "raster.Resolve"
	switch n := s.Outputs(); {
	case s.Terrain != nil:
		if n != 1 {
			return fault.Errorf(op, fault.Invalid, "terrain: needs one band of heights, and %d are drawn; name one with bands", n)
		}
		s.Mode = ByRamp
		if s.Terrain.coded() || s.Terrain.Kind == Contours {
			s.Mode = ByTerrain
		}
	case n == 1:
		s.Mode = ByRamp
		if picked != nil && p.Colormap == "" && len(p.Rescale) == 0 && len(p.Percentiles) == 0 && len(picked[0].Classes) > 0 {
			s.Mode, s.Classes = ByClass, picked[0].Classes
			return nil
		}
	case n == 3:
		s.Mode = ByRGB
	case n == 4:
		s.Mode = ByRGBA
	case IsValues(s.Format):
		s.Mode = ByValue
	default:
		return fault.Errorf(op, fault.Invalid, "bands: %d bands given; one (with colormap), three (red, green, blue) or four (and alpha) can be drawn", n)
	}
	if s.Mode != ByRamp {
		if p.Colormap != "" {
			return fault.Errorf(op, fault.Invalid, "colormap: needs one band, and %d are drawn; name one with bands", s.Outputs())
		}
		return nil
	}
	return s.setMap(picked, role)
}

func (s *Style) setMap(picked []catalog.Band, role catalog.Role) error {
	if s.Colormap == "" {
		switch {
		case s.Terrain != nil:
			s.Colormap = s.Terrain.colormap()
		case s.Index != nil:
			s.Colormap = s.Index.Colormap
		case picked == nil:
			s.Colormap = "viridis"
		default:
			s.Colormap = defaultColormap(role)
		}
	}
	var err error
	if s.Map, err = colormap.Parse(s.Colormap); err != nil {
		return fault.E("raster.Resolve", fault.Invalid, err)
	}
	if picked != nil && s.Map.Form() == colormap.Classes {
		s.Classes = picked[0].Classes // their names, for legends
	}
	return nil
}

func defaultColormap(role catalog.Role) string {
	switch role {
	case catalog.Elevation:
		return "terrain"
	case catalog.Imagery:
		return "greys"
	case catalog.Hazard:
		return "blues"
	}
	return "viridis"
}

func (s *Style) setResampling() error {
	switch {
	case s.Resampling != "" && !s.Resampling.Valid():
		return fault.Errorf("raster.Resolve", fault.Invalid, "resampling: there is no %q; there are nearest, bilinear, cubic, average and mode", s.Resampling)
	case s.Mode == ByClass && s.Resampling != grid.Mode:
		s.Resampling = grid.Nearest
	case s.Resampling == "":
		s.Resampling = grid.Bilinear
	}
	return nil
}

func (s *Style) setGamma() error {
	const op = "raster.Resolve"
	switch {
	case s.Gamma == 0:
		s.Gamma = 1
	case !(s.Gamma >= 0.1 && s.Gamma <= 10):
		return fault.Errorf(op, fault.Invalid, "gamma: %g is outside 0.1 to 10", s.Gamma)
	}
	if s.Gamma == 1 {
		return nil
	}
	ramp := s.Mode == ByRamp && s.Map.Form() == colormap.Scale
	if !ramp && s.Mode != ByRGB && s.Mode != ByRGBA {
		return fault.Errorf(op, fault.Invalid, "gamma: is for colours over a range of values, which are not drawn here")
	}
	return nil
}
