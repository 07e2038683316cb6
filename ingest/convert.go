package ingest

import (
	"context"
	"slices"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/raster"
	"contado/ingest/vector"
)

// convert writes the files of the new versions into the stage and makes the
// publications.
func (r *run) convert(ctx context.Context, in *input) ([]job, error) {
	switch {
	case len(in.rasters)+len(in.products) > 0:
		pub, files, err := r.rasters(ctx, in)
		return []job{{pub, files}}, err
	case len(in.osm) > 0:
		return r.openStreetMap(ctx, in)
	case len(in.feeds) > 0:
		return r.timetable(ctx, in)
	case len(in.tiles) > 0:
		j, err := r.tileArchive(ctx, in)
		return []job{j}, err
	}
	if jobs, err := r.eachLayer(ctx, in); jobs != nil || err != nil {
		return jobs, err
	}
	j, err := r.one(ctx, in)
	return []job{j}, err
}

// dataset starts the new state from the old one and the options.
func (r *run) dataset(kind catalog.Kind, role catalog.Role, in *input) (catalog.Dataset, error) {
	d := r.old
	if d.ID == "" {
		d = catalog.Dataset{ID: r.o.Dataset, Title: r.o.Dataset, About: r.o.About, CreatedAt: time.Now().UTC()}
	} else if r.o.Append && d.Kind != kind {
		return d, fault.Errorf("ingest.Run", fault.Invalid, "dataset %s is %s data, and %s cannot be added to it", d.ID, d.Kind, kind)
	}
	d.Kind, d.Role = kind, role
	for _, f := range []struct {
		to   *string
		from string
	}{{&d.Title, r.o.Title}, {&d.Description, r.o.Description}, {&d.License, r.o.License}, {&d.Attribution, r.o.Attribution}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	source := in.names
	if r.appending() {
		source = append(slices.Clone(r.old.Version.Source), source...)
	}
	d.Version = catalog.Version{Source: source, Program: r.st.Program, Derived: r.o.Derived, Made: r.making(in.names)}
	return d, nil
}

func (r *run) appending() bool { return r.o.Append && r.old.ID != "" }

// kinds are the roles that data of one kind alone can play.
var kinds = map[catalog.Role]catalog.Kind{
	catalog.Imagery: catalog.Raster, catalog.Elevation: catalog.Raster, catalog.LandCover: catalog.Raster,
	catalog.TerritoryRole: catalog.Vector, catalog.Place: catalog.Vector, catalog.Service: catalog.Vector, catalog.Road: catalog.Vector, catalog.Barrier: catalog.Vector,
}

// fits refuses a role that the data cannot play: the reports that look for it
// could do nothing with them.
func (r *run) fits(kind catalog.Kind) error {
	if want, ok := kinds[r.role(kind)]; ok && want != kind {
		return fault.WithHint(fault.Errorf("ingest.Run", fault.Invalid, "these are %s data, and role %s is for %s data", kind, r.role(kind), want), "name another role, or leave --role out")
	}
	return nil
}

// role is the one asked for, else that of the dataset as it was; "" to guess.
func (r *run) role(kind catalog.Kind) catalog.Role {
	if r.o.Role == "" && r.old.ID != "" && r.old.Kind == kind {
		return r.old.Role
	}
	return r.o.Role
}

func (r *run) rasters(ctx context.Context, in *input) (catalog.Publication, []staged, error) {
	var pub catalog.Publication
	if err := r.fits(catalog.Raster); err != nil {
		return pub, nil, err
	}
	var srcs []raster.Source
	for _, f := range in.rasters {
		srcs = append(srcs, raster.Source{Path: f.path, Drivers: f.format.Drivers})
	}
	for _, p := range in.products {
		srcs = append(srcs, p.Sources...)
	}
	dir := r.stage.path("cog")
	if err := mkdir(dir); err != nil {
		return pub, nil, err
	}
	mtl := in.mtl
	for _, f := range in.rasters {
		mtl = append(mtl, besideMTL(f.path, mtl)...)
	}
	res, err := raster.Convert(ctx, srcs, mtl, raster.Options{
		Dataset: r.o.Dataset, Role: r.role(catalog.Raster), Datetime: r.time, CRS: r.crs, Resampling: r.o.Resampling, Subdataset: r.o.Subdataset, Dir: dir,
		Limits: raster.Limits{Cells: r.o.Limits.Cells, Bands: r.o.Limits.Bands, Items: r.o.Limits.Items},
	}, r.p)
	if err != nil {
		return pub, nil, err
	}
	if pub.Dataset, err = r.dataset(catalog.Raster, res.Role, in); err != nil {
		return pub, nil, err
	}
	in.notes.Append(res.Notices)
	files, err := r.items(ctx, &pub, res.Items, in)
	if err != nil {
		return pub, nil, err
	}
	v := &pub.Dataset.Version
	describeItems(v, pub.Items)
	v.Notices = in.notes.All()
	v.SHA256 = versionDigest(v.Files)
	pub.Expect = r.old.Version.Number
	return pub, files, nil
}

// items seals the new COGs and adds them to the items kept from the version
// appended to.
func (r *run) items(ctx context.Context, pub *catalog.Publication, made []raster.Item, in *input) ([]staged, error) {
	v := &pub.Dataset.Version
	fresh := map[string]bool{}
	for _, it := range made {
		fresh[it.ID] = true
	}
	if r.appending() {
		kept, err := r.st.Catalog.Items(ctx, r.o.Dataset)
		if err != nil {
			return nil, err
		}
		byKey := map[string]catalog.File{}
		for _, f := range r.old.Version.Files {
			byKey[f.Key] = f
		}
		for _, it := range kept {
			if fresh[it.ID] {
				in.notes.Count(catalog.Warning, "item-replaced", "items with the id of one that was there take its place", it.ID)
				continue
			}
			pub.Items = append(pub.Items, it)
			for _, key := range fileKeys(&it) {
				v.Files = append(v.Files, byKey[key])
			}
		}
	}
	k := keys{prefix: versionPrefix(r.o.Dataset, r.old.Version.Number+1), taken: map[string]bool{}}
	var files []staged
	r.p.Stage("seal")
	for i := range made {
		fresh, err := k.seal(ctx, &made[i])
		if err != nil {
			return nil, err
		}
		for _, s := range fresh {
			v.Files = append(v.Files, s.file)
		}
		files = append(files, fresh...)
		pub.Items = append(pub.Items, made[i].Item)
		r.p.Step(int64(i+1), int64(len(made)))
	}
	return files, nil
}

// describeItems sums the items up: the CRS when they share one (else WGS 84),
// the box and the time range.
func describeItems(v *catalog.Version, items []catalog.Item) {
	v.CRS = items[0].Grid.CRS
	for _, it := range items {
		if it.Grid.CRS != v.CRS {
			v.CRS = geo.WGS84
		}
	}
	v.BBox, v.BBoxWGS84 = geo.EmptyBBox(), items[0].BBox
	for i, it := range items {
		if i > 0 {
			v.BBoxWGS84 = unionWGS84(v.BBoxWGS84, it.BBox)
		}
		v.BBox = v.BBox.Union(it.Grid.Bounds())
		if t := it.Datetime; t != nil {
			if v.TimeStart == nil || t.Before(*v.TimeStart) {
				v.TimeStart = t
			}
			if v.TimeEnd == nil || t.After(*v.TimeEnd) {
				v.TimeEnd = t
			}
		}
	}
	if v.CRS != items[0].Grid.CRS || len(items) > 1 && v.CRS == geo.WGS84 {
		v.BBox = v.BBoxWGS84
	}
}

// unionWGS84 joins two boxes that may cross the 180th meridian, the shorter
// way around.
func unionWGS84(a, b geo.BBox) geo.BBox {
	out := geo.BBox{MinY: min(a.MinY, b.MinY), MaxY: max(a.MaxY, b.MaxY)}
	open := func(c geo.BBox) (lo, hi float64) {
		if c.MinX > c.MaxX {
			return c.MinX, c.MaxX + 360
		}
		return c.MinX, c.MaxX
	}
	a0, a1 := open(a)
	best := 721.0
	for _, turn := range []float64{-360, 0, 360} {
		b0, b1 := open(b)
		b0, b1 = b0+turn, b1+turn
		lo, hi := min(a0, b0), max(a1, b1)
		if hi-lo < best {
			best, out.MinX, out.MaxX = hi-lo, lo, hi
		}
	}
	if best >= 360 {
		out.MinX, out.MaxX = -180, 180
		return out
	}
	if out.MinX < -180 {
		out.MinX += 360
	} else if out.MinX > 180 {
		out.MinX -= 360
	}
	if out.MaxX > 180 {
		out.MaxX -= 360
	}
	return out
}

// vectors makes a version of the rows of all sources.
func (r *run) vectors(ctx context.Context, in *input, rows []vector.Rows) (job, error) {
	var j job
	if err := r.fits(catalog.Vector); err != nil {
		return j, err
	}
	path, packed := r.stage.path(r.o.Dataset+".gpkg"), r.stage.path(r.o.Dataset+".fgb")
	res, err := vector.Write(ctx, rows, vector.Options{
		Dataset: r.o.Dataset, Role: r.role(catalog.Vector), Path: path, Packed: packed, Layer: r.o.Dataset, Description: r.o.Description, Fields: r.fields(), Flat: r.o.ZM == "drop",
		Limits: vector.Limits{Features: r.o.Limits.Features, Vertices: r.o.Limits.Vertices, Fields: r.o.Limits.Fields},
	}, r.p)
	if err != nil {
		return j, err
	}
	r.p.Stage("check")
	if err := verify(ctx, path, packed, r.o.Dataset, res); err != nil {
		return j, err
	}
	if j.pub.Dataset, err = r.dataset(catalog.Vector, res.Role, in); err != nil {
		return j, err
	}
	r.p.Stage("seal")
	key := versionPrefix(r.o.Dataset, r.old.Version.Number+1) + r.o.Dataset
	s, err := seal(ctx, path, key+".gpkg")
	if err != nil {
		return j, err
	}
	p, err := seal(ctx, packed, key+".fgb")
	if err != nil {
		return j, err
	}
	in.notes.Append(news(in.notes.All(), res.Notices))
	v := &j.pub.Dataset.Version
	v.Files = []catalog.File{s.file, p.file}
	v.SHA256 = versionDigest(v.Files)
	v.CRS, v.BBox, v.BBoxWGS84 = res.Schema.CRS, res.BBox, res.BBoxWGS84
	v.TimeStart, v.TimeEnd = r.time, r.time
	v.Vector = &catalog.VectorInfo{Schema: res.Schema, Count: res.Count, Layer: r.o.Dataset, File: s.file.Key, Packed: p.file.Key}
	v.Territory, v.Table, v.Notices = res.Territory, res.Table, in.notes.All()
	j.pub.Expect = r.old.Version.Number
	j.files = []staged{s, p}
	return j, nil
}

// news leaves out the rows without a geometry when the tables have named all
// of them already, as rows without coordinates.
func news(said, more []catalog.Notice) []catalog.Notice {
	var named int64
	for _, n := range said {
		if n.Code == "coordinates-missing" {
			named += n.Count
		}
	}
	return slices.DeleteFunc(slices.Clone(more), func(n catalog.Notice) bool {
		return n.Code == "geometry-missing" && n.Count == named
	})
}

// fields are those named by hand, else, when appending, those of before.
func (r *run) fields() vector.Fields {
	f := vector.Fields{
		Code: r.o.CodeField, Name: r.o.NameField, Parents: r.o.ParentFields, Level: r.o.LevelField, LevelName: r.o.LevelName, Population: r.o.PopulationField,
	}
	if !r.appending() {
		return f
	}
	keep := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	if t := r.old.Version.Territory; t != nil {
		keep(&f.Code, t.Code)
		keep(&f.Name, t.Name)
		keep(&f.Level, t.Level)
		keep(&f.LevelName, t.LevelName)
		if len(f.Parents) == 0 {
			f.Parents = t.Parents
		}
	}
	if t := r.old.Version.Table; t != nil {
		keep(&f.Code, t.Code)
		keep(&f.Population, t.Total)
	}
	return f
}
