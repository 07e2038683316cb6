package postgis

import (
	"context"
	"database/sql"
	"errors"
	"strings"

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

// Driver opens tables as features.Table.
type Driver struct {
	passwords func(Connection) (string, error)
}

// New returns the driver. passwords gives the password of a connection that
// has none of its own; nil leaves that to PGPASSWORD and ~/.pgpass.
func New(passwords func(Connection) (string, error)) *Driver {
	return &Driver{passwords: passwords}
}

// Connect opens the database of an address, with its password.
func (d *Driver) Connect(ctx context.Context, address string) (*Server, error) {
	c, err := ParseConnection(address)
	if err != nil {
		return nil, err
	}
	if !c.HasPassword() && d.passwords != nil {
		password, err := d.passwords(c)
		if err != nil {
			return nil, err
		}
		c = c.WithPassword(password)
	}
	return Connect(ctx, c)
}

// Open implements features.Driver: source is the address of a database, layer
// the name of a table or view, with its schema or without (see ParseName).
func (d *Driver) Open(ctx context.Context, source, layer string) (features.Table, error) {
	schema, table, err := ParseName(layer)
	if err != nil {
		return nil, err
	}
	return d.open(ctx, source, TableOptions{Schema: schema, Table: table})
}

// OpenExternal opens the table that a version's rows belong to.
func (d *Driver) OpenExternal(ctx context.Context, e catalog.External) (*Table, error) {
	return d.open(ctx, e.Connection, TableOptions{
		Schema: e.Schema, Table: e.Table, ID: e.ID, Geometry: e.Geometry, Writable: e.Writable,
	})
}

func (d *Driver) open(ctx context.Context, source string, o TableOptions) (*Table, error) {
	s, err := d.Connect(ctx, source)
	if err != nil {
		return nil, err
	}
	t, err := s.Table(ctx, o)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	t.closeServer = true
	return t, nil
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
