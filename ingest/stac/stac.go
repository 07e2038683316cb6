// Package stac ingests what a SpatioTemporal Asset Catalog lists: an item, a
// collection or a catalogue of files, here or over HTTP, or the answer of a
// STAC API to a search. The rasters are converted like any other, or stay
// where they are and are read there part by part.
//
// STAC 1.0 and 1.1 are read as they are meant, older versions as far as they
// say the same. What a catalogue claims is checked against the files; what
// cannot be believed is left out with a notice, never made up.
package stac

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/notice"
	"contado/ingest"
	"contado/ingest/fetch"
)

// Mode says where the rasters will be.
type Mode string

// The modes. Files here are copied in either mode.
const (
	Reference Mode = "reference" // remote ones stay where they are
	Copy      Mode = "copy"      // all are fetched and converted
)

// Options says what to take. Options.Dataset is needed.
type Options struct {
	ingest.Options
	Mode Mode // "" = Reference
	// Client asks the network; nil = a guarded one with defaults.
	Client *fetch.Client
	// Assets are the keys of the assets to take; nil = those with data.
	Assets []string
	// Collections limits a search of an API to these.
	Collections []string
	// Interval limits items in time: an instant, or two with a slash between
	// them, either may be ".." or empty for open; "" = any time. It shadows
	// nothing: Options.Datetime overrides the items' own.
	Interval string
	// BBox limits items in space, in longitude and latitude; nil = anywhere.
	BBox *geo.BBox
	// CloudCover is the most cloud cover in percent; items without one pass.
	CloudCover *float64
	// Limit bounds the items taken; 0 = DefaultLimit. When there are more a
	// notice says so.
	Limit int
	// AllowOutside lets a catalogue of files here name files outside its folder.
	AllowOutside bool
	// MaxDownload bounds one file that is copied, in bytes; 0 = 20 GB.
	MaxDownload int64
}

// DefaultLimit is how many items are taken when nobody says.
const DefaultLimit = 1000

const defaultDownload = 20 << 30

// client is the one that Run was given, for reading what stays elsewhere.
var reading atomic.Pointer[fetch.Client]

// Serve lets this process read rasters that stay elsewhere, through the
// client; cache is how many bytes of them are kept in memory, 0 = 64 MB. A
// program calls it once when it starts; Run does when nobody has.
func Serve(c *fetch.Client, cache int64) error {
	reading.Store(c)
	return gdal.SetRemote(Opener(c), cache)
}

// Run ingests what ref leads to: a file here, or an http(s) address.
// progress may be nil.
//
// Errors: those of ingest.Run; Invalid when ref is no STAC, or not one of its
// items could be taken (with the reason of the first); NotExist; Unavailable
// when the network is.
func Run(ctx context.Context, st ingest.Stores, ref string, o Options, progress ingest.Progress) (ingest.Result, error) {
	const op = "stac.Run"
	if progress == nil {
		progress = ingest.Quiet{}
	}
	g := &gatherer{o: o, p: progress}
	var err error
	if g.when, err = parseInterval(o.Interval); err != nil {
		return ingest.Result{}, err
	}
	switch {
	case o.Mode == "":
		g.o.Mode = Reference
	case o.Mode != Reference && o.Mode != Copy:
		return ingest.Result{}, fault.Errorf(op, fault.Invalid, "mode %q is not known: use reference or copy", o.Mode)
	}
	if o.Limit < 0 || o.Limit > ingest.DefaultLimits.Items {
		return ingest.Result{}, fault.Errorf(op, fault.Invalid, "limit %d: 1 to %d items can be taken", o.Limit, ingest.DefaultLimits.Items)
	}
	if g.o.Limit == 0 {
		g.o.Limit = DefaultLimit
	}
	if g.o.MaxDownload == 0 {
		g.o.MaxDownload = defaultDownload
	}
	if g.o.Client == nil {
		g.o.Client = fetch.New(nil)
		defer g.o.Client.Close()
	}
	if g.o.Mode == Reference && reading.Load() == nil {
		if err := Serve(g.o.Client, 0); err != nil { //nolint:contextcheck // what stays elsewhere is read after this run, too
			return ingest.Result{}, err
		}
	}
	return ingest.RunDescribed(ctx, st, o.Options, func(ctx context.Context, dir string) (*ingest.Described, error) {
		return g.gather(ctx, ref, dir)
	}, progress)
}

// gatherer finds items and makes them ready to be published.
type gatherer struct {
	o     Options
	p     ingest.Progress
	when  *span
	notes notice.List
	left  error  // why the first item was left out
	root  string // the folder that files here must lie in; "" = anywhere
}

