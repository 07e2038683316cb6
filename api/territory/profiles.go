package territory

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"

	"contado/geo/analysis"
)

// maxProfiles bounds how many profiles are kept; one takes a few kilobytes.
const maxProfiles = 256

// profiles keeps the profiles of territories as long as the data are the same:
// the first view of the page waits for one. The zero value is ready; it is
// safe for concurrent use. What it gives is shared: nobody writes to it.
type profiles struct {
	mu    sync.Mutex
	state string // of the atlas
	kept  map[string]*analysis.Profile
	now   singleflight.Group
}

// of is the profile of a territory in the state that the data are in, made
// once for all that ask meanwhile. Who stops asking does not stop it.
func (p *profiles) of(ctx context.Context, data func() string, code string, build func(context.Context, string) (*analysis.Profile, error)) (*analysis.Profile, error) {
	state := data()
	if one := p.get(state, code); one != nil {
		return one, nil
	}
	answer := p.now.DoChan(state+"\x00"+code, func() (any, error) {
		one, err := build(context.WithoutCancel(ctx), code)
		if err == nil && data() == state { // else it may be of other data
			p.put(state, code, one)
		}
		return one, err
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-answer:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*analysis.Profile), nil
	}
}

func (p *profiles) get(state, code string) *analysis.Profile {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != state {
		return nil
	}
	return p.kept[code]
}

func (p *profiles) put(state, code string, one *analysis.Profile) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != state || len(p.kept) >= maxProfiles {
		p.state, p.kept = state, map[string]*analysis.Profile{}
	}
	p.kept[code] = one
}

// Warm makes the profile of the only territory that contains all others, if
// there is one: the page shows it first.
func (h *Handler) Warm(ctx context.Context) error {
	tree, err := h.Atlas.Current().Territories(ctx)
	if err != nil {
		return err
	}
	roots := tree.Roots()
	if len(roots) != 1 {
		return nil
	}
	_, err = h.profileOf(ctx, roots[0].Code)
	return err
}

func (h *Handler) profileOf(ctx context.Context, code string) (*analysis.Profile, error) {
	data := func() string { return h.Atlas.Current().State() }
	return h.profiles.of(ctx, data, code, func(ctx context.Context, code string) (*analysis.Profile, error) {
		ctx, cancel := context.WithTimeout(ctx, h.Timeout)
		defer cancel()
		return h.Engine.Profile(ctx, code)
	})
}
