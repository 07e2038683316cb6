package ogc

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/catalog"
)

// stacItem is a raster as a STAC 1.0.0 item, without links: they are added to
// what is served.
type stacItem struct {
	Type        string           `json:"type"`
	StacVersion string           `json:"stac_version"`
	Extensions  []string         `json:"stac_extensions"`
	ID          string           `json:"id"`
	Collection  string           `json:"collection"`
	BBox        [4]float64       `json:"bbox"`
	Geometry    json.RawMessage  `json:"geometry"`
	Properties  stacProperties   `json:"properties"`
	Assets      map[string]asset `json:"assets"`
}

type stacProperties struct {
	// Datetime is null for a raster without a time, which STAC wants told by
	// start and end: they are those of its dataset's publishing.
	Datetime   *time.Time `json:"datetime"`
	Start      *time.Time `json:"start_datetime,omitempty"`
	End        *time.Time `json:"end_datetime,omitempty"`
	Created    time.Time  `json:"created"`
	CloudCover *float64   `json:"eo:cloud_cover,omitempty"`
	Code       *string    `json:"proj:code"` // null: no code
	EPSG       *int       `json:"proj:epsg"`
	Shape      [2]int     `json:"proj:shape"` // rows, columns
	Transform  [6]float64 `json:"proj:transform"`
	ProjBBox   [4]float64 `json:"proj:bbox"`
	Bands      []stacBand `json:"contado:bands"`
	Version    int        `json:"contado:version"`
}

type stacBand struct {
	Name       string   `json:"name"`
	CommonName string   `json:"common_name,omitempty"`
	DataType   string   `json:"data_type"`
	Nodata     any      `json:"nodata"`
	Scale      float64  `json:"scale"`
	Offset     float64  `json:"offset"`
	Unit       string   `json:"unit,omitempty"`
	Min        *float64 `json:"minimum"`
	Max        *float64 `json:"maximum"`
	Mean       *float64 `json:"mean"`
}

type asset struct {
	Href  string   `json:"href"`
	Type  string   `json:"type"`
	Title string   `json:"title"`
	Roles []string `json:"roles"`
}

func stac(c echo.Context, d catalog.Dataset, it catalog.Item) stacItem {
	t := it.Grid.Transform
	out := stacItem{
		Type: "Feature", StacVersion: "1.0.0", ID: it.ID, Collection: d.ID, BBox: boxOf(it.BBox), Geometry: footprint(it),
		Extensions: []string{"https://stac-extensions.github.io/projection/v1.1.0/schema.json"},
		Properties: stacProperties{
			Datetime: it.Datetime, Created: d.Version.PublishedAt, CloudCover: it.CloudCover,
			Shape:     [2]int{it.Grid.Height, it.Grid.Width},
			Transform: [6]float64{t[1], t[2], t[0], t[4], t[5], t[3]}, // STAC has rasterio's order
			ProjBBox:  boxOf(it.Grid.Bounds()), Version: it.Version,
		},
	}
	if it.Datetime == nil {
		out.Properties.Start, out.Properties.End = &d.Version.PublishedAt, &d.Version.PublishedAt
	}
	if it.CloudCover != nil {
		out.Extensions = append(out.Extensions, "https://stac-extensions.github.io/eo/v1.1.0/schema.json")
	}
	if code, ok := strings.CutPrefix(string(it.Grid.CRS), "EPSG:"); ok {
		text := string(it.Grid.CRS)
		out.Properties.Code = &text
		if n, err := strconv.Atoi(code); err == nil {
			out.Properties.EPSG = &n
		}
	}
	for _, b := range it.Bands {
		sb := stacBand{
			Name: b.Name, CommonName: b.CommonName, DataType: b.DataType, Scale: b.Scale, Offset: b.Offset, Unit: b.Unit,
			Min: finite(b.Min), Max: finite(b.Max), Mean: finite(b.Mean),
		}
		switch {
		case b.NaN:
			sb.Nodata = "nan"
		case b.Nodata != nil:
			sb.Nodata = finite(*b.Nodata)
		}
		out.Properties.Bands = append(out.Properties.Bands, sb)
	}
	tiles := rest.With(rest.URL(c, "xyz", d.ID+".json"), url.Values{"item": {it.ID}})
	out.Assets = map[string]asset{"tiles": {Href: tiles, Type: rest.MediaJSON, Title: "TileJSON of this item", Roles: []string{"visual", "tiles"}}}
	return out
}

// footprint is the outline of an item, or its box where there is none. A box
// across the antimeridian becomes two polygons (RFC 7946 §3.1.9).
func footprint(it catalog.Item) json.RawMessage {
	w := coordinates{places: 9}
	if len(it.Footprint) > 3 && it.BBox.MinX <= it.BBox.MaxX {
		ring := make(orb.Ring, len(it.Footprint))
		for i, p := range it.Footprint {
			ring[i] = p
		}
		return w.geometry(nil, orb.Polygon{ring})
	}
	var mp orb.MultiPolygon
	for _, b := range index.Unwrap(it.BBox) {
		mp = append(mp, b.Bound().ToPolygon())
	}
	if len(mp) == 1 {
		return w.geometry(nil, mp[0])
	}
	return w.geometry(nil, mp)
}

