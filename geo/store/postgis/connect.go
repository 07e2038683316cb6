// Package postgis keeps catalog, journal and jobs in PostgreSQL, for
// installations that several machines share, and reads and writes the tables
// with geometry (PostGIS) that others keep there.
//
// Passwords are never part of an error, of a connection's text or of what is
// kept in a catalog. No text of users becomes part of SQL: names come from the
// database's own catalog, values are parameters.
package postgis

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"contado/geo/fault"
)

// Connection says how a database is reached. Its text (String) has no
// password, so that it may be kept and shown.
type Connection struct {
	safe     url.URL
	password string
}

// ParseConnection reads a connection address: postgres://user@host:port/name?…
// or the "host=… dbname=…" form. What it leaves out comes from the PG…
// variables of the environment, as with any client of PostgreSQL. Without a
// word on TLS, servers elsewhere must speak it (sslmode=require), and those of
// this machine may.
//
// Errors are fault.Invalid; they do not repeat the address, which may hold a
// password.
func ParseConnection(text string) (Connection, error) {
	const op = "postgis.Connection"
	cfg, err := pq.NewConfig(text)
	if err != nil || text == "" {
		return Connection{}, fault.WithHint(fault.Errorf(op, fault.Invalid, "this is not the address of a PostgreSQL database"),
			"write it like postgres://user@host:5432/database?sslmode=require (percent-encode special characters in it)")
	}
	if cfg.Database == "" {
		cfg.Database = cfg.User
	}
	if cfg.User == "" {
		return Connection{}, fault.WithHint(fault.Errorf(op, fault.Invalid, "the address of the database names no user"),
			"write it like postgres://user@host:5432/database")
	}
	if cfg.Host == "" && !cfg.Hostaddr.IsValid() {
		cfg.Host = "localhost"
	}
	c := Connection{password: cfg.Password}
	q := url.Values{"connect_timeout": {strconv.Itoa(connectTimeout(cfg))}, "sslmode": {string(sslMode(cfg, text))}}
	for key, v := range map[string]string{
		"sslrootcert": cfg.SSLRootCert, "sslcert": cfg.SSLCert, "sslkey": cfg.SSLKey, "passfile": cfg.Passfile,
		"target_session_attrs": string(cfg.TargetSessionAttrs),
	} {
		if v != "" {
			q.Set(key, v)
		}
	}
	c.safe = url.URL{Scheme: "postgres", User: url.User(cfg.User), Path: "/" + cfg.Database}
	hosts, ports := hostsOf(cfg)
	if len(hosts) == 1 && plainHost.MatchString(hosts[0]) {
		c.safe.Host = net.JoinHostPort(hosts[0], ports[0])
	} else {
		q.Set("host", strings.Join(hosts, ","))
		q.Set("port", strings.Join(ports, ","))
	}
	c.safe.RawQuery = q.Encode()
	return c, nil
}

// plainHost is one that may stand in the authority of a URL.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9._:-]+$`)

func hostsOf(cfg pq.Config) (hosts, ports []string) {
	add := func(h pq.ConfigMultihost) {
		if h.Host == "" && h.Hostaddr.IsValid() {
			h.Host = h.Hostaddr.String()
		}
		hosts, ports = append(hosts, h.Host), append(ports, strconv.Itoa(int(h.Port)))
	}
	add(pq.ConfigMultihost{Host: cfg.Host, Hostaddr: cfg.Hostaddr, Port: cfg.Port})
	for _, h := range cfg.Multi {
		add(h)
	}
	return hosts, ports
}

func isSocket(host string) bool { return filepath.IsAbs(host) || strings.HasPrefix(host, "@") }

// sslMode is the mode asked for, else one by where the server is.
func sslMode(cfg pq.Config, text string) pq.SSLMode {
	if strings.Contains(text, "sslmode") || os.Getenv("PGSSLMODE") != "" || cfg.SSLRootCert == "system" {
		return cfg.SSLMode
	}
	if isSocket(cfg.Host) {
		return pq.SSLModeDisable
	}
	ip := net.ParseIP(cfg.Host)
	if cfg.Host == "localhost" || ip != nil && ip.IsLoopback() {
		return pq.SSLModePrefer
	}
	return pq.SSLModeRequire
}

const defaultConnectTimeout = 10 * time.Second

// connectTimeout is in whole seconds, as the address has it.
func connectTimeout(cfg pq.Config) int {
	if cfg.ConnectTimeout > 0 {
		return max(1, int(cfg.ConnectTimeout/time.Second))
	}
	return int(defaultConnectTimeout / time.Second)
}

