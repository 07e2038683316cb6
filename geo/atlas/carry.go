package atlas

import (
	"context"
	"fmt"

	"contado/geo/fault"
	"contado/geo/store/journal"
)

// CarryOver makes the changes that a version got after a Seq in the current
// one too. It is for who publishes a new version out of the rows of an older
// one as they were at that Seq: people go on editing until the new version is
// there. Who, when and origin stay; a change of a row that somebody has edited
// in the new version meanwhile is left, and returned.
func (a *Atlas) CarryOver(ctx context.Context, dataset string, version int, after int64) (left []journal.Change, err error) {
	const op = "atlas.CarryOver"
	if a.stores.Journal == nil {
		return nil, nil
	}
	if err := a.Refresh(ctx); err != nil {
		return nil, err
	}
	defer a.editing.lock(dataset)()
	late, err := a.stores.Journal.Changes(ctx, dataset, version, after, 0)
	if err != nil || len(late) == 0 {
		return nil, err
	}
	l, err := a.Current().Layer(Exact(ctx), dataset)
	if err != nil {
		return nil, err
	}
	if now := l.Dataset().Version.Number; now <= version {
		return nil, fault.Errorf(op, fault.Conflict, "dataset %q has no version after %d yet", dataset, version)
	}
	var made []journal.Change
	ours := map[int64]int64{} // Seq of the last change carried, by feature
	for _, c := range late {
		c.Expect = ours[c.Feature]
		out, err := a.stores.Journal.Append(ctx, dataset, l.Dataset().Version.Number, []journal.Change{c})
		if fault.Is(err, fault.Conflict) {
			left = append(left, c)
			continue
		}
		if err != nil {
			return left, fmt.Errorf("carry change %d of version %d over: %w", c.Seq, version, err)
		}
		ours[c.Feature] = out[0].Seq
		made = append(made, out...)
	}
	if len(made) == 0 {
		return left, nil
	}
	return left, a.advance(ctx, l, made)
}
