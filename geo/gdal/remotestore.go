package gdal

import (
	"container/list"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"contado/geo/fault"
)

const (
	// pageBytes is the unit in which remote files are read and kept.
	pageBytes = 16 << 10
	// maxGap is how many bytes not asked for are read to spare a request.
	maxGap = 4 * pageBytes
	// maxRun bounds one request.
	maxRun = 8 << 20
	// maxRemoteFiles bounds the files whose state is remembered.
	maxRemoteFiles = 2048
	// parallelRuns bounds the requests of one read.
	parallelRuns = 4
)

// remoteStore keeps open remote files and the parts of them used last.
type remoteStore struct {
	open     Opener
	maxBytes int64

	mu    sync.Mutex
	files map[string]*list.Element // of *remoteFile, by name
	order *list.List               // most recently used first
	pages map[pageKey]*list.Element
	lru   *list.List // of *page, most recently used first
	bytes int64
}

type remoteFile struct {
	name string
	once sync.Once
	r    io.ReaderAt
	size int64
	err  error
}

type pageKey struct {
	file  *remoteFile
	index int64
}

type page struct {
	key  pageKey
	data []byte
}

func newRemoteStore(open Opener, cache int64) *remoteStore {
	return &remoteStore{
		open: open, maxBytes: cache, files: map[string]*list.Element{}, order: list.New(),
		pages: map[pageKey]*list.Element{}, lru: list.New(),
	}
}

// file opens a file by its name after the prefix, or finds it open. A failure
// to open is not remembered.
func (s *remoteStore) file(name string) (*remoteFile, error) {
	ref, ok := remoteOf(name)
	if !ok {
		return nil, fault.Errorf("gdal.remote", fault.NotExist, "no such remote file")
	}
	s.mu.Lock()
	e, ok := s.files[name]
	if ok {
		s.order.MoveToFront(e)
	} else {
		e = s.order.PushFront(&remoteFile{name: name})
		s.files[name] = e
		for s.order.Len() > maxRemoteFiles {
			s.forget(s.order.Back())
		}
	}
	s.mu.Unlock()
	f := e.Value.(*remoteFile)
	f.once.Do(func() {
		f.err = fault.Errorf("gdal.remote", fault.Other, "opening %s did not end", ref.Href) // stands if open panics
		f.r, f.size, f.err = s.open(ref)
	})
	if f.err != nil {
		s.mu.Lock()
		if s.files[name] == e {
			s.forget(e)
		}
		s.mu.Unlock()
		return nil, f.err
	}
	return f, nil
}

// forget drops a file; its parts age away. The lock is held.
func (s *remoteStore) forget(e *list.Element) {
	s.order.Remove(e)
	delete(s.files, e.Value.(*remoteFile).name)
}

// read fills every buffer from its offset. Ranges may touch or overlap and
// come in any order; one beyond the end of the file is an error.
func (s *remoteStore) read(f *remoteFile, bufs [][]byte, offs []int64) error {
	wanted := map[int64][]byte{}
	for i, b := range bufs {
		if offs[i] < 0 || int64(len(b)) > f.size || offs[i] > f.size-int64(len(b)) {
			return fault.Errorf("gdal.remote", fault.Invalid, "%d bytes at %d of a file of %d: the file is cut short", len(b), offs[i], f.size)
		}
		if len(b) == 0 {
			continue
		}
		for p := offs[i] / pageBytes; p <= (offs[i]+int64(len(b))-1)/pageBytes; p++ {
			wanted[p] = nil
		}
	}
	if err := s.fill(f, wanted); err != nil {
		return err
	}
	for i, b := range bufs {
		at := offs[i]
		for len(b) > 0 {
			n := copy(b, wanted[at/pageBytes][at%pageBytes:])
			b = b[n:]
			at += int64(n)
		}
	}
	return nil
}

// fill finds the pages in the cache or reads them.
func (s *remoteStore) fill(f *remoteFile, wanted map[int64][]byte) error {
	var missing []int64
	s.mu.Lock()
	for p := range wanted {
		if e, ok := s.pages[pageKey{f, p}]; ok {
			s.lru.MoveToFront(e)
			wanted[p] = e.Value.(*page).data
		} else {
			missing = append(missing, p)
		}
	}
	s.mu.Unlock()
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	var g errgroup.Group
	g.SetLimit(parallelRuns)
	var mu sync.Mutex // over wanted
	for _, run := range runs(missing) {
		g.Go(func() (err error) {
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("reading a remote file: %v", r)
				}
			}()
			pages, err := f.pages(run[0], run[1])
			if err != nil {
				return err
			}
			s.keep(f, run[0], pages)
			mu.Lock()
			defer mu.Unlock()
			for i, data := range pages {
				if _, ok := wanted[run[0]+int64(i)]; ok {
					wanted[run[0]+int64(i)] = data
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// runs joins pages (sorted) into runs [first, last] worth one request each.
func runs(pages []int64) [][2]int64 {
	var out [][2]int64
	for _, p := range pages {
		if n := len(out); n > 0 && (p-out[n-1][1]-1)*pageBytes <= maxGap && (p-out[n-1][0]+1)*pageBytes <= maxRun {
			out[n-1][1] = p
		} else {
			out = append(out, [2]int64{p, p})
		}
	}
	return out
}

// pages reads the pages first to last, each with memory of its own.
func (f *remoteFile) pages(first, last int64) ([][]byte, error) {
	start := first * pageBytes
	buf := make([]byte, min((last+1)*pageBytes, f.size)-start)
	n, err := f.r.ReadAt(buf, start)
	if n < len(buf) {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	out := make([][]byte, 0, last-first+1)
	for part := range slices.Chunk(buf, pageBytes) {
		out = append(out, slices.Clone(part))
	}
	return out, nil
}

// keep puts pages into the cache and drops what was not used for longest.
func (s *remoteStore) keep(f *remoteFile, first int64, pages [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, data := range pages {
		key := pageKey{f, first + int64(i)}
		if _, ok := s.pages[key]; ok {
			continue
		}
		s.pages[key] = s.lru.PushFront(&page{key, data})
		s.bytes += int64(len(data))
	}
	for s.bytes > s.maxBytes && s.lru.Len() > 0 {
		old := s.lru.Remove(s.lru.Back()).(*page)
		delete(s.pages, old.key)
		s.bytes -= int64(len(old.data))
	}
}