// String is the address without the password.
func (c Connection) String() string { return c.safe.String() }

// Key is the address without its settings: two connections with one key are
// the same user's to the same database.
func (c Connection) Key() string {
	u, q := c.safe, url.Values{}
	for _, name := range []string{"host", "port"} {
		if v := c.safe.Query().Get(name); v != "" {
			q.Set(name, v)
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// HasPassword reports whether the address or PGPASSWORD gave a password.
func (c Connection) HasPassword() bool { return c.password != "" }

// Password is the password that the address or PGPASSWORD gave.
func (c Connection) Password() string { return c.password }

// WithPassword is the connection with another password.
func (c Connection) WithPassword(password string) Connection {
	c.password = password
	return c
}

// Name is the database's name with its server's, for messages.
func (c Connection) Name() string {
	host := c.safe.Host
	if host == "" {
		host = c.safe.Query().Get("host")
	}
	return strings.TrimPrefix(c.safe.Path, "/") + " on " + host
}

// dsn is the whole address.
func (c Connection) dsn() string {
	u := c.safe
	if c.password != "" {
		u.User = url.UserPassword(u.User.Username(), c.password)
	}
	return u.String()
}

// session is how the sessions of a pool are set up.
type session struct {
	searchPath string        // quoted
	timeout    time.Duration // of one statement; 0 = no limit
	readOnly   bool
	size       int // most connections; 0 = no limit
}

// statementTimeout bounds every statement that is not known to be long.
const statementTimeout = time.Minute

const idleConnections = 4

// pool opens a pool whose sessions speak UTC and ISO 8601, and cannot be made
// to look for names elsewhere.
func (c Connection) pool(s session) (*sql.DB, error) {
	cfg, err := pq.NewConfig(c.dsn())
	if err != nil {
		return nil, fault.Errorf("postgis.Open", fault.Invalid, "the address of %s cannot be used", c.Name())
	}
	cfg.Password = c.password
	cfg.FallbackApplicationName = "contado"
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	for key, v := range map[string]string{
		"timezone": "UTC", "intervalstyle": "iso_8601", "extra_float_digits": "3", "search_path": s.searchPath,
		"statement_timeout":                   strconv.FormatInt(s.timeout.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": "600000",
		"standard_conforming_strings":         "on",
		"default_transaction_read_only":       strconv.FormatBool(s.readOnly),
	} {
		cfg.Runtime[key] = v
	}
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, fault.Errorf("postgis.Open", fault.Invalid, "the address of %s cannot be used: check its sslmode and the files of its certificates", c.Name())
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(s.size)
	db.SetMaxIdleConns(idleConnections)
	db.SetConnMaxIdleTime(time.Minute)
	return db, nil
}

// reach opens a pool and makes sure that there is a server behind it.
func (c Connection) reach(ctx context.Context, s session) (*sql.DB, error) {
	db, err := c.pool(s)
	if err != nil {
		return nil, err
	}
	if err := settled(ctx, db, s); err != nil {
		return nil, errors.Join(translate(ctx, "postgis.Open", fmt.Errorf("reach database %s: %w", c.Name(), err)), db.Close())
	}
	return db, nil
}

// settled makes sure that a session is as it was asked for: a pooler may have
// dropped what it was told.
func settled(ctx context.Context, db *sql.DB, s session) error {
	var path, intervals, digits string
	const query = "SELECT current_setting('search_path'), current_setting('intervalstyle'), current_setting('extra_float_digits')"
	if err := db.QueryRowContext(ctx, query).Scan(&path, &intervals, &digits); err != nil {
		return err
	}
	if path != s.searchPath && s.searchPath != "" || intervals != "iso_8601" || digits != "3" {
		return fault.WithHint(fault.Errorf("postgis.Open", fault.Invalid, "the settings of sessions do not reach the server"), poolerHint)
	}
	return nil
}

// inTx runs fn in a transaction: all of it happens, or nothing.
func inTx(ctx context.Context, db *sql.DB, o *sql.TxOptions, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	// After a commit this does nothing; before, the first error is the cause.
	defer func() { _ = tx.Rollback() }()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each calls fn on every row of a query.
func each(ctx context.Context, q querier, fn func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// texts runs a query of one text column.
func texts(ctx context.Context, q querier, query string, args ...any) ([]string, error) {
	out := []string{}
	err := each(ctx, q, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		out = append(out, s)
		return err
	}, query, args...)
	return out, err
}
