// Command contado takes a territory from the satellite scene to the council
// table: it ingests, serves, measures and reports. See the README.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"contado/geo/fault"
)

// Exit codes: what scripts may rely on.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// cli is the whole command line; one file a command.
type cli struct {
	Globals

	Demo    demoCmd     `cmd:"" help:"Make the demonstration territory if it is absent, and serve it."`
	Ingest  ingestGroup `cmd:"" help:"Bring files, or what a STAC lists, into the catalog."`
	Attach  attachCmd   `cmd:"" help:"Make a dataset of a PostGIS table or view that others keep."`
	Detach  detachCmd   `cmd:"" help:"End the tie between a dataset and the table that it is attached to."`
	Settle  settleCmd   `cmd:"" help:"Make a version of the edits of a dataset."`
	Restore restoreCmd  `cmd:"" help:"Go back to an earlier version of a dataset."`
	Ls      lsCmd       `cmd:"" help:"List the datasets."`
	Info    infoCmd     `cmd:"" help:"Show all that is known of one dataset."`
	Rm      rmCmd       `cmd:"" help:"Remove a dataset and its files."`
	Serve   serveCmd    `cmd:"" help:"Serve the API, tiles and the web page; runs jobs too."`
	Pyramid pyramidCmd  `cmd:"" help:"Draw all tiles of vector datasets ahead of time."`
	Zonal   zonalCmd    `cmd:"" help:"Statistics of a raster by area, with exact cell fractions."`

	Join      joinCmd      `cmd:"" help:"Layers against areas: counts, lengths, surfaces, what is nearest, what lies where."`
	Series    seriesCmd    `cmd:"" help:"How satellite pictures of areas change over time."`
	Change    changeCmd    `cmd:"" help:"Maps of change: burned area, water and floods, snow, buildings, land cover."`
	Composite compositeCmd `cmd:"" help:"One picture out of many: of a month, a season, a year."`
	Classify  classifyCmd  `cmd:"" help:"A map of land cover learnt from areas where it is known."`
	Export    exportCmd    `cmd:"" help:"Write a dataset, or a part of it, as a file: GeoTIFF; GeoPackage, FlatGeobuf, CSV, GeoParquet, tiles and others."`

	Travel     travelCmd     `cmd:"" help:"How long people take: rasters, areas, tables, journeys told."`
	Population populationCmd `cmd:"" help:"Where people live: grids from census sections."`
	Report     reportCmd     `cmd:"" help:"Compute a report."`
	Siting     sitingCmd     `cmd:"" help:"Where one more service point, or several, would help most."`
	Recipe     recipeCmd     `cmd:"" help:"Reports made by a recipe, once or by a schedule."`
	Accessmod  accessmodCmd  `cmd:"" help:"Travel times, coverage by zone and capacity as WHO AccessMod 5 has them."`
	Rules      rulesCmd      `cmd:"" help:"Tables of standards that reports judge by."`
	Doctor     doctorCmd     `cmd:"" help:"Look for leftovers and damage in the data folder."`

	Version versionFlag `help:"Print the version and leave." short:"V"`
}

// Globals are the settings that every command shares.
type Globals struct {
	Data         string `help:"Folder of the embedded store." default:"contado-data" env:"CONTADO_DATA" type:"path"`
	DatabaseURL  string `help:"PostgreSQL database (with PostGIS) that keeps the catalog, edits and jobs instead of files in the data folder: postgres://user@host/name; the password is better in PGPASSWORD or ~/.pgpass." env:"CONTADO_DATABASE_URL" name:"database-url" placeholder:"URL"`
	Quiet        bool   `help:"Print no progress." short:"q" env:"CONTADO_QUIET"`
	AllowPrivate bool   `help:"Let requests for remote data go to this machine and to private networks." env:"CONTADO_ALLOW_PRIVATE"`
	Config       string `help:"Settings file (TOML); default contado.toml when there is one." env:"CONTADO_CONFIG" type:"path" name:"config"`
}

// app is what commands get: where to write, and the shared settings.
type app struct {
	ctx            context.Context
	stdout, stderr io.Writer
	globals        *Globals
	// clock gives the times at which the server looks for recipes that are
	// due; nil = at once, and each minute.
	clock func(context.Context) <-chan time.Time
}

type versionFlag bool

// BeforeApply prints the version and ends the parse.
func (versionFlag) BeforeApply(k *kong.Kong) error {
	fmt.Fprintln(k.Stdout, program())
	k.Exit(exitDone)
	return nil
}

const overview = `From the satellite scene to the council table: who is out of reach of which service.

Examples:
  contado demo                                  look at an invented valley on http://127.0.0.1:8080
  contado ingest comuni.geojson --dataset comuni --role territory
  contado zonal --areas comuni --dataset elevation --stats mean,max -o heights.csv
  contado series --dataset sentinel-2 --value ndvi --mask clouds --areas comuni -o ndvi.xlsx
  contado report coverage --territory 016 --service pharmacy --within 15m,30m -o report.html
  contado serve

Settings: flags, then CONTADO_* variables, then contado.toml, then defaults.
Exit codes: 0 done, 1 failed, 2 wrong usage.`

// errLeave is how kong's own exit (help, version) comes back to run.
type errLeave int

// run parses, calls and returns the exit code: the whole program, as
// end-to-end tests call it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case errLeave:
			code = int(p)
		default:
			panic(p)
		}
	}()
	var c cli
	config, err := findConfig(args)
	if err != nil {
		return complain(stderr, err)
	}
	parser, err := kong.New(&c,
		kong.Name("contado"), kong.Description(overview),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(errLeave(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Resolvers(config...),
	)
	if err != nil {
		return complain(stderr, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "contado: %v\nTry: contado --help\n", err)
		return exitUsage
	}
	a := &app{ctx: ctx, stdout: stdout, stderr: stderr, globals: &c.Globals}
	err = k.Run(a)
	if err != nil && ctx.Err() != nil && (errors.Is(err, context.Canceled) || fault.Is(err, fault.Canceled)) {
		fmt.Fprintln(stderr, "contado: interrupted; what was not finished is not there")
		return exitFailed
	}
	return complain(stderr, err)
}

// complain prints an error for people and returns its exit code.
func complain(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(stderr, "contado: %v\n", err)
	var u *usageError
	if errors.As(err, &u) {
		return exitUsage
	}
	if fault.KindOf(err) == fault.Other && !ofThisMachine(err) {
		fmt.Fprintln(stderr, "This looks like a defect or an outage rather than wrong input.")
	}
	return exitFailed
}

// ofThisMachine tells errors that the person at the keyboard can read and put
// right (a folder that is not there, an address in use) from defects.
func ofThisMachine(err error) bool {
	var file *fs.PathError
	var net *net.OpError
	return errors.Is(err, errUnhealthy) || errors.As(err, &file) || errors.As(err, &net)
}

// usageError marks an error of the command line rather than of the work.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error {
	return &usageError{msg: fmt.Sprintf(format, args...)}
}
