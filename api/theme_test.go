package api_test

import (
	"bytes"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"contado/api/apitest"
)

func TestThematicStyleAndLegend(t *testing.T) {
	t.Parallel()
	r := ask.Get(t, "/styles/municipalities?by=name&palette=okabe-ito")
	if body := r.Body.String(); !strings.Contains(body, `"match"`) || !strings.Contains(body, `/sprites/contado"`) || !strings.Contains(body, "fill-pattern") {
		t.Errorf("style: %s", body)
	}
	var l struct {
		Entries []struct{ Label, Color string }
	}
	ask.Get(t, "/legend/municipalities?by=name&lang=it").Read(&l)
	if len(l.Entries) != 2 || !strings.HasSuffix(l.Entries[0].Label, "(1)") || l.Entries[0].Color == l.Entries[1].Color {
		t.Errorf("%+v", l)
	}
	for _, path := range []string{
		"/styles/municipalities?by=none", "/styles/municipalities?method=jenks", "/styles/municipalities?by=name&method=jenks", "/styles/municipalities?by=name&classes=1",
		"/styles/municipalities?by=name&palette=none", "/styles/map?by=name", "/styles/elevation?by=name", "/legend/municipalities?by=none",
	} {
		ask.Do(t, apitest.Request{Path: path}).Want(http.StatusBadRequest)
	}
}

func TestSprites(t *testing.T) {
	t.Parallel()
	var list map[string]struct{ Width, X int }
	ask.Get(t, "/sprites/contado@2x.json").Read(&list)
	img, err := png.Decode(bytes.NewReader(ask.Get(t, "/sprites/contado@2x.png").Body.Bytes()))
	if err != nil || list["hatch"].Width != 32 || img.Bounds().Dx() < list["triangle"].X {
		t.Errorf("%v, %v", list, err)
	}
	ask.Do(t, apitest.Request{Path: "/sprites/other.png"}).Want(http.StatusNotFound)
}
