package analysis

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"contado/geo/analysis"
	"contado/geo/coverage"
	"contado/geo/coverage/report"
	"contado/geo/fault"
	"contado/geo/store/blob"
	"contado/geo/store/catalog"
	"contado/geo/table"
)

// The files of a report that are made when they are first asked for, and kept.
const (
	mediaPDF        = "application/pdf"
	mediaZip        = "application/zip"
	mediaXLSX       = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	mediaGeoPackage = "application/geopackage+sqlite3"
)

// StoreStudy keeps a study: its document, its pages in both languages and what
// its maps are drawn from. The JSON comes last: where it is, all is. The id
// must be one that catalog.ValidID takes, else fault.Invalid.
func StoreStudy(ctx context.Context, blobs blob.Driver, st *coverage.Study, sketches []*report.Sketch) error {
	if !catalog.ValidID(st.ID) {
		return fault.Errorf("reports", fault.Invalid, "report id %.80q: want 1 to 63 of a-z, 0-9 and hyphen", st.ID)
	}
	return store(ctx, blobs, st.ID, []reportFile{
		{"sketch", func(w io.Writer) error { return writeSketches(w, sketches) }},
		{"csv", func(w io.Writer) error { return report.StudyCSV(w, st, "coverage", table.Plain) }},
		{"it.html", func(w io.Writer) error { return report.StudyHTML(w, st, sketches, report.Italian) }},
		{"en.html", func(w io.Writer) error { return report.StudyHTML(w, st, sketches, report.English) }},
		{"json", func(w io.Writer) error { return report.StudyJSON(w, st) }},
	})
}

// reportFile is a file of a report with how to write it.
type reportFile struct {
	ending string
	write  func(io.Writer) error
}

// store writes files under reports/<id>.<ending>, one after the other.
func store(ctx context.Context, blobs blob.Driver, id string, files []reportFile) error {
	for _, f := range files {
		var b bytes.Buffer
		if err := f.write(&b); err != nil {
			return fmt.Errorf("report %s as %s: %w", id, f.ending, err)
		}
		if err := blobs.Put(ctx, reportKey(id, f.ending), &b); err != nil {
			return fmt.Errorf("store report %s: %w", id, err)
		}
	}
	return nil
}

// made gives a file of a report that is made on demand; ending is it.pdf,
// en.pdf, zip, xlsx or gpkg.
func (h *Handler) made(ctx context.Context, id, ending string) ([]byte, error) {
	key := reportKey(id, ending)
	if b, _, err := h.read(ctx, key); err == nil || !fault.Is(err, fault.NotExist) {
		return b, err
	}
	document, _, err := h.read(ctx, reportKey(id, "json"))
	if err != nil {
		return nil, err
	}
	// One at a time: a PDF takes seconds and some hundred megabytes.
	select {
	case h.making <- struct{}{}:
		defer func() { <-h.making }()
	case <-ctx.Done():
		return nil, fault.E("reports", fault.Canceled, ctx.Err())
	}
	if b, _, err := h.read(ctx, key); err == nil {
		return b, nil // made while we waited
	}
	b, err := h.make(ctx, id, ending, document)
	if err != nil {
		return nil, fmt.Errorf("report %s as %s: %w", id, ending, err)
	}
	return b, h.Blobs.Put(ctx, key, bytes.NewReader(b))
}

