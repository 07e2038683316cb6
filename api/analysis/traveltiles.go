package analysis

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/analysis"
	"contado/geo/fault"
)

// timesNames are the parameters of tiles of travel times.
var timesNames = []string{
	"territory", "service", "profile", "direction", "neighbours", "speed_kmh", "landcover", "elevation", "population", "places",
	"roads", "barriers", "season", "without", "extra", "timetable", "date", "departing", "percentile", "max_rides", "wheelchair", "on_demand", "minutes", "v",
}

// mediaMinutes is the form of tiles that programs colour themselves.
const mediaMinutes = "application/octet-stream"

// maxBands bounds the classes of a picture.
const maxBands = 12

// travelTile answers with a tile of the times of a question: the minutes as
// bytes, or a picture of classes.
func (h *Handler) travelTile(c echo.Context) error {
	if err := rest.Only(c, timesNames...); err != nil {
		return err
	}
	z, x, y, ending, err := tileOf(c)
	if err != nil {
		return err
	}
	values := rest.Query(c)
	bands, err := bandsOf(values.Get("minutes"))
	if err != nil {
		return err
	}
	in, err := timesInputs(values)
	if err != nil {
		return err
	}
	q, err := in.request()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := (&coverageWork{q.CoverageRequest}).check(ctx, h); err != nil {
		return err
	}
	if !h.Engine.Explored(q) {
		if err := h.turn(ctx); err != nil {
			return err
		}
		defer func() { <-h.turns }()
	}
	s, err := h.Engine.TimeSurface(ctx, q, nil)
	if err != nil {
		return asInvalid("travel-times", err)
	}
	minutes, err := s.Tile(z, x, y)
	if err != nil {
		return err
	}
	media, body := mediaMinutes, minutes
	if ending == "png" {
		media = "image/png"
		if body, err = drawMinutes(minutes, bands); err != nil {
			return err
		}
	}
	cache := rest.Revalidate
	if v := values.Get("v"); v != "" && v == h.Engine.Stamp() {
		cache = rest.Forever
	}
	return rest.Tagged(c, media, rest.Tag(media, string(body)), cache, body)
}

// tileOf reads the address of a tile: whole numbers without leading zeros.
func tileOf(c echo.Context) (z, x, y int, ending string, err error) {
	var parts [3]string
	for i, name := range []string{"z", "x", "file"} {
		if parts[i], err = rest.Path(c, name); err != nil {
			return 0, 0, 0, "", err
		}
	}
	parts[2], ending, _ = strings.Cut(parts[2], ".")
	var n [3]int
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 || strconv.Itoa(v) != p {
			return 0, 0, 0, "", fault.Errorf("travel-times", fault.Invalid, "a tile is {z}/{x}/{y}, whole numbers, not %.20q", p)
		}
		n[i] = v
	}
	if ending != "bin" && ending != "png" {
		return 0, 0, 0, "", fault.Errorf("travel-times", fault.Invalid, "tiles end in .bin (minutes) or .png (a picture), not .%.20q", ending)
	}
	return n[0], n[1], n[2], ending, nil
}

// bandsOf reads the upper limits of the classes of a picture.
func bandsOf(text string) ([]int, error) {
	if text == "" {
		return []int{15, 30, 60}, nil
	}
	var out []int
	for _, p := range strings.Split(text, ",") {
		n, err := strconv.Atoi(p)
		if err != nil || n < 1 || n >= analysis.MostMinutes || len(out) > 0 && n <= out[len(out)-1] || len(out) == maxBands {
			return nil, fault.Errorf("travel-times", fault.Invalid, "minutes=%.60q: want at most %d rising whole numbers of minutes from 1 to %d", text, maxBands, analysis.MostMinutes-1)
		}
		out = append(out, n)
	}
	return out, nil
}

