package sqlstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"contado/geo/fault"
	"contado/geo/store/jobs"
)

var _ jobs.Driver = (*Jobs)(nil)

// JobsOptions tunes the queue. Zero values and a nil pointer mean defaults.
type JobsOptions struct {
	// Kinds lists the kinds that Enqueue accepts; nil accepts every
	// well-formed name, and a job that no worker knows fails when it is run.
	Kinds []string
	// Workers is how many jobs run at once in this process. Default 2.
	Workers int
	// PollInterval is how soon new jobs and cancellations are noticed.
	// Default 200 ms.
	PollInterval time.Duration
	// Lease is how long after the last sign of life a worker is taken for
	// dead and its job is run again. Default 15 s.
	Lease time.Duration
	// RetryDelay is the wait before the second attempt; four times that
	// before the third. Default 1 s.
	RetryDelay time.Duration
	// Grace is how long Run waits for handlers once its context has ended,
	// before it ends theirs and gives their jobs back to the queue. Default
	// 30 s.
	Grace time.Duration
	// Retention is how long finished jobs are kept. Default 30 days.
	Retention time.Duration
	// Logger receives the warnings of River; nil discards them.
	Logger *slog.Logger
}

// MaxAttempts is how often a job is tried when it fails for a reason that may
// pass, or when its worker dies.
const MaxAttempts = 3

// Log is the logger of the options, never nil.
func (o *JobsOptions) Log() *slog.Logger {
	if o == nil || o.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Logger
}

func (o *JobsOptions) withDefaults() JobsOptions {
	var d JobsOptions
	if o != nil {
		d = *o
	}
	d.Kinds = slices.Clone(d.Kinds)
	d.Workers = cmp.Or(d.Workers, 2)
	d.PollInterval = cmp.Or(d.PollInterval, 200*time.Millisecond)
	d.Lease = cmp.Or(d.Lease, 15*time.Second)
	d.RetryDelay = cmp.Or(d.RetryDelay, time.Second)
	d.Grace = cmp.Or(d.Grace, 30*time.Second)
	d.Retention = cmp.Or(d.Retention, 30*24*time.Hour)
	d.Logger = d.Log()
	return d
}

// Jobs is a jobs.Driver: River keeps the queue, and a table beside it keeps
// what people see of a job.
type Jobs struct {
	b       *Backend
	client  *river.Client[*sql.Tx] // inserts and cancels; does not work
	options JobsOptions
}

// Jobs is the queue in the database. Nothing runs before Run.
func (b *Backend) Jobs(o *JobsOptions) (*Jobs, error) {
	options := o.withDefaults()
	client, err := river.NewClient(b.River(b.Write), &river.Config{Logger: options.Logger})
	if err != nil {
		return nil, fault.E("sqlstore.OpenJobs", fault.Other, err)
	}
	return &Jobs{b: b, client: client, options: options}, nil
}

// Close closes the database. Run must have returned.
func (j *Jobs) Close() error { return j.b.Close() }

// jobArgs is all that River knows of a job: the rest stands in job_state,
// where river_id leads.
type jobArgs struct{}

// Kind implements river.JobArgs. One kind carries all of ours.
func (jobArgs) Kind() string { return "contado" }

var kindPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// MaxArgs bounds the arguments of a job, in bytes.
const MaxArgs = 16 << 20

