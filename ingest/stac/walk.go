package stac

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// Bounds on a walk, beyond those on items.
const (
	maxDepth     = 32
	maxDocuments = 50_000
	maxPages     = 10_000
	pageSize     = 100
)

// walker goes through a catalogue and gathers items.
type walker struct {
	g     *gatherer
	ref   place
	seen  map[string]bool
	docs  int
	items []*item
	ids   map[string]bool
	meta  dataset
	full  bool // the limit was reached with more to come
}

func newWalker(g *gatherer) *walker {
	return &walker{g: g, seen: map[string]bool{}, ids: map[string]bool{}}
}

// name is what was read, for people and for the version's sources.
func (w *walker) name() string {
	if w.ref.url != nil {
		u := *w.ref.url
		u.User = nil
		return u.String()
	}
	return filepath.Base(w.ref.path)
}

func (w *walker) start(ctx context.Context, ref string) error {
	var err error
	if w.ref, err = parsePlace(ref); err != nil {
		return err
	}
	if w.ref.path != "" && !w.g.o.AllowOutside {
		if w.g.root, err = filepath.EvalSymlinks(filepath.Dir(w.ref.path)); err != nil {
			return fault.E("stac.Run", fault.Invalid, err)
		}
	}
	at := w.ref
	if at.url != nil && isSearch(at.url) {
		at.url = w.narrow(at.url)
	}
	o, at, err := w.document(ctx, at)
	if err != nil {
		return err
	}
	if err := w.visit(ctx, o, at, 0); err != nil {
		return err
	}
	if w.full {
		w.g.notes.Add(catalog.Warning, "more-items", "the catalogue lists more items than the limit of %d: raise the limit, or ask for less time or space", w.g.o.Limit)
	}
	return nil
}

// visit looks at one document of any kind.
func (w *walker) visit(ctx context.Context, o object, at place, depth int) error {
	kind := kindOf(o)
	if old(o.text("stac_version")) && kind != "FeatureCollection" {
		w.g.notes.Count(catalog.Info, "stac-version", "documents of a version of STAC before 1.0 were read as far as they say the same", fmt.Sprintf("%s: version %.20q", o.text("id"), o.text("stac_version")))
	}
	switch kind {
	case "Feature":
		return w.item(o, at)
	case "FeatureCollection":
		return w.pages(ctx, o, at, request{method: "GET", at: at})
	case "Collection", "Catalog":
		return w.catalog(ctx, o, at, depth)
	}
	return fault.Errorf("stac.Document", fault.Invalid, "%s is no STAC document: its type is %.40q", at, o.text("type"))
}

// kindOf is the type; catalogues before 1.0 had none.
func kindOf(o object) string {
	if t := o.text("type"); t != "" {
		return t
	}
	switch {
	case o["stac_version"] == nil && o["links"] == nil:
		return ""
	case o["extent"] != nil:
		return "Collection"
	case o["links"] != nil:
		return "Catalog"
	}
	return ""
}

// item takes an item that passes what was asked for.
func (w *walker) item(o object, at place) error {
	it, err := parseItem(o, at)
	if err != nil {
		w.g.leave(clean(o.text("id"), 80), err)
		return nil
	}
	from, to := it.moments()
	op := &w.g.o
	switch {
	case w.g.when != nil && !w.g.when.meets(from, to),
		op.BBox != nil && !it.meets(*op.BBox),
		op.CloudCover != nil && it.cloud != nil && *it.cloud > *op.CloudCover,
		len(op.Collections) > 0 && it.collection != "" && !slices.Contains(op.Collections, it.collection):
		return nil
	case w.ids[it.id]:
		w.g.notes.Count(catalog.Warning, "item-twice", "items that the catalogue lists twice were taken once", it.id)
		return nil
	case len(w.items) >= op.Limit:
		w.full = true
		return nil
	}
	w.ids[it.id] = true
	w.items = append(w.items, it)
	return nil
}

// link is a link of a document.
type link struct {
	rel, href, typ, method string
	body                   []byte
	merge                  bool
}

