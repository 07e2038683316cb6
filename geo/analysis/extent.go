package analysis

import (
	"context"
	"fmt"
	"math"
	"strings"

	"contado/geo"
	"contado/geo/classify"
	"contado/geo/fault"
	"contado/geo/gdal"
	"contado/geo/mosaic"
	"contado/geo/notice"
	"contado/geo/store/catalog"
)

// Subject is what an extent map looks for: cells whose value lies on one
// side of a threshold.
type Subject struct {
	Name string
	// Values are the expressions to choose from, in STAC common names: the
	// first that the pictures have the bands for.
	Values []string
	// Threshold is the usual one; Below says that the subject lies under it.
	Threshold float64
	Below     bool
	// Source is where the rule was published.
	Source string
	// Colour and the names of the classes of a map of one date and of two.
	Colour             string
	Present, Absent    string
	Both, Gained, Lost string
}

// Subjects are the things that extent maps know.
var subjects = []Subject{
	{
		Name: "water", Values: []string{"(green-swir16)/(green+swir16)", "(green-nir)/(green+nir)"},
		Source: "MNDWI > 0 (Xu 2006), NDWI > 0 where there is no short-wave infrared (McFeeters 1996)",
		Colour: "#2b6cb0", Present: "water", Absent: "no water", Both: "water at both dates", Gained: "flooded", Lost: "dried up",
	},
	{
		Name: "radar-water", Values: []string{"10*log10(vv)"}, Threshold: -16, Below: true,
		Source: "smooth water reflects little radar back: VV below a threshold, -16 dB unless Otsu's method (1979) finds it",
		Colour: "#2b6cb0", Present: "water", Absent: "no water", Both: "water at both dates", Gained: "flooded", Lost: "dried up",
	},
	{
		Name: "snow", Values: []string{"where(nir > 0.11 and green > 0.1, (green-swir16)/(green+swir16), -1)"}, Threshold: 0.4,
		Source: "NDSI > 0.4, near infrared > 0.11 and green > 0.10 (Hall, Riggs and Salomonson 1995)",
		Colour: "#7fd1ef", Present: "snow", Absent: "no snow", Both: "snow at both dates", Gained: "new snow", Lost: "snow melted",
	},
	{
		Name: "built-up", Values: []string{"(swir16-nir)/(swir16+nir) - (nir-red)/(nir+red)"},
		Source: "NDBI greater than NDVI (after Zha, Gao and Ni 2003)",
		Colour: "#8b1e3f", Present: "built-up", Absent: "not built-up", Both: "built-up at both dates", Gained: "newly built-up", Lost: "no longer built-up",
	},
	{
		Name: "vegetation", Values: []string{"(nir-red)/(nir+red)"}, Threshold: 0.4,
		Source: "NDVI > 0.4, a common threshold for dense green vegetation",
		Colour: "#3a7d44", Present: "vegetation", Absent: "no vegetation", Both: "vegetation at both dates", Gained: "new vegetation", Lost: "vegetation lost",
	},
}

// SubjectNames lists what extent maps know.
func SubjectNames() []string {
	var out []string
	for _, s := range subjects {
		out = append(out, s.Name)
	}
	return out
}

// ExtentRequest asks where something is (at one time), or came and went
// (between two).
type ExtentRequest struct {
	MapWhere
	Subject string // one of SubjectNames
	// Pictures are those of the one date, or of the later one; their Value
	// replaces that of the subject when it is set.
	Pictures
	// Before are those of the earlier date; an empty Dataset means one date.
	Before Pictures
	// Threshold replaces that of the subject; Otsu finds one from the values.
	Threshold *float64
	Otsu      bool
	// Permanent leaves out what was there already, for floods: with Before it
	// is told apart by itself; a land-cover dataset and its classes say more.
	Permanent        string
	PermanentClasses []int
}

// The codes of extent maps.
const (
	extentAbsent = 0
	extentGained = 1 // present, for one date
	extentBoth   = 2
	extentLost   = 3
	extentNone   = 255
)

