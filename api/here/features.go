package here

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"contado/geo"
	"contado/geo/atlas"
	"contado/geo/index"
	"contado/geo/join"
	"contado/geo/layer"
	"contado/geo/store/catalog"
	"contado/tiles/style"
)

const (
	// maxCandidates bounds how many rows of a dataset are measured: those whose
	// boxes meet the circle's.
	maxCandidates = 2_000
	maxVertices   = 2_000_000
	maxText       = 500 // bytes of an attribute
)

// Feature is a row at or near the place.
type Feature struct {
	Dataset string       `json:"dataset"`
	Title   string       `json:"title"`
	Role    catalog.Role `json:"role"`
	ID      int64        `json:"id"`
	Name    string       `json:"name,omitempty"`
	// Metres is the geodesic distance to the place, 0 within.
	Metres     float64        `json:"distance_m"`
	Properties map[string]any `json:"properties"`
	// Shortened names the attributes whose text was cut.
	Shortened []string `json:"shortened,omitempty"`
}

type candidate struct {
	row    layer.Row
	metres float64
}

// features adds the rows of a dataset within the radius, the nearest first.
func (h *Handler) features(ctx context.Context, state *atlas.Snapshot, d catalog.Dataset, q question, out *Document) error {
	l, box, err := h.layerOf(ctx, state, d, q)
	if err != nil {
		return err
	}
	found, whole, err := h.near(ctx, l, box, q)
	if err != nil {
		return err
	}
	if !whole {
		out.LeftOut = append(out.LeftOut, LeftOut{Dataset: d.ID, Reason: fmt.Sprintf("too much lies here to measure all of it: only the first %d rows were", maxCandidates)})
	}
	if n := len(found) - maxFeatures; n > 0 {
		out.LeftOut = append(out.LeftOut, LeftOut{Dataset: d.ID, Reason: fmt.Sprintf("%d more rows lie within %g m", n, q.radius)})
		found = found[:maxFeatures]
	}
	for _, f := range found {
		one, err := featureOf(d, l.Schema(), f)
		if err != nil {
			return err
		}
		out.Features = append(out.Features, one)
	}
	return nil
}

// near measures the rows whose box meets a box; whole is false when there were
// too many.
func (h *Handler) near(ctx context.Context, l *layer.Layer, box geo.BBox, q question) (found []candidate, whole bool, err error) {
	from := join.NewShape(orb.Point{q.lon, q.lat})
	whole = true
	n, vertices := 0, 0
	for _, part := range index.Unwrap(box) {
		l.Visit(&part, func(r layer.Row) bool {
			if err = ctx.Err(); err != nil {
				return false
			}
			if n++; n > maxCandidates || vertices > maxVertices {
				whole = false
				return false
			}
			var metres float64
			var size int
			if metres, size, err = h.distance(l.Schema().CRS, r, from); err != nil {
				return false
			}
			vertices += size
			if metres <= q.radius && !slices.ContainsFunc(found, func(c candidate) bool { return c.row.ID() == r.ID() }) {
				found = append(found, candidate{r, metres})
			}
			return true
		})
	}
	if err == nil {
		err = l.Err()
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.metres, b.metres), cmp.Compare(a.row.ID(), b.row.ID()))
	})
	return found, whole, err
}

// distance is that of a row in metres, with how many positions it has.
func (h *Handler) distance(c geo.CRS, r layer.Row, from *join.Shape) (metres float64, vertices int, err error) {
	g, err := r.Geometry()
	if err != nil || g == nil {
		return 0, 0, err
	}
	if c != geo.WGS84 {
		t, err := h.Painter.Transformer(c, geo.WGS84)
		if err != nil {
			return 0, 0, err
		}
		if g, err = t.Geometry(g, nil); err != nil {
			return 0, 0, err
		}
	}
	return join.Distance(from, join.NewShape(g)), positions(g), nil
}

func positions(g orb.Geometry) int {
	n := 0
	for _, f := range index.Flatten(g) {
		n += len(f.XY) / 2
	}
	return n
}

func featureOf(d catalog.Dataset, schema geo.Schema, c candidate) (Feature, error) {
	f := Feature{Dataset: d.ID, Title: cmp.Or(d.Title, d.ID), Role: d.Role, ID: c.row.ID(), Metres: c.metres, Properties: map[string]any{}}
	row, err := c.row.Feature(nil)
	if err != nil {
		return f, err
	}
	name := style.LabelField(d)
	for i, field := range schema.Fields {
		if i >= len(row.Values) || field.Type == geo.Binary {
			continue
		}
		v := row.Values[i]
		if text, ok := v.(string); ok && len(text) > maxText {
			v = cut(text)
			f.Shortened = append(f.Shortened, field.Name)
		}
		f.Properties[field.Name] = v
		if field.Name == name {
			f.Name, _ = v.(string)
		}
	}
	return f, nil
}

// cut shortens a text at the end of a character.
func cut(text string) string {
	n := maxText
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}
