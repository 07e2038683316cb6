package postgis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"contado/geo/fault"
	"contado/geo/store/postgis/pgtest"
)

func TestParseConnection(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ safe, password, key string }{
		"postgres://ada:s%40cret@gis.example.org/land?sslmode=verify-full": {
			"postgres://ada@gis.example.org:5432/land?connect_timeout=10&sslmode=verify-full", "s@cret", "postgres://ada@gis.example.org:5432/land",
		},
		"postgresql://ada@127.0.0.1:5433/land":                  {"postgres://ada@127.0.0.1:5433/land?connect_timeout=10&sslmode=prefer", "", "postgres://ada@127.0.0.1:5433/land"},
		"postgres://ada@gis.example.org/land":                   {"postgres://ada@gis.example.org:5432/land?connect_timeout=10&sslmode=require", "", "postgres://ada@gis.example.org:5432/land"},
		"postgres://ada@[::1]:5433/land?connect_timeout=3":      {"postgres://ada@[::1]:5433/land?connect_timeout=3&sslmode=prefer", "", "postgres://ada@[::1]:5433/land"},
		"host=gis.example.org user=ada password='a b' dbname=x": {"postgres://ada@gis.example.org:5432/x?connect_timeout=10&sslmode=require", "a b", "postgres://ada@gis.example.org:5432/x"},
		"postgres:///land?host=/run/postgresql&user=ada": {
			"postgres://ada@/land?connect_timeout=10&host=%2Frun%2Fpostgresql&port=5432&sslmode=disable", "", "postgres://ada@/land?host=%2Frun%2Fpostgresql&port=5432",
		},
	} {
		c, err := ParseConnection(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if c.String() != want.safe || c.Password() != want.password || c.Key() != want.key {
			t.Errorf("%s:\n%s %q %s, want\n%s %q %s", text, c, c.Password(), c.Key(), want.safe, want.password, want.key)
		}
		again, err := ParseConnection(c.String())
		if err != nil || again.String() != c.String() {
			t.Errorf("%s is read back as %s, %v", c, again, err)
		}
		if whole, err := ParseConnection(c.dsn()); err != nil || whole.Password() != want.password {
			t.Errorf("%s: with its password %q, %v", text, whole.Password(), err)
		}
	}
	for _, text := range []string{"", "mysql://ada:hunter2@x/y", "postgres://ada:hunter2%zz@x/y", "postgres://ada:hunter2@x:port/y", "host=x hunter2", "postgres://ada:hunter2@x/y?sslmode=hunter2"} {
		if _, err := ParseConnection(text); !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestConnectErrors(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0") // listens, and never answers as a server would
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url  string
		kind fault.Kind
		says string
	}{
		"password": {pgtest.As(t, url, pgtest.User, "hunter2"), fault.Invalid, "PGPASSWORD"},
		"nobody":   {"postgres://ada:hunter2@" + closed + "/x?sslmode=disable", fault.Unavailable, "reached"},
		"database": {strings.Replace(url, "/t_", "/no_", 1), fault.NotExist, "no_"},
		"TLS":      {strings.Replace(url, "sslmode=disable", "sslmode=require", 1), fault.Invalid, "sslmode=disable"},
	} {
		conn := connection(t, c.url)
		_, err := Connect(t.Context(), conn)
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v (kind %v), want kind %v and %q", name, err, fault.KindOf(err), c.kind, c.says)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Connect(ctx, connection(t, url)); !fault.Is(err, fault.Canceled) {
		t.Errorf("ended context: %v (kind %v)", err, fault.KindOf(err))
	}
}

func TestParseName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"town": {"", "town"}, "public.town": {"public", "town"}, `"a.b"."c""d"`: {"a.b", `c"d`}, `x."Y z"`: {"x", "Y z"}, "Città nuova": {"", "Città nuova"},
	} {
		schema, table, err := ParseName(text)
		if err != nil || schema != want[0] || table != want[1] {
			t.Errorf("%q: %q %q, %v", text, schema, table, err)
		}
	}
	for _, text := range []string{"", ".", "a.", ".b", "a.b.c", `"a`, `"a"b`, `""`, "a\x00b", `a."b"c`} {
		if _, _, err := ParseName(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"a", "a.b", `"a.""b"."c"`, `"`, "..", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		schema, table, err := ParseName(text)
		if err != nil {
			return
		}
		s, n, err := ParseName(FormatName(schema, table))
		if err != nil || s != schema || n != table {
			t.Errorf("%q: %q %q is written %q and read %q %q, %v", text, schema, table, FormatName(schema, table), s, n, err)
		}
	})
}

func FuzzParseConnection(f *testing.F) {
	for _, s := range []string{"postgres://a:b@c:1/d?sslmode=disable", "host=x user=y", "postgres:///x?host=/tmp&user=z", "host='a b' user=u\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseConnection(text)
		if err != nil {
			return
		}
		if again, err := ParseConnection(c.String()); err != nil || again.String() != c.String() {
			t.Errorf("%q is %q, read back as %q, %v", text, c, again, err)
		}
	})
}

