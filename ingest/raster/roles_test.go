package raster

import (
	"testing"

	"contado/geo/gdal"
	"contado/geo/store/catalog"
)

// Roles are guessed by names; a polarization counts only where nothing else
// is said.
func TestGuessRole(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]catalog.Role{
		"dtm_hh": catalog.Elevation, "DGM1_HH": catalog.Elevation, "S1A_20230714_vv": catalog.Imagery, "vh": catalog.Imagery,
		"ita_ppp_2020": catalog.Population, "GHS_POP_E2020_GLOBE_R2023A_54009_100_V1_0": catalog.Population, "pop_age_80_plus": catalog.Population,
		"ESA_WorldCover_10m_2021_v200_N45E009_Map": catalog.LandCover, "U2018_CLC2018_V2020_20u1": catalog.LandCover, "uso_suolo_hh": catalog.LandCover,
		"scene_B04": catalog.Imagery, "photo": catalog.OtherRole,
	} {
		f := &file{base: base, bands: make([]gdal.BandInfo, 1)}
		f.prefix, f.token, f.metres = splitBand(base)
		if got := guessRole([]*file{f}); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
}
