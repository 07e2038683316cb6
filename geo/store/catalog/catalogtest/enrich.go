package catalogtest

import (
	"encoding/json"
	"testing"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

func enrich(t testing.TB, d catalog.Driver, dataset string, version int, e catalog.Extra) []string {
	t.Helper()
	orphans, err := d.Enrich(t.Context(), dataset, version, e)
	if err != nil {
		t.Fatalf("Enrich(%s v%d, %s): %v", dataset, version, e.File.Key, err)
	}
	return orphans
}

// testEnrich: an extra appears in the version and among the keys, leaves the
// digest alone, takes the place of the one of its kind and goes with its dataset.
func testEnrich(t *testing.T, d catalog.Driver) {
	published := publish(t, d, full("roads", 0, 1))
	first := catalog.Extra{
		Kind: catalog.Pyramid, Seq: 3, Detail: json.RawMessage(`{"maxzoom":14}`),
		File: catalog.File{Key: "datasets/roads/v1/tiles-3.pmtiles", Size: 10, SHA256: "aa"},
	}
	before := revision(t, d)
	same(t, "orphans", len(enrich(t, d, "roads", 1, first)), 0)
	if after := revision(t, d); after <= before {
		t.Errorf("revision %d after %d: readers would not notice the extra", after, before)
	}
	now := datasets(t, d)[0].Version
	same(t, "extras", now.Extras, []catalog.Extra{first})
	same(t, "digest", now.SHA256, published.Version.SHA256)
	now.Extras = nil
	same(t, "rest of the version", now, published.Version)

	other := catalog.Extra{Kind: "other", File: catalog.File{Key: "datasets/roads/v1/other", Size: 1, SHA256: "bb"}}
	enrich(t, d, "roads", 1, other)
	second := first
	second.Seq, second.File = 7, catalog.File{Key: "datasets/roads/v1/tiles-7.pmtiles", Size: 11, SHA256: "cc"}
	same(t, "orphans", enrich(t, d, "roads", 1, second), []string{first.File.Key})
	same(t, "the same again", len(enrich(t, d, "roads", 1, second)), 0)
	versions, err := d.Versions(t.Context(), "roads")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "extras", versions[0].Extras, []catalog.Extra{second, other})
	keys, err := d.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := keys[first.File.Key]; ok || keys[second.File.Key] != second.File || keys[other.File.Key] != other.File {
		t.Errorf("keys are %v", keys)
	}
	gone, err := d.Remove(t.Context(), "roads", "ada")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, k := range gone {
		if k == second.File.Key || k == other.File.Key {
			found++
		}
	}
	same(t, "extras among the orphans of Remove", found, 2)
}

func testEnrichNothing(t *testing.T, d catalog.Driver) {
	publish(t, d, full("roads", 0, 1))
	e := catalog.Extra{Kind: catalog.Pyramid, File: catalog.File{Key: "datasets/roads/v1/x", SHA256: "aa"}}
	before := revision(t, d)
	_, err := d.Enrich(t.Context(), "roads", 2, e)
	wantKind(t, "a version that is not there", err, fault.NotExist)
	_, err = d.Enrich(t.Context(), "rivers", 1, e)
	wantKind(t, "a dataset that is not there", err, fault.NotExist)
	for name, bad := range map[string]catalog.Extra{
		"no kind":  {File: e.File},
		"bad key":  {Kind: catalog.Pyramid, File: catalog.File{Key: "../x"}},
		"negative": {Kind: catalog.Pyramid, File: e.File, Seq: -1},
		"not JSON": {Kind: catalog.Pyramid, File: e.File, Detail: json.RawMessage("{")},
	} {
		_, err := d.Enrich(t.Context(), "roads", 1, bad)
		wantKind(t, name, err, fault.Invalid)
	}
	p := full("roads", 1, 1)
	p.Dataset.Version.Extras = []catalog.Extra{e}
	_, err = d.Publish(t.Context(), p)
	wantKind(t, "extras in a publication", err, fault.Invalid)
	if after := revision(t, d); after != before {
		t.Errorf("failures moved the revision from %d to %d", before, after)
	}
}
