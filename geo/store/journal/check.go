package journal

import (
	"time"

	"contado/geo/fault"
)

// MaxChanges bounds the changes of one Append.
const MaxChanges = 100_000

// Check tells what is wrong with changes of one version before any driver
// writes them: too many, none, operations that do not fit what they hold,
// features named twice. The error is fault.Invalid or TooLarge.
func Check(changes []Change) error {
	const op = "journal.Check"
	if len(changes) == 0 {
		return fault.Errorf(op, fault.Invalid, "there is no change to append")
	}
	if len(changes) > MaxChanges {
		return fault.Errorf(op, fault.TooLarge, "%d changes at once; at most %d are taken", len(changes), MaxChanges)
	}
	seen := make(map[int64]bool, len(changes))
	for i := range changes {
		c := &changes[i]
		if seen[c.Feature] {
			return fault.Errorf(op, fault.Invalid, "feature %d is changed twice at once", c.Feature)
		}
		seen[c.Feature] = true
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Change) check() error {
	wrong := func(format string, args ...any) error {
		return fault.Errorf("journal.Check", fault.Invalid, "change of feature %d: "+format, append([]any{c.Feature}, args...)...)
	}
	switch c.Op {
	case Create, Replace, Delete:
	default:
		return wrong("the operation %.20q is unknown", c.Op)
	}
	switch {
	case (c.Before == nil) != (c.Op == Create):
		return wrong("a row before it belongs to all but a %s", Create)
	case (c.After == nil) != (c.Op == Delete):
		return wrong("a row after it belongs to all but a %s", Delete)
	case c.Before != nil && c.Before.ID != c.Feature, c.After != nil && c.After.ID != c.Feature:
		return wrong("its rows have other ids")
	case c.Expect < 0:
		return wrong("it expects change %d", c.Expect)
	}
	if y := c.At.UTC().Year(); !c.At.IsZero() && (y < 0 || y > 9999) {
		return wrong("its time %v is outside the years 0 to 9999", c.At.Format(time.RFC3339))
	}
	return nil
}

// Last is what a journal knows of a feature: its newest change. The zero
// value says that it has none.
type Last struct {
	Seq int64
	Op  Op
}

// Fits tells whether a change may follow the newest one of its feature; the
// error is fault.Conflict. Drivers call it inside of their transaction.
func (c *Change) Fits(last Last) error {
	const op = "journal.Append"
	switch {
	case c.Op == Create && last.Seq > 0 && last.Op != Delete:
		return fault.Errorf(op, fault.Conflict, "feature %d was created already, by change %d", c.Feature, last.Seq)
	case c.Expect != last.Seq && last.Seq == 0:
		return fault.Errorf(op, fault.Conflict, "feature %d has not changed since it was published; change %d was expected", c.Feature, c.Expect)
	case c.Expect != last.Seq:
		return fault.WithHint(fault.Errorf(op, fault.Conflict, "feature %d was changed meanwhile, by change %d", c.Feature, last.Seq),
			"read it again and repeat the edit on what it is now")
	case c.Op != Create && last.Op == Delete:
		return fault.Errorf(op, fault.Conflict, "feature %d was deleted by change %d", c.Feature, last.Seq)
	}
	return nil
}
