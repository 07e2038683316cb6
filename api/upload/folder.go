package upload

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"contado/geo/fault"
	"contado/ingest"
)

// An upload is a folder <dir>/<id>:
//
//	upload.json  the record, written as a whole
//	files/       the files as they come, by their own base names
//	draft/       the versions that a job has made of them
//	look/        scratch of looking into archives
//	lock, work   held (flock) by who changes the record, and by who prepares
//
// The size of a file on the disk is how much of it has come; a lock ends with
// its process. So whatever is killed, the folder says how far things are.
type folder struct {
	id, dir string
}

const (
	recordName = "upload.json"
	filesName  = "files"
	draftName  = "draft"
	lookName   = "look"
	lockName   = "lock"
	workName   = "work"
)

// record is what is known of an upload.
type record struct {
	ID      string    `json:"id"`
	Who     string    `json:"who"`
	Created time.Time `json:"created"`
	Files   []file    `json:"files"`
	// Plan is what is to become of it, Run names the attempt at that, and Job
	// is the one that makes it.
	Plan *plan  `json:"plan,omitempty"`
	Run  string `json:"run,omitempty"`
	Job  string `json:"job,omitempty"`
}

type file struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

func (r *record) bytes() (n int64) {
	for _, f := range r.Files {
		n += f.Size
	}
	return n
}

var idPattern = regexp.MustCompile(`^[a-z2-7]{26}$`)

func (f *folder) path(elem ...string) string {
	return filepath.Join(append([]string{f.dir}, elem...)...)
}

// hide takes the places of the server out of what is said of files: those who
// sent them know their names alone.
func (f *folder) hide(said string) string {
	return strings.NewReplacer(f.path(filesName)+string(filepath.Separator), "", f.dir+string(filepath.Separator), "").Replace(said)
}

// draft is where the versions are prepared.
func (f *folder) draft() string { return f.path(draftName) }

// paths are those of the files.
func (f *folder) paths(r *record) []string {
	var out []string
	for _, one := range r.Files {
		out = append(out, f.path(filesName, one.Name))
	}
	return out
}

// make makes the folder of a new upload.
func (h *Handler) make(r *record) (*folder, error) {
	r.ID = strings.ToLower(rand.Text())
	f := &folder{r.ID, filepath.Join(h.Dir, r.ID)}
	err := os.MkdirAll(f.path(filesName), 0o700)
	if err == nil {
		err = f.write(r)
	}
	if err != nil {
		return nil, fault.E("upload", fault.Other, errors.Join(err, os.RemoveAll(f.dir)))
	}
	return f, nil
}

func (f *folder) write(r *record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return ingest.WriteWhole(f.path(recordName), b)
}

// open reads the record of an upload.
func (h *Handler) open(id string) (*folder, *record, error) {
	if !idPattern.MatchString(id) {
		return nil, nil, noUpload(id)
	}
	f := &folder{id, filepath.Join(h.Dir, id)}
	r, err := f.read()
	return f, r, err
}

func (f *folder) read() (*record, error) {
	b, err := os.ReadFile(f.path(recordName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noUpload(f.id)
	}
	if err != nil {
		return nil, fault.E("upload", fault.Other, err)
	}
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fault.E("upload", fault.Other, fmt.Errorf("record of upload %s: %w", f.id, err))
	}
	return &r, nil
}

// received is how much has come of a file.
func (f *folder) received(one file) (int64, error) {
	info, err := os.Stat(f.path(filesName, one.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fault.E("upload", fault.Other, err)
	}
	return info.Size(), nil
}

// complete refuses an upload that has not come to its end.
func (f *folder) complete(r *record) error {
	for _, one := range r.Files {
		n, err := f.received(one)
		if err != nil {
			return err
		}
		if n != one.Size {
			return fault.WithHint(fault.Errorf("upload", fault.Conflict, "of %s %d bytes of %d have come", one.Name, n, one.Size), "send the rest first")
		}
	}
	return nil
}

// touched is when something was last done to an upload.
func (f *folder) touched() (time.Time, error) {
	var last time.Time
	err := filepath.WalkDir(f.dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) { // it has just ended
		return time.Now(), nil
	}
	return last, err
}

// all are the folders of uploads, also of such that a crash left without a
// record.
func (h *Handler) all() ([]*folder, error) {
	entries, err := os.ReadDir(h.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.E("upload", fault.Other, err)
	}
	var out []*folder
	for _, e := range entries {
		if e.IsDir() && idPattern.MatchString(e.Name()) {
			out = append(out, &folder{e.Name(), filepath.Join(h.Dir, e.Name())})
		}
	}
	return out, nil
}

var errBusy = fault.WithHint(fault.Errorf("upload", fault.Conflict, "something else is being done to this upload"), "try again in a moment")

// hold takes one of the locks of an upload without waiting; errBusy when
// another has it.
func (f *folder) hold(name string) (release func() error, err error) {
	l, err := os.OpenFile(f.path(name), os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noUpload(f.id)
	}
	if err != nil {
		return nil, fault.E("upload", fault.Other, err)
	}
	if err := flock(l); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l.Close, nil
}

func flock(l *os.File) error {
	err := syscall.Flock(int(l.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errBusy
	}
	return fault.E("upload", fault.Other, err)
}

// remove throws an upload away: the record first, so that what a crash leaves
// is no upload any more.
func (f *folder) remove() error {
	err := os.Remove(f.path(recordName))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return fault.E("upload", fault.Other, errors.Join(err, os.RemoveAll(f.dir)))
}

// removeIdle throws an upload away unless a job works on it.
func (f *folder) removeIdle() error {
	release, err := f.hold(workName)
	if errors.Is(err, errBusy) || fault.Is(err, fault.NotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.remove(), release())
}

// free is how much of the disk of a folder is left.
func free(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fault.E("upload", fault.Other, err)
	}
	return int64(s.Bavail) * s.Bsize, nil //nolint:unconvert // the type of Bsize differs by system
}