func (g *gatherer) gather(ctx context.Context, ref, dir string) (*ingest.Described, error) {
	const op = "stac.Run"
	g.p.Stage("read catalogue")
	w := newWalker(g)
	if err := w.start(ctx, ref); err != nil {
		return nil, err
	}
	items := w.items
	if len(items) == 0 {
		if g.left != nil {
			return nil, fault.E(op, max(fault.KindOf(g.left), fault.Invalid), fmt.Errorf("no item of %s can be taken: %w", w.name(), g.left))
		}
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s lists no item that passes", w.name()), "look at the time, the box and the cloud cover asked for")
	}
	out := &ingest.Described{Names: []string{w.name()}}
	out.Title, out.Description, out.License, out.Attribution = w.meta.title, w.meta.description, w.meta.license, w.meta.attribution
	slices.SortStableFunc(items, func(a, b *item) int { return strings.Compare(a.id, b.id) })
	for i, it := range items {
		g.p.Stage(fmt.Sprintf("item %s (%d of %d)", it.id, i+1, len(items)))
		if err := g.take(ctx, it, fmt.Sprintf("%s/%d", dir, i), out); err != nil {
			if ctx.Err() != nil {
				return nil, fault.E(op, fault.Canceled, ctx.Err())
			}
			g.leave(it.id, err)
		}
		g.p.Step(int64(i+1), int64(len(items)))
	}
	if len(out.Items)+len(out.Products) == 0 {
		return nil, fault.E(op, max(fault.KindOf(g.left), fault.Invalid), fmt.Errorf("no item of %s can be taken: %w", w.name(), g.left))
	}
	out.Notices = g.notes.All()
	return out, nil
}

// leave notes that an item was left out.
func (g *gatherer) leave(id string, err error) {
	if g.left == nil {
		g.left = fmt.Errorf("item %s: %w", id, err)
	}
	g.notes.Count("warning", "item-left-out", "items of the catalogue were left out", id+": "+err.Error())
}

// take makes one item ready.
func (g *gatherer) take(ctx context.Context, it *item, dir string, out *ingest.Described) error {
	assets, err := g.choose(it)
	if err != nil {
		return err
	}
	if g.o.Mode == Copy || slices.ContainsFunc(assets, func(a *asset) bool { return a.at.path != "" }) {
		p, err := g.copy(ctx, it, assets, dir)
		if err != nil {
			return err
		}
		out.Products = append(out.Products, p)
		return nil
	}
	made, err := g.refer(ctx, it, assets)
	if err != nil {
		return err
	}
	out.Items = append(out.Items, *made)
	return nil
}

// span is a closed span of time; nil ends are open.
type span struct{ from, to *time.Time }

// parseInterval reads an instant or START/END.
func parseInterval(s string) (*span, error) {
	if s == "" {
		return nil, nil
	}
	a, b, two := strings.Cut(s, "/")
	if !two {
		b = a
	}
	var out span
	for i, part := range []string{a, b} {
		if two && (part == "" || part == "..") {
			continue
		}
		t, day, err := parseTime(part)
		if err != nil {
			return nil, fault.Errorf("stac.Run", fault.Invalid, "%q is no time: write 2023-07-14, 2023-07-14T10:15:59Z, or two of them with a slash between", s)
		}
		if i == 0 {
			out.from = &t
			continue
		}
		if day { // to its end
			t = t.Add(24*time.Hour - time.Nanosecond)
		}
		out.to = &t
	}
	if out.from != nil && out.to != nil && out.to.Before(*out.from) {
		return nil, fault.Errorf("stac.Run", fault.Invalid, "the interval %q ends before it begins", s)
	}
	return &out, nil
}

// parseTime reads RFC 3339 or a date; day says that it was a date.
func parseTime(s string) (t time.Time, day bool, err error) {
	if len(s) > 64 {
		return t, false, fmt.Errorf("a time of %d bytes", len(s))
	}
	if t, err = time.Parse(time.DateOnly, s); err == nil {
		return t, true, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05Z07:00"} {
		if t, err = time.Parse(layout, s); err == nil && t.Year() > 0 && t.Year() < 9999 {
			return t.UTC(), false, nil
		}
	}
	return t, false, fmt.Errorf("%q is no time", s)
}

// text is the span as an API takes it.
func (s *span) text() string {
	end := func(t *time.Time) string {
		if t == nil {
			return ".."
		}
		return t.Format(time.RFC3339Nano)
	}
	return end(s.from) + "/" + end(s.to)
}

// meets tells whether a time or range of time touches the span. A thing
// without time passes no span.
func (s *span) meets(from, to *time.Time) bool {
	if from == nil && to == nil {
		return false
	}
	if from != nil && s.to != nil && from.After(*s.to) {
		return false
	}
	return to == nil || s.from == nil || !to.Before(*s.from)
}
