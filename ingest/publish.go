package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// staged is a finished file in the staging folder and the key it will have.
type staged struct {
	path string
	file catalog.File
}

// seal makes a file durable and takes its size and digest.
func seal(ctx context.Context, path, key string) (staged, error) {
	const op = "ingest.Publish"
	f, err := os.Open(path)
	if err != nil {
		return staged{}, fault.E(op, fault.Other, err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return staged{}, fault.E(op, fault.Other, err)
	}
	size, sum, err := digest(ctx, f)
	if err != nil {
		return staged{}, fault.E(op, fault.KindOf(err), err)
	}
	return staged{path, catalog.File{Key: key, Size: size, SHA256: sum}}, nil
}

// digest reads to the end and returns the length and the SHA-256.
func digest(ctx context.Context, r io.Reader) (int64, string, error) {
	h := sha256.New()
	buf := make([]byte, 1<<20)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return 0, "", err
		}
		n, err := r.Read(buf)
		h.Write(buf[:n])
		size += int64(n)
		if errors.Is(err, io.EOF) {
			return size, hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return 0, "", err
		}
	}
}

// versionDigest is the digest over a version's files: the sorted lines
// "key sha256\n", hashed.
func versionDigest(files []catalog.File) string {
	lines := make([]string, len(files))
	for i, f := range files {
		lines[i] = f.Key + " " + f.SHA256 + "\n"
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// versionPrefix is where the files of a version go.
func versionPrefix(dataset string, version int) string {
	return fmt.Sprintf("datasets/%s/v%d/", dataset, version)
}

// publish moves the files into the blob store and makes the version visible;
// when anything fails, everything written is removed again. Files of the
// version that are not among files are in the store already.
func publish(ctx context.Context, st Stores, pub catalog.Publication, files []staged) (catalog.Dataset, error) {
	l, err := holdPublish(ctx, st.Staging)
	if err != nil {
		return catalog.Dataset{}, err
	}
	d, err := publishLocked(ctx, st, pub, files)
	return d, errors.Join(err, l.release())
}

func publishLocked(ctx context.Context, st Stores, pub catalog.Publication, files []staged) (catalog.Dataset, error) {
	const op = "ingest.Publish"
	id := pub.Dataset.ID
	now, _, err := current(ctx, st.Catalog, id)
	if err != nil {
		return catalog.Dataset{}, err
	}
	if now.Version.Number != pub.Expect {
		return catalog.Dataset{}, fault.WithHint(
			fault.Errorf(op, fault.Conflict, "dataset %s changed from version %d to %d meanwhile", id, pub.Expect, now.Version.Number), "ingest again")
	}
	if now.ID != "" {
		pub.Dataset.About = now.About // what was said of it meanwhile
	}
	if err := sweep(ctx, st, versionPrefix(id, pub.Expect+1)); err != nil {
		return catalog.Dataset{}, err
	}
	var put []string
	for _, f := range files {
		put = append(put, f.file.Key)
		if err := st.Blobs.PutFile(ctx, f.file.Key, f.path); err != nil {
			return catalog.Dataset{}, errors.Join(err, undo(ctx, st, put))
		}
	}
	d, err := st.Catalog.Publish(ctx, pub)
	if err == nil {
		return d, nil
	}
	return settle(ctx, st, pub, put, err)
}

// settle finds out after a failed Publish whether it did happen (the context
// may have ended during the commit), and undoes the files when it did not.
func settle(ctx context.Context, st Stores, pub catalog.Publication, put []string, cause error) (catalog.Dataset, error) {
	calm := context.WithoutCancel(ctx)
	d, ok, err := current(calm, st.Catalog, pub.Dataset.ID)
	if err != nil {
		// Not known: the doctor will tell the files from those in use.
		return catalog.Dataset{}, errors.Join(cause, err)
	}
	if ok && d.Version.Number > pub.Expect && d.Version.SHA256 == pub.Dataset.Version.SHA256 {
		return d, nil
	}
	return catalog.Dataset{}, errors.Join(cause, undo(ctx, st, put))
}

func undo(ctx context.Context, st Stores, keys []string) error {
	calm := context.WithoutCancel(ctx)
	var errs []error
	for _, k := range keys {
		errs = append(errs, st.Blobs.Delete(calm, k))
	}
	return errors.Join(errs...)
}

// sweep removes what a crash left under a prefix; the caller holds the
// publish lock.
func sweep(ctx context.Context, st Stores, prefix string) error {
	list, err := st.Blobs.List(ctx, prefix)
	if err != nil || len(list) == 0 {
		return err
	}
	used, err := st.Catalog.Keys(ctx)
	if err != nil {
		return err
	}
	for _, b := range list {
		if _, ok := used[b.Key]; ok {
			return fault.Errorf("ingest.Publish", fault.Conflict, "%s is in use by another version", b.Key)
		}
		if err := st.Blobs.Delete(ctx, b.Key); err != nil {
			return err
		}
	}
	return nil
}

// current is the dataset as it stands; ok is false when there is none.
func current(ctx context.Context, c catalog.Driver, id string) (catalog.Dataset, bool, error) {
	all, err := c.Datasets(ctx)
	if err != nil {
		return catalog.Dataset{}, false, err
	}
	i := slices.IndexFunc(all, func(d catalog.Dataset) bool { return d.ID == id })
	if i < 0 {
		return catalog.Dataset{}, false, nil
	}
	return all[i], true, nil
}

// Remove deletes a dataset: the catalog entry first, then its files. When it
// is cut short in between, the doctor finds the files. An unknown dataset is
// fault.NotExist.
func Remove(ctx context.Context, st Stores, id string) error {
	l, err := holdPublish(ctx, st.Staging)
	if err != nil {
		return err
	}
	keys, err := st.Catalog.Remove(ctx, id, st.Who)
	if err == nil {
		err = undo(ctx, st, keys)
	}
	return errors.Join(err, l.release())
}