// TestNewerSchemaIsRefused: a program from before a migration keeps out.
func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	openCatalog(t, url, nil)
	openJobs(t, url, nil, nil)
	for name, c := range map[string]struct {
		statement string
		open      func() error
	}{
		"catalog": {"INSERT INTO contado.schema_version_catalog (version_id, is_applied) VALUES (999, true)", func() error {
			_, err := OpenCatalog(t.Context(), connection(t, url), nil)
			return err
		}},
		"river": {"INSERT INTO contado.river_migration (line, version) VALUES ('main', 999)", func() error {
			_, err := OpenJobs(t.Context(), connection(t, url), nil, nil)
			return err
		}},
	} {
		pgtest.Exec(t, url, c.statement)
		if err := c.open(); !fault.Is(err, fault.Unsupported) || !strings.Contains(err.Error(), "newer Contado") {
			t.Errorf("%s: %v (kind %v)", name, err, fault.KindOf(err))
		}
	}
}

// TestManyOpenANewSchema: processes that start together migrate it once.
func TestManyOpenANewSchema(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	c := connection(t, url)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			d, err := OpenCatalog(t.Context(), c, nil)
			if err == nil {
				err = d.Close()
			}
			if err != nil {
				t.Errorf("catalog: %v", err)
			}
		})
		wg.Go(func() {
			d, err := OpenJobs(t.Context(), c, nil, nil)
			if err == nil {
				err = d.Close()
			}
			if err != nil {
				t.Errorf("jobs: %v", err)
			}
		})
	}
	wg.Wait()
	pgtest.Exec(t, url, "SELECT 1 FROM contado.dataset, contado.job_state, contado.river_job")
}

// TestWithoutTheRightToMakeSchemas: an administrator has made it.
func TestWithoutTheRightToMakeSchemas(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, "DROP ROLE IF EXISTS clerk", "CREATE ROLE clerk LOGIN PASSWORD 'x'")
	clerk := pgtest.As(t, url, "clerk", "x")
	if _, err := OpenCatalog(t.Context(), connection(t, clerk), nil); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "granted") {
		t.Errorf("%v (kind %v)", err, fault.KindOf(err))
	}
	pgtest.Exec(t, url, "CREATE SCHEMA contado AUTHORIZATION clerk")
	openCatalog(t, clerk, nil)
}

// TestInstallationsApart: two schemas of a database share nothing.
func TestInstallationsApart(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	a, b := openCatalog(t, url, &Options{Schema: "a"}), openCatalog(t, url, &Options{Schema: "b"})
	if _, err := a.Publish(t.Context(), crashPublication(0)); err != nil {
		t.Fatal(err)
	}
	if list, err := b.Datasets(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if keys, err := a.Keys(t.Context()); err != nil || len(keys) != crashItems {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	db := testDB(t, pgtest.Start(t))
	run(t, db, "CREATE TABLE a (i integer PRIMARY KEY CHECK (i < 5), v varchar(3))")
	run(t, db, "INSERT INTO a VALUES (1)")
	for text, kind := range map[string]fault.Kind{
		"INSERT INTO a VALUES (1)": fault.Exist, "INSERT INTO a VALUES (9)": fault.Invalid, "INSERT INTO a VALUES (2, 'long')": fault.Invalid,
		"SELECT * FROM nowhere": fault.NotExist, "SELECT 1/0": fault.Invalid, "DO $$ BEGIN RAISE EXCEPTION 'no'; END $$": fault.Invalid,
		"SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)": fault.Unavailable, "SELECT nothing()": fault.Other,
	} {
		_, err := db.ExecContext(t.Context(), text)
		if got := translate(t.Context(), "op", err); !fault.Is(got, kind) || !errors.Is(got, err) {
			t.Errorf("%s: %v (kind %v), want kind %v", text, got, fault.KindOf(got), kind)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := translate(ctx, "op", errors.New("x")); !fault.Is(got, fault.Canceled) {
		t.Errorf("%v", got)
	}
	if ours := fault.Errorf("x", fault.TooLarge, "x"); !errors.Is(translate(t.Context(), "op", ours), ours) || translate(t.Context(), "op", nil) != nil {
		t.Error("our own errors are changed")
	}
}

// TestTableNames lists what can be attached.
func TestTableNames(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	pgtest.Exec(t, url, `CREATE TABLE "B.c" (id integer, g geometry)`, "CREATE VIEW a AS SELECT 1 AS id, 'POINT(1 2)'::geography AS g", "CREATE TABLE plain (id integer)")
	s, err := Connect(t.Context(), connection(t, url))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := s.TableNames(t.Context()); err != nil || !slices.Equal(got, []string{`public."B.c"`, "public.a"}) {
		t.Errorf("%q, %v", got, err)
	}
	pgtest.Exec(t, url, "CREATE SCHEMA other", "CREATE TABLE other.a (id integer PRIMARY KEY)")
	if _, err := s.Table(t.Context(), TableOptions{Table: "a"}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "other.a") {
		t.Errorf("%v", err)
	}
	if fmt.Sprint(s.Connection()) != connection(t, url).String() {
		t.Errorf("connection %v", s.Connection())
	}
}
