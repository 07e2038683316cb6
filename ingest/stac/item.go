package stac

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/catalog"
)

// item is what a STAC item says, as far as it can be used.
type item struct {
	id         string
	at         place // of the document; assets are relative to it
	version    string
	collection string
	time       *time.Time
	start, end *time.Time
	box        *geo.BBox
	cloud      *float64
	epsg       string // of proj:code or proj:epsg; "" when not said
	scene      catalog.Scene
	assets     []*asset
}

// asset is one file of an item.
type asset struct {
	key, typ string
	href     string
	others   []string // alternate addresses
	at       place    // once it is resolved
	roles    []string
	bands    []band
	checksum string // multihash in hexadecimal
	size     int64  // 0 = not said
}

// band is a band as a catalogue describes it; of catalog.Band what is known.
type band struct {
	catalog.Band
	scaled bool // scale or offset were said
	stats  *stats
}

// stats are statistics as a catalogue claims them.
type stats struct{ min, max, mean, stddev, valid *float64 }

const (
	maxAssets = 1000
	maxBands  = 1000
)

// parseItem reads an item. It fails for what is no item, or has no name.
func parseItem(o object, at place) (*item, error) {
	const op = "stac.Item"
	if o.text("type") != "Feature" {
		return nil, fault.Errorf(op, fault.Invalid, "it is no STAC item: its type is %.40q", o.text("type"))
	}
	p := o.object("properties")
	it := &item{at: at, id: clean(o.text("id"), 200), version: o.text("stac_version"), collection: o.text("collection")}
	if it.collection == "" {
		it.collection = p.text("collection")
	}
	if it.id == "" {
		return nil, fault.Errorf(op, fault.Invalid, "it is no STAC item: it has no id")
	}
	if p == nil {
		return nil, fault.Errorf(op, fault.Invalid, "item %s has no properties", it.id)
	}
	it.time, it.start, it.end = instant(p, "datetime"), instant(p, "start_datetime"), instant(p, "end_datetime")
	it.box = boxOf(o)
	it.cloud = p.within(0, 100, "eo:cloud_cover", "cloud_cover")
	it.epsg = code(p)
	it.scene = sceneOf(p)
	it.assets = assetsOf(o, p)
	return it, nil
}

// moments are the begin and end of the item in time, nil when not said.
func (it *item) moments() (from, to *time.Time) {
	if it.time != nil {
		return it.time, it.time
	}
	return it.start, it.end
}

func instant(p object, key string) *time.Time {
	t, _, err := parseTime(p.text(key))
	if err != nil {
		return nil
	}
	return &t
}

// boxOf is the box of an item: as it says, or that of its geometry.
func boxOf(o object) *geo.BBox {
	var v []float64
	if json.Unmarshal(o["bbox"], &v) == nil && (len(v) == 4 || len(v) == 6) {
		b := geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[len(v)/2], MaxY: v[len(v)/2+1]}
		if sane(b) {
			return &b
		}
	}
	b := geo.EmptyBBox()
	var walk func(raw json.RawMessage, depth int)
	walk = func(raw json.RawMessage, depth int) {
		var xy []float64
		if json.Unmarshal(raw, &xy) == nil && len(xy) >= 2 {
			b = b.ExtendPoint(xy[0], xy[1])
			return
		}
		var list []json.RawMessage
		if depth < 5 && json.Unmarshal(raw, &list) == nil {
			for _, r := range list {
				walk(r, depth+1)
			}
		}
	}
	walk(o.object("geometry")["coordinates"], 0)
	if b.IsEmpty() || !sane(b) {
		return nil
	}
	return &b
}

func sane(b geo.BBox) bool {
	ok := b.MinY <= b.MaxY && b.MinY >= -90.001 && b.MaxY <= 90.001
	for _, v := range []float64{b.MinX, b.MaxX} {
		ok = ok && math.Abs(v) <= 360
	}
	return ok
}

// meets tells whether the item touches a box; one without a box may.
func (it *item) meets(b geo.BBox) bool {
	if it.box == nil {
		return true
	}
	for _, x := range index.Unwrap(*it.box) {
		for _, y := range index.Unwrap(b) {
			if x.Intersects(y) {
				return true
			}
		}
	}
	return false
}

// code is the reference system that the projection extension names.
func code(p object) string {
	if c := p.text("proj:code"); c != "" {
		return c
	}
	if v := p.number("proj:epsg", "eo:epsg"); v != nil && *v == math.Trunc(*v) && *v > 0 && *v < 1e6 {
		return "EPSG:" + strconv.Itoa(int(*v))
	}
	return ""
}