// timesInputs reads the parameters as the inputs of coverage-explore.
func timesInputs(v url.Values) (*exploreInputs, error) {
	in := &exploreInputs{Without: v["without"]}
	in.Territory, in.Service, in.Profile, in.Direction = v.Get("territory"), v.Get("service"), v.Get("profile"), v.Get("direction")
	in.LandCover, in.Elevation, in.Population, in.Places = v.Get("landcover"), v.Get("elevation"), v.Get("population"), v.Get("places")
	in.Roads, in.Barriers, in.Season = v["roads"], v["barriers"], v["season"]
	in.Timetable, in.Date, in.Departing = v["timetable"], v.Get("date"), v.Get("departing")
	var wrong string
	number := func(name string, to *float64) {
		text := v.Get(name)
		if text == "" {
			return
		}
		var err error
		if *to, err = strconv.ParseFloat(text, 64); err != nil {
			wrong = name
		}
	}
	var neighbours, rides, percentile float64
	number("neighbours", &neighbours)
	number("speed_kmh", &in.SpeedKmh)
	number("max_rides", &rides)
	number("percentile", &percentile)
	if v.Has("percentile") {
		in.Percentile = &percentile
	}
	in.Neighbours, in.MaxRides = int(neighbours), int(rides)
	for name, to := range map[string]*bool{"wheelchair": &in.Wheelchair, "on_demand": &in.OnDemand} {
		switch text := v.Get(name); text {
		case "", "false":
		case "true":
			*to = true
		default:
			wrong = name
		}
	}
	if wrong != "" || neighbours != float64(in.Neighbours) || rides != float64(in.MaxRides) {
		return nil, invalid("%s: %.40q cannot be read", wrong, v.Get(wrong))
	}
	for _, text := range v["extra"] {
		p, err := extraOf(text)
		if err != nil {
			return nil, err
		}
		in.Extra = append(in.Extra, p)
	}
	return in, nil
}

// extraOf reads longitude,latitude or longitude,latitude,name.
func extraOf(text string) (placeInput, error) {
	parts := strings.SplitN(text, ",", 3)
	var p placeInput
	if len(parts) < 2 {
		return p, invalid("extra: %.60q; want longitude,latitude or longitude,latitude,name", text)
	}
	var err1, err2 error
	p.Lon, err1 = strconv.ParseFloat(parts[0], 64)
	p.Lat, err2 = strconv.ParseFloat(parts[1], 64)
	if err1 != nil || err2 != nil || len(text) > 400 {
		return p, invalid("extra: %.60q; want longitude,latitude or longitude,latitude,name", text)
	}
	if len(parts) == 3 {
		p.Name = parts[2]
	}
	return p, nil
}

// timeColours go from near to far, dark to light; then those beyond, no way,
// no ground, outside.
var (
	timeColours = []color.Color{
		color.NRGBA{0x0d, 0x08, 0x87, 0xff},
		color.NRGBA{0x5b, 0x02, 0xa3, 0xff},
		color.NRGBA{0x9a, 0x17, 0x9b, 0xff},
		color.NRGBA{0xcb, 0x46, 0x78, 0xff},
		color.NRGBA{0xeb, 0x78, 0x52, 0xff},
		color.NRGBA{0xfb, 0xb3, 0x2f, 0xff},
		color.NRGBA{0xf0, 0xf9, 0x21, 0xff},
	}
	laterColour    = color.NRGBA{0xd9, 0xd5, 0xcc, 0xff}
	neverColour    = color.NRGBA{0x6b, 0x67, 0x5f, 0xff}
	noGroundColour = color.NRGBA{0xa9, 0xc3, 0xd6, 0xff}
)

// drawMinutes is a picture of minutes in classes.
func drawMinutes(minutes []uint8, bands []int) ([]byte, error) {
	palette := color.Palette{color.NRGBA{}}
	for i := range bands {
		palette = append(palette, timeColours[i*(len(timeColours)-1)/max(1, len(bands)-1)])
	}
	later := uint8(len(palette))
	palette = append(palette, laterColour, neverColour, noGroundColour)
	img := image.NewPaletted(image.Rect(0, 0, 256, 256), palette)
	for i, m := range minutes {
		switch m {
		case analysis.MinutesOutside:
		case analysis.MinutesNever:
			img.Pix[i] = later + 1
		case analysis.MinutesNoGround:
			img.Pix[i] = later + 2
		default:
			band, _ := slices.BinarySearch(bands, int(m))
			img.Pix[i] = min(later, uint8(band)+1)
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}
