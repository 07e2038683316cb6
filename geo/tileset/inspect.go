package tileset

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/pmtiles"
	"contado/geo/store/catalog"
	"contado/geo/store/mbtiles"
)

const (
	// maxEntries bounds the entries counted of a PMTiles archive, and
	// sampleTiles the tiles looked into at a zoom.
	maxEntries  = 50_000_000
	sampleTiles = 8
	maxUnpacked = 32 << 20
)

// Inspect tells what the archive at a local path holds: its header, the tiles
// of each zoom, its layers, and what samples of its tiles are. File of the
// answer is left for the caller. What is no archive is fault.Invalid.
func Inspect(ctx context.Context, path string) (catalog.TilesInfo, []catalog.Notice, error) {
	a, format, err := Open(ctx, path)
	if err != nil {
		return catalog.TilesInfo{}, nil, err
	}
	defer a.Close()
	in := &inspection{info: catalog.TilesInfo{Format: format}, samples: found{}}
	if format == PMTiles {
		err = in.pmtiles(ctx, a.(packed).Archive)
	} else {
		err = in.mbtiles(ctx, a.(rows).Archive)
	}
	if err != nil {
		return catalog.TilesInfo{}, nil, err
	}
	if err := in.look(ctx, a); err != nil {
		return catalog.TilesInfo{}, nil, err
	}
	in.mergeLayers()
	return in.info, in.notices, ctx.Err()
}

type inspection struct {
	info    catalog.TilesInfo
	notices []catalog.Notice
	some    [][3]int // addresses of samples
	samples found
	bad     []string // samples that are not what they should be
}

func (in *inspection) warn(code, format string, args ...any) {
	in.notices = append(in.notices, catalog.Notice{Severity: catalog.Warning, Code: code, Message: fmt.Sprintf(format, args...)})
}

func (in *inspection) pmtiles(ctx context.Context, a *pmtiles.Archive) error {
	h := a.Header()
	i := &in.info
	i.Type, i.Encoding = h.Type.String(), h.Tiles.Encoding()
	i.MinZoom, i.MaxZoom, i.Bounds = h.MinZoom, h.MaxZoom, h.Bounds
	i.Center = [3]float64{h.Center[0], h.Center[1], float64(h.CenterZoom)}
	if err := in.count(ctx, a); err != nil {
		return err
	}
	if h.Addressed > 0 && int64(h.Addressed) != i.Count {
		in.warn("tiles-miscounted", "the header says %d tiles, the directories list %d", h.Addressed, i.Count)
	}
	meta, err := a.Metadata()
	if err != nil {
		return err
	}
	return in.metadata(meta)
}

// count goes through the directories.
func (in *inspection) count(ctx context.Context, a *pmtiles.Archive) error {
	var zooms [pmtiles.MaxZoom + 1]catalog.TilesZoom
	entries := 0
	var failed error
	err := a.Entries(func(e pmtiles.Entry) bool {
		if entries++; entries > maxEntries {
			failed = fault.Errorf("tileset.Inspect", fault.TooLarge, "the archive has more than %d entries", maxEntries)
			return false
		}
		if entries%10_000 == 0 {
			failed = ctx.Err()
		}
		z, x, y, err := pmtiles.ZXY(e.ID)
		if err != nil {
			failed = err
		}
		if failed != nil {
			return false
		}
		n := &zooms[z]
		if n.Tiles < sampleTiles {
			in.some = append(in.some, [3]int{z, x, y})
		}
		n.Tiles += int64(e.Run)
		n.Bytes += int64(e.Bytes)
		n.Largest = max(n.Largest, int64(e.Bytes))
		in.info.Count += int64(e.Run)
		return true
	})
	if failed != nil {
		return failed
	}
	for z := range zooms {
		if zooms[z].Tiles > 0 {
			zooms[z].Zoom = z
			in.info.Zooms = append(in.info.Zooms, zooms[z])
		}
	}
	return err
}

