package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// mapserver is some FastCGI processes of MapServer behind one socket.
type mapserver struct {
	socket   string
	mapfile  string
	conf     string
	listener *net.UnixListener
	commands []*exec.Cmd
	log      *os.File
}

// mapLayer is a layer of the map file.
type mapLayer struct {
	name, data string // data is a file, or a tile index when it ends in .shp
	processing []string
}

func (l mapLayer) text() string {
	what := fmt.Sprintf("DATA %q", l.data)
	if strings.HasSuffix(l.data, ".shp") {
		what = fmt.Sprintf("TILEINDEX %q TILEITEM \"location\"", l.data)
	}
	var b strings.Builder
	for _, p := range append(l.processing, "RESAMPLE=BILINEAR", "CLOSE_CONNECTION=DEFER") {
		fmt.Fprintf(&b, "    PROCESSING %q\n", p)
	}
	return fmt.Sprintf("  LAYER\n    NAME %q TYPE RASTER STATUS ON\n    %s\n%s    PROJECTION \"init=epsg:32632\" END\n    METADATA \"wms_title\" %q END\n  END\n",
		l.name, what, b.String(), l.name)
}

const mapHead = `MAP
  NAME "bench" SIZE 256 256 EXTENT 0 4000000 3000000 8000000
  PROJECTION "init=epsg:3857" END
  CONFIG "GDAL_VRT_ENABLE_PYTHON" "YES"
  IMAGETYPE png
  OUTPUTFORMAT NAME "png" DRIVER AGG/PNG MIMETYPE "image/png" IMAGEMODE RGBA EXTENSION "png" TRANSPARENT ON %sEND
  WEB METADATA "wms_title" "bench" "wms_onlineresource" "http://127.0.0.1/" "wms_srs" "EPSG:3857" "ows_enable_request" "*" END END
`

// serveMapServer starts processes of mapserv on a socket of their own, which
// they take from their standard input as FastCGI has it. png are options of
// the output format.
func (b *bench) serveMapServer(ctx context.Context, processes int, png string, layers []mapLayer) (*mapserver, error) {
	dir, err := os.MkdirTemp(b.dir, "mapserver-")
	if err != nil {
		return nil, err
	}
	m := &mapserver{socket: filepath.Join(dir, "s"), mapfile: filepath.Join(dir, "bench.map"), conf: filepath.Join(dir, "mapserver.conf")}
	text := fmt.Sprintf(mapHead, png)
	for _, l := range layers {
		text += l.text()
	}
	if err := os.WriteFile(m.mapfile, []byte(text+"END\n"), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(m.conf, []byte("CONFIG\n  ENV\n    MS_MAP_PATTERN \".\"\n  END\nEND\n"), 0o600); err != nil {
		return nil, err
	}
	if m.listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: m.socket, Net: "unix"}); err != nil {
		return nil, err
	}
	file, err := m.listener.File()
	if err != nil {
		return nil, errors.Join(err, m.listener.Close())
	}
	defer file.Close()
	if m.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, errors.Join(err, m.listener.Close())
	}
	for range processes {
		cmd := exec.CommandContext(ctx, b.mapserv)
		cmd.Stdin, cmd.Stderr = file, m.log
		cmd.Env = append(os.Environ(), "MAPSERVER_CONFIG_FILE="+m.conf)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			return nil, errors.Join(err, m.stop())
		}
		m.commands = append(m.commands, cmd)
	}
	return m, nil
}

func (m *mapserver) pids() []int {
	var out []int
	for _, c := range m.commands {
		out = append(out, c.Process.Pid)
	}
	return out
}

// asking gives the way to ask for a layer.
func (m *mapserver) asking(layer string) ask {
	return func(ctx context.Context, v view) (int, []byte, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		query := "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&STYLES=&CRS=EPSG:3857&WIDTH=256&HEIGHT=256&FORMAT=image/png&TRANSPARENT=TRUE&LAYERS=" + layer + "&BBOX=" + v.box()
		return fcgi(ctx, m.socket, [][2]string{
			{"REQUEST_METHOD", "GET"}, {"QUERY_STRING", query}, {"SERVER_NAME", "127.0.0.1"}, {"SERVER_PORT", "80"}, {"SCRIPT_NAME", "/mapserv"}, {"MS_MAPFILE", m.mapfile},
		})
	}
}

// stop ends the processes; the folder of the run goes with the run.
func (m *mapserver) stop() error {
	var errs []error
	for _, c := range m.commands {
		if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, err)
		}
		_ = c.Wait() // it was killed
	}
	return errors.Join(append(errs, m.listener.Close(), m.log.Close())...)
}
