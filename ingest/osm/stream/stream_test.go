package stream_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
	"contado/ingest/osm/osmtest"
	"contado/ingest/osm/stream"
	"contado/scripts/shareddata"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmxml"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// text is an element as a line of text.
func tagsText(b *strings.Builder, tags stream.Tags) {
	for _, t := range tags {
		fmt.Fprintf(b, " %q=%q", t.Key, t.Value)
	}
}

// read gives the elements of a file as lines of text.
func read(path string) ([]string, error) {
	f, err := stream.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []string
	err = f.Scan(context.Background(), stream.Visitor{
		Node: func(n *stream.Node) error {
			var b strings.Builder
			fmt.Fprintf(&b, "n%d %d %d", n.ID, n.At.Lon, n.At.Lat)
			tagsText(&b, n.Tags)
			out = append(out, b.String())
			return nil
		},
		Way: func(w *stream.Way) error {
			var b strings.Builder
			fmt.Fprintf(&b, "w%d %v", w.ID, w.Refs)
			tagsText(&b, w.Tags)
			out = append(out, b.String())
			return nil
		},
		Relation: func(r *stream.Relation) error {
			var b strings.Builder
			fmt.Fprintf(&b, "r%d", r.ID)
			for _, m := range r.Members {
				fmt.Fprintf(&b, " %s%d@%q", m.Kind, m.Ref, m.Role)
			}
			tagsText(&b, r.Tags)
			out = append(out, b.String())
			return nil
		},
	}, nil)
	return out, err
}

// oracle reads the same with the library of the OSM community.
func oracle(t *testing.T, scanner osm.Scanner) []string {
	t.Helper()
	defer scanner.Close()
	var out []string
	tags := func(b *strings.Builder, tags osm.Tags) {
		for _, t := range tags {
			fmt.Fprintf(b, " %q=%q", t.Key, t.Value)
		}
	}
	for scanner.Scan() {
		var b strings.Builder
		switch o := scanner.Object().(type) {
		case *osm.Node:
			fmt.Fprintf(&b, "n%d %d %d", o.ID, int64(math.Round(o.Lon*1e7)), int64(math.Round(o.Lat*1e7)))
			tags(&b, o.Tags)
		case *osm.Way:
			ids := []int64{}
			for _, n := range o.Nodes {
				ids = append(ids, int64(n.ID))
			}
			fmt.Fprintf(&b, "w%d %v", o.ID, ids)
			tags(&b, o.Tags)
		case *osm.Relation:
			fmt.Fprintf(&b, "r%d", o.ID)
			for _, m := range o.Members {
				fmt.Fprintf(&b, " %s%d@%q", m.Type, m.Ref, m.Role)
			}
			tags(&b, o.Tags)
		default:
			continue
		}
		out = append(out, b.String())
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// asXML is a PBF file as XML, by the tool of the OSM community.
func asXML(t *testing.T, path string) []byte {
	t.Helper()
	tool, err := exec.LookPath("osmium")
	if err != nil {
		t.Skip("osmium is not installed (Debian package osmium-tool)")
	}
	out, err := exec.CommandContext(t.Context(), tool, "cat", path, "-f", "xml").Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSameAsLibrary(t *testing.T) {
	t.Parallel()
	for name, scan := range map[string]func(t *testing.T, r io.Reader) osm.Scanner{
		"li-liechtenstein-osm/liechtenstein-latest.osm.pbf": func(t *testing.T, r io.Reader) osm.Scanner {
			return osmxml.New(context.Background(), bytes.NewReader(asXML(t, r.(*os.File).Name())))
		},
		"us-beatty-gtfs-osm/beatty.osm": func(t *testing.T, r io.Reader) osm.Scanner { return osmxml.New(context.Background(), r) },
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			path := shareddata.Path(t, name)
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			want := oracle(t, scan(t, f))
			got, err := read(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) || len(got) < 1000 {
				t.Fatalf("%d elements, want %d", len(got), len(want))
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("element %d:\n got %s\nwant %s", i, got[i], want[i])
				}
			}
		})
	}
}

var small = []string{
	`n10 95000000 450000000 "highway"="bus_stop"`, `n11 95001000 450001000`, `n12 95002000 450000500`,
	`w5 [10 11 12 10] "highway"="residential"`, `r7 way5@"outer" "type"="multipolygon"`,
}

func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSmallPBF(t *testing.T) {
	t.Parallel()
	for _, zip := range []bool{false, true} {
		got, err := read(write(t, "x.osm.pbf", osmtest.SmallPBF(zip)))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(small, got); d != "" {
			t.Error(d)
		}
	}
}

const smallXML = `<?xml version="1.0"?>
<osm version="0.6" generator="test" timestamp="2024-05-06T07:08:09Z">
<bounds minlat="1" minlon="1" maxlat="2" maxlon="2"/>
<node id="10" lat="45.0" lon="9.5"><tag k="highway" v="bus_stop"/></node>
<node id="11" lat="45.0001" lon="9.5001"/><node id="12" lat="45.00005" lon="9.5002"/>
<node id="13" visible="false"/><node id="14" action="delete" lat="1" lon="1"/>
<way id="5"><nd ref="10"/><nd ref="11"/><nd ref="12"/><nd ref="10"/><tag k="highway" v="residential"/></way>
<relation id="7"><member type="way" ref="5" role="outer"/><tag k="type" v="multipolygon"/></relation>
</osm>`