func linksOf(o object) []link {
	var out []link
	for _, l := range o.objects("links") {
		if len(out) == 100_000 {
			break
		}
		out = append(out, link{
			rel: strings.ToLower(l.text("rel")), href: l.text("href"), typ: strings.ToLower(l.text("type")),
			method: strings.ToUpper(l.text("method")), body: l["body"], merge: l.truth("merge"),
		})
	}
	return out
}

func find(links []link, rel string, pass func(link) bool) (link, bool) {
	i := slices.IndexFunc(links, func(l link) bool { return l.rel == rel && l.href != "" && (pass == nil || pass(l)) })
	if i < 0 {
		return link{}, false
	}
	return links[i], true
}

// catalog follows a catalogue or collection: through the API when it is one,
// else link by link.
func (w *walker) catalog(ctx context.Context, o object, at place, depth int) error {
	if depth == 0 {
		w.meta = datasetOf(o)
	}
	links := linksOf(o)
	if at.url != nil {
		if l, ok := find(links, "items", nil); ok && kindOf(o) == "Collection" {
			return w.api(ctx, at, l)
		}
		if l, ok := find(links, "search", func(l link) bool { return l.method != "POST" }); ok && depth == 0 {
			return w.api(ctx, at, l)
		}
	}
	for _, l := range links {
		if l.rel != "child" && l.rel != "item" {
			continue
		}
		if w.full || ctx.Err() != nil {
			return ctx.Err()
		}
		if err := w.follow(ctx, at, l, depth); err != nil {
			return err
		}
	}
	return nil
}

// follow visits what a link leads to. A document that cannot be read is left
// out with a notice, as long as others can.
func (w *walker) follow(ctx context.Context, from place, l link, depth int) error {
	to, err := from.resolve(l.href)
	if err != nil {
		w.g.leave(clean(l.href, 200), err)
		return nil
	}
	if w.seen[to.String()] {
		return nil
	}
	w.seen[to.String()] = true
	if w.docs++; w.docs > maxDocuments {
		return fault.Errorf("stac.Run", fault.TooLarge, "the catalogue has more than %d documents", maxDocuments)
	}
	if depth+1 > maxDepth {
		return fault.Errorf("stac.Run", fault.TooLarge, "the catalogue is nested deeper than %d", maxDepth)
	}
	o, at, err := w.document(ctx, to)
	if err == nil {
		err = w.visit(ctx, o, at, depth+1)
	}
	if err != nil && (ctx.Err() != nil || fault.Is(err, fault.TooLarge)) {
		return err
	}
	if err != nil {
		w.g.leave(clean(l.href, 200), err)
	}
	w.g.p.Step(int64(len(w.items)), 0)
	return nil
}

// api asks for the items behind a link of an API.
func (w *walker) api(ctx context.Context, at place, l link) error {
	to, err := at.resolve(l.href)
	if err != nil {
		return err
	}
	to.url = w.narrow(to.url)
	o, from, err := w.document(ctx, to)
	if err != nil {
		return err
	}
	if kindOf(o) != "FeatureCollection" {
		return fault.Errorf("stac.Search", fault.Invalid, "%s is no list of items", to)
	}
	return w.pages(ctx, o, from, request{method: "GET", at: from})
}

// isSearch tells an address that takes the parameters of a search.
func isSearch(u *url.URL) bool {
	p := strings.TrimSuffix(u.Path, "/")
	return strings.HasSuffix(p, "/search") || strings.HasSuffix(p, "/items")
}

// narrow adds what was asked for to the address of a search, where the
// address does not say it itself.
func (w *walker) narrow(u *url.URL) *url.URL {
	out, q, op := *u, u.Query(), &w.g.o
	set := func(k, v string) {
		if v != "" && !q.Has(k) {
			q.Set(k, v)
		}
	}
	set("limit", strconv.Itoa(min(op.Limit+1, pageSize)))
	if op.BBox != nil && !q.Has("intersects") {
		b := *op.BBox
		set("bbox", fmt.Sprintf("%s,%s,%s,%s", num(b.MinX), num(b.MinY), num(b.MaxX), num(b.MaxY)))
	}
	if w.g.when != nil {
		set("datetime", w.g.when.text())
	}
	if strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/search") {
		set("collections", strings.Join(op.Collections, ","))
	}
	out.RawQuery = q.Encode()
	return &out
}

func num(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
