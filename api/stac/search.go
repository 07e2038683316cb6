package stac

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo/atlas"
	"contado/geo/cql2"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// hit is an item that passes, with what it is sorted by.
type hit struct {
	dataset catalog.Dataset
	item    catalog.Item
	keys    []any // float64, string, bool or nil
}

func (h *Handler) searchByAddress(c echo.Context) error {
	q, err := parseAddress(c, searchNames...)
	if err != nil {
		return err
	}
	return h.answer(c, q, h.Atlas.Current(), nil, func(token string) link {
		return nextByAddress(c, rest.URL(c, "stac", "search"), token)
	})
}

func nextByAddress(c echo.Context, address, token string) link {
	v := rest.Query(c)
	v.Set("token", token)
	return link{Link: rest.Link{Href: rest.With(address, v), Rel: "next", Type: rest.MediaGeoJSON, Title: "Next page"}, Method: http.MethodGet}
}

func (h *Handler) searchByBody(c echo.Context) error {
	q, err := parseBody(c)
	if err != nil {
		return err
	}
	return h.answer(c, q, h.Atlas.Current(), nil, func(token string) link {
		merge := true
		b, err := json.Marshal(map[string]string{"token": token})
		if err != nil {
			b = nil // strings always marshal
		}
		return link{
			Link:   rest.Link{Href: rest.URL(c, "stac", "search"), Rel: "next", Type: rest.MediaGeoJSON, Title: "Next page"},
			Method: http.MethodPost, Body: b, Merge: &merge,
		}
	})
}

func (h *Handler) items(c echo.Context) error {
	state, d, err := h.named(c)
	if err != nil {
		return err
	}
	q, err := parseAddress(c, searchNames...) // with collections, too: pystac-client sends it here as well
	if err != nil {
		return err
	}
	return h.answer(c, q, state, &d, func(token string) link {
		return nextByAddress(c, rest.URL(c, "stac", "collections", d.ID, "items"), token)
	})
}

