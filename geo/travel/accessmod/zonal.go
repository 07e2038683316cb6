package accessmod

import (
	"math"

	"contado/geo/fault"
)

// NoZone marks cells of no zone.
const NoZone = -1

// ZoneRow is a row of the table of coverage by zone; names as in AccessMod.
type ZoneRow struct {
	Zone          int     // index given in the zones of the cells
	TimeM         int     // time_m: the limit in minutes
	PopTotal      float64 // popTotal
	PopTravelTime float64 // popTravelTime: within the limit
	// PopCoveredPercent is NaN in a zone without people: there is no share.
	PopCoveredPercent float64
}

// Zonal counts the people of each zone (0 to zones−1, or NoZone) within each
// limit: minutes ≤ limit, or with strict minutes < limit as AccessMod 5.8 had
// it. People on barriers and in cells that are not reached are in the total.
// People that are NaN count as none. Rows come by zone, then by limit. Errors:
// Invalid.
func Zonal(minutes []int16, people []float64, zone []int32, zones int, limits []int, strict bool) ([]ZoneRow, error) {
	const op = "accessmod.Zonal"
	if len(minutes) != len(people) || len(zone) != len(people) {
		return nil, fault.Errorf(op, fault.Invalid, "accessmod: %d times, %d cells of people, %d of zones", len(minutes), len(people), len(zone))
	}
	rows := make([]ZoneRow, zones*len(limits))
	for i := range rows {
		rows[i] = ZoneRow{Zone: i / len(limits), TimeM: limits[i%len(limits)]}
	}
	for c, z := range zone {
		p := people[c]
		if z == NoZone || p != p {
			continue
		}
		if z < 0 || int(z) >= zones {
			return nil, fault.Errorf(op, fault.Invalid, "accessmod: cell %d is in zone %d of %d", c, z, zones)
		}
		for i, limit := range limits {
			row := &rows[int(z)*len(limits)+i]
			row.PopTotal += p
			if m := int(minutes[c]); m >= 0 && (m < limit || m == limit && !strict) {
				row.PopTravelTime += p
			}
		}
	}
	for i := range rows {
		rows[i].PopCoveredPercent = math.NaN()
		if rows[i].PopTotal > 0 {
			rows[i].PopCoveredPercent = rows[i].PopTravelTime / rows[i].PopTotal * 100
		}
	}
	return rows, nil
}
