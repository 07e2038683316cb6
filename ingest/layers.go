package ingest

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/vector"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// maxLayers bounds the datasets that one file becomes.
const maxLayers = 200

// child is the run of one of several datasets that come from the same files;
// its id is that of the whole, a hyphen and a name.
func (r *run) child(ctx context.Context, name, title string) (*run, error) {
	c := *r
	c.o.Dataset = r.o.Dataset + "-" + name
	if !catalog.ValidID(c.o.Dataset) {
		return nil, fault.WithHint(fault.Errorf("ingest.Run", fault.Invalid, "layer %s would become dataset %q, which is no id", name, c.o.Dataset),
			"take one layer at a time with --layer, and a shorter id")
	}
	switch own := r.o.LayerTitles[name]; {
	case own != "":
		c.o.Title = own
	case r.o.Title != "":
		c.o.Title = r.o.Title + ": " + title
	default:
		c.o.Title = title
	}
	return &c, c.target(ctx)
}

// slugs make ids of the names of layers: lower case, without accents, unique.
func slugs(names []string, most int) []string {
	out := make([]string, len(names))
	taken := map[string]bool{}
	fold := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	for i, name := range names {
		if plain, _, err := transform.String(fold, name); err == nil {
			name = plain
		}
		slug := strings.Trim(strings.Map(func(c rune) rune {
			switch {
			case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
				return c
			case c >= 'A' && c <= 'Z':
				return c - 'A' + 'a'
			}
			return '-'
		}, name), "-")
		for strings.Contains(slug, "--") {
			slug = strings.ReplaceAll(slug, "--", "-")
		}
		if len(slug) > most {
			slug = strings.Trim(slug[:max(most, 0)], "-")
		}
		if slug == "" {
			slug = "layer"
		}
		base := slug
		for n := 2; taken[slug]; n++ {
			suffix := fmt.Sprintf("-%d", n)
			slug = base[:min(len(base), max(most-len(suffix), 1))] + suffix
		}
		taken[slug], out[i] = true, slug
	}
	return out
}

// eachLayer makes a version of each layer of the one file given, when it has
// several and none was named; nil when that is not the case.
func (r *run) eachLayer(ctx context.Context, in *input) ([]job, error) {
	const op = "ingest.Run"
	if len(in.vectors) != 1 || len(in.tables) > 0 || r.o.Layer != "" || r.o.Join != nil {
		return nil, nil
	}
	f := in.vectors[0]
	layers, err := vector.Layers(ctx, f.path, f.label, f.format.Drivers)
	if err != nil || len(layers) < 2 {
		return nil, err
	}
	if len(layers) > maxLayers {
		return nil, fault.WithHint(fault.Errorf(op, fault.TooLarge, "%s has %d layers, more than %d", f.label, len(layers), maxLayers), "take one at a time with --layer")
	}
	if r.o.Append || r.old.ID != "" {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s has %d layers, and dataset %s takes one", f.label, len(layers), r.o.Dataset),
			"choose one with --layer: "+strings.Join(layers, ", "))
	}
	var jobs []job
	ids := slugs(layers, 63-len(r.o.Dataset)-1)
	for i, layer := range layers {
		c, err := r.child(ctx, ids[i], layer)
		if err != nil {
			return nil, err
		}
		c.o.Layer = layer
		own := &input{vectors: in.vectors, names: in.names}
		own.notes.Append(in.notes.All())
		own.notes.Add(catalog.Info, "one-of-layers", "this is layer %q of %d in %s", layer, len(layers), f.label)
		j, err := c.one(ctx, own)
		if err != nil {
			return nil, fault.WithHint(fmt.Errorf("layer %q: %w", layer, err), "take one layer at a time with --layer")
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// one opens the sources and makes a version of them.
func (r *run) one(ctx context.Context, in *input) (job, error) {
	rows, done, err := r.open(ctx, in)
	defer done()
	if err != nil {
		return job{}, err
	}
	return r.vectors(ctx, in, rows)
}