// answer finds the items and sends a page of them.
func (h *Handler) answer(c echo.Context, q query, state *atlas.Snapshot, within *catalog.Dataset, next func(string) link) error {
	hits, err := find(c, q, state, within)
	if err != nil {
		return err
	}
	out := newItemCollection(min(q.limit, len(hits)))
	out.Matched = len(hits)
	if hits, err = after(hits, q); err != nil {
		return err
	}
	more := len(hits) > q.limit
	hits = hits[:min(q.limit, len(hits))]
	out.Returned = len(hits)
	for i := range hits {
		doc, err := q.fields.apply(ItemOf(c, hits[i].dataset, hits[i].item))
		if err != nil {
			return err
		}
		out.Features = append(out.Features, doc)
	}
	self := rest.URL(c, "stac", "search")
	if within != nil {
		self = rest.URL(c, "stac", "collections", within.ID, "items")
		out.Links = append(out.Links, links(rest.Link{Href: rest.URL(c, "stac", "collections", within.ID), Rel: "collection", Type: rest.MediaJSON, Title: within.Title})...)
	}
	out.Links = append(out.Links, links(
		rest.Link{Href: rest.With(self, rest.Query(c)), Rel: "self", Type: rest.MediaGeoJSON, Title: "This page"},
		rest.Link{Href: rest.URL(c, "stac"), Rel: "root", Type: rest.MediaJSON, Title: "Contado"},
	)...)
	if more {
		token, err := tokenOf(hits[len(hits)-1])
		if err != nil {
			return err
		}
		l := next(token)
		out.Links = append(out.Links, l)
		if l.Method == http.MethodGet {
			rest.AddHeader(c, []rest.Link{l.Link})
		}
	}
	if c.Request().Method == http.MethodPost {
		b, err := json.Marshal(out)
		if err != nil {
			return err
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		return c.Blob(http.StatusOK, rest.MediaGeoJSON, b)
	}
	return rest.JSON(c, rest.MediaGeoJSON, out)
}

// find gives the items that pass, sorted.
func find(c echo.Context, q query, state *atlas.Snapshot, within *catalog.Dataset) ([]hit, error) {
	var filter *cql2.Filter
	if e := q.condition(); e != nil {
		var err error
		if filter, err = cql2.Compile(e, typeOf, known()...); err != nil {
			if fault.Is(err, fault.Unsupported) { // a function that is not there
				err = fault.E("stac", fault.Invalid, errors.New(err.Error()))
			}
			return nil, err
		}
	}
	sets := rasters(state)
	if within != nil {
		sets = []catalog.Dataset{*within}
	}
	keys := q.sort
	if len(keys) == 0 {
		keys = []sortKey{{"datetime", true}}
	}
	var out []hit
	box := q.around()
	for _, d := range sets {
		if len(q.collections) > 0 && !slices.Contains(q.collections, d.ID) {
			continue
		}
		if err := c.Request().Context().Err(); err != nil {
			return nil, err
		}
		items := state.Items(d.ID, box)
		for i := range items {
			get := getter(d, &items[i])
			if filter != nil {
				ok, err := filter.Match(get)
				if err != nil {
					return nil, err
				}
				if !ok {
					continue
				}
			}
			out = append(out, hit{d, items[i], sortValues(get, keys)})
		}
	}
	slices.SortFunc(out, func(a, b hit) int {
		return cmp.Or(compareKeys(a.keys, b.keys, keys), strings.Compare(a.dataset.ID, b.dataset.ID), strings.Compare(a.item.ID, b.item.ID))
	})
	return out, nil
}

// sortValues are plain values that order as the properties do; times are
// text, which sorts as it should in UTC with fixed places.
func sortValues(get cql2.Getter, keys []sortKey) []any {
	out := make([]any, len(keys))
	for i, k := range keys {
		switch v := get(k.Field).(type) {
		case *time.Time:
			if v != nil {
				out[i] = v.UTC().Format(fixedTime)
			}
		case time.Time:
			out[i] = v.UTC().Format(fixedTime)
		case *float64:
			if v != nil {
				out[i] = *v
			}
		case *int:
			if v != nil {
				out[i] = float64(*v)
			}
		case *string:
			if v != nil {
				out[i] = *v
			}
		case int:
			out[i] = float64(v)
		case float64, string:
			out[i] = v
		}
	}
	return out
}

const fixedTime = "2006-01-02T15:04:05.000000000Z"

// compareKeys orders by each key in turn; what has no value comes last.
func compareKeys(a, b []any, keys []sortKey) int {
	for i, k := range keys {
		c := compareValues(a[i], b[i])
		if k.Down && a[i] != nil && b[i] != nil {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func compareValues(a, b any) int {
	switch x := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return 1
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	}
	return -1 // b has no value
}

// place is where a page ends: a page begins after it whether or not the item
// is still there.
type place struct {
	Keys       []any  `json:"k"`
	Collection string `json:"c"`
	Item       string `json:"i"`
}

func tokenOf(h hit) (string, error) {
	b, err := json.Marshal(place{h.keys, h.dataset.ID, h.item.ID})
	return base64.RawURLEncoding.EncodeToString(b), err
}

// after drops the items up to the place that the token names.
func after(hits []hit, q query) ([]hit, error) {
	if q.token == "" {
		return hits, nil
	}
	wrong := fault.WithHint(bad("token is not one of ours"), "follow the links with rel next")
	raw, err := base64.RawURLEncoding.DecodeString(q.token)
	if err != nil {
		return nil, wrong
	}
	keys := q.sort
	if len(keys) == 0 {
		keys = []sortKey{{"datetime", true}}
	}
	var p place
	if err := json.Unmarshal(raw, &p); err != nil || len(p.Keys) != len(keys) {
		return nil, wrong
	}
	for i, v := range p.Keys {
		number := types[keys[i].Field] == cql2.NumberType
		switch v.(type) {
		case nil:
		case float64:
			if !number {
				return nil, wrong
			}
		case string:
			if number {
				return nil, wrong
			}
		default:
			return nil, wrong
		}
	}
	i, _ := slices.BinarySearchFunc(hits, p, func(h hit, p place) int {
		return cmp.Or(compareKeys(h.keys, p.Keys, keys), strings.Compare(h.dataset.ID, p.Collection), strings.Compare(h.item.ID, p.Item), -1)
	})
	return hits[i:], nil
}
