package analysis

import (
	"context"
	"fmt"
	"strconv"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/grid"
	"contado/geo/travel/accessmod"
)

// answer computes times and fills the tables.
func (m *accessMod) answer(ctx context.Context, service chosen, p Progress) error {
	box, err := boxIn(m.grid, geo.WGS84)
	if err != nil {
		return err
	}
	list, err := m.facilitiesOf(ctx, service, box)
	if err != nil {
		return err
	}
	list, cells, err := m.cells(list)
	if err != nil {
		return err
	}
	p.tell(0.5, "travel times")
	times, err := accessmod.Travel(ctx, &m.ground, cells, m.q.Options)
	if err != nil {
		return err
	}
	for _, i := range times.OnBarrier {
		m.leaveOut(list[i], "on a barrier")
	}
	minutes, err := times.Minutes(m.q.Options)
	if err != nil {
		return err
	}
	if err := m.zonal(minutes); err != nil {
		return err
	}
	m.describe()
	if err := m.writeTimes(minutes); err != nil {
		return err
	}
	if m.q.Capacity == nil {
		return nil
	}
	p.tell(0.7, "capacity")
	return m.capacity(ctx, service, list, cells)
}

func (m *accessMod) describe() {
	d := &m.out.Method
	d.Scenario, d.Rounding, d.Threshold = m.q.Scenario.Name, "up", "inclusive"
	d.Towards, d.Knight, d.Isotropic = m.q.Towards, m.q.Knight, m.q.Isotropic || m.ground.Elevation == nil
	if m.q.RoundDown {
		d.Rounding = "down"
	}
	if m.q.Strict {
		d.Threshold = "strict"
		m.notice("accessmod-strict",
			"People at exactly the limit are not counted as covered, as AccessMod counted up to version 5.8: with minutes rounded up, those of the last minute are missing.",
			"Le persone esattamente al limite non sono contate come coperte, come faceva AccessMod fino alla versione 5.8: con i minuti arrotondati per eccesso manca l'ultimo minuto.")
	}
}

// zonal fills the table by zone and the count of everyone.
func (m *accessMod) zonal(minutes []int16) error {
	rows, err := accessmod.Zonal(minutes, m.people, m.zone, len(m.areas), m.q.Minutes, m.q.Strict)
	if err != nil {
		return err
	}
	for _, r := range rows {
		a := m.areas[r.Zone]
		m.out.Zones = append(m.out.Zones, AccessModZone{
			Code: a.Code, Name: a.Name, TimeM: r.TimeM, PopTotal: r.PopTotal, PopTravelTime: r.PopTravelTime, PopCoveredPercent: finite(r.PopCoveredPercent),
		})
	}
	for c, n := range m.people {
		if n != n || m.zone[c] == noArea {
			continue
		}
		m.out.People.Total += n
		if minutes[c] < 0 {
			m.out.People.Timeless += n
		}
		if m.ground.Codes[c] == 0 {
			m.out.People.OnBarrier += n
		}
	}
	return nil
}

// writeTimes writes the minutes as a GeoTIFF when asked.
func (m *accessMod) writeTimes(minutes []int16) error {
	if m.q.TimesFile == "" {
		return nil
	}
	nodata := float64(accessmod.Timeless)
	w, err := gdal.CreateGeoTIFF(m.q.TimesFile, gdal.RasterSpec{Grid: m.grid, DataType: "int16", Bands: []gdal.BandSpec{{Name: "minutes", Nodata: &nodata, Unit: "min"}}})
	if err != nil {
		return err
	}
	err = w.Write(1, grid.Window{Width: m.grid.Width, Height: m.grid.Height}, minutes)
	return firstError(err, w.Close())
}

func (m *accessMod) capacity(ctx context.Context, service chosen, list []facility, cells []int) error {
	q := m.q.Capacity
	schema := service.set.Version.Vector.Schema
	number := func(f *facility, field string) (float64, error) {
		if schema.FieldIndex(field) < 0 {
			return 0, fault.Errorf(opAccessMod, fault.Invalid, "dataset %s has no attribute %q; it has %s", service.set.ID, field, fieldNames(schema))
		}
		v, err := strconv.ParseFloat(f.text(&schema, field), 64)
		if err != nil || v < 0 {
			return 0, fault.Errorf(opAccessMod, fault.Invalid, "facility %s (%s) of %s has %s %q; want a number from 0", f.id, f.name, service.set.ID, field, f.text(&schema, field))
		}
		return v, nil
	}
	places := make([]accessmod.Facility, len(list))
	for i := range list {
		f := &list[i]
		places[i] = accessmod.Facility{ID: f.id, Name: f.name, Cell: cells[i]}
		var err error
		if !q.Unlimited {
			if places[i].Capacity, err = number(f, q.Field); err != nil {
				return err
			}
		}
		if q.Order == accessmod.ByField {
			if places[i].Rank, err = number(f, q.OrderField); err != nil {
				return err
			}
		}
	}
	q.Options = m.q.Options
	rows, _, err := accessmod.Capacity(ctx, &m.ground, m.people, places, q.CapacityOptions)
	if err != nil {
		return err
	}
	m.out.Method.OrderBound = orderText(q)
	for _, r := range rows {
		m.out.Capacity = append(m.out.Capacity, AccessModFacility{
			ID: r.ID, Name: r.Name, RankComputed: r.Rank, RankValues: r.Order, TravelTimeMax: r.TravelTimeMax,
			PopTravelTimeMax: r.PopTravelTimeMax, CorrPopTime: finite(r.CorrPopTime), Capacity: r.Capacity,
			TravelTimeCatchment: r.TravelTimeCatchment, PopCatchmentTotal: r.PopCatchmentTotal,
			CapacityRealised: r.CapacityRealised, CapacityResidual: r.CapacityResidual,
			PopCatchmentDiff: r.PopCatchmentDiff, PopCoveredPercent: finite(r.PopCoveredPercent), OnBarrier: r.OnBarrier,
		})
	}
	return nil
}

func orderText(q *AccessModCapacity) string {
	way := "descending"
	if q.Ascending {
		way = "ascending"
	}
	switch q.Order {
	case accessmod.ByTravelTime:
		return fmt.Sprintf("people within %d minutes, %s", q.OrderMinutes, way)
	case accessmod.ByDistance:
		return fmt.Sprintf("people within %g m, %s", q.OrderMetres, way)
	}
	return fmt.Sprintf("%s, %s", q.OrderField, way)
}
