package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"contado/geo/recipe"
)

// clockwork is a server in this process whose recipes go by a clock that the
// test turns.
type clockwork struct {
	*server
	clock chan time.Time
}

// turnedByHand serves a data folder until the test ends.
func turnedByHand(t *testing.T, data string) *clockwork {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &clockwork{server: &server{t: t}, clock: make(chan time.Time)}
	var log bytes.Buffer
	a := &app{ctx: ctx, stdout: &log, stderr: &log, globals: &Globals{Data: data, Quiet: true}, clock: func(context.Context) <-chan time.Time { return c.clock }}
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- a.with(func(in *installation) error {
			l, err := listen(ctx, "127.0.0.1:0")
			if err != nil {
				return err
			}
			return a.serve(in, l, &serveCmd{}, func(url string) { ready <- url })
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the server ended with %v\n%s", err, log.String())
		}
	})
	select {
	case url := <-ready:
		c.url = strings.TrimSuffix(url, "/")
	case err := <-ended:
		ended <- err
		t.Fatalf("the server did not start: %v", err)
	}
	return c
}

// show tells the server the time, and returns when it has done what is due by
// then: it takes the second only after the first.
func (c *clockwork) show(now time.Time) {
	c.t.Helper()
	for range 2 {
		select {
		case c.clock <- now:
		case <-time.After(5 * time.Minute):
			c.t.Fatal("the server does not look at the clock")
		}
	}
}

// reports waits until no job is open and lists the reports that are kept, of
// territories with their people.
func (c *clockwork) reports() map[string]float64 {
	c.t.Helper()
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		var list struct {
			Jobs []struct{ JobID, Status, Message string }
		}
		c.json("/jobs", &list)
		open := false
		for _, j := range list.Jobs {
			if j.Status == "failed" || j.Status == "dismissed" {
				c.t.Fatalf("job %s is %s: %s", j.JobID, j.Status, j.Message)
			}
			open = open || j.Status != "successful"
		}
		if !open {
			break
		}
		if time.Now().After(end) {
			c.t.Fatalf("jobs do not end: %+v", list.Jobs)
		}
	}
	var kept struct {
		Reports []struct {
			ID         string  `json:"id"`
			Population float64 `json:"population_total"`
		} `json:"reports"`
	}
	c.json("/reports", &kept)
	out := map[string]float64{}
	for _, r := range kept.Reports {
		out[r.ID] = r.Population
	}
	return out
}

// lastMade is when the plan says that a recipe was made last.
func lastMade(t *testing.T, data, name string) time.Time {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(data, filepath.FromSlash(recipePrefix+name+lastEnding)))
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return at.Local()
}

// A planned recipe is made when its time comes, once for each territory, not a
// second before and not twice; again when it comes again, also by a server that
// was started later; and no more when it is taken off the plan.
func TestPlannedRecipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	do := twoAreas(t, dir)
	file := filepath.Join(dir, "r.yaml")
	const text = "recipe: contado/1\nname: consiglio\nterritories: [\"1\", \"2\"]\nservices: [pharmacy, school]\nprofiles: [straight-line]\nthresholds: [10m]\nschedule: monthly 15 06:00\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	do(0, "recipe", "schedule", file)
	plan, err := recipe.ParseSchedule("monthly 15 06:00")
	if err != nil {
		t.Fatal(err)
	}
	first := plan.Next(lastMade(t, data, "consiglio"))
	second := plan.Next(first)
	want := map[string]float64{}
	expect := func(due time.Time) {
		stamp := due.UTC().Format("060102-1504")
		want["consiglio-1-"+stamp], want["consiglio-2-"+stamp] = 900, 1100
	}

	t.Run("first month", func(t *testing.T) {
		c := turnedByHand(t, data)
		c.show(first.Add(-time.Second))
		c.same(want)
		c.show(first)
		expect(first)
		c.same(want)
		c.show(first.Add(time.Minute))
		c.show(second.Add(-time.Second))
		c.same(want)
		if at := lastMade(t, data, "consiglio"); !at.Equal(first) {
			t.Errorf("made last on %s, want %s", at, first)
		}
	})
	t.Run("the next, late", func(t *testing.T) { // the server was off when it came
		c := turnedByHand(t, data)
		late := second.Add(90 * time.Minute)
		c.show(late)
		expect(late)
		c.same(want)
	})
	do(0, "recipe", "schedule", "--remove", "consiglio")
	t.Run("off the plan", func(t *testing.T) {
		c := turnedByHand(t, data)
		c.show(second.AddDate(1, 0, 0))
		c.same(want)
	})
}

// same compares the reports that are kept.
func (c *clockwork) same(want map[string]float64) {
	c.t.Helper()
	got := c.reports()
	for id, people := range want {
		if n, ok := got[id]; !ok || n != people {
			c.t.Errorf("report %s is there: %v, of %v people; want %v", id, ok, n, people)
		}
	}
	if len(got) != len(want) {
		var ids []string
		for id := range got {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		c.t.Errorf("%d reports: %v; want %d", len(got), ids, len(want))
	}
}
