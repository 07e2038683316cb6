package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/ingest/gtfs"
	"contado/ingest/osm"
	"contado/ingest/spool"
	"contado/ingest/vector"
)

// openStreetMap takes an extract apart into datasets: roads, places, services
// and so on; with --layer it is that one alone.
func (r *run) openStreetMap(ctx context.Context, in *input) ([]job, error) {
	var o osm.Options
	if r.o.Layer != "" {
		if !slices.Contains(osm.Names, r.o.Layer) {
			return nil, fault.WithHint(fault.Errorf("ingest.Run", fault.Invalid, "OpenStreetMap has no layer %q", r.o.Layer), "choose one of "+strings.Join(osm.Names, ", "))
		}
		o.Layers = []string{r.o.Layer}
	}
	work := r.stage.path("osm")
	if err := mkdir(work); err != nil {
		return nil, err
	}
	layers, notices, err := osm.Convert(ctx, in.osm[0].path, o, work, r.p)
	if err != nil {
		return nil, err
	}
	return r.spooled(ctx, in, layers, notices)
}

// spooled makes a version of each layer.
func (r *run) spooled(ctx context.Context, in *input, layers []spool.Layer, notices []catalog.Notice) ([]job, error) {
	const op = "ingest.Run"
	if r.o.Role != "" && r.o.Role != catalog.TimetableRole {
		layers = slices.DeleteFunc(layers, func(l spool.Layer) bool { return l.Role != r.o.Role })
	}
	if len(layers) == 0 {
		return nil, fault.Errorf(op, fault.Invalid, "%s holds nothing of what was asked for", in.names[0])
	}
	if r.o.Append {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s is a whole of its own and is not added to another", in.names[0]), "replace the datasets instead")
	}
	var jobs []job
	for i := range layers {
		l := &layers[i]
		c := r
		if r.o.Layer == "" {
			var err error
			if c, err = r.child(ctx, l.Name, l.Title.EN); err != nil {
				return nil, err
			}
		}
		j, err := c.spooledLayer(ctx, in, l, notices)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// spooledLayer makes a version of one layer; what the user did not say is as
// the layer says.
func (r *run) spooledLayer(ctx context.Context, in *input, l *spool.Layer, notices []catalog.Notice) (job, error) {
	c := *r
	c.o.Role = l.Role
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&c.o.Title, l.Title.EN},
		{&c.o.Description, l.Description.EN},
		{&c.o.License, l.License},
		{&c.o.Attribution, l.Attribution},
		{&c.o.CodeField, l.Fields.Code},
		{&c.o.NameField, l.Fields.Name},
		{&c.o.LevelField, l.Fields.Level},
		{&c.o.LevelName, l.Fields.LevelName},
		{&c.o.PopulationField, l.Fields.Population},
	} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	if len(c.o.ParentFields) == 0 {
		c.o.ParentFields = l.Fields.Parents
	}
	if c.time == nil {
		c.time = l.Time
	}
	own := &input{names: in.names}
	own.notes.Append(in.notes.All())
	own.notes.Append(notices)
	own.notes.Append(l.Notices)
	return c.vectors(ctx, own, []vector.Rows{l.Rows})
}

// timetable makes the datasets of a GTFS feed: the timetable itself under the
// id asked for, and its stops and lines.
func (r *run) timetable(ctx context.Context, in *input) ([]job, error) {
	const op = "ingest.Run"
	if r.o.Layer != "" && r.o.Layer != "stops" && r.o.Layer != "lines" {
		return nil, fault.WithHint(fault.Errorf(op, fault.Invalid, "a timetable has no layer %q", r.o.Layer), "choose stops or lines, or leave --layer out")
	}
	work := r.stage.path("gtfs")
	if err := mkdir(work); err != nil {
		return nil, err
	}
	feed, err := gtfs.Convert(ctx, in.feeds[0].path, gtfs.Options{}, work, r.p)
	if err != nil {
		return nil, err
	}
	if r.o.Layer != "" {
		layers := slices.DeleteFunc(slices.Clone(feed.Layers), func(l gtfs.Layer) bool { return l.Name != r.o.Layer })
		return r.spooled(ctx, in, layers, feed.Notices)
	}
	first, err := r.schedule(ctx, in, feed)
	if err != nil {
		return nil, err
	}
	rest, err := r.spooled(ctx, in, feed.Layers, feed.Notices)
	return append([]job{first}, rest...), err
}

// schedule is the version of the timetable itself.
func (r *run) schedule(ctx context.Context, in *input, feed *gtfs.Result) (job, error) {
	const op = "ingest.Run"
	var j job
	if r.o.Append || r.o.Role != "" && r.o.Role != catalog.TimetableRole {
		return j, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s is a timetable, which has a role of its own and is not added to another", in.names[0]), "leave --role and --append out")
	}
	var err error
	if j.pub.Dataset, err = r.dataset(catalog.Timetable, catalog.TimetableRole, in); err != nil {
		return j, err
	}
	s, err := seal(ctx, feed.Path, versionPrefix(r.o.Dataset, r.old.Version.Number+1)+r.o.Dataset+".zip")
	if err != nil {
		return j, err
	}
	v, b := &j.pub.Dataset.Version, feed.Summary.BBox
	v.Files = []catalog.File{s.file}
	v.SHA256 = versionDigest(v.Files)
	v.CRS, v.BBox = geo.WGS84, geo.BBox{MinX: b[0], MinY: b[1], MaxX: b[2], MaxY: b[3]}
	v.BBoxWGS84 = v.BBox
	if v.TimeStart, err = day(feed.Summary.First); err != nil {
		return j, err
	}
	if v.TimeEnd, err = day(feed.Summary.Last); err != nil {
		return j, err
	}
	notes := in.notes
	notes.Append(feed.Notices)
	v.Notices = notes.All()
	j.pub.Expect, j.files = r.old.Version.Number, []staged{s}
	return j, nil
}

// day reads YYYY-MM-DD; "" is nil.
func day(s string) (*time.Time, error) {
	if s == "" {
		return nil, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return nil, fault.E("ingest.Run", fault.Other, err)
	}
	return &t, nil
}
