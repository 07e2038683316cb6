// Package notice gathers what was repaired, dropped or guessed on the way, one
// catalog.Notice a code, with a count and the first examples.
package notice

import (
	"fmt"

	"contado/geo/store/catalog"
)

// MaxExamples is the most examples a notice names; the count goes on.
const MaxExamples = 20

const maxExampleLen = 160

// List gathers notices in the order in which their codes first came up. The
// zero value is ready; it is for one goroutine.
type List struct {
	all   []catalog.Notice
	index map[string]int
}

// Add says something that is not counted.
func (l *List) Add(s catalog.Severity, code, format string, args ...any) {
	l.put(s, code, fmt.Sprintf(format, args...))
}

// Count adds one to the notice with the code, with the example that it is
// about ("" for none). The message is the one of the first call.
func (l *List) Count(s catalog.Severity, code, message, example string) {
	i, ok := l.index[code]
	if !ok {
		i = l.put(s, code, message)
	}
	n := &l.all[i]
	n.Count++
	if example != "" && len(n.Examples) < MaxExamples {
		n.Examples = append(n.Examples, clip(example))
	}
}

func (l *List) put(s catalog.Severity, code, message string) int {
	if l.index == nil {
		l.index = map[string]int{}
	}
	i := len(l.all)
	if _, taken := l.index[code]; !taken {
		l.index[code] = i
	}
	l.all = append(l.all, catalog.Notice{Severity: s, Code: code, Message: message})
	return i
}

// Append takes over the notices of another list.
func (l *List) Append(more []catalog.Notice) {
	l.all = append(l.all, more...)
}

// Counted is how often a code was counted so far.
func (l *List) Counted(code string) int64 {
	if i, ok := l.index[code]; ok {
		return l.all[i].Count
	}
	return 0
}

// All returns the notices; never nil.
func (l *List) All() []catalog.Notice {
	if l.all == nil {
		return []catalog.Notice{}
	}
	return l.all
}

func clip(s string) string {
	r := []rune(s)
	if len(r) <= maxExampleLen {
		return s
	}
	return string(r[:maxExampleLen-1]) + "…"
}
