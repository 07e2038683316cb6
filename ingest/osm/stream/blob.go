package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"contado/geo/fault"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// The bounds of the format (wiki.openstreetmap.org/wiki/PBF_Format).
const (
	maxBlobHeader = 64 << 10
	maxBlob       = 32 << 20
)

// extent is where a blob lies in the file.
type extent struct {
	at   int64
	size int
	kind string
}

var errEnd = errors.New("end of file")

// blobAt reads the header of the blob at a place; errEnd at the end.
func (f *File) blobAt(at int64) (extent, error) {
	if at == f.size {
		return extent{}, errEnd
	}
	var head [4]byte
	if _, err := f.f.ReadAt(head[:], at); err != nil {
		return extent{}, cut(err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxBlobHeader {
		return extent{}, fmt.Errorf("at byte %d: a blob header of %d bytes", at, n)
	}
	b := make([]byte, n)
	if _, err := f.f.ReadAt(b, at+4); err != nil {
		return extent{}, cut(err)
	}
	e := extent{at: at + 4 + int64(n), size: -1}
	m := message{b: b}
	for {
		more, err := m.next()
		if err != nil {
			return e, err
		}
		if !more {
			break
		}
		switch m.num {
		case 1:
			e.kind = string(m.data)
		case 3:
			e.size = int(min(m.n, maxBlob+1))
		}
	}
	if e.size < 0 || e.size > maxBlob {
		return e, fmt.Errorf("at byte %d: a blob of no size, or more than 32 MB", at)
	}
	if e.at+int64(e.size) > f.size {
		return e, cut(io.ErrUnexpectedEOF)
	}
	return e, nil
}

func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file is cut short")
	}
	return err
}

// inflate reads a blob and unpacks it.
func (f *File) inflate(e extent) ([]byte, error) {
	b := make([]byte, e.size)
	if _, err := f.f.ReadAt(b, e.at); err != nil {
		return nil, cut(err)
	}
	m := message{b: b}
	size := -1
	var packed []byte
	how := 0
	for {
		more, err := m.next()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		switch m.num {
		case 2:
			size = int(min(m.n, maxBlob+1))
		case 1, 3, 4, 5, 6, 7:
			if packed, err = m.bytes(); err != nil {
				return nil, err
			}
			how = m.num
		}
	}
	if how == 1 {
		return packed, nil
	}
	if size < 0 || size > maxBlob {
		return nil, errors.New("a block of no size, or more than 32 MB")
	}
	return unpack(how, packed, size)
}

func unpack(how int, packed []byte, size int) ([]byte, error) {
	out := make([]byte, size)
	var in io.Reader
	switch how {
	case 3:
		z, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		in = z
	case 7:
		z, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxBlob))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		in = z
	default:
		return nil, fault.WithHint(fault.Errorf("osm.Scan", fault.Unsupported, "the blocks are packed with LZMA, bzip2 or LZ4, which is not read"), "write the file again with osmium cat")
	}
	if _, err := io.ReadFull(in, out); err != nil {
		return nil, cut(err)
	}
	if n, err := in.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return nil, errors.New("a block is larger than it says, or damaged")
	}
	return out, nil
}

// capabilities are the required features that this reader knows.
var capabilities = map[string]bool{"OsmSchema-V0.6": true, "DenseNodes": true}

func (f *File) readHeaderBlock() error {
	e, err := f.blobAt(0)
	if err != nil {
		return f.damaged(err)
	}
	b, err := f.inflate(e)
	if err != nil {
		return f.damaged(err)
	}
	m := message{b: b}
	for {
		more, err := m.next()
		if err != nil {
			return f.damaged(err)
		}
		if !more {
			return nil
		}
		switch m.num {
		case 4:
			if name := string(m.data); !capabilities[name] {
				return fault.WithHint(fault.Errorf("osm.Open", fault.Unsupported, "%s needs %q of its reader, which this version has not", f.name, clip(name)),
					"give an extract of the present state, such as those of download.geofabrik.de")
			}
		case 16:
			f.header.Program = clip(strings.ToValidUTF8(string(m.data), "�"))
		case 32:
			if s := int64(m.n); s > 0 && s < 1<<36 {
				f.header.Time = time.Unix(s, 0).UTC()
			}
		}
	}
}

func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// job is a blob that is being unpacked.
type job struct {
	e    extent
	data []byte
	err  error
	done chan struct{}
}

// scanPBF unpacks blobs on several processors and decodes them in order.
func (f *File) scanPBF(ctx context.Context, v Visitor, step func(done, total int64)) error {
	workers := min(runtime.GOMAXPROCS(0), 8)
	ctx, cancel := context.WithCancel(ctx)
	var g errgroup.Group // without a context of its own: what was read before a fault is still decoded
	jobs := make(chan *job, 2*workers)
	g.Go(func() error {
		defer close(jobs)
		return f.dispatch(ctx, v, workers, jobs)
	})
	index, err := f.consume(ctx, v, jobs, step)
	cancel()         // ends the reader after a fault of the consumer
	for range jobs { // lets the reader end
	}
	if werr := g.Wait(); err == nil {
		err = werr
	}
	if err == nil && f.index == nil {
		f.index = index
	}
	return err
}

// dispatch hands out the blobs in order: all of them, or those known to hold
// ways when nothing else is asked for.
func (f *File) dispatch(ctx context.Context, v Visitor, workers int, jobs chan<- *job) error {
	var unpacking errgroup.Group
	unpacking.SetLimit(workers)
	known := f.index
	if v.Node != nil || v.Relation != nil {
		known = nil
	}
	var err error
	for at, i := int64(0), 0; ; i++ {
		var e extent
		if known != nil {
			if i == len(known) {
				break
			}
			e = known[i]
		} else if e, err = f.blobAt(at); err != nil {
			break
		}
		at = e.at + int64(e.size)
		if e.kind != "OSMData" {
			continue // a reader passes over blobs that it does not know
		}
		j := &job{e: e, done: make(chan struct{})}
		select {
		case jobs <- j:
		case <-ctx.Done():
			return errors.Join(fault.E("osm.Scan", fault.Canceled, ctx.Err()), unpacking.Wait())
		}
		unpacking.Go(func() error {
			defer close(j.done)
			j.data, j.err = f.inflate(j.e)
			return nil
		})
	}
	if werr := unpacking.Wait(); werr != nil {
		return werr
	}
	if err != nil && !errors.Is(err, errEnd) {
		return f.damaged(err)
	}
	return nil
}

// consume decodes the blobs in order, and gives those that hold ways.
func (f *File) consume(ctx context.Context, v Visitor, jobs <-chan *job, step func(done, total int64)) ([]extent, error) {
	d := decoder{v: v}
	index := []extent{}
	for j := range jobs {
		select {
		case <-j.done:
		case <-ctx.Done():
			return nil, fault.E("osm.Scan", fault.Canceled, ctx.Err())
		}
		if j.err != nil {
			return nil, f.damaged(j.err)
		}
		ways, err := d.block(j.data)
		if err != nil {
			var own *visitError
			if errors.As(err, &own) {
				return nil, own.err
			}
			return nil, f.damaged(fmt.Errorf("block at byte %d: %w", j.e.at, err))
		}
		if ways {
			index = append(index, j.e)
		}
		step(j.e.at+int64(j.e.size), f.size)
		if ctx.Err() != nil {
			return nil, fault.E("osm.Scan", fault.Canceled, ctx.Err())
		}
	}
	return index, nil
}

// visitError is an error of the visitor, not of the file.
type visitError struct{ err error }

func (e *visitError) Error() string { return e.err.Error() }