// Extent makes a map of where the subject is.
func (e *Engine) Extent(ctx context.Context, q ExtentRequest, p Progress) (*Map, error) {
	s, err := subjectOf(q.Subject)
	if err != nil {
		return nil, err
	}
	r, areas, box, err := e.beginMap(ctx, q.MapWhere)
	if err != nil {
		return nil, err
	}
	later, err := r.findFor(s, q.Pictures, box)
	if err != nil {
		return nil, err
	}
	m := &Map{Process: "extent", Title: s.title(later.when()), Role: catalog.OtherRole, Figures: map[string]float64{}}
	if s.Name == "water" || s.Name == "radar-water" || s.Name == "snow" {
		m.Role = catalog.Hazard
	}
	pl := &plan{dtype: "uint8", nodata: extentNone, layers: []layer{r.layerOf(later)}}
	if pl.grid, err = later.over(box); err != nil {
		return nil, err
	}
	used := map[string][]string{later.dataset.ID: ids(later.items)}
	if q.Before.Dataset != "" {
		earlier, err := r.findFor(s, q.Before, box)
		if err != nil {
			return nil, fmt.Errorf("before: %w", err)
		}
		m.Title = s.title(earlier.when() + " / " + later.when())
		pl.layers = append(pl.layers, r.layerOf(earlier))
		used[earlier.dataset.ID] = append(used[earlier.dataset.ID], ids(earlier.items)...)
	}
	permanent, err := r.permanentLayer(&q, box, pl, used)
	if err != nil {
		return nil, err
	}
	threshold, err := r.thresholdOf(ctx, &q, s, pl, m, p)
	if err != nil {
		return nil, err
	}
	m.Classes = s.classes(q.Before.Dataset != "", permanent != nil)
	band := gdal.BandSpec{Name: s.Name}
	categories(&band, m.Classes)
	pl.bands = []gdal.BandSpec{band}
	pl.cells = extentCells(threshold, s.Below, q.Before.Dataset != "", permanent)
	m.Files = []MapFile{{Path: mapPath(q.Dir, s.Name, later), Datetime: newest(later)}}
	if err := r.draw(ctx, m.Files[0].Path, pl, p.part(0.3, 0.9)); err != nil {
		return nil, err
	}
	if err := r.measure(ctx, m, areas, p.part(0.9, 1)); err != nil {
		return nil, err
	}
	m.Method = fmt.Sprintf("%s; %s %s %g", s.Source, later.label, map[bool]string{false: "above", true: "below"}[s.Below], threshold)
	return m, r.seal(m, q.parameters(), used)
}

func subjectOf(name string) (*Subject, error) {
	for i := range subjects {
		if subjects[i].Name == name {
			return &subjects[i], nil
		}
	}
	return nil, fault.Errorf("analysis.Extent", fault.Invalid, "extent of %.40q is not known; there are %s", name, strings.Join(SubjectNames(), ", "))
}

// findFor finds pictures with the first value of the subject that they have
// the bands for.
func (r *run) findFor(s *Subject, q Pictures, box *geo.BBox) (*pictures, error) {
	if q.Value != "" {
		return r.found(q, box)
	}
	var first error
	for _, v := range s.Values {
		q.Value = v
		p, err := r.found(q, box)
		if err == nil {
			return p, nil
		}
		if first == nil {
			first = err
		}
		if !fault.Is(err, fault.Invalid) {
			break
		}
	}
	return nil, first
}

// permanentLayer adds a layer of classes and tells which of them are
// permanent; nil when none was asked for.
func (r *run) permanentLayer(q *ExtentRequest, box *geo.BBox, pl *plan, used map[string][]string) (func(float32) bool, error) {
	if q.Permanent == "" {
		return nil, nil
	}
	if len(q.PermanentClasses) == 0 {
		return nil, fault.Errorf("analysis.Extent", fault.Invalid, "say which classes of %s are permanent water", q.Permanent)
	}
	p, err := r.found(Pictures{Dataset: q.Permanent}, box)
	if err != nil {
		return nil, err
	}
	pl.layers = append(pl.layers, r.layerOf(p))
	used[p.dataset.ID] = append(used[p.dataset.ID], ids(p.items)...)
	set := map[float32]bool{}
	for _, c := range q.PermanentClasses {
		set[float32(c)] = true
	}
	return func(v float32) bool { return set[v] }, nil
}

