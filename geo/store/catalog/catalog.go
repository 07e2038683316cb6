// Package catalog is the register of what a Contado installation holds:
// datasets, their immutable versions, the items of raster versions. It holds
// the portable types; a Driver keeps them (see sqlite), and catalogtest is
// the suite that every driver passes.
package catalog

import (
	"context"
	"encoding/json"
	"regexp"
	"time"

	"contado/geo"
)

// Kind is the shape of a dataset.
type Kind string

// The kinds. A table without geometry is Vector with an empty geometry type.
const (
	Raster    Kind = "raster"
	Vector    Kind = "vector"
	Timetable Kind = "timetable"
	// TileArchive is an archive of tiles made elsewhere, served as it is.
	TileArchive Kind = "tiles"
)

// Role is what a dataset is for; reports find their inputs by it.
type Role string

// The roles. Place is a named settlement (a hamlet) that gaps are named after.
const (
	Imagery       Role = "imagery"
	Elevation     Role = "elevation"
	LandCover     Role = "landcover"
	Population    Role = "population"
	TerritoryRole Role = "territory"
	Place         Role = "place"
	Service       Role = "service"
	Road          Role = "road"
	Barrier       Role = "barrier"
	Hazard        Role = "hazard"
	TimetableRole Role = "timetable"
	OtherRole     Role = "other"
)