// turn brings the outline and the box of an item into another system.
func (doc *stacItem) turn(it catalog.Item, out reference) error {
	if out.lonLatBased() && !out.swap {
		return nil
	}
	t, err := crs.New(geo.WGS84, out.crs)
	if err != nil {
		return err
	}
	b, err := t.BBox(it.BBox)
	if err != nil {
		return fault.WithHint(fmt.Errorf("item %s: %w", it.ID, err), "ask for another crs")
	}
	var g orb.Geometry = b.Bound().ToPolygon()
	if len(it.Footprint) > 3 && it.BBox.MinX <= it.BBox.MaxX {
		ring := make(orb.Ring, len(it.Footprint))
		for i, p := range it.Footprint {
			ring[i] = p
		}
		if g, err = t.Geometry(orb.Polygon{ring}, nil); err != nil {
			return err
		}
	}
	w := coordinates{swap: out.swap, places: 4}
	if out.degrees() {
		w.places = 9
	}
	doc.Geometry = w.geometry(nil, g)
	if doc.BBox = boxOf(b); out.swap {
		doc.BBox = [4]float64{b.MinY, b.MinX, b.MaxY, b.MaxX}
	}
	return nil
}

// onEarth turns boxes of a system into boxes in longitude and latitude, of
// which none crosses the antimeridian.
func onEarth(boxes []geo.BBox, in reference) ([]geo.BBox, error) {
	if in.lonLatBased() {
		return boxes, nil
	}
	t, err := crs.New(in.crs, geo.WGS84)
	if err != nil {
		return nil, err
	}
	var out []geo.BBox
	for _, b := range boxes {
		w, err := t.BBox(b)
		if err != nil {
			return nil, err
		}
		out = append(out, index.Unwrap(w)...)
	}
	return out, nil
}

// rasterItems selects items by footprint and time, newest first.
func (h *Handler) rasterItems(c echo.Context, state *atlas.Snapshot, d catalog.Dataset, q query) (*result, error) {
	items := state.Items(d.ID, nil)
	if q.boxes != nil {
		boxes, err := onEarth(q.boxes, q.boxCRS)
		if err != nil {
			return nil, err
		}
		items = slices.DeleteFunc(items, func(it catalog.Item) bool { return !overlaps(it, boxes) })
	}
	if q.when != nil {
		items = slices.DeleteFunc(items, func(it catalog.Item) bool { return it.Datetime != nil && !q.when.Contains(*it.Datetime) })
	}
	n := int64(len(items))
	res := &result{matched: &n}
	if q.after != "" {
		i := slices.IndexFunc(items, func(it catalog.Item) bool { return it.ID == q.after })
		if i < 0 {
			return nil, fault.WithHint(fault.Errorf("ogc", fault.Invalid, "after=%.80q is not in this list", q.after), "the data may have changed: begin again without after")
		}
		items = items[i+1:]
	}
	if len(items) > q.limit {
		items = items[:q.limit]
		res.next = items[q.limit-1].ID
	}
	for _, it := range items {
		if err := res.add(c, d, it, q.out); err != nil {
			return nil, err
		}
	}
	return res, nil
}

func (res *result) add(c echo.Context, d catalog.Dataset, it catalog.Item, out reference) error {
	doc := stac(c, d, it)
	if err := doc.turn(it, out); err != nil {
		return err
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	res.features = append(res.features, b)
	names := make([]string, len(it.Bands))
	for i, band := range it.Bands {
		names[i] = band.Name
	}
	res.rows = append(res.rows, row{ID: it.ID, Values: []any{it.Datetime, it.CloudCover, strings.Join(names, ", ")}})
	return nil
}

// overlaps tests the outline of an item, not only its box.
func overlaps(it catalog.Item, boxes []geo.BBox) bool {
	for _, b := range boxes {
		for _, own := range index.Unwrap(it.BBox) {
			if !own.Intersects(b) {
				continue
			}
			if len(it.Footprint) < 4 || it.BBox.MinX > it.BBox.MaxX {
				return true
			}
			ring := make(orb.Ring, len(it.Footprint))
			for i, p := range it.Footprint {
				ring[i] = p
			}
			if meets(ring, b) {
				return true
			}
		}
	}
	return false
}

func (h *Handler) rasterItem(c echo.Context, state *atlas.Snapshot, d catalog.Dataset, id string, out reference) (*result, error) {
	for _, it := range state.Items(d.ID, nil) {
		if it.ID == id {
			res := &result{}
			return res, res.add(c, d, it, out)
		}
	}
	return nil, fault.Errorf("ogc", fault.NotExist, "dataset %s has no item %.80q", d.ID, id)
}