// thresholdOf is the one asked for, found by Otsu's method on the later
// pictures, or the subject's own.
func (r *run) thresholdOf(ctx context.Context, q *ExtentRequest, s *Subject, pl *plan, m *Map, p Progress) (float64, error) {
	t := s.Threshold
	switch {
	case q.Threshold != nil && q.Otsu:
		return 0, fault.Errorf("analysis.Extent", fault.Invalid, "a threshold and Otsu's method exclude each other")
	case q.Threshold != nil:
		t = *q.Threshold
	case q.Otsu:
		h, err := r.histogram(ctx, pl, p.part(0, 0.3))
		if err != nil {
			return 0, err
		}
		found, err := h.Otsu()
		if err != nil {
			return 0, err
		}
		t = found.Value
		m.Figures["separability"] = found.Separability
		if found.Separability < 0.75 { // one heap cut in two has as much
			r.notice("threshold-unsure",
				notice.Text("The values do not fall into two clear groups (separability %.2f of 1): look at the map before using it.", found.Separability),
				notice.Italian("I valori non formano due gruppi netti (separabilità %.2f su 1): guardare la mappa prima di usarla.", found.Separability))
		}
	}
	if math.IsNaN(t) || math.IsInf(t, 0) {
		return 0, fault.Errorf("analysis.Extent", fault.Invalid, "threshold %g is not a number", t)
	}
	m.Figures["threshold"] = t
	return t, nil
}

const histogramBins = 4096

// histogram counts the values of the first layer in equal bins. It reads it
// twice: for the range, then for the counts.
func (r *run) histogram(ctx context.Context, pl *plan, p Progress) (*classify.Histogram, error) {
	one := &plan{grid: pl.grid, layers: pl.layers[:1]}
	each := func(stage string, from float64, do func(values []float32, mask []uint8)) error {
		windows := tilesOf(pl.grid)
		for i, win := range windows {
			p.tell(from+float64(i)/float64(len(windows))/2, stage)
			in, err := r.readLayers(ctx, one, win)
			if err != nil {
				return err
			}
			do(in[0].Bands[0], in[0].Mask)
			r.reader.Release(in[0])
		}
		return nil
	}
	low, high := math.Inf(1), math.Inf(-1)
	err := each("range", 0, func(values []float32, mask []uint8) {
		for i, v := range values {
			if mask[i] != 0 {
				low, high = min(low, float64(v)), max(high, float64(v))
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if !(low < high) {
		return nil, fault.Errorf("analysis.Extent", fault.Invalid, "the pictures hold no two different values here: no threshold can be found")
	}
	h, err := classify.NewHistogram(low, high, histogramBins)
	if err != nil {
		return nil, err
	}
	return h, each("histogram", 0.5, h.Add)
}

// extentCells classifies cells. The layers are the later pictures, the
// earlier ones when there are two dates, and permanent classes.
func extentCells(threshold float64, below, two bool, permanent func(float32) bool) func([]*mosaic.Result, [][]float32) {
	t := float32(threshold)
	is := func(v float32) bool { return v > t }
	if below {
		is = func(v float32) bool { return v < t }
	}
	return func(in []*mosaic.Result, out [][]float32) {
		last := in[len(in)-1]
		for i := range out[0] {
			seen := in[0].Mask[i] != 0 && (!two || in[1].Mask[i] != 0)
			if !seen {
				out[0][i] = missing
				continue
			}
			now := is(in[0].Bands[0][i])
			was := two && is(in[1].Bands[0][i]) || permanent != nil && last.Mask[i] != 0 && permanent(last.Bands[0][i])
			switch {
			case now && was:
				out[0][i] = extentBoth
			case now:
				out[0][i] = extentGained
			case was:
				out[0][i] = extentLost
			default:
				out[0][i] = extentAbsent
			}
		}
	}
}

// title is that of a map of the subject.
func (s *Subject) title(when string) string {
	name := strings.ReplaceAll(s.Name, "radar-water", "water")
	return strings.ToUpper(name[:1]) + name[1:] + ", " + when
}

func (s *Subject) classes(two, permanent bool) []catalog.Class {
	if !two && !permanent {
		return []catalog.Class{{Value: extentAbsent, Name: s.Absent, Color: "#eeece4"}, {Value: extentGained, Name: s.Present, Color: s.Colour}}
	}
	return []catalog.Class{
		{Value: extentAbsent, Name: s.Absent, Color: "#eeece4"},
		{Value: extentGained, Name: s.Gained, Color: "#d1495b"},
		{Value: extentBoth, Name: s.Both, Color: s.Colour},
		{Value: extentLost, Name: s.Lost, Color: "#edae49"},
	}
}

// parameters are what the lineage keeps.
func (q *ExtentRequest) parameters() map[string]any {
	out := map[string]any{"subject": q.Subject, "pictures": q.Pictures.parameters()}
	if q.Before.Dataset != "" {
		out["before"] = q.Before.parameters()
	}
	if q.Threshold != nil {
		out["threshold"] = *q.Threshold
	}
	if q.Otsu {
		out["otsu"] = true
	}
	if q.Permanent != "" {
		out["permanent"], out["permanent_classes"] = q.Permanent, q.PermanentClasses
	}
	return out
}
