package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"contado/api"
	"contado/tiles"
)

type serveCmd struct {
	Addr     string `help:"Address to listen on." default:"127.0.0.1:8080" env:"CONTADO_ADDR"`
	BaseURL  string `help:"Address that people use, when a proxy stands before the server, e.g. https://mappe.example.it." env:"CONTADO_BASE_URL"`
	NoWorker bool   `help:"Run no jobs here."`
	Publish  bool   `help:"Let processes make datasets of their maps, also for people on other machines."`
	LogJSON  bool   `help:"Log as JSON." env:"CONTADO_LOG_JSON"`
}

// Help shows examples under the flags.
func (c *serveCmd) Help() string {
	return `Serves until interrupted; requests under way are finished first. An ingest by another
process is seen within a second.

Examples:
  contado serve
  contado serve --addr 0.0.0.0:8080 --base-url https://mappe.example.it`
}

// How long parts of a request may take, and the end of the server.
const (
	headerTimeout   = 10 * time.Second
	readTimeout     = 60 * time.Second
	writeTimeout    = 180 * time.Second
	idleTimeout     = 120 * time.Second
	shutdownTimeout = 30 * time.Second
	refreshEvery    = time.Second
	maxHeaderBytes  = 64 << 10
)

// Run serves until the context ends.
func (c *serveCmd) Run(a *app) error {
	if os.Getenv("GOGC") == "" {
		// Most of what lives long is drawn tiles, which cost the collector
		// nothing to look at: half as much garbage beside them saves memory.
		debug.SetGCPercent(50)
	}
	return a.with(func(in *installation) error {
		l, err := listen(a.ctx, c.Addr)
		if err != nil {
			return err
		}
		return a.serve(in, l, c, func(url string) {
			fmt.Fprintf(a.stdout, "Contado is at %s\n", url)
		})
	})
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another with --addr", addr, err)
	}
	return l, nil
}

// serve answers on l until the context ends, then lets requests finish.
func (a *app) serve(in *installation, l net.Listener, c *serveCmd, ready func(url string)) error {
	if err := in.openJobs(a.ctx); err != nil {
		return errors.Join(err, l.Close())
	}
	log := slog.New(slog.NewTextHandler(a.stderr, nil))
	if c.LogJSON {
		log = slog.New(slog.NewJSONHandler(a.stderr, nil))
	}
	maker, err := tiles.New(tiles.FromPool(in.pool), &tiles.Options{Locate: in.blobs.Path})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	work, err := in.tmp()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	s, err := api.New(api.Deps{
		Atlas: in.atlas, Pool: in.pool, Tiles: maker, Engine: in.engine,
		Jobs: in.jobs, Blobs: in.blobs, Log: log, Program: program(), BaseURL: c.BaseURL,
		Work: work, Publish: in.publisher(c.Publish || isLoopback(l.Addr())),
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	srv := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	g, ctx := errgroup.WithContext(a.ctx)
	g.Go(func() error {
		in.atlas.Watch(ctx, refreshEvery, func(err error) { log.ErrorContext(ctx, "catalog not refreshed", "error", err) })
		return nil
	})
	if !c.NoWorker {
		g.Go(func() error { return in.jobs.Run(ctx, s.Handlers()) })
	}
	g.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		return srv.Shutdown(end)
	})
	ready(address(l, c.BaseURL))
	err = g.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// address is what to open in a browser.
func address(l net.Listener, base string) string {
	if base != "" {
		return base
	}
	return "http://" + l.Addr().String() + "/"
}
