package upload

import "testing"

// What is said of files names them as those do who sent them.
func TestPlacesOfTheServerAreHidden(t *testing.T) {
	t.Parallel()
	f := &folder{id: "x", dir: "/srv/contado/uploads/x"}
	for said, want := range map[string]string{
		"a.gpkg: open vector file /srv/contado/uploads/x/files/a.gpkg: malformed": "a.gpkg: open vector file a.gpkg: malformed",
		"/srv/contado/uploads/x/look/a.csv is empty":                              "look/a.csv is empty",
		"a.shp lacks its .dbf file":                                               "a.shp lacks its .dbf file",
		"":                                                                        "",
	} {
		if got := f.hide(said); got != want {
			t.Errorf("%q became %q, want %q", said, got, want)
		}
	}
}
