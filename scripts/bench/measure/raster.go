package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What is asked for.
const (
	rgbPicture    = "true colour"
	ndviPicture   = "NDVI"
	mosaicPicture = "mosaic of 20, newest"
	medianPicture = "median of 15"
)

// theme is a kind of picture: the dataset, where, and how coarse.
type theme struct {
	name, dataset string
	land          land
	fine, coarse  float64 // metres a pixel
}

// Bounds of the run: of each theme and number of clients, pictures and time.
const (
	mostViews    = 600
	mostTime     = 3 * time.Second
	coldViews    = 40
	pressRounds  = 2
	samePictures = 12
)

var clientCounts = []int{1, 4, 16}

// row is one cell of the measurement over all rounds.
type row struct {
	program, theme string
	clients        int // 0: a fresh process, files not in the system's cache
	ms             []float64
	rates, cpu     []float64
	bytes          int
}

// report is what the measurement found.
type report struct {
	rows   []*row
	memory map[string][]memory // peaks by program
}

func (rep *report) of(program, theme string, clients int) *row {
	for _, x := range rep.rows {
		if x.program == program && x.theme == theme && x.clients == clients {
			return x
		}
	}
	x := &row{program: program, theme: theme, clients: clients}
	rep.rows = append(rep.rows, x)
	return x
}

// program is a peer under load.
type program struct {
	name   string
	themes []string
	counts []int
	start  func(context.Context) (*running, error)
}

// running is a started one.
type running struct {
	asking func(theme string) ask
	pids   []int
	stop   func() error
}