// Enqueue implements jobs.Driver.
func (j *Jobs) Enqueue(ctx context.Context, kind string, args json.RawMessage) (jobs.Job, error) {
	const op = "sqlstore.Enqueue"
	switch {
	case !kindPattern.MatchString(kind):
		return jobs.Job{}, fault.Errorf(op, fault.Invalid, "job kind %.80q is not usable", kind)
	case j.options.Kinds != nil && !slices.Contains(j.options.Kinds, kind):
		return jobs.Job{}, fault.Errorf(op, fault.Invalid, "job kind %q is unknown; kinds are %q", kind, j.options.Kinds)
	case len(args) > MaxArgs:
		return jobs.Job{}, fault.Errorf(op, fault.TooLarge, "the arguments of job %s have %d bytes; the limit is %d", kind, len(args), MaxArgs)
	case args == nil:
		args = json.RawMessage("null")
	case !validJSON(args):
		return jobs.Job{}, fault.Errorf(op, fault.Invalid, "the arguments of job %s are not JSON", kind)
	}
	job := jobs.Job{
		ID: strings.ToLower(rand.Text()), Kind: kind, Args: slices.Clone(args),
		State: jobs.Accepted, CreatedAt: time.Now().UTC().Round(0),
	}
	err := j.b.write(ctx, "", func(tx tx) error {
		// Attempts are counted in job_state; River must never give up first.
		row, err := j.client.InsertTx(ctx, tx.Tx, jobArgs{}, &river.InsertOpts{MaxAttempts: riverAttempts})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlInsertJob, job.ID, row.Job.ID, kind, string(args), formatTime(&job.CreatedAt))
		return err
	})
	if err != nil {
		return jobs.Job{}, j.b.Translate(ctx, op, fmt.Errorf("enqueue %s: %w", kind, err))
	}
	return job, nil
}

const riverAttempts = 1000

// Get implements jobs.Driver.
func (j *Jobs) Get(ctx context.Context, id string) (jobs.Job, error) {
	const op = "sqlstore.GetJob"
	var out []jobs.Job
	if err := each(ctx, j.b.reader(), scanJobs(&out), sqlJob, id); err != nil {
		return jobs.Job{}, j.b.Translate(ctx, op, err)
	}
	if len(out) == 0 {
		return jobs.Job{}, noJob(op, id)
	}
	return out[0], nil
}

// List implements jobs.Driver.
func (j *Jobs) List(ctx context.Context, limit int) ([]jobs.Job, error) {
	out := []jobs.Job{}
	if limit <= 0 {
		return out, nil
	}
	if err := each(ctx, j.b.reader(), scanJobs(&out), sqlJobs, limit); err != nil {
		return nil, j.b.Translate(ctx, "sqlstore.ListJobs", err)
	}
	return out, nil
}

// Cancel implements jobs.Driver. A finished job stays as it is.
func (j *Jobs) Cancel(ctx context.Context, id string) (jobs.Job, error) {
	const op = "sqlstore.CancelJob"
	err := j.b.write(ctx, "", func(tx tx) error {
		var riverID int64
		var state jobs.State
		err := tx.QueryRowContext(ctx, sqlJobRiverID, id).Scan(&riverID, &state)
		if errors.Is(err, sql.ErrNoRows) {
			return noJob(op, id)
		}
		if err != nil || state.Final() {
			return err
		}
		now := time.Now()
		if _, err := tx.ExecContext(ctx, sqlDismissJob, id, formatTime(&now)); err != nil {
			return err
		}
		// The worker sees job_state at its next poll, in whatever process.
		if _, err := j.client.JobCancelTx(ctx, tx.Tx, riverID); err != nil && !errors.Is(err, river.ErrNotFound) {
			return err
		}
		return nil
	})
	if err != nil {
		return jobs.Job{}, j.b.Translate(ctx, op, err)
	}
	return j.Get(ctx, id)
}

func noJob(op, id string) error {
	return fault.Errorf(op, fault.NotExist, "there is no job %.80q", id)
}

func scanJobs(out *[]jobs.Job) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var job jobs.Job
		var args, created string
		var result, started, finished sql.NullString
		err := rows.Scan(&job.ID, &job.Kind, &args, &job.State, &job.Progress, &job.Message, &result,
			&job.Error, &job.ErrorKind, &job.Attempt, &created, &started, &finished)
		if err != nil {
			return err
		}
		job.Args = json.RawMessage(args)
		if result.Valid {
			job.Result = json.RawMessage(result.String)
		}
		if job.CreatedAt, err = parseTime(created); err != nil {
			return err
		}
		if job.StartedAt, err = parseNullTime(started); err != nil {
			return err
		}
		if job.FinishedAt, err = parseNullTime(finished); err != nil {
			return err
		}
		*out = append(*out, job)
		return nil
	}
}

func parseNullTime(s sql.NullString) (*time.Time, error) {
	if !s.Valid {
		return nil, nil
	}
	t, err := parseTime(s.String)
	return &t, err
}
