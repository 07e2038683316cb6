package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

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
			fmt.Fprintf(a.stdout, "The catalog in %s is empty. Try: contado demo, or contado ingest --help\n", in.data)
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
			return plural(v.Count, "row")
		}
		return plural(v.Count, "feature")
	}
	var bytes int64
	for _, f := range d.Version.Files {
		bytes += f.Size
	}
	if bytes < 1e6 {
		return fmt.Sprintf("%.0f kB", math.Ceil(float64(bytes)/1e3))
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

// plural counts things: "1 row", "1503 rows".
func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// number writes a value of a cell for people: no exponents where digits will
// do, and no digits that float32 cells do not have.
func number(v float64) string {
	if m := math.Abs(v); m != 0 && (m < 1e-4 || m >= 1e15) {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	digits := 4
	for m := math.Abs(v); m >= 10 && digits > 0; m /= 10 {
		digits--
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
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
		in.printState(a, d)
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
	if v.CRS != "" {
		row("crs", "%s", v.CRS.Short())
		row("extent", "%.5f %.5f – %.5f %.5f (lon lat)", v.BBoxWGS84.MinX, v.BBoxWGS84.MinY, v.BBoxWGS84.MaxX, v.BBoxWGS84.MaxY)
	}
	for _, text := range []struct{ name, value string }{{"about", d.Description}, {"licence", d.License}, {"credit", d.Attribution}} {
		if text.value != "" {
			row(text.name, "%s", text.value)
		}
	}
	if v.Derived == nil {
		row("source", "%s", strings.Join(v.Source, ", "))
	} else { // its files were made here, and are gone
		row("made by", "%s", v.Derived.Process)
		for _, in := range v.Derived.Inputs {
			of := ""
			if len(in.Items) > 0 {
				of = ", " + plural(int64(len(in.Items)), "item")
			}
			row("made from", "%s version %d%s", in.Dataset, in.Version, of)
		}
	}
	if vec := v.Vector; vec != nil {
		row("rows", "%d, geometry %s", vec.Count, orNone(vec.Schema.GeometryType))
		for _, f := range vec.Schema.Fields {
			alias := ""
			if f.Alias != "" && f.Alias != f.Name {
				alias = " — " + f.Alias
			}
			row("", "%s %s%s", f.Name, f.Type, alias)
		}
	}
}

// printState says what has become of a vector dataset since it was published.
func (in *installation) printState(a *app, d catalog.Dataset) {
	v := d.Version
	if v.Vector == nil {
		return
	}
	row := func(k, format string, args ...any) {
		fmt.Fprintf(a.stdout, "  %-12s %s\n", k, fmt.Sprintf(format, args...))
	}
	if x := v.Vector.External; x != nil {
		row("attached", "%s, table %s.%s, watched by %s", x.Connection, x.Schema, x.Table, x.Watch)
	}
	if heads, err := in.journal.Heads(a.ctx); err != nil {
		row("edits", "cannot be read: %v", err)
	} else if n := heads[d.ID]; n > 0 {
		row("edits", "%s since version %d was published", plural(n, "change"), v.Number)
	}
	if e, ok := v.Extra(catalog.Pyramid); ok {
		row("tiles", "pyramid of %s", fileSize(e.File.Size))
	} else if v.Vector.Schema.GeometryType != "" {
		row("tiles", "no pyramid yet: the server makes it, or contado pyramid %s", d.ID)
	}
}

func printItem(a *app, it catalog.Item) {
	when := "no date"
	if it.Datetime != nil {
		when = it.Datetime.Format("2006-01-02 15:04")
	}
	fmt.Fprintf(a.stdout, "  item %s: %s, %d × %d cells, %s", it.ID, when, it.Grid.Width, it.Grid.Height, plural(int64(it.Overviews), "overview"))
	if it.CloudCover != nil {
		fmt.Fprintf(a.stdout, ", clouds %.0f %%", *it.CloudCover)
	}
	fmt.Fprintln(a.stdout)
	if s := it.Scene; s != nil && len(taken(s)) > 0 {
		fmt.Fprintf(a.stdout, "    %s\n", strings.Join(taken(s), ", "))
	}
	width := 10
	for _, b := range it.Bands {
		width = max(width, utf8.RuneCountInString(b.Name))
	}
	for i, b := range it.Bands {
		fmt.Fprintf(a.stdout, "    %-*s %-8s %s … %s, mean %s, valid %.1f %%", width, b.Name, b.DataType, number(b.Min), number(b.Max), number(b.Mean), b.ValidPercent)
		if part, _ := it.Locate(i + 1); part.Grid.Width != it.Grid.Width {
			fmt.Fprintf(a.stdout, ", %d × %d cells", part.Grid.Width, part.Grid.Height)
		}
		if b.CommonName != "" {
			fmt.Fprintf(a.stdout, ", %s", b.CommonName)
		}
		if b.Quantity != "" {
			fmt.Fprintf(a.stdout, ", %s", strings.ReplaceAll(string(b.Quantity), "_", " "))
		}
		if len(b.Classes) > 0 {
			fmt.Fprintf(a.stdout, ", %d classes", len(b.Classes))
		}
		fmt.Fprintln(a.stdout)
	}
}

// taken words how a satellite picture was taken.
func taken(s *catalog.Scene) []string {
	var out []string
	for _, text := range []string{s.Platform, s.Level, s.OrbitState, strings.Join(s.Polarizations, " ")} {
		if text != "" {
			out = append(out, text)
		}
	}
	if s.Baseline != "" {
		out = append(out, "baseline "+s.Baseline)
	}
	if s.RelativeOrbit != nil {
		out = append(out, fmt.Sprintf("orbit %d", *s.RelativeOrbit))
	}
	if s.SunElevation != nil && s.SunAzimuth != nil {
		out = append(out, fmt.Sprintf("sun %.1f° high in %.1f°", *s.SunElevation, *s.SunAzimuth))
	}
	if s.Product != "" {
		out = append(out, s.Product)
	}
	return out
}

func printNotice(a *app, n catalog.Notice) {
	mark := "note"
	if n.Severity == catalog.Warning {
		mark = "warning"
	}
	count := ""
	if n.Count > 1 {
		count = fmt.Sprintf(" (%d)", n.Count)
	}
	fmt.Fprintf(a.stdout, "  %s: %s%s\n", mark, n.Message, count)
	if len(n.Examples) > 0 {
		more := ""
		if left := n.Count - int64(len(n.Examples)); left > 0 {
			more = fmt.Sprintf("; … %d more", left)
		}
		fmt.Fprintf(a.stdout, "    %s%s\n", strings.Join(n.Examples, "; "), more)
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
