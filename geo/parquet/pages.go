package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"contado/geo"
	"contado/geo/fault"
)

// What a page may unpack to, and all pages that are open at once. The library
// believes what headers say: this looks first.
const (
	maxFooter = 256 << 20
	maxHeader = 1 << 20
	maxPage   = 256 << 20
	maxOpen   = 1 << 30
	maxValues = 32 << 20
)

// checkFooter refuses what is no Parquet file, and one whose footer cannot be.
func checkFooter(r io.ReaderAt, size int64) error {
	const op = "parquet.Open"
	var head [4]byte
	var tail [8]byte
	if size < 12 {
		return fault.Errorf(op, fault.Invalid, "a file of %d bytes is no Parquet file", size)
	}
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return fault.E(op, fault.Other, err)
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return fault.E(op, fault.Other, err)
	}
	if string(head[:]) == "PARE" || string(tail[4:]) == "PARE" {
		return fault.Errorf(op, fault.Unsupported, "the Parquet file is encrypted")
	}
	if string(head[:]) != "PAR1" || string(tail[4:]) != "PAR1" {
		return fault.Errorf(op, fault.Invalid, "this is no whole Parquet file: it lacks its mark at the beginning or the end")
	}
	if n := int64(binary.LittleEndian.Uint32(tail[:])); n > size-12 || n > maxFooter {
		return fault.Errorf(op, fault.Invalid, "the footer of the Parquet file states %d bytes of %d", n, size)
	}
	return nil
}

// span is where the pages of a column lie in a row group.
func span(m *format.ColumnMetaData, size int64) (from, to int64, err error) {
	from = m.DataPageOffset
	if d := m.DictionaryPageOffset; d > 0 && d < from {
		from = d
	}
	if m.TotalCompressedSize < 0 || from < 4 || from > size || m.TotalCompressedSize > size-from {
		return 0, 0, fault.Errorf("parquet.Open", fault.Invalid, "the pages of a column lie outside the file")
	}
	return from, from + m.TotalCompressedSize, nil
}