// Roles lists every role in the order shown to people.
var Roles = []Role{
	Imagery, Elevation, LandCover, Population, TerritoryRole, Place,
	Service, Road, Barrier, Hazard, TimetableRole, OtherRole,
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// ValidID reports whether s can name a dataset: 1 to 63 of [a-z0-9-], not
// beginning with a hyphen.
func ValidID(s string) bool { return idPattern.MatchString(s) }

// Dataset is something ingested, with the state of its current version.
type Dataset struct {
	ID          string    `json:"id"`
	Kind        Kind      `json:"kind"`
	Role        Role      `json:"role"`
	Title       string    `json:"title"`
	Description string    `json:"description,omitempty"`
	License     string    `json:"license,omitempty"`
	Attribution string    `json:"attribution,omitempty"`
	About       About     `json:"about,omitzero"`
	CreatedAt   time.Time `json:"created_at"`
	Version     Version   `json:"version"` // the current one
}

// Version is one immutable state of a dataset.
type Version struct {
	Number      int       `json:"number"` // 1, 2, 3 … within the dataset
	PublishedAt time.Time `json:"published_at"`
	// SHA256 is the digest over the version's files, in hexadecimal: the
	// sorted list "path sha256\n" of Files, hashed.
	SHA256 string `json:"sha256"`
	Files  []File `json:"files"`
	// CRS is the native CRS; BBox is in it, BBoxWGS84 in longitude/latitude.
	CRS       geo.CRS     `json:"crs"`
	BBox      geo.BBox    `json:"bbox"`
	BBoxWGS84 geo.BBox    `json:"bbox_wgs84"`
	TimeStart *time.Time  `json:"time_start,omitempty"`
	TimeEnd   *time.Time  `json:"time_end,omitempty"`
	Vector    *VectorInfo `json:"vector,omitempty"` // set for Vector
	Tiles     *TilesInfo  `json:"tiles,omitempty"`  // set for TileArchive
	// Territory says how territory features are read; set for that role.
	Territory *TerritoryFields `json:"territory,omitempty"`
	// Table names the columns of a population table; set when role is
	// population and kind is vector.
	Table *PopulationFields `json:"table,omitempty"`
	// Lineage: what was read, repaired, refused; shown to people as is.
	Source  []string `json:"source"` // base names of the ingested files
	Notices []Notice `json:"notices"`
	Program string   `json:"program"` // "contado 0.1.0"
	// Derived says what a computed version was made from; nil when it came from files.
	Derived *Derivation `json:"derived,omitempty"`
	// Made says by which command; nil in versions of before 0.2.
	Made *Making `json:"made,omitempty"`
	// Extras are files made from the version that can be made again.
	Extras []Extra `json:"extras,omitempty"`
}

// ExtraKind says what an extra file is.
type ExtraKind string

// Pyramid is a PMTiles archive of the version's vector tiles.
const Pyramid ExtraKind = "pyramid"

// Extra is a file made from a version after it was published. It does not
// count in the version's digest.
type Extra struct {
	Kind ExtraKind `json:"kind"`
	File File      `json:"file"`
	// Seq is the last change of the version's journal that it knows of.
	Seq    int64           `json:"seq,omitempty"`
	Detail json.RawMessage `json:"detail,omitempty"` // as its maker wishes
}

// Extra returns the extra of a kind.
func (v *Version) Extra(k ExtraKind) (Extra, bool) {
	for _, e := range v.Extras {
		if e.Kind == k {
			return e, true
		}
	}
	return Extra{}, false
}

// Derivation is how a version was computed: enough to compute it again.
type Derivation struct {
	Process    string          `json:"process"`    // "burned-area"
	Parameters json.RawMessage `json:"parameters"` // as the process takes them
	Inputs     []Input         `json:"inputs"`
}

// Input is one version that went into a computation.
type Input struct {
	Dataset string `json:"dataset"`
	Version int    `json:"version"`
	SHA256  string `json:"sha256"`
	// Items are those used of a raster; nil means not told apart.
	Items []string `json:"items,omitempty"`
}

// SetExtra puts an extra in place of the one of its kind, which it returns.
func (v *Version) SetExtra(e Extra) (old Extra, had bool) {
	for i := range v.Extras {
		if v.Extras[i].Kind == e.Kind {
			old, v.Extras[i] = v.Extras[i], e
			return old, true
		}
	}
	v.Extras = append(v.Extras, e)
	return Extra{}, false
}

// VectorInfo describes the rows of a vector version.
type VectorInfo struct {
	Schema geo.Schema `json:"schema"`
	Count  int64      `json:"count"`
	Layer  string     `json:"layer"` // table name in the GeoPackage
	File   string     `json:"file"`  // key of the GeoPackage in the blob store
	// Packed is the key of the same rows as a FlatGeobuf file, which is what
	// tiles and pages are read from; "" in versions that have none.
	Packed string `json:"packed,omitempty"`
	// External says that the rows belong to a table of another database, of
	// which Packed is a copy; File is "" then.
	External *External `json:"external,omitempty"`
}

// External is a table or view that others keep.
type External struct {
	// Connection names the database, without any password.
	Connection string `json:"connection"`
	Schema     string `json:"schema"`
	Table      string `json:"table"`
	ID         string `json:"id"` // column of whole numbers that identifies a row
	Geometry   string `json:"geometry,omitempty"`
	Writable   bool   `json:"writable,omitempty"`
	// Watch is how outside edits are noticed: "notify", "column" or "compare".
	Watch  string `json:"watch"`
	Column string `json:"column,omitempty"` // of Watch "column"
}

// TilesInfo describes an archive of tiles.
type TilesInfo struct {
	File   string `json:"file"`   // key of the archive in the blob store
	Format string `json:"format"` // "pmtiles" or "mbtiles"
	// Type is what the tiles are, as addresses end: "mvt", "png", "jpg",
	// "webp", "avif"; "" when not known.
	Type string `json:"type"`
	// Encoding is how tiles are compressed, as Content-Encoding has it; "" for
	// not at all.
	Encoding string   `json:"encoding,omitempty"`
	MinZoom  int      `json:"minzoom"`
	MaxZoom  int      `json:"maxzoom"`
	Bounds   geo.BBox `json:"bounds"` // WGS 84
	// Center is longitude, latitude and zoom.
	Center [3]float64 `json:"center"`
	// Count is the number of tiles; 0 = not known.
	Count  int64       `json:"count,omitempty"`
	Zooms  []TilesZoom `json:"zooms,omitempty"`
	Layers []TileLayer `json:"layers,omitempty"` // of vector tiles
	// Name, Description and Attribution are the archive's own.
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	Attribution string `json:"attribution,omitempty"`
}

// TilesZoom is the tiles of one zoom of an archive.
type TilesZoom struct {
	Zoom    int   `json:"zoom"`
	Tiles   int64 `json:"tiles"`
	Bytes   int64 `json:"bytes,omitempty"`   // stored; 0 = not counted
	Largest int64 `json:"largest,omitempty"` // stored bytes of a tile; 0 = not known
}

// TileLayer is a layer of vector tiles, as TileJSON describes it.
type TileLayer struct {
	ID          string            `json:"id"`
	Description string            `json:"description,omitempty"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"`
	// Geometry is what samples hold: "point", "line", "polygon", "mixed"; ""
	// when none was looked at.
	Geometry string `json:"geometry,omitempty"`
}

// TerritoryFields names the attributes that make a row a territory.
type TerritoryFields struct {
	Code string `json:"code"`
	Name string `json:"name"`
	// Parents are attribute names from the nearest parent upwards; ParentNames
	// runs parallel ("" where the file has no name for that level).
	Parents     []string `json:"parents,omitempty"`
	ParentNames []string `json:"parent_names,omitempty"`
	// Level is the attribute that holds the level; LevelName is the fixed
	// level of every row when there is no such attribute.
	Level     string `json:"level,omitempty"`
	LevelName string `json:"level_name,omitempty"`
	// ParentLevels names the levels of Parents ("province", "region").
	ParentLevels []string `json:"parent_levels,omitempty"`
}

// PopulationFields names the columns of a table of people by territory code.
type PopulationFields struct {
	Code  string `json:"code"`
	Total string `json:"total"`
	// AgeBands maps a column to its band, e.g. "age_65_79".
	AgeBands map[string]string `json:"age_bands,omitempty"`
}

// Severity grades a notice.
type Severity string

// The severities of what ingest reports.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
)

