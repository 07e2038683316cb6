package atlas

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// AsOf is a moment in the life of a vector dataset. The zero value is now.
type AsOf struct {
	// Version is a version by its number, as published, or after its change
	// Seq (LastSeq: after all that it has). 0: the one that was current at Time.
	Version int
	Seq     int64
	// Time selects the version that was current then, or the given one, after
	// the changes up to that time.
	Time time.Time
}

// LastSeq stands for the newest change of a version.
const LastSeq = math.MaxInt64

// ParseStamp reads what Layer.Stamp writes: "3" or "3.17".
func ParseStamp(text string) (AsOf, bool) {
	before, after, has := strings.Cut(text, ".")
	v, err := strconv.ParseUint(before, 10, 31)
	if err != nil || v == 0 {
		return AsOf{}, false
	}
	at := AsOf{Version: int(v)}
	if has {
		seq, err := strconv.ParseUint(after, 10, 63)
		if err != nil || seq == 0 {
			return AsOf{}, false
		}
		at.Seq = int64(seq)
	}
	return at, true
}

// LayerAsOf gives a vector dataset as it was: any version that is kept, after
// any of its changes. Like those of Layer it belongs to the atlas.
//
// Errors: fault.NotExist for versions, changes and times that never were.
func (s *Snapshot) LayerAsOf(ctx context.Context, dataset string, at AsOf) (*Layer, error) {
	const op = "atlas.LayerAsOf"
	now, err := s.Layer(ctx, dataset)
	if err != nil || at == (AsOf{}) {
		return now, err
	}
	v, err := s.versionAt(ctx, dataset, at)
	if err != nil {
		return nil, err
	}
	if d := now.Dataset(); s.atlas.Veiled(&d) && !isExact(ctx) {
		if v.Number == d.Version.Number && at.Seq == now.Head() && at.Time.IsZero() {
			return now, nil
		}
		return nil, fault.WithHint(fault.Errorf(op, fault.Unsupported, "earlier states of the figures of people of dataset %q are not shown: compared, they would tell of few people", dataset),
			"ask for the dataset as it is now")
	}
	src, err := s.sourceOf(now, v)
	if err != nil {
		return nil, err
	}
	if v.Number == now.Dataset().Version.Number && at.Seq == now.Head() && at.Time.IsZero() {
		return now, nil
	}
	l, err := src.at(ctx, at)
	if l == nil && err == nil {
		err = fault.Errorf(op, fault.NotExist, "version %d of dataset %q has no change %d", v.Number, dataset, at.Seq)
	}
	return l, err
}

// maxMoments bounds the states of one version that are kept.
const maxMoments = 4

// moments are states of a version that were asked for, and the times of its
// changes as far as they were read.
type moments struct {
	mu    sync.Mutex
	times []time.Time // by Seq − 1
	kept  []*Layer    // the one used last at the end
}

// at gives the rows of the source as of a moment; nil when its journal does
// not reach that far.
func (s *source) at(ctx context.Context, at AsOf) (*Layer, error) {
	base, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	m := &s.moments
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := len(m.times); at.Seq > int64(known) || !at.Time.IsZero() && (known == 0 || !at.Time.Before(m.times[known-1])) {
		newer, err := s.changes(ctx, int64(known), 0)
		if err != nil {
			return nil, err
		}
		for i := range newer {
			m.times = append(m.times, newer[i].At)
		}
	}
	seq, ok := m.seq(at)
	if !ok {
		return nil, nil
	}
	return m.layer(ctx, s, base, seq)
}

// seq is the last change of a moment; ok is false when it never was.
func (m *moments) seq(at AsOf) (seq int64, ok bool) {
	end := int64(len(m.times))
	if !at.Time.IsZero() {
		if n := slices.IndexFunc(m.times, func(t time.Time) bool { return t.After(at.Time) }); n >= 0 {
			end = int64(n)
		}
	}
	switch {
	case at.Seq == LastSeq, at.Seq == 0 && !at.Time.IsZero():
		return end, true
	case at.Seq > int64(len(m.times)):
		return 0, false
	}
	return min(end, at.Seq), true
}

