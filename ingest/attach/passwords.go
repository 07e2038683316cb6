package attach

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"contado/geo/fault"
	"contado/geo/store/postgis"
)

// Passwords is the file in which the passwords of attached databases are
// kept, readable to its owner alone. Only passwords that were given in an
// address are put there: those of PGPASSWORD and ~/.pgpass are found without.
type Passwords struct{ path string }

// PasswordsName is the file's name in a data folder.
const PasswordsName = "connections.toml"

// OpenPasswords names the file; it need not be there.
func OpenPasswords(path string) *Passwords { return &Passwords{path} }

type passwordFile struct {
	Connection []passwordEntry `toml:"connection"`
}

type passwordEntry struct {
	Address  string `toml:"address"`
	Password string `toml:"password"`
}

// Get returns the password of a connection, "" when none is kept. A file
// that others can read is refused.
func (p *Passwords) Get(c postgis.Connection) (string, error) {
	f, err := p.read()
	if err != nil {
		return "", err
	}
	for _, e := range f.Connection {
		if e.Address == c.Key() {
			return e.Password, nil
		}
	}
	return "", nil
}

// Put keeps the password of a connection, in place of the one that is there.
func (p *Passwords) Put(c postgis.Connection, password string) error {
	f, err := p.read()
	if err != nil {
		return err
	}
	f.Connection = slices.DeleteFunc(f.Connection, func(e passwordEntry) bool { return e.Address == c.Key() })
	f.Connection = append(f.Connection, passwordEntry{c.Key(), password})
	var b bytes.Buffer
	b.WriteString("# Passwords of attached databases. Readable to the owner alone.\n")
	if err := toml.NewEncoder(&b).Encode(f); err != nil {
		return fault.Errorf("attach.Passwords", fault.Other, "the password cannot be written down")
	}
	return p.write(b.Bytes())
}

// Forget removes the password of a connection.
func (p *Passwords) Forget(c postgis.Connection) error {
	f, err := p.read()
	if err != nil || !slices.ContainsFunc(f.Connection, func(e passwordEntry) bool { return e.Address == c.Key() }) {
		return err
	}
	f.Connection = slices.DeleteFunc(f.Connection, func(e passwordEntry) bool { return e.Address == c.Key() })
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(f); err != nil {
		return fault.Errorf("attach.Passwords", fault.Other, "the passwords cannot be written down")
	}
	return p.write(b.Bytes())
}

func (p *Passwords) read() (passwordFile, error) {
	const op = "attach.Passwords"
	var f passwordFile
	info, err := os.Stat(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, fault.E(op, fault.Unavailable, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return f, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s can be read by others than its owner", p.path), "chmod 600 "+p.path)
	}
	text, err := os.ReadFile(p.path)
	if err != nil {
		return f, fault.E(op, fault.Unavailable, err)
	}
	if err := toml.Unmarshal(text, &f); err != nil {
		return f, fault.Errorf(op, fault.Invalid, "%s is not sound TOML", p.path) // the error quotes the text
	}
	return f, nil
}

// write replaces the file whole: a temporary one, then a rename.
func (p *Passwords) write(b []byte) error {
	const op = "attach.Passwords"
	tmp, err := os.CreateTemp(filepath.Dir(p.path), ".connections-*") // mode 0600
	if err != nil {
		return fault.E(op, fault.Unavailable, err)
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), p.path)
	}
	if err != nil {
		return fault.E(op, fault.Unavailable, errors.Join(fmt.Errorf("write %s: %w", p.path, err), os.Remove(tmp.Name())))
	}
	return nil
}

// passwordOf is the password in an address itself, "" when there is none.
func passwordOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		if p, ok := u.User.Password(); ok {
			return p
		}
		return u.Query().Get("password")
	}
	// host=… password=…: what is read without the environment's is its own.
	if strings.Contains(address, "password") {
		if c, err := postgis.ParseConnection(address); err == nil && c.Password() != os.Getenv("PGPASSWORD") {
			return c.Password()
		}
	}
	return ""
}
