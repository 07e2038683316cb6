package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"contado/api/apitest"
)

// What tiles can be asked with is listed, and every name on the lists works.
func TestIndicesAndColormaps(t *testing.T) {
	t.Parallel()
	var lists struct {
		Indices   []struct{ Name, Formula, Source, Colormap string }
		Colormaps []struct {
			Name    string
			Colours []string
		}
	}
	for _, path := range []string{"/indices", "/colormaps"} {
		if err := json.Unmarshal(ask.Get(t, path).Body.Bytes(), &lists); err != nil {
			t.Fatal(err)
		}
		ask.Do(t, apitest.Request{Path: path + "?f=html"}).Want(http.StatusBadRequest)
	}
	if len(lists.Indices) < 20 || len(lists.Colormaps) < 20 {
		t.Fatalf("%d indices, %d colour maps", len(lists.Indices), len(lists.Colormaps))
	}
	known := map[string]bool{}
	for _, m := range lists.Colormaps {
		known[m.Name], known[m.Name+"_r"] = true, true
		ask.Get(t, "/legend/elevation.svg?colormap="+m.Name)
		ask.Get(t, "/legend/elevation.svg?colormap="+m.Name+"_r")
		if len(m.Colours) != 16 {
			t.Errorf("%s has %d colours", m.Name, len(m.Colours))
		}
	}
	for _, ix := range lists.Indices {
		if !known[ix.Colormap] || ix.Formula == "" || ix.Source == "" {
			t.Errorf("index %+v", ix)
		}
	}
}

// Legends speak the language asked for, and say what is left out.
func TestLegendLanguage(t *testing.T) {
	t.Parallel()
	var it, en struct{ Title, Source string }
	for lang, into := range map[string]any{"it": &it, "en": &en} {
		if err := json.Unmarshal(ask.Get(t, "/legend/elevation?terrain=slope&lang="+lang).Body.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
	if it.Title == en.Title || it.Title == "" {
		t.Errorf("in Italian %q, in English %q", it.Title, en.Title)
	}
	ask.Do(t, apitest.Request{Path: "/legend/elevation?lang=de"}).Want(http.StatusBadRequest)
}