// eachPage calls fn with the header and the offset of the body of every page.
func eachPage(r io.ReaderAt, from, to int64, fn func(h *format.PageHeader, body int64) error) error {
	const op = "parquet.Open"
	window := int64(512)
	buf := make([]byte, 0, window)
	for from < to {
		n := min(window, to-from)
		if int64(cap(buf)) < n {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if _, err := r.ReadAt(buf, from); err != nil && !errors.Is(err, io.EOF) {
			return fault.E(op, fault.Other, err)
		}
		var p thrift.CompactProtocol
		in := p.NewReaderFromBytes(buf)
		var h format.PageHeader
		if err := thrift.NewDecoder(in).Decode(&h); err != nil {
			if n < to-from && window < maxHeader { // statistics make some headers long
				window *= 8
				continue
			}
			return fault.Errorf(op, fault.Invalid, "the header of a page cannot be read: %w", err)
		}
		body := from + int64(in.BytesRead())
		if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || int64(h.CompressedPageSize) > to-body {
			return fault.Errorf(op, fault.Invalid, "a page states %d bytes where %d are left", h.CompressedPageSize, to-body)
		}
		from = body + int64(h.CompressedPageSize) // fn may change the header
		if err := fn(&h, body); err != nil {
			return err
		}
	}
	return nil
}

// levels is how many bytes of a page come before what is compressed, and
// whether anything is; values is how many it states.
func levels(h *format.PageHeader) (plain int32, compressed bool, values int32) {
	switch h.Type {
	case format.DataPageV2:
		v := h.DataPageHeaderV2.V
		return v.DefinitionLevelsByteLength + v.RepetitionLevelsByteLength, !v.IsCompressed.Valid || v.IsCompressed.V, v.NumValues
	case format.DictionaryPage:
		return 0, true, h.DictionaryPageHeader.V.NumValues
	}
	return 0, true, h.DataPageHeader.V.NumValues
}

// checkPages looks at the headers of all pages. old tells that some are in the
// LZ4 of Hadoop, which the library does not read.
func checkPages(r io.ReaderAt, size int64, m *format.FileMetaData) (old bool, err error) {
	const op = "parquet.Open"
	if len(m.RowGroups) > maxGroups {
		return false, fault.Errorf(op, fault.TooLarge, "%d row groups", len(m.RowGroups))
	}
	unpack := &unpacker{}
	defer unpack.close()
	for g := range m.RowGroups {
		open := int64(0)
		for c := range m.RowGroups[g].Columns {
			col := &m.RowGroups[g].Columns[c]
			if col.FilePath != "" {
				return false, fault.Errorf(op, fault.Invalid, "the file refers to another one, %q", col.FilePath)
			}
			from, to, err := span(&col.MetaData, size)
			if err != nil {
				return false, err
			}
			old = old || col.MetaData.Codec == format.Lz4
			largest := int64(0)
			err = eachPage(r, from, to, func(h *format.PageHeader, body int64) error {
				largest = max(largest, int64(h.UncompressedPageSize))
				return unpack.check(r, h, body, col.MetaData.Codec)
			})
			if err != nil {
				return false, err
			}
			open += largest
		}
		if open > maxOpen {
			return false, fault.Errorf(op, fault.TooLarge, "the pages of row group %d unpack to %d MB at once", g+1, open>>20)
		}
	}
	return old, nil
}

// unpacker counts what pages unpack to.
type unpacker struct{ zstd *zstd.Decoder }

func (u *unpacker) close() {
	if u.zstd != nil {
		u.zstd.Close()
	}
}

// check looks at the header of a page, and at what the page unpacks to.
func (u *unpacker) check(r io.ReaderAt, h *format.PageHeader, body int64, codec format.CompressionCodec) error {
	const op = "parquet.Open"
	plain, compressed, values := levels(h)
	switch {
	case h.UncompressedPageSize > maxPage:
		return fault.Errorf(op, fault.TooLarge, "a page unpacks to %d MB, more than the limit of %d", h.UncompressedPageSize>>20, maxPage>>20)
	case values < 0 || values > maxValues:
		return fault.Errorf(op, fault.TooLarge, "a page states %d values, more than the limit of %d", values, maxValues)
	case plain < 0 || plain > h.CompressedPageSize || plain > h.UncompressedPageSize:
		return fault.Errorf(op, fault.Invalid, "the levels of a page state %d bytes", plain)
	case !compressed || codec == format.Uncompressed || h.CompressedPageSize == plain:
		return nil
	}
	claim := int64(h.UncompressedPageSize - plain)
	in := io.NewSectionReader(r, body+int64(plain), int64(h.CompressedPageSize-plain))
	n, err := u.size(in, codec, claim)
	if err != nil {
		return fault.Errorf(op, fault.Invalid, "a page cannot be unpacked: %w", err)
	}
	if n > claim {
		return fault.Errorf(op, fault.Invalid, "a page says that it unpacks to %d bytes, and has more", claim)
	}
	return nil
}

// size is what a page unpacks to, counted up to limit+1; formats that
// cannot grow beyond maxPage are believed.
func (u *unpacker) size(in *io.SectionReader, codec format.CompressionCodec, limit int64) (int64, error) {
	switch codec {
	case format.Snappy: // begins with the length
		var b [binary.MaxVarintLen64]byte
		n, err := in.ReadAt(b[:], 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		v, k := binary.Uvarint(b[:n])
		if k <= 0 || v > math.MaxInt32 {
			return 0, errors.New("its length cannot be")
		}
		return int64(v), nil
	case format.Zstd:
		var err error
		if u.zstd == nil {
			u.zstd, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage))
		} else {
			err = u.zstd.Reset(in)
		}
		if err != nil {
			return 0, err
		}
		return io.Copy(io.Discard, io.LimitReader(u.zstd, limit+1))
	case format.Brotli:
		return io.Copy(io.Discard, io.LimitReader(brotli.NewReader(in), limit+1))
	case format.Gzip:
		if in.Size() > maxPage/1032 { // Deflate's best
			return 0, fault.Errorf("parquet.Open", fault.TooLarge, "a page of %d bytes of gzip is over the limit", in.Size())
		}
	}
	return 0, nil
}

// unpack copies the file with its LZ4 pages unpacked, and opens the copy.
func (f *File) unpack(r io.ReaderAt, m *format.FileMetaData) (*pq.File, error) {
	const op = "parquet.Open"
	tmp, err := os.CreateTemp("", "contado-parquet-*")
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	f.f, f.tmp = closers{f.f, tmp}, tmp.Name()
	w := &copier{r: r, w: tmp, at: 4}
	if _, err := tmp.WriteString("PAR1"); err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	for g := range m.RowGroups {
		for c := range m.RowGroups[g].Columns {
			if err := w.column(&m.RowGroups[g].Columns[c]); err != nil {
				return nil, err
			}
		}
	}
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), m)
	if err != nil {
		return nil, fault.E(op, fault.Other, err)
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer))) //nolint:gosec // at most maxFooter
	footer = append(footer, "PAR1"...)
	if err := w.put(footer); err != nil {
		return nil, err
	}
	file, err := openPages(tmp, w.at)
	return file, fault.E(op, fault.Invalid, err)
}

