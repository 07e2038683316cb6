package ingest

import (
	"context"
	"errors"
	"slices"

	"contado/geo/fault"
	"contado/geo/notice"
	"contado/geo/store/catalog"
	"contado/ingest/raster"
)

// Described are rasters that a catalogue elsewhere describes.
type Described struct {
	// Products have their files here, to be converted.
	Products []*raster.Product
	// Items have their files elsewhere, where they stay; Dataset is set by
	// RunDescribed.
	Items   []catalog.Item
	Names   []string // of what was read, for the version's sources
	Notices []catalog.Notice
	// What a new dataset is called when the options do not say.
	Title, Description, License, Attribution string
}

// RunDescribed is Run for rasters that gather finds: it may write into dir,
// which is there for as long as the run takes. progress may be nil.
//
// Errors: those of Run, and of gather.
func RunDescribed(ctx context.Context, st Stores, o Options, gather func(ctx context.Context, dir string) (*Described, error), progress Progress) (res Result, err error) {
	if progress == nil {
		progress = Quiet{}
	}
	o.Limits = o.Limits.withDefaults()
	r := &run{st: st, o: o, p: progress, sub: map[string]string{}}
	if err := r.check(ctx, []string{"catalogue"}); err != nil {
		return Result{}, err
	}
	if r.stage, err = newStage(st.Staging); err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, r.stage.close()) }()
	dir := r.stage.path("fetched")
	if err := mkdir(dir); err != nil {
		return Result{}, err
	}
	d, err := gather(ctx, dir)
	if err != nil {
		return Result{}, err
	}
	pub, files, err := r.described(ctx, d)
	if err != nil {
		return Result{}, err
	}
	return r.publish(ctx, []job{{pub, files}})
}

// described makes the publication: items that were converted as any other,
// then those that stay elsewhere.
func (r *run) described(ctx context.Context, d *Described) (catalog.Publication, []staged, error) {
	r.silent(d)
	in := &input{products: d.Products, names: d.Names}
	in.notes.Append(d.Notices)
	var pub catalog.Publication
	var files []staged
	var err error
	switch {
	case len(d.Products) > 0:
		pub, files, err = r.rasters(ctx, in)
	case len(d.Items) > 0:
		pub, err = r.elsewhere(ctx, in)
	default:
		err = fault.Errorf("ingest.Run", fault.Invalid, "the catalogue holds no item that can be ingested")
	}
	if err != nil {
		return pub, nil, err
	}
	if len(d.Items) > 0 {
		r.refer(&pub, d.Items)
	}
	return pub, files, nil
}

// silent fills in what the options leave out for a new dataset.
func (r *run) silent(d *Described) {
	if r.old.ID != "" {
		return
	}
	for _, f := range []struct {
		to   *string
		from string
	}{{&r.o.Title, d.Title}, {&r.o.Description, d.Description}, {&r.o.License, d.License}, {&r.o.Attribution, d.Attribution}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
}

// elsewhere starts a publication without files of its own.
func (r *run) elsewhere(ctx context.Context, in *input) (catalog.Publication, error) {
	var pub catalog.Publication
	if err := r.fits(catalog.Raster); err != nil {
		return pub, err
	}
	role := r.role(catalog.Raster)
	if role == "" {
		role = catalog.Imagery
	}
	var err error
	if pub.Dataset, err = r.dataset(catalog.Raster, role, in); err != nil {
		return pub, err
	}
	if _, err := r.items(ctx, &pub, nil, in); err != nil {
		return pub, err
	}
	pub.Dataset.Version.Notices = in.notes.All()
	pub.Expect = r.old.Version.Number
	return pub, nil
}

// refer adds items that stay elsewhere; they take the place of those with
// their ids.
func (r *run) refer(pub *catalog.Publication, items []catalog.Item) {
	v := &pub.Dataset.Version
	fresh := map[string]bool{}
	for i := range items {
		items[i].Dataset = r.o.Dataset
		fresh[items[i].ID] = true
	}
	var replaced notice.List
	pub.Items = slices.DeleteFunc(pub.Items, func(it catalog.Item) bool {
		if !fresh[it.ID] {
			return false
		}
		gone := fileKeys(&it)
		v.Files = slices.DeleteFunc(v.Files, func(f catalog.File) bool { return slices.Contains(gone, f.Key) })
		replaced.Count(catalog.Warning, "item-replaced", "items with the id of one that was there take its place", it.ID)
		return true
	})
	v.Notices = append(v.Notices, replaced.All()...)
	pub.Items = append(pub.Items, items...)
	describeItems(v, pub.Items)
	// The state of what stays elsewhere is part of what the version is.
	state := slices.Clone(v.Files)
	for _, it := range pub.Items {
		for _, a := range it.Assets {
			if a.Href != "" {
				state = append(state, catalog.File{Key: a.Href, SHA256: a.ETag})
			}
		}
	}
	v.SHA256 = versionDigest(state)
}
