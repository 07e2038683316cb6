package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// Draft is an ingest that has come as far as publishing: the files of the new
// versions lie in a folder, and what the catalog would say of them.
type Draft struct {
	// Datasets are as they would stand, their version being the next one.
	Datasets []catalog.Dataset
	jobs     []job
}

// Result is what publishing the draft would give.
func (d *Draft) Result() Result {
	res := Result{Datasets: d.Datasets}
	for _, one := range d.Datasets {
		res.Notices = append(res.Notices, one.Version.Notices...)
	}
	if len(d.Datasets) > 0 {
		res.Dataset = d.Datasets[0]
	}
	return res
}

const (
	draftName = "draft.json"
	draftWork = "work"
)

// Prepare does all of Run but publishing. dir is made anew: what an attempt
// before left there is removed. Until draft.json is there, written last, the
// folder holds no draft.
func Prepare(ctx context.Context, st Stores, dir string, paths []string, o Options, progress Progress) (d *Draft, err error) {
	const op = "ingest.Prepare"
	if progress == nil {
		progress = Quiet{}
	}
	o.Limits = o.Limits.withDefaults()
	r := &run{st: st, o: o, p: progress, sub: map[string]string{}}
	if err := r.check(ctx, paths); err != nil {
		return nil, err
	}
	work := filepath.Join(dir, draftWork)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(work, 0o755)); err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	r.stage = &stage{dir: work}
	progress.Stage("inspect")
	in, err := r.collect(ctx, paths)
	if err != nil {
		return nil, err
	}
	jobs, err := r.convert(ctx, in)
	if err != nil {
		return nil, err
	}
	for i := range jobs {
		for k := range jobs[i].files {
			f := &jobs[i].files[k]
			to := filepath.Join(dir, fmt.Sprintf("%d-%d%s", i, k, filepath.Ext(f.path)))
			if err := os.Rename(f.path, to); err != nil {
				return nil, fault.E(op, fault.Other, err)
			}
			f.path = to
		}
	}
	if err := os.RemoveAll(work); err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	d = newDraft(jobs)
	return d, d.write(dir)
}

func newDraft(jobs []job) *Draft {
	d := &Draft{jobs: jobs}
	for _, j := range jobs {
		set := j.pub.Dataset
		set.Version.Number = j.pub.Expect + 1
		d.Datasets = append(d.Datasets, set)
	}
	return d
}

// box is a box as JSON can say it: it may be infinite.
type box [4]string

func boxOf(b geo.BBox) (out box) {
	for i, v := range []float64{b.MinX, b.MinY, b.MaxX, b.MaxY} {
		out[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return out
}

func (b box) read() (out geo.BBox, err error) {
	for i, to := range []*float64{&out.MinX, &out.MinY, &out.MaxX, &out.MaxY} {
		v, perr := strconv.ParseFloat(b[i], 64)
		*to, err = v, errors.Join(err, perr)
	}
	return out, err
}

// draftJob is a job as draft.json has it: boxes stand apart.
type draftJob struct {
	Publication catalog.Publication `json:"publication"`
	Box         box                 `json:"box"`
	WGS84       box                 `json:"wgs84"`
	Items       []box               `json:"items"`
	Files       []draftFile         `json:"files"`
}

type draftFile struct {
	Name string       `json:"name"` // in the folder
	File catalog.File `json:"file"`
}

func (d *Draft) write(dir string) error {
	const op = "ingest.Prepare"
	var list []draftJob
	for _, j := range d.jobs {
		v := &j.pub.Dataset.Version
		one := draftJob{Publication: j.pub, Box: boxOf(v.BBox), WGS84: boxOf(v.BBoxWGS84)}
		one.Publication.Dataset.Version.BBox, one.Publication.Dataset.Version.BBoxWGS84 = geo.BBox{}, geo.BBox{}
		one.Publication.Items = make([]catalog.Item, len(j.pub.Items))
		for i, it := range j.pub.Items {
			one.Items = append(one.Items, boxOf(it.BBox))
			it.BBox = geo.BBox{}
			one.Publication.Items[i] = it
		}
		for _, f := range j.files {
			one.Files = append(one.Files, draftFile{filepath.Base(f.path), f.file})
		}
		list = append(list, one)
	}
	b, err := json.Marshal(list)
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	return fault.E(op, fault.Other, WriteWhole(filepath.Join(dir, draftName), b))
}

// ReadDraft reads what Prepare left in a folder; fault.NotExist when there is
// no draft.
func ReadDraft(dir string) (*Draft, error) {
	const op = "ingest.ReadDraft"
	b, err := os.ReadFile(filepath.Join(dir, draftName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Errorf(op, fault.NotExist, "nothing has been prepared")
	}
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	var list []draftJob
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fault.E(op, fault.Other, fmt.Errorf("%s: %w", draftName, err))
	}
	var jobs []job
	for _, one := range list {
		j := job{pub: one.Publication}
		v := &j.pub.Dataset.Version
		var first, second error
		v.BBox, first = one.Box.read()
		v.BBoxWGS84, second = one.WGS84.read()
		err := errors.Join(first, second)
		if len(one.Items) != len(j.pub.Items) {
			return nil, fault.Errorf(op, fault.Other, "%s: %d boxes for %d items", draftName, len(one.Items), len(j.pub.Items))
		}
		for i := range j.pub.Items {
			var ierr error
			j.pub.Items[i].BBox, ierr = one.Items[i].read()
			err = errors.Join(err, ierr)
		}
		if err != nil {
			return nil, fault.E(op, fault.Other, fmt.Errorf("%s: %w", draftName, err))
		}
		for _, f := range one.Files {
			if filepath.Base(f.Name) != f.Name {
				return nil, fault.Errorf(op, fault.Other, "%s: %q is no name of a file", draftName, f.Name)
			}
			j.files = append(j.files, staged{filepath.Join(dir, f.Name), f.File})
		}
		jobs = append(jobs, j)
	}
	return newDraft(jobs), nil
}

// Publish makes the versions of a draft visible. Its folder stays as it is, so
// that it can be done again when it is cut short: versions that are there
// already are not made twice.
//
// Errors: fault.Conflict when a dataset has another version by now.
func (d *Draft) Publish(ctx context.Context, st Stores) (res Result, err error) {
	s, err := newStage(st.Staging)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for i, j := range d.jobs {
		now, _, err := current(ctx, st.Catalog, j.pub.Dataset.ID)
		if err != nil {
			return res, err
		}
		if now.Version.Number != j.pub.Expect+1 || now.Version.SHA256 != j.pub.Dataset.Version.SHA256 {
			files, err := d.links(ctx, s, i)
			if err != nil {
				return res, err
			}
			if now, err = publish(ctx, st, j.pub, files); err != nil {
				return res, err
			}
		}
		res.Datasets = append(res.Datasets, now)
		res.Notices = append(res.Notices, now.Version.Notices...)
	}
	if len(res.Datasets) > 0 {
		res.Dataset = res.Datasets[0]
	}
	return res, nil
}

// links are the files of a job once more, in the stage, to be moved from there.
func (d *Draft) links(ctx context.Context, s *stage, n int) ([]staged, error) {
	var out []staged
	for _, f := range d.jobs[n].files {
		own := s.path(filepath.Base(f.path))
		if os.Link(f.path, own) != nil { // another device, or a file system without links
			if err := copyFile(ctx, f.path, own); err != nil {
				return nil, err
			}
		}
		out = append(out, staged{own, f.file})
	}
	return out, nil
}

// WriteWhole writes a file such that it is there as a whole or as it was.
func WriteWhole(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
