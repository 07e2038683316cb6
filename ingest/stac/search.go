package stac

import (
	"context"
	"encoding/json"
	"net/url"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// request is one page of a search.
type request struct {
	method string
	at     place
	body   []byte
}

// pages takes the items of a list and of the pages after it, until there are
// none or the limit is reached.
func (w *walker) pages(ctx context.Context, o object, at place, r request) error {
	const op = "stac.Search"
	asked := map[string]bool{key(r): true}
	for page := 1; ; page++ {
		features := o.list("features")
		for _, raw := range features {
			f, ok := parseObject(raw)
			if !ok {
				w.g.leave("", fault.Errorf(op, fault.Invalid, "an item that is no JSON object"))
				continue
			}
			from := at
			if self, ok := find(linksOf(f), "self", nil); ok {
				if p, err := at.resolve(self.href); err == nil && (p.url == nil) == (at.url == nil) {
					from = p
				}
			}
			if err := w.item(f, from); err != nil {
				return err
			}
		}
		w.g.p.Step(int64(len(w.items)), 0)
		next, more := find(linksOf(o), "next", nil)
		if !more || len(features) == 0 {
			return nil
		}
		if w.full || len(w.items) >= w.g.o.Limit {
			w.full = true
			return nil
		}
		if page == maxPages {
			return fault.Errorf(op, fault.TooLarge, "the search has more than %d pages", maxPages)
		}
		var err error
		if r, err = follow(r, at, next); err != nil {
			return err
		}
		if asked[key(r)] {
			w.g.notes.Add(catalog.Warning, "paging-loop", "the server's pages lead back to one that was read: there may be more items")
			return nil
		}
		asked[key(r)] = true
		if o, at, err = w.page(ctx, r); err != nil {
			return err
		}
	}
}

func key(r request) string { return r.method + " " + r.at.String() + " " + string(r.body) }

// follow is the request of a next link: GET, or POST with a body that takes
// the place of the one before or is merged into it (STAC API, item search).
func follow(before request, at place, l link) (request, error) {
	to, err := at.resolve(l.href)
	if err != nil {
		return request{}, err
	}
	if l.method != "POST" {
		return request{method: "GET", at: to}, nil
	}
	body, ok := parseObject(l.body)
	if !ok {
		body = object{}
	}
	if l.merge {
		all, ok := parseObject(before.body)
		if !ok {
			all = object{}
		}
		for k, v := range body {
			all[k] = v
		}
		body = all
	}
	out, err := json.Marshal(body)
	return request{method: "POST", at: to, body: out}, err
}

func (w *walker) page(ctx context.Context, r request) (object, place, error) {
	if r.method == "GET" {
		o, at, err := w.document(ctx, r.at)
		if err == nil && kindOf(o) != "FeatureCollection" {
			err = fault.Errorf("stac.Search", fault.Invalid, "%s is no list of items", r.at)
		}
		return o, at, err
	}
	if r.at.url == nil {
		return nil, r.at, fault.Errorf("stac.Search", fault.Invalid, "a file cannot be asked for its next page")
	}
	a, err := w.g.o.Client.Post(ctx, r.at.url.String(), r.body, accept, maxDocument)
	if err != nil {
		return nil, r.at, err
	}
	o, ok := parseObject(a.Body)
	if !ok || kindOf(o) != "FeatureCollection" {
		return nil, r.at, fault.Errorf("stac.Search", fault.Invalid, "%s is no list of items", r.at)
	}
	at := r.at
	if u, err := url.Parse(a.URL); err == nil {
		at.url = u
	}
	return o, at, nil
}
