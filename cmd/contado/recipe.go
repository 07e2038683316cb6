package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"contado/api/analysis"
	"contado/geo/fault"
	"contado/geo/recipe"
)

type recipeCmd struct {
	Check    recipeCheckCmd    `cmd:"" help:"Look whether a recipe is right, and when it comes next."`
	Run      recipeRunCmd      `cmd:"" help:"Make the reports of a recipe."`
	Schedule recipeScheduleCmd `cmd:"" help:"Have the server make the reports of a recipe again and again; list what is planned."`
}

type recipeCheckCmd struct {
	File string `arg:"" help:"Recipe (YAML)."`
}

func readRecipe(path string) (*recipe.Recipe, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := recipe.Parse(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Run parses, looks up the datasets and tells the next time.
func (c *recipeCheckCmd) Run(a *app) error {
	r, err := readRecipe(c.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s: %d territories, %d services, %d ways of moving\n", r.Name, len(r.Territories), len(r.Services), max(1, len(r.Profiles)))
	printNext(a.stdout, r, time.Now())
	return nil
}

func printNext(w io.Writer, r *recipe.Recipe, from time.Time) {
	s, err := recipe.ParseSchedule(r.Schedule)
	if err != nil || s.Never() {
		fmt.Fprintf(w, "%s: no schedule\n", r.Name)
		return
	}
	fmt.Fprintf(w, "%s: %s; next on %s\n", r.Name, r.Schedule, s.Next(from).Format("Monday 2 January 2006, 15:04 MST"))
}

type recipeRunCmd struct {
	File string `arg:"" help:"Recipe (YAML)."`
	Dir  string `help:"Folder for the files; without it the reports are kept under reports of the data folder, where the server shows them." placeholder:"FOLDER" type:"path"`
}

// Help shows examples under the flags.
func (c *recipeRunCmd) Help() string {
	return `A report a territory, in the formats and languages of the recipe's outputs.

Examples:
  contado recipe run valley.yaml
  contado recipe run valley.yaml --dir council/`
}

// Run makes the report of each territory.
func (c *recipeRunCmd) Run(a *app) error {
	r, err := readRecipe(c.File)
	if err != nil {
		return err
	}
	formats, languages := r.Outputs.Formats, r.Outputs.Languages
	if len(formats) == 0 {
		formats = []string{"html", "json"}
	}
	if len(languages) == 0 {
		languages = []string{"it"}
	}
	if c.Dir != "" {
		if err := a.noPDF([]string{"." + strings.Join(formats, "+.")}); err != nil {
			return err
		}
		if err := os.MkdirAll(c.Dir, 0o755); err != nil {
			return err
		}
	}
	return a.with(func(in *installation) error {
		for _, code := range r.Territories {
			if err := c.one(a, in, r, code, formats, languages); err != nil {
				return fmt.Errorf("territory %s: %w", code, err)
			}
		}
		return nil
	})
}

func (c *recipeRunCmd) one(a *app, in *installation, r *recipe.Recipe, code string, formats, languages []string) error {
	q, err := r.Request(code)
	if err != nil {
		return err
	}
	single := *r
	single.Territories, single.Name = []string{code}, cmp.Or(r.ReportName(code), r.Name)[:min(42, len(r.ReportName(code)))]
	single.Name = strings.Trim(single.Name, "-")
	if q.Recipe, err = single.Text(); err != nil {
		return err
	}
	q.ID = r.ReportName(code)
	p := a.progress()
	st, sketches, err := in.engine.Study(a.ctx, q, p.Share)
	p.Done()
	if err != nil {
		return err
	}
	if c.Dir == "" {
		if err := analysis.StoreStudy(a.ctx, in.blobs, st, sketches); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "kept report %s\n", st.ID)
	}
	for _, format := range formats {
		for i, lang := range languages {
			name := q.ID + "." + format
			if format == "html" || format == "pdf" {
				name = q.ID + "." + lang + "." + format
			} else if i > 0 {
				break
			}
			if c.Dir == "" {
				continue
			}
			if err := a.writeStudy(filepath.Join(c.Dir, name), st, sketches, lang); err != nil {
				return err
			}
		}
	}
	printStudy(a.stdout, st)
	return nil
}

type recipeScheduleCmd struct {
	File   string `arg:"" optional:"" help:"Recipe (YAML) with a schedule; without it the plan is listed."`
	Remove string `help:"Take the recipe of this name off the plan." placeholder:"NAME"`
}

// Where planned recipes are kept, and when each was made last.
const (
	recipePrefix = analysis.RecipePrefix
	recipeEnding = analysis.RecipeEnding
	lastEnding   = analysis.LastEnding
)

// Run plans a recipe, takes one off, or lists all.
func (c *recipeScheduleCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		if c.Remove != "" {
			return in.unplan(a.ctx, c.Remove)
		}
		if c.File != "" {
			r, err := readRecipe(c.File)
			if err != nil {
				return err
			}
			if r.Schedule == "" {
				return usagef("%s has no schedule: add one, for example schedule: monthly", c.File)
			}
			text, err := r.Text()
			if err != nil {
				return err
			}
			if err := in.blobs.Put(a.ctx, recipePrefix+r.Name+recipeEnding, strings.NewReader(text)); err != nil {
				return err
			}
			if err := in.blobs.Put(a.ctx, recipePrefix+r.Name+lastEnding, strings.NewReader(time.Now().UTC().Format(time.RFC3339))); err != nil {
				return err
			}
		}
		plans, err := in.plans(a.ctx)
		if err != nil {
			return err
		}
		for _, p := range plans {
			printNext(a.stdout, p.recipe, p.last)
		}
		return nil
	})
}

