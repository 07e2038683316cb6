package catalogtest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

func testDescribe(t *testing.T, d catalog.Driver) {
	first := publish(t, d, full("x", 0, 2))
	before := revision(t, d)
	got, err := d.Describe(t.Context(), "x", "ada", func(s *catalog.Dataset) error {
		same(t, "what change sees", *s, first)
		s.Title, s.License, s.Role = "Immagini", "CC0-1.0", catalog.OtherRole
		s.About.Keywords = []string{"neve"}
		s.About.Style = nil
		s.Version.Number, s.ID = 9, "y" // not kept
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := first
	want.Title, want.License, want.Role = "Immagini", "CC0-1.0", catalog.OtherRole
	want.About.Keywords, want.About.Style = []string{"neve"}, nil
	same(t, "Describe", got, want)
	same(t, "Datasets", datasets(t, d), []catalog.Dataset{want})
	if after := revision(t, d); after <= before {
		t.Errorf("revision went from %d to %d", before, after)
	}
	before = revision(t, d)
	if _, err := d.Describe(t.Context(), "x", "ada", func(*catalog.Dataset) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if after := revision(t, d); after != before {
		t.Errorf("a change of nothing moved the revision from %d to %d", before, after)
	}
}

func testDescribeInvalid(t *testing.T, d catalog.Driver) {
	first := publish(t, d, full("x", 0, 1))
	for name, change := range map[string]func(*catalog.Dataset){
		"no title":      func(s *catalog.Dataset) { s.Title = "" },
		"long title":    func(s *catalog.Dataset) { s.Title = strings.Repeat("è", catalog.MaxTitle+1) },
		"no text":       func(s *catalog.Dataset) { s.Description = "\xff" },
		"role":          func(s *catalog.Dataset) { s.Role = "film" },
		"role of rows":  func(s *catalog.Dataset) { s.Role = catalog.Service },
		"keywords":      func(s *catalog.Dataset) { s.About.Keywords = make([]string, 1) },
		"many keywords": func(s *catalog.Dataset) { s.About.Keywords = strings.Split(strings.Repeat("a", 60), "") },
	} {
		_, err := d.Describe(t.Context(), "x", "ada", func(s *catalog.Dataset) error { change(s); return nil })
		wantKind(t, name, err, fault.Invalid)
	}
	own := errors.New("of the caller")
	if _, err := d.Describe(t.Context(), "x", "ada", func(*catalog.Dataset) error { return own }); !errors.Is(err, own) {
		t.Errorf("the caller's error came back as %v", err)
	}
	_, err := d.Describe(t.Context(), "none", "ada", func(*catalog.Dataset) error { return nil })
	wantKind(t, "nothing", err, fault.NotExist)
	same(t, "Datasets", datasets(t, d), []catalog.Dataset{first})
}

// testDescribeTogether: none of the changes of several at once is lost.
func testDescribeTogether(t *testing.T, d catalog.Driver) {
	p := full("x", 0, 1)
	p.Dataset.About.Keywords = nil
	publish(t, d, p)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := d.Describe(t.Context(), "x", "ada", func(s *catalog.Dataset) error {
				s.About.Keywords = append(s.About.Keywords, fmt.Sprint(i))
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := datasets(t, d)[0].About.Keywords; len(got) != 8 {
		t.Errorf("%d of 8 changes are left: %q", len(got), got)
	}
}

func testActs(t *testing.T, d catalog.Driver) {
	p := small("a", 0)
	p.Dataset.Version.Made = &catalog.Making{Command: "contado ingest", Who: "ada"}
	publish(t, d, p)
	publish(t, d, small("b", 0))
	if _, err := d.Describe(t.Context(), "a", "grace", func(s *catalog.Dataset) error { s.Title = "A"; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Remove(t.Context(), "a", "lin"); err != nil {
		t.Fatal(err)
	}
	read := func(dataset string, before int64, limit int) []catalog.Act {
		t.Helper()
		list, err := d.Acts(t.Context(), dataset, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := read("a", 0, 10)
	var said []string
	for _, a := range list {
		if a.At.IsZero() {
			t.Errorf("an act without a time: %+v", a)
		}
		said = append(said, fmt.Sprintf("%s %s %s %d %s", a.Who, a.Deed, a.Dataset, a.Version, strings.ReplaceAll(string(a.Detail), " ", "")))
	}
	same(t, "Acts", said, []string{"lin remove a 1 ", `grace describe a 1 {"title":["` + p.Dataset.Title + `","A"]}`, "ada publish a 1 "})
	if all := read("", 0, 10); len(all) != 4 || all[0].Seq <= all[1].Seq || all[2].Dataset != "b" {
		t.Errorf("all acts: %+v", all)
	}
	if page := read("a", list[0].Seq, 1); len(page) != 1 || page[0].Seq != list[1].Seq {
		t.Errorf("the page after the first: %+v", page)
	}
	if none := read("none", 0, 10); none == nil || len(none) != 0 {
		t.Errorf("acts of nothing: %+v", none)
	}
}

func testVersionItems(t *testing.T, d catalog.Driver) {
	publish(t, d, full("x", 0, 3))
	publish(t, d, full("x", 1, 2))
	for version, want := range map[int]int{1: 3, 2: 2} {
		items, err := d.VersionItems(t.Context(), "x", version)
		if err != nil || len(items) != want || items[0].Version != version {
			t.Errorf("version %d: %d items, %v; want %d", version, len(items), err, want)
		}
	}
	now, err := d.Items(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	same2, err := d.VersionItems(t.Context(), "x", 2)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "items of the current version", same2, now)
	_, err = d.VersionItems(t.Context(), "x", 3)
	wantKind(t, "a version that is not there", err, fault.NotExist)
	_, err = d.VersionItems(t.Context(), "none", 1)
	wantKind(t, "nothing", err, fault.NotExist)
}
