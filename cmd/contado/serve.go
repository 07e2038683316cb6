package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"contado/api"
	"contado/api/front"
	"contado/geo/analysis"
	"contado/ingest/attach"
	"contado/tiles"
)

type serveCmd struct {
	basemapFlags

	Addr     string `help:"Address to listen on." default:"127.0.0.1:8080" env:"CONTADO_ADDR"`
	BaseURL  string `help:"Address that people use, when a proxy stands before the server, e.g. https://mappe.example.it." env:"CONTADO_BASE_URL"`
	NoWorker bool   `help:"Run no jobs here."`
	Publish  bool   `help:"Let processes make datasets of their maps, also for people on other machines."`
	Edit     bool   `help:"Let those who reach the server change rows of vector datasets (OGC API Features, Part 4)." env:"CONTADO_EDIT"`
	Who      string `help:"With --edit: header in which the proxy before the server says who asks, e.g. X-Remote-User; requests without it change nothing." name:"edit-user-header" env:"CONTADO_EDIT_USER_HEADER" placeholder:"NAME"`
	Match    bool   `help:"With --edit: refuse changes that do not say which state they change (If-Match)." name:"require-match" env:"CONTADO_REQUIRE_MATCH"`
	uploadFlags
	ExactPeople bool `help:"Tell counts of people as they are, small ones too, in maps, tables, files and reports. Without it they are protected: counts below 3 are hidden, and cells show blocks of people." env:"CONTADO_EXACT_PEOPLE"`
	LogJSON     bool `help:"Log as JSON." env:"CONTADO_LOG_JSON"`
}

// Help shows examples under the flags.
func (c *serveCmd) Help() string {
	return `Serves until interrupted; requests under way are finished first. An ingest by another
process is seen within a second.

Examples:
  contado serve
  contado serve --edit --edit-user-header X-Remote-User
  contado serve --upload --upload-user-header X-Remote-User
  contado serve --addr 0.0.0.0:8080 --base-url https://mappe.example.it`
}

// How long parts of a request may take, and the end of the server.
const (
	headerTimeout   = 10 * time.Second
	readTimeout     = 60 * time.Second
	writeTimeout    = 180 * time.Second
	idleTimeout     = 120 * time.Second
	shutdownTimeout = 30 * time.Second
	refreshEvery    = 250 * time.Millisecond // an edit by another process is in tiles within a second
	maxHeaderBytes  = 64 << 10
)

// Run serves until the context ends.
func (c *serveCmd) Run(a *app) error {
	if os.Getenv("GOGC") == "" {
		ctx, stop := context.WithCancel(a.ctx)
		defer stop()
		go tendGarbage(ctx)
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
	log, flush := serverLog(a.stderr, c.LogJSON)
	defer flush()
	if c.ExactPeople {
		log.WarnContext(a.ctx, "counts of people are told as they are, small ones too: answers say so")
	} else if err := in.atlas.Hide(a.ctx, analysis.NewVeil(in.engine, 0, filepath.Join(in.data, "tmp", "people"))); err != nil {
		return errors.Join(err, l.Close())
	}
	maker, err := tiles.New(tiles.FromPool(in.pool), &tiles.Options{Locate: in.blobs.Path})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	work, err := in.tmp()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	deps := api.Deps{
		Atlas: in.atlas, Pool: in.pool, Tiles: maker, Engine: in.engine,
		Jobs: in.jobs, Blobs: in.blobs, Log: log, Program: program(), BaseURL: c.BaseURL,
		Work: work, Publish: in.publisher(c.Publish || isLoopback(l.Addr())), RequireMatch: c.Match,
		Stores: in.ingestStores(),
	}
	if deps.Manage, err = c.manage(in.data, c.Who); err != nil {
		return errors.Join(err, l.Close())
	}
	if deps.Manage != nil && !c.named(c.Who) && !isLoopback(l.Addr()) {
		log.WarnContext(a.ctx, "anybody who reaches the server can upload and change datasets: name the proxy's header with --upload-user-header, or listen on the loopback interface")
	}
	if deps.Basemap, deps.Outside, err = c.basemap(); err != nil {
		return errors.Join(err, l.Close())
	}
	if c.Edit {
		deps.Edit = api.EditBy(c.Who)
		if c.Who == "" && !isLoopback(l.Addr()) {
			log.WarnContext(a.ctx, "anybody who reaches the server can change data: name the proxy's header with --edit-user-header, or listen on the loopback interface")
		}
	}
	followers := in.followers(log)
	deps.Followed = followers.Status
	s, err := api.New(deps)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	srv := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	pyramids, err := in.pyramids(maker)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	g, ctx := errgroup.WithContext(a.ctx)
	g.Go(func() error {
		in.atlas.Watch(ctx, refreshEvery, func(err error) { log.ErrorContext(ctx, "catalog not refreshed", "error", err) })
		return nil
	})
	g.Go(func() error {
		followers.Run(ctx)
		return nil
	})
	g.Go(func() error {
		if err := s.Warm(ctx); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "the first view is not ready beforehand", "error", err)
		}
		return nil
	})
	g.Go(func() error {
		sweepUploads(ctx, s, log)
		return nil
	})
	if !c.NoWorker {
		handlers := s.Handlers()
		handlers[tiles.PyramidKind] = pyramids.Handle
		g.Go(func() error { return in.jobs.Run(ctx, handlers) })
		g.Go(func() error {
			in.enqueuePyramids(ctx, pyramids, log)
			return nil
		})
		g.Go(func() error {
			clock := a.clock
			if clock == nil {
				clock = everyMinute
			}
			in.runRecipes(ctx, clock(ctx), log)
			return nil
		})
	}
	g.Go(func() error {
		if err := srv.Serve(s.Listen(l, front.Timeouts{Header: headerTimeout, Write: writeTimeout, Idle: idleTimeout})); !errors.Is(err, http.ErrServerClosed) {
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

// followers notice what others change in attached tables.
func (in *installation) followers(log *slog.Logger) *attach.Followers {
	return attach.NewFollowers(attach.FollowOptions{
		Atlas: in.atlas, Journal: in.journal, Driver: in.tables,
		Report: func(dataset string, err error) {
			if err != nil {
				log.Warn("attached table is not followed", "dataset", dataset, "error", err)
				return
			}
			log.Info("attached table is followed again", "dataset", dataset)
		},
	})
}

// address is what to open in a browser.
func address(l net.Listener, base string) string {
	if base != "" {
		return base
	}
	return "http://" + l.Addr().String() + "/"
}
