package postgis

import (
	"crypto/rand"
	"testing"
	"time"

	"contado/geo/store/catalog"
	"contado/geo/store/catalog/catalogtest"
	"contado/geo/store/jobs"
	"contado/geo/store/jobs/jobstest"
	"contado/geo/store/journal"
	"contado/geo/store/journal/journaltest"
	"contado/geo/store/postgis/pgtest"
)

func connection(t testing.TB, url string) Connection {
	t.Helper()
	c, err := ParseConnection(url)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func openCatalog(t testing.TB, url string, o *Options) *Catalog {
	t.Helper()
	c, err := OpenCatalog(t.Context(), connection(t, url), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func testOptions() *JobsOptions {
	return &JobsOptions{
		Kinds: jobstest.Kinds, PollInterval: 20 * time.Millisecond, Lease: 2 * time.Second,
		RetryDelay: 10 * time.Millisecond,
	}
}

func openJobs(t testing.TB, url string, o *Options, jo *JobsOptions) *Jobs {
	t.Helper()
	j, err := OpenJobs(t.Context(), connection(t, url), o, jo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// freshSchema is an installation of its own: soon made, unlike a database.
func freshSchema() *Options { return &Options{Schema: "Odd \"" + rand.Text()} }

func TestCatalogSuite(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	catalogtest.RunSuite(t, func(t *testing.T) catalog.Driver { return openCatalog(t, url, freshSchema()) })
}

func TestJournalSuite(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	journaltest.RunSuite(t, func(t *testing.T) (catalog.Driver, journal.Driver) {
		c := openCatalog(t, url, freshSchema())
		return c, c.Journal()
	})
}

func TestJobsSuite(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	jobstest.RunSuite(t, func(t *testing.T) func(*testing.T) jobs.Driver {
		o := freshSchema()
		jo := testOptions()
		jo.Lease = time.Minute // workers that live may not be heard of for seconds on a busy machine
		return func(t *testing.T) jobs.Driver { return openJobs(t, url, o, jo) }
	})
}
