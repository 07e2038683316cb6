package analysis

import (
	"context"
	"math"
	"slices"
	"time"

	"contado/geo"
	"contado/geo/expr"
	"contado/geo/fault"
	"contado/geo/grid"
	"contado/geo/mosaic"
	"contado/geo/store/catalog"
)

// ClearPicture is the satellite picture that shows a territory as it last was
// to be seen.
type ClearPicture struct {
	Dataset string    `json:"dataset"`
	Title   string    `json:"title"`
	Version int       `json:"version"`
	Date    time.Time `json:"date"` // the day, UTC
	Items   []string  `json:"items"`
	// Seen is the share of the territory that the pictures of the day show
	// without clouds. By is how it is known: "mask" (from the cells), "cover"
	// (from the cloud cover that pictures state for themselves), "extent"
	// (nothing tells clouds: the share that lies within the pictures).
	Seen float64 `json:"seen_share"`
	By   string  `json:"seen_by"`
	// Clear says that Seen is at least ClearShare: then it is the newest such
	// day. Else no day is, and this is the clearest of those looked at.
	Clear bool       `json:"clear"`
	BBox  [4]float64 `json:"bbox"` // of the territory
	// Days are those looked at, the newest first; Further were not.
	Days    []PictureDay `json:"days"`
	Further int          `json:"further_days"`
}

// PictureDay is a day with pictures of the territory.
type PictureDay struct {
	Dataset string    `json:"dataset"`
	Date    time.Time `json:"date"`
	Items   []string  `json:"items"`
	Seen    float64   `json:"seen_share"`
	By      string    `json:"seen_by"`
}

// ClearShare is how much of a territory must be seen for a picture to be clear.
const ClearShare = 0.9

// Bounds of the search for a clear day: days looked at, and cells a side that
// clouds are counted on.
const (
	maxClearDays  = 16
	maxClearCells = 256
)

// candidate is a day of one dataset.
type candidate struct {
	day
	pics *pictures
}

// ClearPicture looks for the newest day on which pictures show the territory
// without clouds. fault.NotExist when there are no pictures with a date.
func (e *Engine) ClearPicture(ctx context.Context, code string) (*ClearPicture, error) {
	r, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := r.territory(code); err != nil {
		return nil, err
	}
	areas, box, err := r.leaves(ctx, code)
	if err != nil {
		return nil, err
	}
	days := r.pictureDays(box)
	if len(days) == 0 {
		return nil, fault.WithHint(fault.Errorf("analysis.ClearPicture", fault.NotExist, "there is no satellite picture with a date of territory %s", code),
			"ingest pictures with --role imagery and --datetime")
	}
	out := &ClearPicture{BBox: [4]float64{box.MinX, box.MinY, box.MaxX, box.MaxY}, Days: []PictureDay{}}
	best := -1
	for i := range days {
		if i == maxClearDays {
			out.Further = len(days) - i
			break
		}
		c := &days[i]
		d := PictureDay{Dataset: c.pics.dataset.ID, Date: c.date, Items: ids(c.items)}
		if d.Seen, d.By, err = r.seen(ctx, c, areas, box); err != nil {
			return nil, err
		}
		out.Days = append(out.Days, d)
		if best < 0 || d.Seen > out.Days[best].Seen {
			best = i
		}
		if d.Seen >= ClearShare {
			out.Clear = true
			out.Further = len(days) - i - 1
			break
		}
	}
	d, set := out.Days[best], days[best].pics.dataset
	out.Dataset, out.Title, out.Version, out.Date, out.Items, out.Seen, out.By = set.ID, set.Title, set.Version.Number, d.Date, d.Items, d.Seen, d.By
	return out, nil
}

// pictureDays are the days of all pictures in natural colours that meet a
// box, the newest first.
func (r *run) pictureDays(box geo.BBox) []candidate {
	var out []candidate
	for _, d := range r.snapshot.ByRole(catalog.Imagery) {
		if d.Kind != catalog.Raster {
			continue
		}
		pics, err := r.find(Pictures{Dataset: d.ID}, &box)
		if err != nil {
			continue // none of them is here
		}
		pics.items = slices.DeleteFunc(pics.items, func(it catalog.Item) bool { return it.Datetime == nil || !inColours(&it) })
		days, err := pics.days()
		if err != nil {
			continue
		}
		for _, one := range days {
			out = append(out, candidate{one, pics})
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return b.date.Compare(a.date) })
	return out
}

// inColours tells whether a picture can be shown as people see the ground: it
// says which bands are red, green and blue, or is a picture of three bands
// (and perhaps a fourth) without saying.
func inColours(it *catalog.Item) bool {
	if n := len(it.Bands); (n == 3 || n == 4) && !slices.ContainsFunc(it.Bands, func(b catalog.Band) bool { return b.CommonName != "" || b.Quantity == catalog.Backscatter }) {
		return true
	}
	for _, name := range []string{"red", "green", "blue"} {
		if !slices.ContainsFunc(it.Bands, func(b catalog.Band) bool { return b.CommonName == name }) {
			return false
		}
	}
	return true
}

// seen is the share of the areas that the pictures of a day show.
func (r *run) seen(ctx context.Context, c *candidate, areas []area, box geo.BBox) (share float64, by string, err error) {
	g, err := c.pics.over(&box)
	if err != nil {
		return 0, "", err
	}
	g = coarser(g, maxClearCells)
	q := mosaic.Query{Bands: c.pics.query.Bands}
	by = "extent"
	if _, err := expr.ParseMask("clouds", c.items[len(c.items)-1].Bands); err == nil {
		q.Mask, by = "clouds", "mask"
	}
	res, err := r.reader.Read(ctx, r.sources(c.items), q, g)
	if err != nil {
		return 0, "", err
	}
	defer r.reader.Release(res)
	of, err := areaOfCells(areas, g)
	if err != nil {
		return 0, "", err
	}
	inside, valid := 0, 0
	for i, a := range of {
		if a == noArea {
			continue
		}
		inside++
		if res.Mask[i] != 0 {
			valid++
		}
	}
	if inside == 0 { // smaller than a cell
		return 0, by, nil
	}
	share = float64(valid) / float64(inside)
	if by == "extent" {
		if cover, ok := coverOf(c.items); ok {
			return share * (1 - cover/100), "cover", nil
		}
	}
	return share, by, nil
}

// coverOf is the mean cloud cover that pictures state, in percent; false when
// one of them does not.
func coverOf(items []catalog.Item) (float64, bool) {
	sum := 0.0
	for _, it := range items {
		if it.CloudCover == nil {
			return 0, false
		}
		sum += *it.CloudCover
	}
	return math.Min(math.Max(sum/float64(len(items)), 0), 100), true
}

// coarser is a grid over the same ground with at most so many cells a side.
func coarser(g grid.Grid, most int) grid.Grid {
	f := (max(g.Width, g.Height) + most - 1) / most
	if f <= 1 {
		return g
	}
	for _, i := range []int{1, 2, 4, 5} {
		g.Transform[i] *= float64(f)
	}
	g.Width, g.Height = (g.Width+f-1)/f, (g.Height+f-1)/f
	return g
}