// Notice is one thing that ingest repaired, dropped or guessed.
type Notice struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"` // stable, kebab-case: "geometry-repaired"
	Message  string   `json:"message"`
	Count    int64    `json:"count,omitempty"`
	// Examples names up to 20 of the features or rows concerned.
	Examples []string `json:"examples,omitempty"`
}

// File is one file of a version in the blob store.
type File struct {
	Key    string `json:"key"` // "datasets/dem/v1/dem.tif"
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Publication is all that makes a new version visible.
type Publication struct {
	Dataset Dataset // Version.Number is assigned by Publish
	Items   []Item  // Version is assigned by Publish
	// Expect is the current version the work started from (0: the dataset did
	// not exist). Publish fails with fault.Conflict when it has moved on.
	Expect int
}

// Driver keeps the catalog. All methods are safe for concurrent use. Errors
// are faults: NotExist, Exist, Conflict, Invalid.
type Driver interface {
	// Publish makes the version visible in one transaction and returns the
	// dataset as it now stands. The version's number is Expect + 1. A zero
	// PublishedAt or CreatedAt becomes now; a dataset that exists keeps its
	// CreatedAt. Times are kept in UTC. See Publication.Check for Invalid;
	// a file key that stands for other content already is fault.Conflict.
	Publish(ctx context.Context, p Publication) (Dataset, error)
	// Enrich adds an extra to a version, in place of one of the same kind, and
	// returns the file keys that nothing refers to any more. A version that is
	// not there (any more) is fault.NotExist.
	Enrich(ctx context.Context, dataset string, version int, e Extra) ([]string, error)
	// Datasets returns all datasets with their current versions, by id.
	Datasets(ctx context.Context) ([]Dataset, error)
	// Items returns the items of a dataset's current version, by datetime
	// (items without time first), then id.
	Items(ctx context.Context, dataset string) ([]Item, error)
	// Versions returns every version of a dataset, newest first.
	Versions(ctx context.Context, dataset string) ([]Version, error)
	// VersionItems is Items of any version; fault.NotExist when there is none.
	VersionItems(ctx context.Context, dataset string, version int) ([]Item, error)
	// Describe changes what people say of a dataset: title, description,
	// licence, attribution, role and About, in one transaction with the reading
	// of it. What change does to the rest is not kept. Its error ends the
	// transaction and is returned; Dataset.CheckDescription says what is
	// Invalid. A change of nothing is no act.
	Describe(ctx context.Context, dataset, who string, change func(*Dataset) error) (Dataset, error)
	// Remove deletes a dataset and all its versions from the catalog and
	// returns the file keys that nothing refers to any more.
	Remove(ctx context.Context, dataset, who string) ([]string, error)
	// Acts returns up to limit acts, newest first: of one dataset, or of all
	// for "", and before a Seq unless that is 0.
	Acts(ctx context.Context, dataset string, before int64, limit int) ([]Act, error)
	// Revision is a number that grows with every Publish and Remove: readers
	// poll it to notice changes made by other processes.
	Revision(ctx context.Context) (int64, error)
	// Keys returns every file key that some version refers to.
	Keys(ctx context.Context) (map[string]File, error)
	Close() error
}
