package vector

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"contado/geo/store/catalog"
)

//go:embed roles.toml
var rolesTOML string

// known says what an attribute of a name means.
type known struct {
	Field   string   `toml:"field"`
	Level   string   `toml:"level"`
	Names   []string `toml:"names"`
	Parents []string `toml:"parents"`
	// Digits is what codes are padded to when stored as numbers; 0 = not.
	Digits int `toml:"digits"`
	// Sure: only territories have such an attribute.
	Sure bool `toml:"sure"`
}

// link is the name and level that go with the code of a parent.
type link struct {
	Field string `toml:"field"`
	Name  string `toml:"name"`
	Level string `toml:"level"`
}

// hint guesses a role by the attributes of a geometry.
type hint struct {
	Role     catalog.Role `toml:"role"`
	Geometry string       `toml:"geometry"` // point, line, area or any
	Fields   []string     `toml:"fields"`
}

type rolesTable struct {
	Codes   []known `toml:"code"`
	Parents []link  `toml:"parent"`
	Roles   []hint  `toml:"role"`
	Naming  struct {
		Fields []string `toml:"fields"`
	} `toml:"naming"`
	People struct {
		Fields []string `toml:"fields"`
	} `toml:"people"`

	codes map[string]bool // and names: what may be a code
}

// roles is the table of roles.toml, which is part of the program: a mistake in
// it is found by every test.
var roles = sync.OnceValue(func() *rolesTable {
	t := &rolesTable{codes: map[string]bool{}}
	meta, err := toml.Decode(rolesTOML, t)
	if err != nil {
		panic(fmt.Sprintf("roles.toml: %v", err))
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		panic(fmt.Sprintf("roles.toml: unknown keys %v", extra))
	}
	for _, k := range t.Codes {
		t.codes[k.Field] = true
	}
	for _, n := range t.Naming.Fields {
		t.codes[n] = true
	}
	return t
})

// parent is the link of a code, zero when the table has none.
func (t *rolesTable) parent(code string) link {
	for _, l := range t.Parents {
		if strings.EqualFold(l.Field, code) {
			return l
		}
	}
	return link{}
}

// code is what is known of a field, nil for nothing.
func (t *rolesTable) code(field string) *known {
	for i := range t.Codes {
		if strings.EqualFold(t.Codes[i].Field, field) {
			return &t.Codes[i]
		}
	}
	return nil
}

// IsCode reports whether an attribute of this name holds codes, whatever its
// values look like.
func IsCode(name string) bool {
	n := strings.ToLower(name)
	if k := roles().code(n); k != nil && n != "id" && n != "gid" && n != "cat" {
		return true
	}
	return roles().parent(n).Field != "" || reCode.MatchString(n)
}

// reCode is what columns of codes are called by hand: "Codice catastale",
// "cod. meccanografico", "CAP".
var reCode = regexp.MustCompile(`^(codice|cod|code|kode|kennziffer|ags|cap|zip|zipcode|postcode|plz|istat)([ _.\-]|$)`)