// layer goes on from the nearest state before that is kept.
func (m *moments) layer(ctx context.Context, s *source, base *Layer, seq int64) (*Layer, error) {
	from := base
	for i, l := range m.kept {
		if l.Head() == seq {
			m.kept = append(slices.Delete(m.kept, i, i+1), l)
			return l, nil
		}
		if l.Head() < seq && l.Head() > from.Head() {
			from = l
		}
	}
	if seq == 0 {
		return base, nil
	}
	changes, err := s.changes(ctx, from.Head(), int(seq-from.Head()))
	if err != nil {
		return nil, err
	}
	l, err := from.With(changes)
	if err != nil {
		return nil, err
	}
	if len(m.kept) >= maxMoments {
		m.kept = slices.Delete(m.kept, 0, 1)
	}
	m.kept = append(m.kept, l)
	return l, nil
}

// versionAt finds the version of a moment.
func (s *Snapshot) versionAt(ctx context.Context, dataset string, at AsOf) (catalog.Version, error) {
	const op = "atlas.LayerAsOf"
	d, err := s.Dataset(dataset)
	if err != nil {
		return catalog.Version{}, err
	}
	if at.Version == d.Version.Number || at.Version == 0 && !d.Version.PublishedAt.After(at.Time) {
		return d.Version, nil
	}
	versions, err := s.atlas.stores.Catalog.Versions(ctx, dataset)
	if err != nil {
		return catalog.Version{}, err
	}
	for _, v := range versions { // newest first
		if at.Version == v.Number || at.Version == 0 && !v.PublishedAt.After(at.Time) {
			return v, nil
		}
	}
	if at.Version != 0 {
		return catalog.Version{}, fault.Errorf(op, fault.NotExist, "dataset %q has no version %d", dataset, at.Version)
	}
	return catalog.Version{}, fault.WithHint(fault.Errorf(op, fault.NotExist, "there was no dataset %q at %s", dataset, at.Time.Format(time.RFC3339)),
		"its first version is of "+versions[len(versions)-1].PublishedAt.Format(time.RFC3339))
}

// sourceOf gives the rows of a version: the current one's, or kept ones.
func (s *Snapshot) sourceOf(now *Layer, v catalog.Version) (*source, error) {
	d := now.Dataset()
	if v.Number == d.Version.Number {
		return s.layers[d.ID].src, nil
	}
	if v.Vector == nil {
		return nil, fault.Errorf("atlas.LayerAsOf", fault.Invalid, "version %d of dataset %q is not a vector one", v.Number, d.ID)
	}
	d.Version = v
	src, dropped := s.atlas.past.get(s.atlas.stores, d)
	if dropped != nil {
		s.atlas.closeLater(dropped)
	}
	return src, nil
}

// maxPast bounds the old versions that are kept open.
const maxPast = 16

// past keeps the rows of versions that are no longer current.
type past struct {
	mu   sync.Mutex
	kept []*source // the one used last at the end
}

func (p *past) get(stores Stores, d catalog.Dataset) (src, dropped *source) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.kept, func(s *source) bool {
		return s.dataset.ID == d.ID && s.dataset.Version.Number == d.Version.Number && s.dataset.Version.SHA256 == d.Version.SHA256
	})
	if i >= 0 {
		src = p.kept[i]
		p.kept = append(slices.Delete(p.kept, i, i+1), src)
		return src, nil
	}
	if len(p.kept) >= maxPast {
		dropped = p.kept[0]
		p.kept = slices.Delete(p.kept, 0, 1)
	}
	src = &source{stores: stores, dataset: d}
	p.kept = append(p.kept, src)
	return src, dropped
}

// clear gives up all.
func (p *past) clear() []*source {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.kept
	p.kept = nil
	return out
}