func TestSmallXML(t *testing.T) {
	t.Parallel()
	path := write(t, "x.osm", []byte(smallXML))
	got, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(small, got); d != "" {
		t.Error(d)
	}
	f, err := stream.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if h := f.Header(); h.Program != "test" || h.Time.Year() != 2024 {
		t.Errorf("header %+v", h)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := osmtest.SmallPBF(true)
	for name, c := range map[string]struct {
		data []byte
		kind fault.Kind
		says string
	}{
		"history":      {osmtest.Header("OsmSchema-V0.6", "HistoricalInformation"), fault.Unsupported, "HistoricalInformation"},
		"changes":      {[]byte(`<osmChange version="0.6"></osmChange>`), fault.Unsupported, "changes"},
		"other root":   {[]byte(`<gpx></gpx>`), fault.Invalid, "<gpx>"},
		"no XML":       {[]byte("hello"), fault.Invalid, "no XML"},
		"cut PBF":      {good[:len(good)-5], fault.Invalid, "cut short"},
		"cut XML":      {[]byte(smallXML[:len(smallXML)-20]), fault.Invalid, "damaged"},
		"bad id":       {[]byte(`<osm><node id="x" lat="1" lon="1"/></osm>`), fault.Invalid, `"x"`},
		"bad member":   {[]byte(`<osm><relation id="1"><member type="area" ref="1"/></relation></osm>`), fault.Invalid, `"area"`},
		"large blob":   {append(osmtest.Header("OsmSchema-V0.6"), 0, 0, 0, 5, 0x18, 0xff, 0xff, 0xff, 0x7f), fault.Invalid, "32 MB"},
		"large header": {append(osmtest.Header("OsmSchema-V0.6"), 0x7f, 0, 0, 0), fault.Invalid, "header"},
		"lzma":         {append(osmtest.Header("OsmSchema-V0.6"), rawBlob(osmtest.Block(osmtest.Number(nil, 2, 3), 4, []byte("abc")))...), fault.Unsupported, "LZMA"},
		"string table": {append(osmtest.Header("OsmSchema-V0.6"), osmtest.Blob("OSMData", osmtest.Primitive([]string{""}, osmtest.Block(nil, 3, osmtest.Block(osmtest.Block(osmtest.Number(nil, 1, 5), 2, osmtest.Packed(9)), 3, osmtest.Packed(9)))), true)...), fault.Invalid, "block"},
	} {
		_, err := read(write(t, "x", c.data))
		if fault.KindOf(err) != c.kind || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: %v (%v)", name, err, fault.KindOf(err))
		}
	}
}

func rawBlob(body []byte) []byte {
	head := osmtest.Number(osmtest.Block(nil, 1, []byte("OSMData")), 3, uint64(len(body)))
	return append(append([]byte{0, 0, 0, byte(len(head))}, head...), body...)
}

// TestToken: a single tag of gigabytes in a small gzip file is refused before
// it fills the memory.
func TestToken(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, `<osm><node id="1" lat="1" lon="1"><tag k="a" v="`)
	for range 18 {
		_, _ = z.Write(bytes.Repeat([]byte("x"), 1<<20))
	}
	_ = z.Close()
	_, err := read(write(t, "x.osm.gz", b.Bytes()))
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "16 MB") {
		t.Error(err)
	}
}

func TestVisitorErrorAndCancel(t *testing.T) {
	t.Parallel()
	for _, path := range []string{write(t, "x.pbf", osmtest.SmallPBF(true)), write(t, "x.osm", []byte(smallXML))} {
		f, err := stream.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		own := errors.New("own")
		if err := f.Scan(context.Background(), stream.Visitor{Way: func(*stream.Way) error { return own }}, nil); !errors.Is(err, own) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := f.Scan(ctx, stream.Visitor{Way: func(*stream.Way) error { return nil }}, nil); !fault.Is(err, fault.Canceled) {
			t.Error(err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(osmtest.SmallPBF(false))
	f.Add(osmtest.SmallPBF(true))
	f.Add([]byte(smallXML))
	f.Add(osmtest.Header("OsmSchema-V0.6"))
	f.Add([]byte("\x00\x00\x00\r\n\tOSMHeader\x18%\n#B\x0e07070000080009Z\n0000181001\x820\x049001\x00\x00\x00\f\n\aOSMData\x1a\x0111")) // ends in the middle
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, fmt.Sprintf("%p", t))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path)
		if _, err := read(path); err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Unsupported {
				t.Errorf("%v: %v", k, err)
			}
		}
	})
}

// FuzzBlock mutates what is inside of the packing.
func FuzzBlock(f *testing.F) {
	whole := osmtest.SmallPBF(false)
	f.Add(whole[len(osmtest.Header("OsmSchema-V0.6", "DenseNodes")):])
	f.Add(osmtest.Primitive([]string{"", "a"}, osmtest.Block(nil, 1, osmtest.Number(nil, 1, 3))))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, fmt.Sprintf("%p", t))
		if err := os.WriteFile(path, append(osmtest.Header("OsmSchema-V0.6"), osmtest.Blob("OSMData", data, false)...), 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path)
		if _, err := read(path); err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", fault.KindOf(err), err)
		}
	})
}