func (in *installation) unplan(ctx context.Context, name string) error {
	f, _, err := in.blobs.Open(ctx, recipePrefix+name+recipeEnding)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), in.blobs.Delete(ctx, recipePrefix+name+recipeEnding), in.blobs.Delete(ctx, recipePrefix+name+lastEnding))
}

// plan is a recipe to be made again.
type plan struct {
	recipe *recipe.Recipe
	last   time.Time // in local time, by which schedules go
}

func (in *installation) plans(ctx context.Context) ([]plan, error) {
	files, err := in.blobs.List(ctx, recipePrefix)
	if err != nil {
		return nil, err
	}
	var out []plan
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Key, recipeEnding)
		if !ok {
			continue
		}
		text, err := in.readBlob(ctx, f.Key)
		if err != nil {
			return nil, err
		}
		r, err := recipe.Parse(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Key, err)
		}
		last := f.Modified
		if text, err := in.readBlob(ctx, name+lastEnding); err == nil {
			if t, err := time.Parse(time.RFC3339, strings.TrimSpace(text)); err == nil {
				last = t
			}
		} else if !fault.Is(err, fault.NotExist) {
			return nil, err
		}
		out = append(out, plan{r, last.Local()})
	}
	return out, nil
}

func (in *installation) readBlob(ctx context.Context, key string) (string, error) {
	f, _, err := in.blobs.Open(ctx, key)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(f, recipe.MaxBytes))
	return string(b), errors.Join(err, f.Close())
}

// runRecipes queues the reports of planned recipes whose time has come by each
// time that clock gives, until the context ends.
func (in *installation) runRecipes(ctx context.Context, clock <-chan time.Time, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-clock:
			if err := in.queueDue(ctx, now, log); err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, "recipes not looked at", "error", err)
			}
		}
	}
}

// everyMinute gives the time at once, and then each minute, until the context
// ends; a minute that nobody takes is left out.
func everyMinute(ctx context.Context) <-chan time.Time {
	clock := make(chan time.Time, 1)
	clock <- time.Now()
	go func() {
		tick := time.NewTicker(time.Minute)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				select {
				case clock <- now:
				default:
				}
			}
		}
	}()
	return clock
}

// queueDue queues a job a territory of each recipe that is due.
func (in *installation) queueDue(ctx context.Context, now time.Time, log *slog.Logger) error {
	plans, err := in.plans(ctx)
	if err != nil {
		return err
	}
	for _, p := range plans {
		s, err := recipe.ParseSchedule(p.recipe.Schedule)
		if err != nil || s.Never() || s.Next(p.last).After(now) {
			continue
		}
		// The time is written first: a recipe that fails is not tried each minute.
		if err := in.blobs.Put(ctx, recipePrefix+p.recipe.Name+lastEnding, strings.NewReader(now.UTC().Format(time.RFC3339))); err != nil {
			return err
		}
		for _, code := range p.recipe.Territories {
			args, err := studyJob(p.recipe, code, now)
			if err != nil {
				return err
			}
			job, err := in.jobs.Enqueue(ctx, analysis.CoverageStudy, args)
			if err != nil {
				return err
			}
			log.InfoContext(ctx, "recipe queued", "recipe", p.recipe.Name, "territory", code, "job", job.ID)
		}
	}
	return nil
}

// studyJob is the job that makes the report of a recipe on one territory: the
// inputs of the process for studies are a recipe but for its names.
func studyJob(r *recipe.Recipe, code string, now time.Time) (json.RawMessage, error) {
	text, err := r.Text()
	if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &fields); err != nil {
		return nil, err
	}
	for _, key := range []string{"recipe", "name", "territories", "outputs", "schedule"} {
		delete(fields, key)
	}
	fields["territory"] = code
	id := r.ReportName(code)
	fields["report_id"] = strings.Trim(id[:min(len(id), 50)], "-") + "-" + now.UTC().Format("20060102-1504")[2:]
	return json.Marshal(map[string]any{"inputs": fields, "name": strings.ToLower(r.Name)})
}
