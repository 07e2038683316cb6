package attach

import (
	"testing"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/features"
	"contado/geo/store/gpkg"
	"contado/geo/store/postgis"
	"contado/geo/store/postgis/pgtest"
)

// TestTriggersAreRemoved: and those that were there before are left alone.
func TestTriggersAreRemoved(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, towns, "CREATE TABLE other (id integer PRIMARY KEY)")
	h := newHome(t)
	d := h.attach(t, url, "town", Options{Dataset: "towns", Watch: Notify})
	h.attach(t, url, "other", Options{Dataset: "other", Watch: Notify})
	tab, err := h.driver.External(t.Context(), *d.Version.Vector.External)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := tab.HasNotify(t.Context()); !ok || err != nil {
		t.Errorf("before: %t, %v", ok, err)
	}
	if err := tab.RemoveNotify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ok, err := tab.HasNotify(t.Context()); ok || err != nil {
		t.Errorf("after: %t, %v", ok, err)
	}
	// The other table still uses the function.
	pgtest.Exec(t, url, "INSERT INTO other VALUES (1)", "INSERT INTO town (name) VALUES ('x')")
}

// TestDetach: the dataset stays, with the edits, and the table is as before.
func TestDetach(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, towns)
	h := newHome(t)
	h.attach(t, url, "town", Options{Dataset: "towns", Writable: true})
	f, _ := h.follow(t, FollowOptions{})
	if s := followed(t, f, "towns"); s.Mode != Notify {
		t.Errorf("%+v", s)
	}
	pgtest.Exec(t, url, "UPDATE town SET name = 'Lucca' WHERE id = 7", "DELETE FROM town WHERE id = 8")
	until(t, "the edits", func() bool { return len(h.rows(t, "towns")) == 49 })
	before := h.rows(t, "towns")
	res, err := Detach(t.Context(), h.stores, h.driver, h.layer(t, "towns"))
	if err != nil {
		t.Fatal(err)
	}
	v := res.Dataset.Version
	if v.Number != 2 || v.Vector.External != nil || v.Vector.Count != 49 || !hasNotice(res.Dataset, "detached") || hasNotice(res.Dataset, "triggers-left") {
		t.Errorf("%+v", v)
	}
	if err := h.atlas.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the following to end", func() bool { return len(f.Statuses()) == 0 })
	pgtest.Exec(t, url, "UPDATE town SET name = 'Siena' WHERE id = 7", "SELECT 1/(1 - count(*)) FROM pg_proc WHERE proname = 'contado_notify' HAVING count(*) = 1")
	after := h.rows(t, "towns")
	for id, f := range before {
		if g, ok := after[id]; !ok || !postgis.Same(&f, &g) {
			t.Errorf("row %d was %v and is %v", id, f, g)
		}
	}
	path, err := h.stores.Blobs.Path(v.Vector.File)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := gpkg.New().Open(t.Context(), path, v.Vector.Layer)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	n := 0
	err = tab.Scan(t.Context(), features.Query{}, func(g geo.Feature) bool {
		n++
		f := before[g.ID]
		f.Values[2], g.Values[2] = nil, nil // times: to the millisecond there
		if !postgis.Same(&f, &g) {
			t.Errorf("row %d is %v in the GeoPackage, want %v", g.ID, g, f)
		}
		return true
	})
	if err != nil || n != 49 {
		t.Errorf("%d rows, %v", n, err)
	}
	if _, err := Detach(t.Context(), h.stores, h.driver, h.layer(t, "towns")); !fault.Is(err, fault.Invalid) {
		t.Errorf("a second time: %v", err)
	}
}
