package page

import (
	"strings"
	"testing"

	"contado/geo/fault"
)

func TestEveryPhraseIsWhole(t *testing.T) {
	t.Parallel()
	for key, both := range catalogue {
		for i, s := range both {
			if strings.TrimSpace(s) == "" {
				t.Errorf("%s has no text in language %d", key, i)
			}
		}
	}
	for k := fault.Invalid; k <= fault.Canceled; k++ {
		if _, ok := catalogue["problem-"+k.String()]; !ok {
			t.Errorf("nothing explains the problem %s", k)
		}
	}
	if _, err := text("it", "unheard"); err == nil {
		t.Error("a phrase that is not there is no error")
	}
}
