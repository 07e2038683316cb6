package ingest

import (
	"context"
	"errors"
	"slices"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// Prepared is a new version whose files were made by the caller.
type Prepared struct {
	// Dataset is complete but for the files and digest of its version.
	Dataset catalog.Dataset
	// Files are the paths of the version's files, by the names that they get
	// within it.
	Files map[string]string
	// Finish may use the keys that the files get, by name, to complete the
	// version; nil: there is nothing to complete.
	Finish func(v *catalog.Version, keys map[string]string)
}

// RunPrepared publishes what prepare makes: it may write into dir, which is
// there for as long as the run takes, and is told the dataset as it stands,
// nil when there is none. Replace decides, as with Run, whether there may be
// one.
//
// Errors: those of Run, and of prepare. After an error nothing is left behind.
func RunPrepared(ctx context.Context, st Stores, dataset string, replace bool,
	prepare func(ctx context.Context, dir string, old *catalog.Dataset) (*Prepared, error),
) (res Result, err error) {
	r := &run{st: st, o: Options{Dataset: dataset, Replace: replace}, p: Quiet{}, sub: map[string]string{}}
	if err := r.check(ctx, []string{"prepared"}); err != nil {
		return Result{}, err
	}
	if r.stage, err = newStage(st.Staging); err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, r.stage.close()) }()
	dir := r.stage.path("prepared")
	if err := mkdir(dir); err != nil {
		return Result{}, err
	}
	var old *catalog.Dataset
	if r.old.ID != "" {
		old = &r.old
	}
	p, err := prepare(ctx, dir, old)
	if err != nil {
		return Result{}, err
	}
	pub := catalog.Publication{Dataset: p.Dataset, Expect: r.old.Version.Number}
	if pub.Dataset.ID != dataset {
		return Result{}, fault.Errorf("ingest.Run", fault.Other, "dataset %q was prepared in place of %q", pub.Dataset.ID, dataset)
	}
	files, err := r.sealAll(ctx, p, &pub.Dataset.Version)
	if err != nil {
		return Result{}, err
	}
	ds, err := publish(ctx, st, pub, files)
	if err != nil {
		return Result{}, err
	}
	return Result{Dataset: ds, Notices: ds.Version.Notices}, nil
}

// sealAll makes the files durable and completes the version with them.
func (r *run) sealAll(ctx context.Context, p *Prepared, v *catalog.Version) ([]staged, error) {
	var files []staged
	keys := map[string]string{}
	v.Files = nil
	for name, path := range p.Files {
		keys[name] = versionPrefix(r.o.Dataset, r.old.Version.Number+1) + name
		f, err := seal(ctx, path, keys[name])
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		v.Files = append(v.Files, f.file)
	}
	slices.SortFunc(v.Files, func(a, b catalog.File) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	v.SHA256 = versionDigest(v.Files)
	v.Program = r.st.Program
	if p.Finish != nil {
		p.Finish(v, keys)
	}
	return files, nil
}
