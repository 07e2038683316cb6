package catalog

import (
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"contado/geo/fault"
)

// About is what people say of a dataset beyond its title. It belongs to the
// dataset, not to a version.
type About struct {
	Keywords []string `json:"keywords,omitempty"`
	// Contact is whom to ask: a name, an office, an address of mail.
	Contact string `json:"contact,omitempty"`
	// Source is where the data came from: an address or a sentence.
	Source string `json:"source,omitempty"`
	// People says what may be told of figures of people: "" hides small ones
	// wherever datasets of role population leave through the API, PeoplePublished
	// tells them as they are.
	People string `json:"people,omitempty"`
	// Style is how maps draw the dataset when nobody asks for another way;
	// nil: as its role is drawn.
	Style *Style `json:"style,omitempty"`
}

// PeoplePublished marks figures of people that their owner has published:
// nothing of them needs hiding.
const PeoplePublished = "published"

// CountsPeople reports whether the dataset has figures of people of which
// small ones are not to be told.
func (d *Dataset) CountsPeople() bool {
	return d.Role == Population && d.About.People != PeoplePublished
}

// Style is how a vector dataset is drawn: by classes of an attribute, or in
// one colour.
type Style struct {
	By      string `json:"by,omitempty"`     // attribute; "" = one colour
	Method  string `json:"method,omitempty"` // of breaks, or "categories"; "" = one that suits
	Classes int    `json:"classes,omitempty"`
	Palette string `json:"palette,omitempty"` // name of a colour map; "" = one that suits
	// Colour is #rrggbb, of all features when By is "".
	Colour  string   `json:"colour,omitempty"`
	Opacity *float64 `json:"opacity,omitempty"` // 0 to 1
	// Label is the attribute that names features on the map; "" = as usual.
	Label string `json:"label,omitempty"`
}

// Making is how a version came to be.
type Making struct {
	// Command does the same again, with the names of files but no folders.
	Command string `json:"command"`
	Who     string `json:"who,omitempty"`
	// Files are those that were read, as far as their digests were taken.
	Files []SourceFile `json:"files,omitempty"`
	// Restores is the earlier version that this one has the content of; 0: none.
	Restores int `json:"restores,omitempty"`
}

// SourceFile is a file as it was given.
type SourceFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Deed is something that was done to a dataset as a whole.
type Deed string

// The deeds.
const (
	Published Deed = "publish"
	Described Deed = "describe"
	Removed   Deed = "remove"
)

// Act is one row of the record of who did what. It outlives its dataset.
type Act struct {
	Seq     int64     `json:"seq"` // grows
	At      time.Time `json:"at"`
	Who     string    `json:"who,omitempty"` // "" = at the command line
	Deed    Deed      `json:"deed"`
	Dataset string    `json:"dataset"`
	Version int       `json:"version"` // the current one afterwards, or the last one
	// Detail is what changed of the description: {"title": ["before", "after"]}.
	Detail json.RawMessage `json:"detail,omitempty"`
}

// The bounds of what people say of a dataset.
const (
	MaxTitle    = 300
	MaxText     = 10_000
	MaxKeywords = 50
	MaxKeyword  = 100
)

// CheckDescription tells what is wrong with what people say of a dataset; the
// error is fault.Invalid.
func (d *Dataset) CheckDescription() error {
	const op = "catalog.Check"
	if d.Title == "" {
		return fault.Errorf(op, fault.Invalid, "a dataset needs a title")
	}
	if !slices.Contains(Roles, d.Role) {
		return fault.Errorf(op, fault.Invalid, "role %.40q is unknown; roles are %q", d.Role, Roles)
	}
	for _, t := range []struct {
		name, text string
		most       int
	}{
		{"title", d.Title, MaxTitle},
		{"description", d.Description, MaxText},
		{"license", d.License, MaxTitle},
		{"attribution", d.Attribution, MaxText},
		{"contact", d.About.Contact, MaxText},
		{"source", d.About.Source, MaxText},
	} {
		if !utf8.ValidString(t.text) || utf8.RuneCountInString(t.text) > t.most {
			return fault.Errorf(op, fault.Invalid, "%s: want at most %d characters of text", t.name, t.most)
		}
	}
	if p := d.About.People; p != "" && p != PeoplePublished {
		return fault.Errorf(op, fault.Invalid, "people: %.40q; want %s, or nothing", p, PeoplePublished)
	}
	if len(d.About.Keywords) > MaxKeywords {
		return fault.Errorf(op, fault.Invalid, "keywords: at most %d", MaxKeywords)
	}
	for _, k := range d.About.Keywords {
		if k == "" || !utf8.ValidString(k) || utf8.RuneCountInString(k) > MaxKeyword {
			return fault.Errorf(op, fault.Invalid, "keywords: want 1 to %d characters each", MaxKeyword)
		}
	}
	return d.checkRole()
}

// kindOf are the roles that data of one kind alone can play.
var kindOf = map[Role]Kind{
	Imagery: Raster, Elevation: Raster, LandCover: Raster,
	TerritoryRole: Vector, Place: Vector, Service: Vector, Road: Vector, Barrier: Vector, TimetableRole: Timetable,
}

// checkRole refuses roles that the reports which look for them could do
// nothing with.
func (d *Dataset) checkRole() error {
	const op = "catalog.Check"
	if want, ok := kindOf[d.Role]; ok && want != d.Kind && d.Role != TimetableRole {
		return fault.Errorf(op, fault.Invalid, "these are %s data, and role %s is for %s data", d.Kind, d.Role, want)
	}
	if d.Role == TerritoryRole && d.Version.Territory == nil || d.Role == Population && d.Kind == Vector && d.Version.Table == nil {
		return fault.WithHint(fault.Errorf(op, fault.Invalid, "it is not known which attributes of %s hold what role %s needs", d.ID, d.Role),
			"ingest the files again with that role")
	}
	return nil
}
