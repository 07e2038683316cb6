package postgis

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"

	"github.com/lib/pq"

	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/store/features"
)

var (
	_ features.Driver = (*Driver)(nil)
	_ features.Table  = (*Table)(nil)
)

// Server is an open database whose tables are read and written.
type Server struct {
	conn Connection
	db   *sql.DB
	gis  string // the schema of PostGIS, "" when the database has none

	installation string
}

const sqlPostGIS = `
SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'`

// Connect opens a database. The caller closes it.
func Connect(ctx context.Context, c Connection) (*Server, error) {
	const op = "postgis.Connect"
	probe, err := c.reach(ctx, session{searchPath: "pg_catalog", timeout: statementTimeout, size: 1})
	if err != nil {
		return nil, err
	}
	s := &Server{conn: c}
	err = probe.QueryRowContext(ctx, sqlPostGIS).Scan(&s.gis)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil // plain tables can be read all the same
	}
	if err = errors.Join(err, probe.Close()); err != nil {
		return nil, translate(ctx, op, err)
	}
	s.db, err = c.pool(session{searchPath: s.searchPath(), timeout: statementTimeout, size: maxConnections})
	return s, err
}

// maxConnections bounds what one server may take of the database's.
const maxConnections = 16

// searchPath lets the functions of PostGIS be found wherever they were
// installed, and nothing else; tables are always named with their schema.
func (s *Server) searchPath() string {
	if s.gis == "" {
		return "pg_catalog"
	}
	return "pg_catalog, " + pq.QuoteIdentifier(s.gis)
}

// Connection is how the database was reached.
func (s *Server) Connection() Connection { return s.conn }

// Close closes the connections.
func (s *Server) Close() error { return fault.E("postgis.Close", fault.Other, s.db.Close()) }

// Ping makes sure that the server answers.
func (s *Server) Ping(ctx context.Context) error {
	return translate(ctx, "postgis.Ping", s.db.PingContext(ctx))
}

// Driver opens tables as features.Table. It keeps the databases open that it
// was asked for, until it is closed.
type Driver struct {
	options DriverOptions

	mu      sync.Mutex
	servers map[string]*Server // by address
	tables  map[catalog.External]*Table
}

// DriverOptions tunes a driver; nil means none.
type DriverOptions struct {
	// Password gives the password of a connection that has none of its own;
	// nil leaves that to PGPASSWORD and ~/.pgpass.
	Password func(Connection) (string, error)
	// Installation names the installation whose writes these are, so that its
	// own are told from those of others; all of its processes use one name.
	Installation string
}

// New returns the driver.
func New(o *DriverOptions) *Driver {
	d := &Driver{servers: map[string]*Server{}, tables: map[catalog.External]*Table{}}
	if o != nil {
		d.options = *o
	}
	d.options.Installation = strings.ReplaceAll(d.options.Installation, " ", "_")
	return d
}

// Installation is the name by which Told tells the writes of this driver.
func (d *Driver) Installation() string { return d.options.Installation }

// Connect opens the database of an address, with its password. The server
// belongs to the driver: it is shared, and not to be closed.
func (d *Driver) Connect(ctx context.Context, address string) (*Server, error) {
	c, err := ParseConnection(address)
	if err != nil {
		return nil, err
	}
	if !c.HasPassword() && d.options.Password != nil {
		password, err := d.options.Password(c)
		if err != nil {
			return nil, err
		}
		c = c.WithPassword(password)
	}
	d.mu.Lock()
	s := d.servers[c.dsn()]
	d.mu.Unlock()
	if s != nil {
		return s, nil
	}
	if s, err = Connect(ctx, c); err != nil {
		return nil, err
	}
	s.installation = d.options.Installation
	d.mu.Lock()
	defer d.mu.Unlock()
	if other := d.servers[c.dsn()]; other != nil { // opened meanwhile
		return other, s.Close()
	}
	d.servers[c.dsn()] = s
	return s, nil
}

// Close closes all databases.
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, s := range d.servers {
		errs = append(errs, s.Close())
	}
	clear(d.servers)
	clear(d.tables)
	return errors.Join(errs...)
}

// Open implements features.Driver: source is the address of a database, layer
// the name of a table or view, with its schema or without (see ParseName).
func (d *Driver) Open(ctx context.Context, source, layer string) (features.Table, error) {
	schema, table, err := ParseName(layer)
	if err != nil {
		return nil, err
	}
	s, err := d.Connect(ctx, source)
	if err != nil {
		return nil, err
	}
	t, err := s.Table(ctx, TableOptions{Schema: schema, Table: table})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// External opens the table that a version's rows belong to. It is kept, and
// looked at again only after Forget.
func (d *Driver) External(ctx context.Context, e catalog.External) (*Table, error) {
	d.mu.Lock()
	t := d.tables[e]
	d.mu.Unlock()
	if t != nil {
		return t, nil
	}
	s, err := d.Connect(ctx, e.Connection)
	if err != nil {
		return nil, err
	}
	t, err = s.Table(ctx, TableOptions{Schema: e.Schema, Table: e.Table, ID: e.ID, Geometry: e.Geometry, Writable: e.Writable})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tables[e] = t
	return t, nil
}

// Attached is External for who wants the interface.
func (d *Driver) Attached(ctx context.Context, e catalog.External) (features.Table, error) {
	t, err := d.External(ctx, e)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Forget makes External look at the table again.
func (d *Driver) Forget(e catalog.External) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.tables, e)
}

// ParseName reads the name of a table: name, schema.name, or either part in
// double quotes (with "" for a quote), which a dot in a name needs. Without a
// schema it is found as Server.Table says.
func ParseName(text string) (schema, table string, err error) {
	var parts []string
	rest := text
	for {
		var part string
		if strings.HasPrefix(rest, `"`) {
			var b strings.Builder
			rest = rest[1:]
			for {
				i := strings.IndexByte(rest, '"')
				if i < 0 {
					return "", "", badName(text)
				}
				b.WriteString(rest[:i])
				rest = rest[i+1:]
				if !strings.HasPrefix(rest, `"`) {
					break
				}
				b.WriteByte('"')
				rest = rest[1:]
			}
			part = b.String()
		} else {
			i := strings.IndexByte(rest, '.')
			if i < 0 {
				i = len(rest)
			}
			part, rest = rest[:i], rest[i:]
		}
		if part == "" || strings.ContainsRune(part, 0) {
			return "", "", badName(text)
		}
		parts = append(parts, part)
		if rest == "" {
			break
		}
		if rest[0] != '.' {
			return "", "", badName(text)
		}
		rest = rest[1:]
	}
	switch len(parts) {
	case 1:
		return "", parts[0], nil
	case 2:
		return parts[0], parts[1], nil
	}
	return "", "", badName(text)
}

func badName(text string) error {
	return fault.WithHint(fault.Errorf("postgis.Table", fault.Invalid, "%.120q does not name a table", text),
		`write name or schema.name; a part with a dot in it goes in double quotes`)
}

// FormatName is a name that ParseName reads back.
func FormatName(schema, table string) string {
	part := func(s string) string {
		if strings.ContainsAny(s, `."`) {
			return pq.QuoteIdentifier(s)
		}
		return s
	}
	if schema == "" {
		return part(table)
	}
	return part(schema) + "." + part(table)
}