// raster measures pictures of satellite scenes as map clients ask for them:
// at any place and scale, none twice.
func (b *bench) raster(ctx context.Context) error {
	kept := b.data
	defer func() { b.data = kept }()
	if err := b.makeScenes(ctx); err != nil {
		return err
	}
	themes, err := b.rasterThemes()
	if err != nil {
		return err
	}
	programs := b.rasterPrograms()
	rep := &report{memory: map[string][]memory{}}
	for round := range pressRounds {
		for _, p := range programs {
			if err := b.press(ctx, p, themes, round, rep); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		if !b.wanted(warpName) {
			continue
		}
		if err := b.warpRound(ctx, themes, round, rep); err != nil {
			return err
		}
	}
	if err := b.comparePrograms(ctx, programs, themes); err != nil {
		return err
	}
	rep.print(b)
	return nil
}

// press measures one program in one round.
func (b *bench) press(ctx context.Context, p program, themes []theme, round int, rep *report) (err error) {
	if err := b.evict(ctx, b.scenes); err != nil {
		return err
	}
	run, err := p.start(ctx)
	if err != nil {
		return err
	}
	w := watch(ctx, run.pids)
	defer func() {
		w.stop()
		rep.memory[p.name] = append(rep.memory[p.name], w.peak())
		err = errors.Join(err, run.stop())
	}()
	for n, t := range themes {
		if !slices.Contains(p.themes, t.name) {
			continue
		}
		for _, clients := range append([]int{0}, p.counts...) {
			most := mostViews
			if clients == 0 {
				most = coldViews
			}
			seed := uint64(1000*round + 100*n + clients)
			before, err := usageAll(run.pids)
			if err != nil {
				return err
			}
			l, err := press(ctx, run.asking(t.name), t.land.views(most, t.fine, t.coarse, seed), max(clients, 1), mostTime)
			if err != nil {
				return fmt.Errorf("%s, %d clients: %w", t.name, clients, err)
			}
			after, err := usageAll(run.pids)
			if err != nil {
				return err
			}
			r := rep.of(p.name, t.name, clients)
			r.ms = append(r.ms, l.ms...)
			r.bytes += l.bytes
			r.rates = append(r.rates, l.rate())
			r.cpu = append(r.cpu, (after-before)*1000/float64(len(l.ms)))
		}
	}
	return nil
}

// usageAll is the processor time of processes and their children, in seconds.
func usageAll(pids []int) (float64, error) {
	sum := 0.0
	for _, pid := range pids {
		c, err := usageOf(fmt.Sprint(pid))
		if err != nil {
			return 0, err
		}
		sum += c.cpu
	}
	return sum, nil
}

// rasterPrograms are those that can be had.
func (b *bench) rasterPrograms() []program {
	all := []string{rgbPicture, ndviPicture, mosaicPicture, medianPicture}
	list := []program{{name: "contado", themes: all, counts: clientCounts, start: b.startContado}}
	if b.mapserv != "" {
		list = append(list,
			program{"MapServer, 2 FastCGI processes", all[:3], clientCounts, func(ctx context.Context) (*running, error) {
				return b.startMapServer(ctx, b.sceneFile(), "")
			}},
			program{"MapServer, PNG at level 1", all[:2], []int{4}, func(ctx context.Context) (*running, error) {
				return b.startMapServer(ctx, b.sceneFile(), "FORMATOPTION \"COMPRESSION=1\" ")
			}},
			program{"MapServer on a COG of GDAL's (DEFLATE, 512)", all[:2], []int{4}, func(ctx context.Context) (*running, error) {
				return b.startMapServer(ctx, b.plainFile(), "")
			}})
	}
	if b.venv != "" {
		name := fmt.Sprintf("TiTiler, %d processes", cores())
		list = append(list,
			program{name, all[:2], clientCounts, func(ctx context.Context) (*running, error) { return b.startTiTiler(ctx, b.sceneFile()) }},
			program{name + ", on a COG of GDAL's (DEFLATE, 512)", all[:2], []int{4}, func(ctx context.Context) (*running, error) {
				return b.startTiTiler(ctx, b.plainFile())
			}})
	}
	return slices.DeleteFunc(list, func(p program) bool { return !b.wanted(p.name) })
}

// wanted says whether a program is to be measured.
func (b *bench) wanted(name string) bool {
	return b.programs == "" || slices.ContainsFunc(strings.Split(b.programs, ","), func(p string) bool { return strings.HasPrefix(name, p) })
}

const (
	ndviLow, ndviHigh = -0.2, 0.9
	rgbHigh           = 3000
)

func (b *bench) startContado(ctx context.Context) (*running, error) {
	s, err := b.serveContado(ctx)
	if err != nil {
		return nil, err
	}
	rgb, ndvi := "&BANDS=3,2,1&RESCALE=0,3000", "&EXPR="+url.QueryEscape("(b4-b3)/(b4+b3)")+"&RESCALE=-0.2,0.9&COLORMAP=greys"
	tail := map[string]string{
		rgbPicture: "&LAYERS=" + sceneDataset + rgb, ndviPicture: "&LAYERS=" + sceneDataset + ndvi,
		mosaicPicture: "&LAYERS=" + mosaicDataset + rgb + "&SELECT=newest", medianPicture: "&LAYERS=" + stackDataset + ndvi + "&SELECT=median",
	}
	c := newClient()
	return &running{pids: []int{s.cmd.Process.Pid}, stop: func() error { c.CloseIdleConnections(); return s.stop() }, asking: func(t string) ask {
		base := s.url + "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&STYLES=&CRS=EPSG:3857&WIDTH=256&HEIGHT=256&FORMAT=image/png&TRANSPARENT=TRUE&RESAMPLING=bilinear" + tail[t] + "&BBOX="
		return func(ctx context.Context, v view) (int, []byte, error) { return get(ctx, c, base+v.box()) }
	}}, nil
}

func (b *bench) startTiTiler(ctx context.Context, file string) (*running, error) {
	s, err := b.serveTiTiler(ctx, cores())
	if err != nil {
		return nil, err
	}
	tail := "/256x256.png?coord_crs=epsg:3857&dst_crs=epsg:3857&resampling=bilinear&reproject=bilinear&url=" + url.QueryEscape(file)
	what := map[string]string{
		rgbPicture:  "&bidx=3&bidx=2&bidx=1&rescale=0,3000",
		ndviPicture: "&expression=" + url.QueryEscape("(b4-b3)/(b4+b3)") + "&rescale=-0.2,0.9",
	}
	c := newClient()
	return &running{pids: []int{s.cmd.Process.Pid}, stop: func() error { c.CloseIdleConnections(); return s.stop() }, asking: func(t string) ask {
		return func(ctx context.Context, v view) (int, []byte, error) {
			return get(ctx, c, s.url+"/bbox/"+v.box()+tail+what[t])
		}
	}}, nil
}

func (b *bench) startMapServer(ctx context.Context, file, png string) (*running, error) {
	rgb := []string{"BANDS=3,2,1", fmt.Sprintf("SCALE=0,%d", rgbHigh)}
	vrt, err := b.ndviVRT(file)
	if err != nil {
		return nil, err
	}
	m, err := b.serveMapServer(ctx, 2, png, []mapLayer{
		{"rgb", file, rgb},
		{"ndvi", vrt, []string{fmt.Sprintf("SCALE=%g,%g", ndviLow, ndviHigh)}},
		{"mosaic", filepath.Join(b.scenes, "mosaic.shp"), rgb},
	})
	if err != nil {
		return nil, err
	}
	layers := map[string]string{rgbPicture: "rgb", ndviPicture: "ndvi", mosaicPicture: "mosaic"}
	return &running{pids: m.pids(), stop: m.stop, asking: func(t string) ask { return m.asking(layers[t]) }}, nil
}

// newClient keeps a connection for each client.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}, Timeout: time.Minute}
}

func get(ctx context.Context, c *http.Client, address string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

// print writes the tables.
func (rep *report) print(b *bench) {
	var rows [][]string
	themes := []string{}
	for _, r := range rep.rows {
		if !slices.Contains(themes, r.theme) {
			themes = append(themes, r.theme)
		}
	}
	for _, t := range themes {
		rows = nil
		for _, r := range rep.rows {
			if r.theme != t {
				continue
			}
			clients := fmt.Sprint(r.clients)
			if r.clients == 0 {
				clients = "1, cold"
			}
			rows = append(rows, []string{
				r.program, clients, num(median(r.rates)), num(median(r.ms)), num(quantile(r.ms, 0.95)), num(quantile(r.ms, 0.99)),
				num(median(r.cpu)), fmt.Sprint(len(r.ms)), num(float64(r.bytes) / float64(len(r.ms)) / 1024),
			})
		}
		table(b.out, strings.ToUpper(t[:1])+t[1:], []string{"", "clients", "pictures/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "pictures", "KiB"}, rows)
	}
	rows = nil
	for _, name := range sortedKeys(rep.memory) {
		var rss, pss []float64
		for _, m := range rep.memory[name] {
			rss, pss = append(rss, m.rss), append(pss, m.pss)
		}
		rows = append(rows, []string{name, num(quantile(pss, 1)), num(quantile(rss, 1))})
	}
	table(b.out, "Most memory, all processes together", []string{"", "MiB, shared pages split (PSS)", "MiB, resident (RSS)"}, rows)
}