// metadata is what both formats may say in JSON.
func (in *inspection) metadata(text []byte) error {
	var m struct {
		Name        any `json:"name"`
		Description any `json:"description"`
		Attribution any `json:"attribution"`
		Layers      []struct {
			ID          string         `json:"id"`
			Description string         `json:"description"`
			MinZoom     *float64       `json:"minzoom"`
			MaxZoom     *float64       `json:"maxzoom"`
			Fields      map[string]any `json:"fields"`
		} `json:"vector_layers"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		in.warn("metadata-unreadable", "the metadata is not as it should be and was passed by: %v", err)
		return nil //nolint:nilerr // told in a notice
	}
	i := &in.info
	set := func(into *string, v any) {
		if s, ok := v.(string); ok && *into == "" {
			*into = strings.ToValidUTF8(s, "\uFFFD")
		}
	}
	set(&i.Name, m.Name)
	set(&i.Description, m.Description)
	set(&i.Attribution, m.Attribution)
	if i.Type != "mvt" {
		return nil
	}
	for _, l := range m.Layers {
		if l.ID == "" || len(i.Layers) >= maxLayers {
			continue
		}
		layer := catalog.TileLayer{ID: l.ID, Description: l.Description, MinZoom: i.MinZoom, MaxZoom: i.MaxZoom, Fields: map[string]string{}}
		if l.MinZoom != nil {
			layer.MinZoom = max(i.MinZoom, int(*l.MinZoom))
		}
		if l.MaxZoom != nil {
			layer.MaxZoom = min(i.MaxZoom, int(*l.MaxZoom))
		}
		for name, kind := range l.Fields {
			if len(layer.Fields) < maxFields {
				layer.Fields[name] = fmt.Sprint(kind)
			}
		}
		i.Layers = append(i.Layers, layer)
	}
	return nil
}

func (in *inspection) mbtiles(ctx context.Context, a *mbtiles.Archive) error {
	zooms, err := a.Zooms(ctx)
	if err != nil {
		return err
	}
	if len(zooms) == 0 {
		return fault.Errorf("tileset.Inspect", fault.Invalid, "the archive has no tiles")
	}
	i := &in.info
	i.MinZoom, i.MaxZoom = zooms[0].Zoom, zooms[len(zooms)-1].Zoom
	for _, z := range zooms {
		i.Zooms = append(i.Zooms, catalog.TilesZoom{Zoom: z.Zoom, Tiles: z.Tiles})
		i.Count += z.Tiles
		some, err := a.Some(ctx, z.Zoom, sampleTiles)
		if err != nil {
			return err
		}
		in.some = append(in.some, some...)
	}
	m := a.Metadata()
	i.Name, i.Description, i.Attribution = m["name"], m["description"], m["attribution"]
	i.Type = map[string]string{"pbf": "mvt", "mvt": "mvt", "png": "png", "jpg": "jpg", "jpeg": "jpg", "webp": "webp"}[strings.ToLower(m["format"])]
	i.Bounds = boundsOf(m["bounds"], zooms[len(zooms)-1])
	i.Center = centerOf(m["center"], i)
	if text := m["json"]; text != "" {
		return in.metadata([]byte(text))
	}
	return nil
}

// boundsOf reads west,south,east,north; else it is the box of the tiles.
func boundsOf(text string, z mbtiles.Zoom) geo.BBox {
	if v, ok := numbers(text, 4); ok && v[0] >= -180 && v[2] <= 180 && v[0] < v[2] && v[1] >= -90 && v[3] <= 90 && v[1] < v[3] {
		return geo.BBox{MinX: v[0], MinY: v[1], MaxX: v[2], MaxY: v[3]}
	}
	n := math.Exp2(float64(z.Zoom))
	lon := func(x int) float64 { return float64(x)/n*360 - 180 }
	lat := func(y int) float64 { return math.Atan(math.Sinh(math.Pi*(1-2*float64(y)/n))) * 180 / math.Pi }
	return geo.BBox{MinX: lon(z.MinX), MinY: lat(z.MaxY + 1), MaxX: lon(z.MaxX + 1), MaxY: lat(z.MinY)}
}

func centerOf(text string, i *catalog.TilesInfo) [3]float64 {
	if v, ok := numbers(text, 3); ok && math.Abs(v[0]) <= 180 && math.Abs(v[1]) <= 90 {
		return [3]float64{v[0], v[1], v[2]}
	}
	b := i.Bounds
	return [3]float64{(b.MinX + b.MaxX) / 2, (b.MinY + b.MaxY) / 2, float64(i.MinZoom)}
}

func numbers(text string, n int) ([]float64, bool) {
	parts := strings.Split(text, ",")
	if len(parts) != n {
		return nil, false
	}
	out := make([]float64, n)
	for i, p := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

// look reads the samples.
func (in *inspection) look(ctx context.Context, a Archive) error {
	first := true
	for _, s := range in.some {
		data, ok, err := a.Tile(ctx, s[0], s[1], s[2])
		if err != nil && ctx.Err() != nil {
			return err
		}
		name := fmt.Sprintf("%d/%d/%d", s[0], s[1], s[2])
		if err != nil {
			in.bad = append(in.bad, name)
			continue
		}
		if !ok {
			continue
		}
		if first && in.info.Format == MBTiles {
			in.tell(data)
		}
		first = false
		if !in.sound(data) {
			in.bad = append(in.bad, name)
		}
	}
	if len(in.bad) > 0 {
		in.notices = append(in.notices, catalog.Notice{
			Severity: catalog.Warning, Code: "tiles-unsound", Count: int64(len(in.bad)), Examples: in.bad[:min(len(in.bad), 20)],
			Message: fmt.Sprintf("%d of %d tiles looked at are not what the archive says that they are", len(in.bad), len(in.some)),
		})
	}
	return nil
}

// tell reads from a tile of an MBTiles file what its metadata may leave out.
func (in *inspection) tell(data []byte) {
	if bytes.HasPrefix(data, []byte("\x1f\x8b")) {
		in.info.Encoding = "gzip"
	}
	if kind := picture(data); kind != "" {
		in.info.Type = kind
	} else if in.info.Type == "" {
		in.info.Type = "mvt"
	}
}

// picture is the type of an image by its first bytes; "" when it is none.
func picture(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return "png"
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return "jpg"
	case len(b) > 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return "webp"
	case len(b) > 12 && string(b[4:12]) == "ftypavif":
		return "avif"
	}
	return ""
}

// sound reports whether a tile is what the archive says.
func (in *inspection) sound(data []byte) bool {
	if in.info.Type != "mvt" {
		return in.info.Type == "" || picture(data) == in.info.Type
	}
	c := map[string]pmtiles.Compression{"gzip": pmtiles.Gzip, "br": pmtiles.Brotli, "zstd": pmtiles.Zstd}[in.info.Encoding]
	raw, err := pmtiles.Unpack(data, c, maxUnpacked)
	return err == nil && in.samples.add(raw) == nil
}

// mergeLayers adds what samples tell to what the metadata says.
func (in *inspection) mergeLayers() {
	i := &in.info
	known := map[string]bool{}
	for k := range i.Layers {
		l := &i.Layers[k]
		known[l.ID] = true
		if f := in.samples[l.ID]; f != nil {
			l.Geometry = f.geometry()
			for name, kind := range f.fields {
				if _, ok := l.Fields[name]; !ok {
					l.Fields[name] = kind
				}
			}
		}
	}
	for _, name := range in.samples.names() {
		if f := in.samples[name]; !known[name] {
			i.Layers = append(i.Layers, catalog.TileLayer{ID: name, MinZoom: i.MinZoom, MaxZoom: i.MaxZoom, Fields: f.fields, Geometry: f.geometry()})
		}
	}
}
