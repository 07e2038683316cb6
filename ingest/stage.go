package ingest

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"contado/geo/fault"
)

// A staging folder is <staging>/<random>, owned by whoever holds a flock on
// <staging>/<random>.lock. The kernel drops the lock with the process, so a
// folder whose lock can be taken is left over from a crash.
//
// <staging>/publish.lock is held while files move into the blob store and
// the catalog learns of them, and by the doctor while it compares the two: a
// file under datasets/ that nothing refers to is then left over for certain.

const (
	lockSuffix  = ".lock"
	publishLock = "publish" + lockSuffix
)

// lock is a held flock.
type lock struct {
	f    *os.File
	path string
}

var errHeld = errors.New("the lock is held")

// tryLock takes the lock without waiting; errHeld when another has it. The
// file may have been removed between opening and locking (by a doctor that
// found it left over): then it is made again.
func tryLock(path string) (*lock, error) {
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			f.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, errHeld
			}
			return nil, err
		}
		mine, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
			return &lock{f, path}, nil
		}
		f.Close()
	}
}

// release gives the lock up and leaves its file.
func (l *lock) release() error { return l.f.Close() }

// remove deletes the lock file while it is still held, then gives it up.
func (l *lock) remove() error {
	err := os.Remove(l.path)
	if cerr := l.f.Close(); err == nil {
		err = cerr
	}
	return err
}

// holdPublish waits for the lock on publishing.
func holdPublish(ctx context.Context, staging string) (*lock, error) {
	const op = "ingest.Publish"
	if err := os.MkdirAll(staging, 0o755); err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	for {
		l, err := tryLock(filepath.Join(staging, publishLock))
		if err == nil {
			return l, nil
		}
		if !errors.Is(err, errHeld) {
			return nil, fault.E(op, fault.Other, err)
		}
		select {
		case <-ctx.Done():
			return nil, fault.E(op, fault.Canceled, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stage is a staging folder of ours.
type stage struct {
	dir  string
	lock *lock
}

func newStage(staging string) (*stage, error) {
	const op = "ingest.Run"
	if err := os.MkdirAll(staging, 0o755); err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	name := strings.ToLower(rand.Text())
	l, err := tryLock(filepath.Join(staging, name+lockSuffix))
	for errors.Is(err, errHeld) { // a doctor looked at it just as it was made
		name = strings.ToLower(rand.Text())
		l, err = tryLock(filepath.Join(staging, name+lockSuffix))
	}
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	s := &stage{dir: filepath.Join(staging, name), lock: l}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return nil, fault.E(op, fault.Other, errors.Join(err, l.remove()))
	}
	return s, nil
}

// close removes the folder, then its lock.
func (s *stage) close() error {
	err := os.RemoveAll(s.dir)
	return fault.E("ingest.Run", fault.Other, errors.Join(err, s.lock.remove()))
}

// path names a new file or folder of the stage.
func (s *stage) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// Leftover is a staging folder that no live ingest owns.
type Leftover struct {
	Name     string    `json:"name"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

// leftovers lists the staging folders (and lone lock files) whose lock is
// free, and counts the live ones.
func leftovers(staging string) (left []Leftover, live int, err error) {
	names, err := stageNames(staging)
	if err != nil {
		return nil, 0, err
	}
	for _, name := range names {
		l, err := tryLock(filepath.Join(staging, name+lockSuffix))
		if errors.Is(err, errHeld) {
			live++
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		found, ok, err := measure(staging, name)
		if !ok { // it ended while we looked, or was only a lock file
			err = errors.Join(err, l.remove())
		} else {
			err = errors.Join(err, l.release())
		}
		if err != nil {
			return nil, 0, err
		}
		if ok {
			left = append(left, found)
		}
	}
	return left, live, nil
}

// stageNames are the names of folders and of lock files in the staging
// folder, each once.
func stageNames(staging string) ([]string, error) {
	entries, err := os.ReadDir(staging)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	seen := map[string]bool{strings.TrimSuffix(publishLock, lockSuffix): true}
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() {
			base, ok := strings.CutSuffix(name, lockSuffix)
			if !ok {
				continue
			}
			name = base
		}
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names, nil
}

func measure(staging, name string) (Leftover, bool, error) {
	dir := filepath.Join(staging, name)
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Leftover{}, false, nil
	}
	if err != nil {
		return Leftover{}, false, err
	}
	out := Leftover{Name: name, Modified: info.ModTime().UTC()}
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		i, err := d.Info()
		if err == nil {
			out.Size += i.Size()
		}
		return err
	})
	return out, true, err
}

// clearLeftover removes a staging folder unless someone owns it.
func clearLeftover(staging, name string) (bool, error) {
	l, err := tryLock(filepath.Join(staging, name+lockSuffix))
	if errors.Is(err, errHeld) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = os.RemoveAll(filepath.Join(staging, name))
	return err == nil, errors.Join(err, l.remove())
}