func sceneOf(p object) catalog.Scene {
	s := catalog.Scene{
		Platform: clean(p.text("platform", "eo:platform"), 80), Constellation: clean(p.text("constellation", "eo:constellation"), 80), Instruments: p.texts("instruments"),
		Product: clean(p.text("s2:product_uri", "landsat:scene_id", "sentinel:product_id", "landsat:product_id"), 200), Level: clean(p.text("processing:level", "landsat:correction"), 40),
		Baseline:   clean(p.text("s2:processing_baseline", "processing_baseline", "sentinel:processing_baseline"), 20),
		SunAzimuth: p.within(0, 360, "view:sun_azimuth", "eo:sun_azimuth"), SunElevation: p.within(-90, 90, "view:sun_elevation", "eo:sun_elevation"),
		OffNadir: p.within(0, 90, "view:off_nadir", "eo:off_nadir"), ViewAzimuth: p.within(0, 360, "view:azimuth", "eo:azimuth"),
		OrbitState: clean(p.text("sat:orbit_state"), 20), Polarizations: p.texts("sar:polarizations"),
	}
	if v := p.within(1, 1e6, "sat:relative_orbit"); v != nil && *v == math.Trunc(*v) {
		n := int(*v)
		s.RelativeOrbit = &n
	}
	return s
}

// assetsOf reads the assets in the order of the document.
func assetsOf(o, p object) []*asset {
	all := o.object("assets")
	var out []*asset
	for _, key := range keys(o["assets"]) {
		a, ok := parseObject(all[key])
		if !ok || len(out) == maxAssets || a.text("href") == "" {
			continue
		}
		out = append(out, assetOf(key, a, p))
	}
	return out
}

func assetOf(key string, a, p object) *asset {
	out := &asset{
		key: clean(key, 80), href: a.text("href"), typ: strings.ToLower(a.text("type")), roles: a.texts("roles"),
		checksum: strings.ToLower(a.text("file:checksum", "checksum:multihash")),
	}
	if v := a.within(0, 1e15, "file:size"); v != nil {
		out.size = int64(*v)
	}
	alternates := a.object("alternate")
	for _, k := range keys(a["alternate"]) {
		if h := alternates.object(k).text("href"); h != "" && len(out.others) < 10 {
			out.others = append(out.others, h)
		}
	}
	out.bands = bandsOf(a, p)
	for i := range out.bands {
		b := &out.bands[i]
		b.Classes = classesOf(a, b.Classes)
		meaning(out, b, p)
	}
	return out
}

// bandsOf joins what bands (1.1), eo:bands and raster:bands (1.0), and lists
// of the item (0.9) say of the bands of an asset.
func bandsOf(a, p object) []band {
	var out []band
	at := func(i int) *band {
		for len(out) <= i {
			out = append(out, band{Band: catalog.Band{Scale: 1}})
		}
		return &out[i]
	}
	eo := a.objects("eo:bands")
	if len(eo) == 0 { // before 1.0 they were numbers of those of the item
		all := p.objects("eo:bands")
		for _, raw := range a.list("eo:bands") {
			if n := finite(raw); n != nil && *n >= 0 && int(*n) < len(all) {
				eo = append(eo, all[int(*n)])
			}
		}
	}
	for _, list := range [][]object{eo, a.objects("raster:bands"), a.objects("bands")} {
		for i, o := range list[:min(len(list), maxBands)] {
			at(i).read(o)
		}
	}
	if a.number("raster:scale", "raster:offset", "nodata") != nil || a.text("nodata", "unit") != "" {
		at(0)
		for i := range out {
			b := band{Band: catalog.Band{Scale: 1}}
			b.read(a)
			out[i].inherit(b)
		}
	}
	return out
}

