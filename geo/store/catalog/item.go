package catalog

import (
	"time"

	"contado/geo"
	"contado/geo/grid"
)

// Item is one raster of a raster dataset version; it becomes a STAC item.
type Item struct {
	ID       string     `json:"id"`
	Dataset  string     `json:"dataset"`
	Version  int        `json:"version"`
	Datetime *time.Time `json:"datetime,omitempty"`
	// File is the key of the finest COG in the blob store, and Grid its cells;
	// File is "" when the item's files stay elsewhere.
	File string    `json:"file"`
	Grid grid.Grid `json:"grid"`
	// Assets are all files of the item, the finest first, when there is more
	// to say than File and Grid do: several files, or remote ones. Use Parts
	// and Locate.
	Assets []Asset  `json:"assets,omitempty"`
	BBox   geo.BBox `json:"bbox"` // WGS84
	// Footprint is the outline of the raster in WGS84 as a closed ring.
	Footprint  [][2]float64 `json:"footprint"`
	Bands      []Band       `json:"bands"`
	Overviews  int          `json:"overviews"`
	CloudCover *float64     `json:"cloud_cover,omitempty"` // percent
	// Stats is the key of File's block statistics; "" = none.
	Stats string `json:"stats,omitempty"`
	Scene *Scene `json:"scene,omitempty"`
}

// Asset is one raster file of an item.
type Asset struct {
	Key  string `json:"key"`            // name within the item: "data", "B02"
	File string `json:"file,omitempty"` // key in the blob store; "" when remote
	// Href is the http(s) address of a COG that stays where it is.
	Href string `json:"href,omitempty"`
	// Size and ETag are the remote file's when it was registered (0 and "":
	// not known): one that has changed since is not read.
	Size      int64     `json:"size,omitempty"`
	ETag      string    `json:"etag,omitempty"`
	Grid      grid.Grid `json:"grid"`
	Overviews int       `json:"overviews"`
	// Stats is the key of its block statistics; "" = none.
	Stats string `json:"stats,omitempty"`
	// Cells is what a remote file does not say of its cells itself; nil: nothing.
	Cells *Cells `json:"cells,omitempty"`
}

// Cells says what cells mean: value = cell · Scale + Offset, and which cell
// is no value.
type Cells struct {
	Scale  float64  `json:"scale"`
	Offset float64  `json:"offset"`
	Nodata *float64 `json:"nodata,omitempty"`
}

// Scene says how a satellite picture was taken; fields that are not known
// are zero or nil. Angles are degrees.
type Scene struct {
	Platform      string   `json:"platform,omitempty"`      // "sentinel-2a"
	Constellation string   `json:"constellation,omitempty"` // "sentinel-2"
	Instruments   []string `json:"instruments,omitempty"`   // "msi"
	Product       string   `json:"product,omitempty"`       // its producer's id
	Level         string   `json:"level,omitempty"`         // "L2A"
	Baseline      string   `json:"baseline,omitempty"`      // "05.09"
	SunAzimuth    *float64 `json:"sun_azimuth,omitempty"`   // clockwise from north
	SunElevation  *float64 `json:"sun_elevation,omitempty"`
	OffNadir      *float64 `json:"off_nadir,omitempty"`
	ViewAzimuth   *float64 `json:"view_azimuth,omitempty"`
	RelativeOrbit *int     `json:"relative_orbit,omitempty"`
	OrbitState    string   `json:"orbit_state,omitempty"` // "ascending", "descending"
	// Polarizations are those of a radar picture: "VV", "VH".
	Polarizations []string `json:"polarizations,omitempty"`
}

// Parts are the files of the item, the finest first.
func (it *Item) Parts() []Asset {
	if len(it.Assets) > 0 {
		return it.Assets
	}
	return []Asset{{Key: "data", File: it.File, Grid: it.Grid, Overviews: it.Overviews, Stats: it.Stats}}
}

// Locate gives the file that holds band n of the item (from 1), and the
// band's number in that file. n must be one of the item's bands.
func (it *Item) Locate(n int) (Asset, int) {
	b := &it.Bands[n-1]
	if b.Number > 0 {
		n = b.Number
	}
	if len(it.Assets) > 0 {
		return it.Assets[b.Asset], n
	}
	return it.Parts()[0], n
}

// Band describes one band of an item, values after scale and offset.
type Band struct {
	Name       string `json:"name"` // "B04", "total", "band1"
	CommonName string `json:"common_name,omitempty"`
	// Asset is the index of the file in Item.Assets, Number the band in it
	// from 1 (0: as in the item); see Item.Locate.
	Asset  int `json:"asset,omitempty"`
	Number int `json:"number,omitempty"`
	// Quantity says what values are after scale and offset.
	Quantity Quantity `json:"quantity,omitempty"`
	// Flags names the scheme of a band of classes or bits that masks know:
	// "sentinel2-scl", "landsat-qa-pixel" (collection 2), "landsat-bqa" (collection 1), "landsat-bqa-pre" (before).
	Flags string `json:"flags,omitempty"`
	// Wavelength and Width (full width at half maximum) in micrometres; 0 = not known.
	Wavelength float64  `json:"wavelength,omitempty"`
	Width      float64  `json:"width,omitempty"`
	DataType   string   `json:"data_type"` // STAC raster extension: uint16, float32 …
	Nodata     *float64 `json:"nodata,omitempty"`
	NaN        bool     `json:"nodata_nan,omitempty"` // nodata is NaN
	Scale      float64  `json:"scale"`
	Offset     float64  `json:"offset"`
	Unit       string   `json:"unit,omitempty"`
	Min        float64  `json:"min"`
	Max        float64  `json:"max"`
	Mean       float64  `json:"mean"`
	StdDev     float64  `json:"stddev"`
	// P02 and P98 are the 2nd and 98th percentile: the default rescale.
	P02          float64 `json:"p02"`
	P98          float64 `json:"p98"`
	ValidPercent float64 `json:"valid_percent"`
	Classes      []Class `json:"classes,omitempty"`
}

// Quantity is what the values of a band measure; "" = not known.
type Quantity string

// The quantities that computations ask for.
const (
	Reflectance Quantity = "reflectance"            // 0 … 1 and a little beyond
	Brightness  Quantity = "brightness_temperature" // kelvin
	Radiance    Quantity = "radiance"               // W m⁻² sr⁻¹ µm⁻¹
	Backscatter Quantity = "backscatter"            // linear power, no decibels
	Height      Quantity = "height"                 // metres
	Amount      Quantity = "amount"                 // per cell: resampling keeps the total
	Classes     Quantity = "classes"
	BitField    Quantity = "bits"
)

// Class is one value of a classified raster.
type Class struct {
	Value int    `json:"value"`
	Name  string `json:"name,omitempty"`
	Color string `json:"color,omitempty"` // #rrggbb
}
