package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"contado/geo/store/jobs"
	"contado/geo/store/jobs/jobstest"
)

func testOptions() *JobsOptions {
	return &JobsOptions{
		Kinds: jobstest.Kinds, PollInterval: 20 * time.Millisecond, Lease: 2 * time.Second,
		RetryDelay: 10 * time.Millisecond,
	}
}

// patientLease is for tests of workers that live: on a busy machine one may not
// be heard of for seconds, and its job rightly goes to another. What happens
// when leases end is for the tests that kill workers.
const patientLease = time.Minute

func openJobs(t testing.TB, path string, o *JobsOptions) *Jobs {
	t.Helper()
	j, err := OpenJobs(t.Context(), path, o)
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

func TestJobsSuite(t *testing.T) {
	t.Parallel()
	jobstest.RunSuite(t, func(t *testing.T) func(*testing.T) jobs.Driver {
		path := filepath.Join(t.TempDir(), "jobs.db")
		o := testOptions()
		o.Lease = patientLease
		return func(t *testing.T) jobs.Driver { return openJobs(t, path, o) }
	})
}