// read takes what one description says over what is known already.
func (b *band) read(o object) {
	set := func(to *string, v string, most int) {
		if v != "" {
			*to = clean(v, most)
		}
	}
	set(&b.Name, o.text("name"), 80)
	set(&b.CommonName, o.text("eo:common_name", "common_name"), 40)
	set(&b.Unit, o.text("unit"), 40)
	set(&b.DataType, o.text("data_type"), 20)
	if v := o.within(0, 1e4, "eo:center_wavelength", "center_wavelength"); v != nil {
		b.Wavelength = micrometres(*v)
	}
	if v := o.within(0, 1e4, "eo:full_width_half_max", "full_width_half_max"); v != nil {
		b.Width = micrometres(*v)
	}
	if v := o.number("raster:scale", "scale"); v != nil && *v != 0 {
		b.Scale, b.scaled = *v, true
	}
	if v := o.number("raster:offset", "offset"); v != nil {
		b.Offset, b.scaled = *v, true
	}
	if v := o.number("nodata"); v != nil {
		b.Nodata = v
	} else if strings.EqualFold(o.text("nodata"), "nan") {
		b.NaN = true
	}
	if s := o.object("statistics"); s != nil {
		b.stats = &stats{s.number("minimum"), s.number("maximum"), s.number("mean"), s.within(0, math.MaxFloat64, "stddev"), s.within(0, 100, "valid_percent")}
	}
	b.Classes = classesOf(o, b.Classes)
}

// inherit takes from the asset what the band does not say.
func (b *band) inherit(a band) {
	if !b.scaled && a.scaled {
		b.Scale, b.Offset, b.scaled = a.Scale, a.Offset, true
	}
	if b.Nodata == nil && !b.NaN {
		b.Nodata, b.NaN = a.Nodata, a.NaN
	}
	if b.Unit == "" {
		b.Unit = a.Unit
	}
}

// micrometres: some catalogues give nanometres, against the extension.
func micrometres(v float64) float64 {
	if v > 100 {
		return v / 1000
	}
	return v
}

// classesOf reads classification:classes; had is what to keep when there are
// none.
func classesOf(o object, had []catalog.Class) []catalog.Class {
	var out []catalog.Class
	for _, c := range o.objects("classification:classes") {
		v := c.within(-1e9, 1e9, "value")
		if v == nil || *v != math.Trunc(*v) || len(out) == 2000 {
			continue
		}
		cl := catalog.Class{Value: int(*v), Name: clean(c.text("title", "name", "description"), 100)}
		if hex := strings.TrimPrefix(c.text("color_hint", "color-hint"), "#"); len(hex) == 6 && strings.Trim(strings.ToLower(hex), "0123456789abcdef") == "" {
			cl.Color = "#" + strings.ToLower(hex)
		}
		out = append(out, cl)
	}
	if len(out) == 0 {
		return had
	}
	slices.SortFunc(out, func(a, b catalog.Class) int { return a.Value - b.Value })
	return out
}

// optical are the common names of bands in which surfaces reflect the sun.
var optical = []string{
	"coastal", "blue", "green", "green05", "yellow", "red", "rededge", "rededge071", "rededge075", "rededge078",
	"nir", "nir08", "nir09", "cirrus", "swir16", "swir22", "pan",
}

// meaning says what a band measures, where the catalogue leaves no doubt:
// classes and bit fields by the names that the two programmes give them,
// reflectance by a small scale on an optical band, temperature by its unit.
func meaning(a *asset, b *band, p object) {
	name := strings.ToUpper(a.key)
	platform := strings.ToLower(p.text("constellation") + " " + p.text("platform"))
	switch {
	case (name == "SCL" || strings.EqualFold(b.Name, "scl")) && strings.Contains(platform, "sentinel-2"):
		b.Quantity, b.Flags = catalog.Classes, "sentinel2-scl"
	case (name == "QA_PIXEL" || strings.EqualFold(b.Name, "qa_pixel")) && strings.Contains(platform, "landsat"):
		b.Quantity, b.Flags = catalog.BitField, "landsat-qa-pixel"
	case len(b.Classes) > 0:
		b.Quantity = catalog.Classes
	case b.Unit == "K" || strings.EqualFold(b.Unit, "kelvin"):
		b.Quantity = catalog.Brightness
	case b.scaled && b.Scale > 0 && b.Scale <= 0.001 && slices.Contains(optical, b.CommonName):
		b.Quantity = catalog.Reflectance
	}
}

// old tells a version of STAC before 1.0.
func old(version string) bool {
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	return version == "" || err == nil && n < 1
}

// dataset is what a collection says of itself.
type dataset struct{ title, description, license, attribution string }

func datasetOf(o object) dataset {
	d := dataset{title: clean(o.text("title", "id"), 200), description: o.text("description"), license: clean(o.text("license"), 100)}
	var names []string
	for _, p := range o.objects("providers") {
		if n := clean(p.text("name"), 100); n != "" && len(names) < 10 && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	d.attribution = strings.Join(names, ", ")
	return d
}

func (it *item) String() string { return fmt.Sprintf("item %s", it.id) }
