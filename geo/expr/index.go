package expr

import (
	"slices"
	"strings"
	"sync"
)

// Index is a published spectral index.
type Index struct {
	Name  string // "NDVI"
	Title string
	// Formula is a program over STAC common band names.
	Formula string
	// Source is the publication that defines it.
	Source string
	// Colormap is a fitting map of package tiles/colormap, drawn from Min to
	// Max: the range that natural surfaces take, not the index's limits.
	Colormap string
	Min, Max float64
	// Reflectance tells that the formula has constants which are right only
	// for reflectance (0 … 1); otherwise numbers proportional to reflectance,
	// the same in all bands and without offset, give the same result.
	Reflectance bool
	// Bands are the common names that the formula reads.
	Bands []string
}

// indices is the catalogue; read-only. See catalogue for Bands.
var indices = []Index{
	// Vegetation
	{
		Name: "NDVI", Title: "Normalized difference vegetation index", Formula: "(nir - red) / (nir + red)",
		Source: "Rouse, Haas, Schell, Deering 1974, Third ERTS-1 Symposium, NASA SP-351, 309–317", Colormap: "ndvi", Min: -0.2, Max: 0.9,
	},
	{
		Name: "GNDVI", Title: "Green normalized difference vegetation index", Formula: "(nir - green) / (nir + green)",
		Source: "Gitelson, Kaufman, Merzlyak 1996, Remote Sensing of Environment 58, 289–298", Colormap: "ndvi", Min: -0.2, Max: 0.9,
	},
	{
		Name: "NDRE", Title: "Normalized difference red edge index", Formula: "(nir - rededge071) / (nir + rededge071)",
		Source: "Barnes et al. 2000, Fifth International Conference on Precision Agriculture, Bloomington", Colormap: "ndvi", Min: -0.1, Max: 0.7,
	},
	{
		Name: "EVI", Title: "Enhanced vegetation index", Formula: "2.5 * (nir - red) / (nir + 6 * red - 7.5 * blue + 1)",
		Source: "Huete et al. 2002, Remote Sensing of Environment 83, 195–213", Colormap: "ndvi", Min: -0.2, Max: 0.9, Reflectance: true,
	},
	{
		Name: "EVI2", Title: "Enhanced vegetation index without a blue band", Formula: "2.5 * (nir - red) / (nir + 2.4 * red + 1)",
		Source: "Jiang, Huete, Didan, Miura 2008, Remote Sensing of Environment 112, 3833–3845", Colormap: "ndvi", Min: -0.2, Max: 0.9, Reflectance: true,
	},
	{
		Name: "SAVI", Title: "Soil-adjusted vegetation index (L = 0.5)", Formula: "1.5 * (nir - red) / (nir + red + 0.5)",
		Source: "Huete 1988, Remote Sensing of Environment 25, 295–309", Colormap: "ndvi", Min: -0.2, Max: 0.9, Reflectance: true,
	},
	{
		Name: "OSAVI", Title: "Optimized soil-adjusted vegetation index", Formula: "(nir - red) / (nir + red + 0.16)",
		Source: "Rondeaux, Steven, Baret 1996, Remote Sensing of Environment 55, 95–107", Colormap: "ndvi", Min: -0.2, Max: 0.8, Reflectance: true,
	},
	{
		Name: "MSAVI", Title: "Modified soil-adjusted vegetation index (MSAVI2)", Formula: "(2 * nir + 1 - sqrt((2 * nir + 1)^2 - 8 * (nir - red))) / 2",
		Source: "Qi, Chehbouni, Huete, Kerr, Sorooshian 1994, Remote Sensing of Environment 48, 119–126", Colormap: "ndvi", Min: -0.2, Max: 0.9, Reflectance: true,
	},
	{
		Name: "ARVI", Title: "Atmospherically resistant vegetation index (γ = 1)", Formula: "(nir - (2 * red - blue)) / (nir + (2 * red - blue))",
		Source: "Kaufman, Tanré 1992, IEEE Transactions on Geoscience and Remote Sensing 30, 261–270", Colormap: "ndvi", Min: -0.2, Max: 0.9,
	},
	{
		Name: "VARI", Title: "Visible atmospherically resistant index", Formula: "(green - red) / (green + red - blue)",
		Source: "Gitelson, Kaufman, Stark, Rundquist 2002, Remote Sensing of Environment 80, 76–87", Colormap: "ndvi", Min: -0.4, Max: 0.5,
	},
	// Water and moisture
	{
		Name: "NDWI", Title: "Normalized difference water index (open water)", Formula: "(green - nir) / (green + nir)",
		Source: "McFeeters 1996, International Journal of Remote Sensing 17, 1425–1432", Colormap: "water", Min: -0.6, Max: 0.8,
	},
	{
		Name: "MNDWI", Title: "Modified normalized difference water index", Formula: "(green - swir16) / (green + swir16)",
		Source: "Xu 2006, International Journal of Remote Sensing 27, 3025–3033", Colormap: "water", Min: -0.6, Max: 0.8,
	},
	{
		Name: "AWEInsh", Title: "Automated water extraction index, no shadow", Formula: "4 * (green - swir16) - (0.25 * nir + 2.75 * swir22)",
		Source: "Feyisa, Meilby, Fensholt, Proud 2014, Remote Sensing of Environment 140, 23–35", Colormap: "water", Min: -1, Max: 1, Reflectance: true,
	},
	{
		Name: "AWEIsh", Title: "Automated water extraction index, with shadow", Formula: "blue + 2.5 * green - 1.5 * (nir + swir16) - 0.25 * swir22",
		Source: "Feyisa, Meilby, Fensholt, Proud 2014, Remote Sensing of Environment 140, 23–35", Colormap: "water", Min: -1, Max: 1, Reflectance: true,
	},
	{
		Name: "NDMI", Title: "Normalized difference moisture index (water in leaves)", Formula: "(nir - swir16) / (nir + swir16)",
		Source: "Gao 1996, Remote Sensing of Environment 58, 257–266 (as NDWI); Wilson, Sader 2002, Remote Sensing of Environment 80, 385–396", Colormap: "brbg", Min: -0.6, Max: 0.6,
	},
	{
		Name: "LSWI", Title: "Land surface water index", Formula: "(nir - swir16) / (nir + swir16)",
		Source: "Xiao et al. 2004, Remote Sensing of Environment 89, 519–534", Colormap: "brbg", Min: -0.6, Max: 0.6,
	},
	{
		Name: "NDSI", Title: "Normalized difference snow index", Formula: "(green - swir16) / (green + swir16)",
		Source: "Hall, Riggs, Salomonson 1995, Remote Sensing of Environment 54, 127–140", Colormap: "snow", Min: -0.4, Max: 1,
	},
	// Fire
	{
		Name: "NBR", Title: "Normalized burn ratio", Formula: "(nir - swir22) / (nir + swir22)",
		Source: "López García, Caselles 1991, Geocarto International 6, 31–37; Key, Benson 2006, USDA RMRS-GTR-164", Colormap: "burn_r", Min: -0.6, Max: 0.9,
	},
	{
		Name: "NBR2", Title: "Normalized burn ratio 2", Formula: "(swir16 - swir22) / (swir16 + swir22)",
		Source: "García, Chuvieco 2004, Remote Sensing of Environment 92, 414–423; U.S. Geological Survey, Landsat spectral indices", Colormap: "burn_r", Min: -0.2, Max: 0.5,
	},
	// Built-up land and bare soil
	{
		Name: "NDBI", Title: "Normalized difference built-up index", Formula: "(swir16 - nir) / (swir16 + nir)",
		Source: "Zha, Gao, Ni 2003, International Journal of Remote Sensing 24, 583–594", Colormap: "puor_r", Min: -0.6, Max: 0.4,
	},
	{
		Name: "UI", Title: "Urban index", Formula: "(swir22 - nir) / (swir22 + nir)",
		Source: "Kawamura, Jayamanna, Tsujiko 1996, International Archives of Photogrammetry and Remote Sensing 31 (B7), 321–326", Colormap: "puor_r", Min: -0.8, Max: 0.4,
	},
	{
		Name: "BSI", Title: "Bare soil index", Formula: "(swir16 + red - (nir + blue)) / (swir16 + red + (nir + blue))",
		Source: "Rikimaru, Roy, Miyatake 2002, Tropical Ecology 43, 39–47", Colormap: "ylorbr", Min: -0.5, Max: 0.5,
	},
}

// catalogue is indices with their bands.
var catalogue = sync.OnceValue(func() []Index {
	out := slices.Clone(indices)
	for i := range out {
		e, err := Parse(out[i].Formula)
		if err != nil {
			panic("expr: index " + out[i].Name + ": " + err.Error()) // a mistake in the table above, met by any test
		}
		out[i].Bands = e.Bands()
	}
	return out
})

// Indices is the catalogue, in the order shown to people.
func Indices() []Index {
	out := slices.Clone(catalogue())
	for i := range out {
		out[i].Bands = slices.Clone(out[i].Bands)
	}
	return out
}

// FindIndex finds an index by its name in any case.
func FindIndex(name string) (Index, bool) {
	for _, x := range catalogue() {
		if strings.EqualFold(x.Name, name) {
			x.Bands = slices.Clone(x.Bands)
			return x, true
		}
	}
	return Index{}, false
}
