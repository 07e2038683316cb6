package fgb

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	flatbuffers "github.com/google/flatbuffers/go"

	"contado/geo"
	"contado/geo/fault"
)

// idColumn is the name of the column of ids: "fid", or with underscores after
// it where a field has that name (in any case, as readers compare them).
func idColumn(s *geo.Schema) string {
	name := "fid"
	for taken := true; taken; {
		taken = false
		for i := range s.Fields {
			if strings.EqualFold(s.Fields[i].Name, name) {
				name += "_"
				taken = true
			}
		}
	}
	return name
}

// head is what goes into a header.
type head struct {
	schema   *geo.Schema
	options  Options
	kind     Kind
	bounds   geo.BBox
	count    uint64
	nodeSize uint16
}

// encode makes magic, length and header: a multiple of 8 bytes.
func (h *head) encode() ([]byte, error) {
	if len(h.schema.Fields) >= maxColumns {
		return nil, fault.Errorf("fgb.Write", fault.TooLarge, "%d fields; the format holds %d", len(h.schema.Fields), maxColumns-1)
	}
	b := flatbuffers.NewBuilder(4096)
	b.Prep(8, 0) // its size becomes a multiple of 8
	columns, err := h.columns(b)
	if err != nil {
		return nil, err
	}
	crs := h.crs(b)
	meta, err := json.Marshal(metadata{IDColumn: idColumn(h.schema), GeometryType: &h.schema.GeometryType})
	if err != nil {
		return nil, err
	}
	name, title, description := text(b, h.options.Name), text(b, h.options.Title), text(b, h.options.Description)
	metadata := b.CreateString(string(meta))
	envelope := flatbuffers.UOffsetT(0)
	if !h.bounds.IsEmpty() {
		b.StartVector(8, 4, 8)
		for _, v := range []float64{h.bounds.MaxY, h.bounds.MaxX, h.bounds.MinY, h.bounds.MinX} {
			b.PrependFloat64(v)
		}
		envelope = b.EndVector(4)
	}
	b.StartObject(headerFields)
	b.PrependUint64Slot(headerCount, h.count, 0)
	for _, f := range []struct {
		slot int
		at   flatbuffers.UOffsetT
	}{
		{headerName, name},
		{headerEnvelope, envelope},
		{headerColumns, columns},
		{headerCRS, crs},
		{headerTitle, title},
		{headerDescription, description},
		{headerMetadata, metadata},
	} {
		b.PrependUOffsetTSlot(f.slot, f.at, 0)
	}
	b.PrependUint16Slot(headerNodeSize, h.nodeSize, 16)
	b.PrependByteSlot(headerGeometryType, byte(h.kind), 0)
	b.PrependBoolSlot(headerHasZ, h.schema.HasZ, false)
	b.PrependBoolSlot(headerHasM, h.schema.HasM, false)
	b.FinishSizePrefixed(b.EndObject())
	out := append([]byte(magic+"\x00"), b.FinishedBytes()...)
	if len(out) > maxHeader {
		return nil, fault.Errorf("fgb.Write", fault.TooLarge, "the header has %d bytes; readers take %d", len(out), maxHeader)
	}
	if len(out)%8 != 0 {
		return nil, fmt.Errorf("fgb: a header of %d bytes", len(out))
	}
	return out, nil
}

func text(b *flatbuffers.Builder, s string) flatbuffers.UOffsetT {
	if s == "" {
		return 0
	}
	return b.CreateString(s)
}

func (h *head) columns(b *flatbuffers.Builder) (flatbuffers.UOffsetT, error) {
	at := []flatbuffers.UOffsetT{columnOf(b, &geo.Field{Name: idColumn(h.schema)}, typeLong, true)}
	for i := range h.schema.Fields {
		f := &h.schema.Fields[i]
		kind, ok := columnTypeOf(f.Type)
		if !ok {
			return 0, fault.Errorf("fgb.Write", fault.Invalid, "field %q is of the unknown type %q", f.Name, f.Type)
		}
		at = append(at, columnOf(b, f, kind, false))
	}
	b.StartVector(4, len(at), 4)
	for i := len(at) - 1; i >= 0; i-- {
		b.PrependUOffsetT(at[i])
	}
	return b.EndVector(len(at)), nil
}

func columnOf(b *flatbuffers.Builder, f *geo.Field, kind columnType, key bool) flatbuffers.UOffsetT {
	mark := ""
	if f.Type == geo.Date {
		mark = dateMark
	}
	name, title, description, meta := b.CreateString(f.Name), text(b, f.Alias), text(b, f.Description), text(b, mark)
	b.StartObject(columnFields)
	b.PrependUOffsetTSlot(columnName, name, 0)
	b.PrependUOffsetTSlot(columnTitle, title, 0)
	b.PrependUOffsetTSlot(columnDescription, description, 0)
	b.PrependUOffsetTSlot(columnMetadata, meta, 0)
	b.PrependByteSlot(columnKind, byte(kind), 0)
	b.PrependBoolSlot(columnNullable, !key, true)
	b.PrependBoolSlot(columnUnique, key, false)
	b.PrependBoolSlot(columnPrimaryKey, key, false)
	return b.EndObject()
}

func (h *head) crs(b *flatbuffers.Builder) flatbuffers.UOffsetT {
	c := h.schema.CRS
	if !c.Known() {
		return 0
	}
	wkt := h.options.WKT
	org, code := "", ""
	if c.IsWKT() {
		wkt = string(c)
	} else {
		org, code, _ = strings.Cut(string(c), ":")
	}
	number, err := strconv.ParseInt(code, 10, 32)
	if err == nil {
		code = ""
	}
	orgAt, codeAt, wktAt := text(b, org), text(b, code), text(b, wkt)
	b.StartObject(crsFields)
	b.PrependUOffsetTSlot(crsOrg, orgAt, 0)
	b.PrependInt32Slot(crsCode, int32(number), 0)
	b.PrependUOffsetTSlot(crsCodeString, codeAt, 0)
	b.PrependUOffsetTSlot(crsWKT, wktAt, 0)
	return b.EndObject()
}
