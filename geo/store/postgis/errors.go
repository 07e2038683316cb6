package postgis

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"contado/geo/fault"
)

// translate gives errors of PostgreSQL their kind, by SQLSTATE. Errors that
// have a kind keep it, and the caller's own end of a context is told from a
// failure of the database.
func translate(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fault.E(op, fault.Canceled, errors.Join(ctx.Err(), err))
	}
	if fault.KindOf(err) != fault.Other {
		return err
	}
	kind, hint := kindOf(err)
	return fault.WithHint(fault.E(op, kind, err), hint)
}

func kindOf(err error) (kind fault.Kind, hint string) {
	var e *pq.Error
	if errors.As(err, &e) {
		return kindOfState(e)
	}
	var n net.Error
	switch {
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone), errors.Is(err, driver.ErrBadConn),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return fault.Unavailable, "the connection to the database was lost: try again"
	case errors.Is(err, pq.ErrSSLNotSupported):
		return fault.Invalid, "the server speaks no TLS: add sslmode=disable to the address if the network is trusted"
	case errors.As(err, &n):
		return fault.Unavailable, "check that the database server runs and can be reached from here"
	}
	return fault.Other, ""
}

// poolerHint is for poolers like PgBouncer, which hand a session's settings on
// to others or drop them: names could then be looked for in other schemas, and
// times read in another zone.
const poolerHint = "a pooler like PgBouncer is in between: give the address of the database server itself, the pool of connections here is small"

func kindOfState(e *pq.Error) (kind fault.Kind, hint string) {
	if e.Code == pqerror.ProtocolViolation && strings.Contains(e.Message, "startup parameter") {
		return fault.Invalid, poolerHint
	}
	switch e.Code {
	case pqerror.UniqueViolation:
		return fault.Exist, ""
	case pqerror.QueryCanceled:
		return fault.Unavailable, "the database ended the statement, which ran for too long"
	case pqerror.UndefinedTable, pqerror.InvalidCatalogName, pqerror.InvalidSchemaName:
		return fault.NotExist, ""
	case pqerror.InsufficientPrivilege:
		return fault.Invalid, "the database user lacks this right: have it granted"
	case pqerror.ReadOnlySQLTransaction:
		return fault.Invalid, "the database may only be read by this connection"
	case pqerror.ProgramLimitExceeded:
		return fault.TooLarge, ""
	}
	switch class := e.Code.Class(); class {
	case pqerror.ClassInvalidAuthorizationSpecification:
		return fault.Invalid, "check user and password: the password may stand in PGPASSWORD or in ~/.pgpass"
	case pqerror.ClassTransactionRollback:
		return fault.Unavailable, "another transaction was in the way: try again"
	case pqerror.ClassConnectionException, pqerror.ClassInsufficientResources, pqerror.ClassOperatorIntervention:
		return fault.Unavailable, "the database cannot answer now: try again"
	case pqerror.ClassDataException, pqerror.ClassIntegrityConstraintViolation, pqerror.ClassWithCheckOptionViolation,
		pqerror.ClassPLpgSQLError:
		return fault.Invalid, ""
	}
	if strings.HasPrefix(string(e.Code), "55") {
		return fault.Unavailable, "something in the database is in use: try again"
	}
	return fault.Other, ""
}
