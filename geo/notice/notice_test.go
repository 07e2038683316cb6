package notice

import (
	"strings"
	"testing"

	"contado/geo/store/catalog"
)

// Counts go on where examples stop, and every code keeps its first message.
func TestList(t *testing.T) {
	t.Parallel()
	var l List
	for range MaxExamples + 5 {
		l.Count(catalog.Warning, "a", "first", strings.Repeat("é", 500))
	}
	l.Count(catalog.Warning, "a", "second", "")
	l.Add(catalog.Info, "b", "%d of %d", 1, 2)
	l.Append([]catalog.Notice{{Code: "c", Count: 7}})
	all := l.All()
	if len(all) != 3 || all[0].Count != MaxExamples+6 || len(all[0].Examples) != MaxExamples || all[0].Message != "first" || all[1].Message != "1 of 2" {
		t.Errorf("%+v", all)
	}
	if n := len([]rune(all[0].Examples[0])); n != maxExampleLen {
		t.Errorf("an example of %d characters", n)
	}
	if l.Counted("a") != MaxExamples+6 || l.Counted("none") != 0 {
		t.Error(l.Counted("a"), l.Counted("none"))
	}
	if all := new(List).All(); all == nil || len(all) != 0 {
		t.Error("an empty list is not nil in JSON")
	}
}
