package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"contado/geo/store/catalog"
	"contado/ingest"
)

type lsCmd struct {
	JSON bool `help:"Print JSON." name:"json"`
}

// Run lists the datasets.
func (c *lsCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		sets := in.atlas.Current().Datasets()
		if c.JSON {
			return writeJSON(a, sets)
		}
		if len(sets) == 0 {
			fmt.Fprintln(a.stdout, "The catalog is empty. Try: contado demo, or contado ingest --help")
			return nil
		}
		w := tabwriter.NewWriter(a.stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "DATASET\tKIND\tROLE\tVERSION\tSIZE\tTITLE")
		for _, d := range sets {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", d.ID, d.Kind, d.Role, d.Version.Number, size(d), d.Title)
		}
		return w.Flush()
	})
}

// size is what a dataset holds, in words.
func size(d catalog.Dataset) string {
	if v := d.Version.Vector; v != nil {
		if v.Schema.GeometryType == "" {
			return fmt.Sprintf("%d rows", v.Count)
		}
		return fmt.Sprintf("%d features", v.Count)
	}
	var bytes int64
	for _, f := range d.Version.Files {
		bytes += f.Size
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

type infoCmd struct {
	Dataset string `arg:"" help:"Dataset id."`
	JSON    bool   `help:"Print JSON." name:"json"`
}

// Run shows one dataset.
func (c *infoCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		s := in.atlas.Current()
		d, err := s.Dataset(c.Dataset)
		if err != nil {
			return err
		}
		items := s.Items(d.ID, nil)
		if c.JSON {
			return writeJSON(a, map[string]any{"dataset": d, "items": items})
		}
		printDataset(a, d)
		for _, it := range items {
			printItem(a, it)
		}
		for _, n := range d.Version.Notices {
			printNotice(a, n)
		}
		return nil
	})
}

func printDataset(a *app, d catalog.Dataset) {
	v := d.Version
	fmt.Fprintf(a.stdout, "%s — %s\n", d.ID, d.Title)
	row := func(k, format string, args ...any) {
		fmt.Fprintf(a.stdout, "  %-12s %s\n", k, fmt.Sprintf(format, args...))
	}
	row("kind", "%s, role %s", d.Kind, d.Role)
	row("version", "%d, published %s by %s", v.Number, v.PublishedAt.Format("2006-01-02 15:04"), v.Program)
	row("checksum", "sha256 %s", v.SHA256)
	row("crs", "%s", v.CRS.Short())
	row("extent", "%.5f %.5f – %.5f %.5f (lon lat)", v.BBoxWGS84.MinX, v.BBoxWGS84.MinY, v.BBoxWGS84.MaxX, v.BBoxWGS84.MaxY)
	if d.License != "" || d.Attribution != "" {
		row("licence", "%s", strings.TrimSpace(d.License+" "+d.Attribution))
	}
	row("source", "%s", strings.Join(v.Source, ", "))
	if vec := v.Vector; vec != nil {
		row("rows", "%d, geometry %s", vec.Count, orNone(vec.Schema.GeometryType))
		for _, f := range vec.Schema.Fields {
			row("", "%s %s", f.Name, f.Type)
		}
	}
}

func printItem(a *app, it catalog.Item) {
	when := "no date"
	if it.Datetime != nil {
		when = it.Datetime.Format("2006-01-02 15:04")
	}
	fmt.Fprintf(a.stdout, "  item %s: %s, %d × %d cells, %d overviews", it.ID, when, it.Grid.Width, it.Grid.Height, it.Overviews)
	if it.CloudCover != nil {
		fmt.Fprintf(a.stdout, ", clouds %.0f %%", *it.CloudCover)
	}
	fmt.Fprintln(a.stdout)
	for _, b := range it.Bands {
		fmt.Fprintf(a.stdout, "    %-10s %-8s %g … %g, mean %.4g, valid %.1f %%", b.Name, b.DataType, b.Min, b.Max, b.Mean, b.ValidPercent)
		if len(b.Classes) > 0 {
			fmt.Fprintf(a.stdout, ", %d classes", len(b.Classes))
		}
		fmt.Fprintln(a.stdout)
	}
}

func printNotice(a *app, n catalog.Notice) {
	mark := "note"
	if n.Severity == catalog.Warning {
		mark = "warning"
	}
	fmt.Fprintf(a.stdout, "  %s: %s\n", mark, n.Message)
	if len(n.Examples) > 0 {
		fmt.Fprintf(a.stdout, "    %s\n", strings.Join(n.Examples, "; "))
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func writeJSON(a *app, v any) error {
	return encodeJSON(a.stdout, v)
}

func encodeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

type rmCmd struct {
	Dataset string `arg:"" help:"Dataset id."`
	Yes     bool   `help:"Do it; without this flag the command only says what it would remove." short:"y"`
}

// Run removes a dataset with all its versions.
func (c *rmCmd) Run(a *app) error {
	return a.with(func(in *installation) error {
		d, err := in.atlas.Current().Dataset(c.Dataset)
		if err != nil {
			return err
		}
		if !c.Yes {
			return usagef("this would remove dataset %q (%s, version %d and all before it); add --yes to do it", d.ID, size(d), d.Version.Number)
		}
		if err := ingest.Remove(a.ctx, in.ingestStores(), d.ID); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "removed %s\n", d.ID)
		return nil
	})
}