type closers [2]io.Closer

func (c closers) Close() error { return errors.Join(c[0].Close(), c[1].Close()) }

type copier struct {
	r  io.ReaderAt
	w  io.Writer
	at int64
}

func (w *copier) put(b []byte) error {
	n, err := w.w.Write(b)
	w.at += int64(n)
	return fault.E("parquet.Open", fault.Other, err)
}

// column copies the pages of one column and sets its offsets anew.
func (w *copier) column(c *format.ColumnChunk) error {
	m := &c.MetaData
	from, to, err := span(m, math.MaxInt64)
	if err != nil {
		return err
	}
	start, first := w.at, true
	err = eachPage(w.r, from, to, func(h *format.PageHeader, body int64) error {
		data := make([]byte, h.CompressedPageSize)
		if _, err := w.r.ReadAt(data, body); err != nil {
			return fault.E("parquet.Open", fault.Invalid, err)
		}
		if h.Type != format.DictionaryPage && first {
			m.DataPageOffset, first = w.at, false
		}
		if m.Codec == format.Lz4 {
			if data, err = unpackPage(h, data); err != nil {
				return err
			}
		}
		h.CompressedPageSize, h.CRC = int32(len(data)), 0 //nolint:gosec // at most maxPage
		head, err := thrift.Marshal(new(thrift.CompactProtocol), h)
		if err != nil {
			return fault.E("parquet.Open", fault.Other, err)
		}
		return w.put(append(head, data...))
	})
	if m.Codec == format.Lz4 {
		m.Codec = format.Uncompressed
	}
	if m.DictionaryPageOffset > 0 {
		m.DictionaryPageOffset = start
	}
	m.TotalCompressedSize = w.at - start
	m.IndexPageOffset, m.BloomFilterOffset, m.BloomFilterLength = 0, 0, 0
	c.ColumnIndexOffset, c.ColumnIndexLength, c.OffsetIndexOffset, c.OffsetIndexLength = 0, 0, 0, 0
	return err
}

func unpackPage(h *format.PageHeader, data []byte) ([]byte, error) {
	plain, compressed, _ := levels(h)
	if !compressed || int(plain) == len(data) {
		return data, nil
	}
	body, err := hadoopLZ4(data[plain:], int(h.UncompressedPageSize-plain))
	if err != nil {
		return nil, fault.Errorf("parquet.Open", fault.Invalid, "a page cannot be unpacked: %w", err)
	}
	return append(bytes.Clone(data[:plain]), body...), nil
}

// hadoopLZ4 unpacks frames of Hadoop (the length unpacked, the length packed,
// both big endian, a block of LZ4), or a bare block, which some wrote under
// the same name.
func hadoopLZ4(b []byte, size int) ([]byte, error) {
	var out []byte
	rest := b
	for len(rest) >= 8 {
		n, k := int(binary.BigEndian.Uint32(rest)), int(binary.BigEndian.Uint32(rest[4:]))
		if n > size-len(out) || k > len(rest)-8 {
			break
		}
		block, err := pq.Lz4Raw.Decode(make([]byte, n), rest[8:8+k])
		if err != nil || len(block) != n {
			break
		}
		out, rest = append(out, block...), rest[8+k:]
	}
	if len(rest) == 0 && len(out) == size {
		return out, nil
	}
	out, err := pq.Lz4Raw.Decode(make([]byte, size), b)
	if err == nil && len(out) != size {
		err = fmt.Errorf("%d bytes where %d belong", len(out), size)
	}
	return out, err
}

// apart tells by its statistics that no row of a group meets the box.
func (f *File) apart(group int, b *geo.BBox) bool {
	if b == nil || f.box[0] < 0 {
		return false
	}
	var lo, hi [4]float64
	cols := f.pq.Metadata().RowGroups[group].Columns
	for k, leaf := range f.box {
		if leaf >= len(cols) {
			return false
		}
		s := &cols[leaf].MetaData.Statistics
		var okLo, okHi bool
		lo[k], okLo = statistic(s.MinValue)
		hi[k], okHi = statistic(s.MaxValue)
		if !okLo || !okHi {
			return false
		}
	}
	return !b.Intersects(geo.BBox{MinX: lo[0], MinY: lo[1], MaxX: hi[2], MaxY: hi[3]})
}

func statistic(b []byte) (float64, bool) {
	v := math.NaN()
	switch len(b) {
	case 8:
		v = math.Float64frombits(binary.LittleEndian.Uint64(b))
	case 4:
		v = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return v, v == v
}
