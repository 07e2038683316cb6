package ogc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"contado/api/ogc/encode"
	"contado/api/stac"
	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/store/catalog"
)

// turn brings the outline and the box of an item into another system.
func turn(doc *stac.Item, it catalog.Item, out reference) error {
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
		if g, err = t.Geometry(outline(it).Orb(), nil); err != nil {
			return err
		}
	}
	var flat encode.Geometry
	flat.Flatten(g)
	doc.Geometry = encode.AppendGeometry(nil, &flat, out.swap, out.places())
	if doc.BBox = boxOf(b); out.swap {
		doc.BBox = [4]float64{b.MinY, b.MinX, b.MaxY, b.MaxX}
	}
	return nil
}

// outline is the footprint of an item as a polygon.
func outline(it catalog.Item) *encode.Geometry {
	g := &encode.Geometry{Kind: encode.Polygon}
	for _, p := range it.Footprint {
		g.XY = append(g.XY, p[0], p[1])
	}
	return g
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
	doc := stac.ItemOf(c, d, it)
	doc.Links = nil // those of this API are added to what is served
	if err := turn(doc, it, out); err != nil {
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
			if meets(outline(it), b) {
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
