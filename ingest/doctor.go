package ingest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"contado/geo/fault"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
)

// Findings is what the doctor saw.
type Findings struct {
	// Staging are folders left over from an ingest that was cut short.
	Staging []Leftover `json:"staging"`
	// Orphans are files that no version refers to.
	Orphans []blob.Info `json:"orphans"`
	// Damaged are files of versions that are missing or not what they were:
	// Clear does not touch them.
	Damaged []Damage `json:"damaged"`
	// Live is the number of ingests under way.
	Live int `json:"live"`
	// Checked is the number of files of versions looked at.
	Checked int `json:"checked"`
}

// Healthy reports whether nothing is left over or damaged.
func (f Findings) Healthy() bool {
	return len(f.Staging)+len(f.Orphans)+len(f.Damaged) == 0
}

// Damage is a file of a version that is not as published.
type Damage struct {
	Key     string `json:"key"`
	Problem string `json:"problem"`
}

// DoctorOptions tunes Doctor; the zero value compares names and sizes.
type DoctorOptions struct {
	// Deep reads every file and compares its SHA-256.
	Deep bool
}

const datasetsPrefix = "datasets/"

// Doctor looks for leftovers and damage and changes nothing. It waits for an
// ingest that is just publishing.
func Doctor(ctx context.Context, st Stores, o DoctorOptions) (Findings, error) {
	const op = "ingest.Doctor"
	var f Findings
	l, err := holdPublish(ctx, st.Staging)
	if err != nil {
		return f, err
	}
	files, used, err := compare(ctx, st, &f)
	if err = errors.Join(err, l.release()); err != nil {
		return f, err
	}
	if f.Staging, f.Live, err = leftovers(st.Staging); err != nil {
		return f, fault.E(op, fault.Other, err)
	}
	for key, want := range used {
		f.Checked++
		problem, err := inspect(ctx, st, files, want, o)
		if err != nil {
			return f, err
		}
		if problem != "" {
			f.Damaged = append(f.Damaged, Damage{key, problem})
		}
	}
	sort.Slice(f.Damaged, func(i, j int) bool { return f.Damaged[i].Key < f.Damaged[j].Key })
	return f, nil
}

// compare lists files and references; the caller holds the publish lock, so
// that the two belong together.
func compare(ctx context.Context, st Stores, f *Findings) (map[string]blob.Info, map[string]catalog.File, error) {
	list, err := st.Blobs.List(ctx, datasetsPrefix)
	if err != nil {
		return nil, nil, err
	}
	used, err := st.Catalog.Keys(ctx)
	if err != nil {
		return nil, nil, err
	}
	files := make(map[string]blob.Info, len(list))
	for _, b := range list {
		files[b.Key] = b
		if _, ok := used[b.Key]; !ok {
			f.Orphans = append(f.Orphans, b)
		}
	}
	return files, used, nil
}

// inspect tells what is wrong with a file of a version; "" when nothing is.
func inspect(ctx context.Context, st Stores, files map[string]blob.Info, want catalog.File, o DoctorOptions) (string, error) {
	got, ok := files[want.Key]
	switch {
	case !ok:
		return "the file is missing", nil
	case got.Size != want.Size:
		return fmt.Sprintf("it has %d bytes instead of %d", got.Size, want.Size), nil
	case !o.Deep:
		return "", nil
	}
	r, _, err := st.Blobs.Open(ctx, want.Key)
	if fault.Is(err, fault.NotExist) {
		return "the file is missing", nil // a dataset removed meanwhile is gone from the next look
	}
	if err != nil {
		return "", err
	}
	defer r.Close()
	_, sum, err := digest(ctx, r)
	if ctx.Err() != nil {
		return "", fault.E("ingest.Doctor", fault.Canceled, ctx.Err())
	}
	if err != nil {
		return fmt.Sprintf("it cannot be read: %v", err), nil
	}
	if sum != want.SHA256 {
		return "its content has changed (SHA-256 differs)", nil
	}
	return "", nil
}

// Clear removes the leftovers among the findings: staging folders that no one
// owns by now, and files that nothing refers to by now. Damage stays for
// people to decide on. It returns what it removed.
func Clear(ctx context.Context, st Stores, f Findings) (Findings, error) {
	const op = "ingest.Clear"
	var done Findings
	l, err := holdPublish(ctx, st.Staging)
	if err != nil {
		return done, err
	}
	err = clearOrphans(ctx, st, f.Orphans, &done)
	if err = errors.Join(err, l.release()); err != nil {
		return done, err
	}
	for _, s := range f.Staging {
		if filepath.Base(s.Name) != s.Name || s.Name == ".." || s.Name == "." {
			return done, fault.Errorf(op, fault.Invalid, "%q is not the name of a staging folder", s.Name)
		}
		ok, err := clearLeftover(st.Staging, s.Name)
		if err != nil {
			return done, fault.E(op, fault.Other, err)
		}
		if ok {
			done.Staging = append(done.Staging, s)
		}
	}
	return done, nil
}

func clearOrphans(ctx context.Context, st Stores, orphans []blob.Info, done *Findings) error {
	if len(orphans) == 0 {
		return nil
	}
	used, err := st.Catalog.Keys(ctx)
	if err != nil {
		return err
	}
	for _, b := range orphans {
		if _, ok := used[b.Key]; ok || !strings.HasPrefix(b.Key, datasetsPrefix) {
			continue
		}
		if err := st.Blobs.Delete(ctx, b.Key); err != nil {
			return err
		}
		done.Orphans = append(done.Orphans, b)
	}
	return nil
}

// CheckFiles looks whether the files of a version are there and as large as
// they were.
func CheckFiles(ctx context.Context, st Stores, dataset string, v catalog.Version) ([]Damage, error) {
	list, err := st.Blobs.List(ctx, datasetsPrefix+dataset+"/")
	if err != nil {
		return nil, err
	}
	files := make(map[string]blob.Info, len(list))
	for _, b := range list {
		files[b.Key] = b
	}
	out := []Damage{}
	for _, f := range v.Files {
		problem, err := inspect(ctx, st, files, f, DoctorOptions{})
		if err != nil {
			return nil, err
		}
		if problem != "" {
			out = append(out, Damage{f.Key, problem})
		}
	}
	return out, nil
}
