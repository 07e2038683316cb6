package page

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	texts "contado/docs/guide"
	"contado/geo/fault"
)

// Both guides say the same things in the same order, and show pictures that
// there are, with a description each.
func TestGuidesAreAlike(t *testing.T) {
	t.Parallel()
	id, img := regexp.MustCompile(`<h2 id="([a-z]+)"`), regexp.MustCompile(`<img src="/docs/pictures/([a-z]+)\.(it|en)\.webp" [^>]*alt="([^"]*)"`)
	parts := map[string][]string{}
	for _, lang := range []string{"it", "en"} {
		b, err := texts.Files.ReadFile("planner." + lang + ".html")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range id.FindAllStringSubmatch(string(b), -1) {
			parts[lang] = append(parts[lang], m[1])
			if !strings.Contains(string(b), `href="#`+m[1]+`"`) {
				t.Errorf("%s: the contents leave out %s", lang, m[1])
			}
		}
		pictures := img.FindAllStringSubmatch(string(b), -1)
		if strings.Count(string(b), "<img") != len(pictures) || len(pictures) < 6 {
			t.Errorf("%s: %d pictures, %d with a description", lang, strings.Count(string(b), "<img"), len(pictures))
		}
		for _, m := range pictures {
			parts[lang] = append(parts[lang], m[1])
			if m[2] != lang || len(m[3]) < 20 {
				t.Errorf("%s: %v", lang, m)
			}
			b, err := texts.Files.ReadFile("pictures/" + m[1] + "." + m[2] + ".webp")
			if err != nil || len(b) > 200_000 {
				t.Errorf("%s: %d bytes, %v", m[0], len(b), err)
			}
		}
	}
	if !slices.Equal(parts["it"], parts["en"]) {
		t.Errorf("Italian %v, English %v", parts["it"], parts["en"])
	}
}

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