// make renders a file of a report from its document and sketches.
func (h *Handler) make(ctx context.Context, id, ending string, document []byte) ([]byte, error) {
	st, err := report.ReadStudy(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	switch ending {
	case "zip":
		err = report.StudyZip(&out, st, table.Plain)
		return out.Bytes(), err
	case "xlsx":
		err = report.StudyXLSX(&out, st, table.Plain)
		return out.Bytes(), err
	}
	sketches, err := h.sketches(ctx, id)
	if err != nil {
		return nil, err
	}
	if ending == "gpkg" {
		return h.geoPackage(ctx, st, sketches)
	}
	lang := report.Italian
	if ending == "en.pdf" {
		lang = report.English
	}
	// A report of one service has no sections of its own: its PDF is its page.
	var head struct {
		Sections []json.RawMessage `json:"sections"`
	}
	if err := json.Unmarshal(document, &head); err != nil {
		return nil, fmt.Errorf("report %s: %w", id, err)
	}
	if head.Sections == nil && len(sketches) == 1 {
		err = report.PDF(ctx, &out, st.Sections[0], sketches[0], lang, nil)
	} else {
		err = report.StudyPDF(ctx, &out, st, sketches, lang, nil)
	}
	return out.Bytes(), err
}

// sketches reads what the maps of a report are drawn from.
func (h *Handler) sketches(ctx context.Context, id string) ([]*report.Sketch, error) {
	b, _, err := h.read(ctx, reportKey(id, "sketch"))
	if fault.Is(err, fault.NotExist) {
		return nil, fault.WithHint(fault.Errorf("reports", fault.NotExist, "report %s was made by an earlier version and has no maps to print", id), "compute the report again")
	}
	if err != nil {
		return nil, err
	}
	return readSketches(bytes.NewReader(b))
}

func (h *Handler) geoPackage(ctx context.Context, st *coverage.Study, sketches []*report.Sketch) (b []byte, err error) {
	dir, err := os.MkdirTemp(h.Work, "report-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "report.gpkg")
	if err := analysis.StudyGeoPackage(ctx, path, st, sketches); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// keptSketch is a Sketch as it is kept: geometries as WKB.
type keptSketch struct {
	Codes      []string
	Areas      [][]byte
	Facilities []orb.Point
	Outline    []byte
	Backdrop   []byte
	Bounds     orb.Bound
	Legend     []report.LegendEntry
}

// maxSketches bounds the sketches of a report that are read back.
const maxSketches = 512 << 20

func writeSketches(w io.Writer, list []*report.Sketch) error {
	kept := make([]keptSketch, len(list))
	for i, s := range list {
		if s == nil {
			continue
		}
		k := &kept[i]
		k.Facilities, k.Backdrop, k.Bounds, k.Legend = s.Facilities, s.Backdrop, s.BackdropBounds, s.BackdropLegend
		for _, a := range s.Areas {
			b, err := wkb.Marshal(a.Geometry)
			if err != nil {
				return fmt.Errorf("area %s: %w", a.Code, err)
			}
			k.Codes, k.Areas = append(k.Codes, a.Code), append(k.Areas, b)
		}
		if s.Outline != nil {
			var err error
			if k.Outline, err = wkb.Marshal(s.Outline); err != nil {
				return err
			}
		}
	}
	return gob.NewEncoder(w).Encode(kept)
}

func readSketches(r io.Reader) ([]*report.Sketch, error) {
	var kept []keptSketch
	if err := gob.NewDecoder(io.LimitReader(r, maxSketches)).Decode(&kept); err != nil {
		return nil, fmt.Errorf("maps of the report: %w", err)
	}
	out := make([]*report.Sketch, len(kept))
	for i := range kept {
		k := &kept[i]
		s := &report.Sketch{Facilities: k.Facilities, Backdrop: k.Backdrop, BackdropBounds: k.Bounds, BackdropLegend: k.Legend}
		for j, b := range k.Areas {
			if j >= len(k.Codes) {
				return nil, fault.Errorf("reports", fault.Other, "maps of the report: %d areas, %d codes", len(k.Areas), len(k.Codes))
			}
			g, err := wkb.Unmarshal(b)
			if err != nil {
				return nil, fmt.Errorf("maps of the report: area %s: %w", k.Codes[j], err)
			}
			s.Areas = append(s.Areas, report.AreaShape{Code: k.Codes[j], Geometry: g})
		}
		if len(k.Outline) > 0 {
			g, err := wkb.Unmarshal(k.Outline)
			if err != nil {
				return nil, fmt.Errorf("maps of the report: %w", err)
			}
			s.Outline = g
		}
		out[i] = s
	}
	return out, nil
}
