package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"contado/geo"
	"contado/geo/crs"
	"contado/geo/fault"
	"contado/geo/index"
	"contado/geo/notice"
	"contado/geo/store/features"
)

// floor is the floor space of a building in a cell of the target.
type floor struct {
	cell int32
	m2   float64
}

// dwellings are the values of building=* that people live in (OpenStreetMap,
// "Key:building", accommodation), and the Italian words of cadastres.
var dwellings = []string{
	"house", "apartments", "residential", "detached", "semidetached_house", "terrace", "bungalow", "farm", "dormitory",
	"cabin", "ger", "houseboat", "static_caravan", "villa", "semi", "residenziale", "abitazione", "abitativo",
}

// unknownUse are values that say nothing of the use.
var unknownUse = []string{"", "yes", "1", "true", "building", "edificio"}

const (
	maxBuildings = 20_000_000
	maxLevels    = 200
	storey       = 3.0 // metres, where the height is known and the storeys are not
)

// readBuildings puts the floor space of dwellings into sections and cells:
// footprint on the ellipsoid times storeys. Buildings of a known other use
// have none; those of unknown use count as dwellings.
func (s *spreader) readBuildings(ctx context.Context, box geo.BBox) error {
	const op = "analysis.SpreadPeople"
	if s.q.Buildings == "" {
		return nil
	}
	d, err := s.snapshot.Dataset(s.q.Buildings)
	if err != nil {
		return err
	}
	if !ofSections(d) {
		return fault.Errorf(op, fault.Invalid, "buildings %q is no layer of polygons", d.ID)
	}
	s.used(d)
	l, err := s.snapshot.Layer(ctx, d.ID)
	if err != nil {
		return err
	}
	b := &buildings{spreader: s}
	if err := b.prepare(l.Schema()); err != nil {
		return err
	}
	native, err := fromLonLat(box, l.Schema().CRS)
	if err != nil {
		return err
	}
	var failed error
	err = l.Scan(ctx, features.Query{BBox: &native}, func(f geo.Feature) bool {
		failed = b.add(f)
		return failed == nil
	})
	if err := firstError(failed, err); err != nil {
		return fmt.Errorf("buildings %s: %w", d.ID, err)
	}
	s.notice("buildings-counted",
		notice.Text("%d [building is taken as a dwelling|buildings are taken as dwellings], %d of them of unknown use and %d without known storeys, which [counts|count] as one; %d of another use [has|have] nobody.", b.dwellings, b.unknown, b.low, b.others),
		notice.Italian("%d [edificio è considerato abitazione|edifici sono considerati abitazioni], di cui %d d'uso ignoto e %d senza piani noti, che [conta|contano] come uno; %d d'altro uso non [ha|hanno] abitanti.", b.dwellings, b.unknown, b.low, b.others))
	return nil
}

// buildings reads buildings one by one.
type buildings struct {
	*spreader
	toLonLat, toFine      *crs.Transformer
	use, levels, height   int
	tree                  *index.Tree[int32]
	fineInverse           func(x, y float64) (col, row float64)
	count                 int
	dwellings, unknown    int
	low, others, unplaced int
}

func (b *buildings) prepare(s geo.Schema) error {
	var err error
	if b.toLonLat, err = crs.New(s.CRS, geo.WGS84); err != nil {
		return err
	}
	if b.toFine, err = crs.New(s.CRS, b.fine.CRS); err != nil {
		return err
	}
	find := func(names ...string) int {
		return slices.IndexFunc(s.Fields, func(f geo.Field) bool { return slices.Contains(names, strings.ToLower(f.Name)) })
	}
	b.use, b.levels, b.height = find("building", "use", "uso", "destinazione"), find("levels", "building_levels", "building:levels", "piani", "storeys"), find("height", "altezza")
	inv, ok := b.fine.Transform.Invert()
	if !ok {
		return fault.Errorf("analysis.SpreadPeople", fault.Invalid, "the grid's georeference is degenerate")
	}
	b.fineInverse = inv.Apply
	boxes, rows := make([]geo.BBox, len(b.list.outline)), make([]int32, len(b.list.outline))
	for i, mp := range b.list.outline {
		boxes[i], rows[i] = geo.BBoxOf(mp.Bound()), int32(i)
	}
	b.tree = index.Build(boxes, rows)
	b.floors = make([][]floor, len(b.list.outline))
	return nil
}

// add puts a building where its middle lies.
func (b *buildings) add(f geo.Feature) error {
	if f.Geometry == nil {
		return nil
	}
	if b.count++; b.count > maxBuildings {
		return fault.Errorf("analysis.SpreadPeople", fault.TooLarge, "more than %d buildings", maxBuildings)
	}
	m2, err := b.floorSpace(f)
	if err != nil || m2 == 0 {
		return err
	}
	p, ok := pointOf(f.Geometry)
	if !ok {
		return nil
	}
	xs, ys := []float64{p[0]}, []float64{p[1]}
	if err := b.toFine.Points(xs, ys); err != nil {
		return err
	}
	section := int32(-1)
	at := orb.Point{xs[0], ys[0]}
	b.tree.Search(geo.BBox{MinX: xs[0], MinY: ys[0], MaxX: xs[0], MaxY: ys[0]}, func(_ geo.BBox, i int32) bool {
		if planar.MultiPolygonContains(b.list.outline[i], at) && (section < 0 || i < section) {
			section = i
		}
		return true
	})
	col, row := b.fineInverse(xs[0], ys[0])
	c, r := int(math.Floor(col)), int(math.Floor(row))
	if section < 0 || c < 0 || r < 0 || c >= b.fine.Width || r >= b.fine.Height {
		b.unplaced++
		return nil
	}
	b.floors[section] = append(b.floors[section], floor{int32(r*b.fine.Width + c), m2})
	return nil
}

// floorSpace is a building's in square metres, 0 when nobody lives there.
func (b *buildings) floorSpace(f geo.Feature) (float64, error) {
	use := strings.ToLower(fieldText(f, b.use))
	switch {
	case slices.Contains(dwellings, use):
	case slices.Contains(unknownUse, use):
		b.unknown++
	default:
		b.others++
		return 0, nil
	}
	b.dwellings++
	g, err := b.toLonLat.Geometry(f.Geometry, nil)
	if err != nil {
		return 0, fmt.Errorf("building %d: %w", f.ID, err)
	}
	levels := 0.0
	if b.levels >= 0 {
		levels = positive(number(f.Values[b.levels]))
	}
	if levels == 0 && b.height >= 0 {
		levels = math.Floor(positive(number(f.Values[b.height])) / storey)
	}
	if levels == 0 {
		b.low++
		levels = 1
	}
	return crs.Area(g) * math.Min(levels, maxLevels), nil
}

// buildingPieces adds the floor space of a section as pieces without surface.
func (s *spreader) buildingPieces(section int) {
	if s.floors == nil {
		return
	}
	p := &s.pieces
	for _, f := range s.floors[section] {
		p.Section, p.Cell, p.Area = append(p.Section, int32(section)), append(p.Cell, s.toCell[f.cell]), append(p.Area, 0)
		p.Amount = append(p.Amount, f.m2)
		if s.index != nil {
			p.Class = append(p.Class, s.index[f.cell])
		}
	}
}
