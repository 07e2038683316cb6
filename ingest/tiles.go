package ingest

import (
	"context"
	"errors"
	"io"
	"os"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
	"contado/geo/tileset"
)

// tileArchive makes a version of a PMTiles or MBTiles archive, which is served
// as it is.
func (r *run) tileArchive(ctx context.Context, in *input) (job, error) {
	const op = "ingest.Run"
	var j job
	f := in.tiles[0]
	if r.o.Append || r.o.Role != "" && r.o.Role != catalog.OtherRole {
		return j, fault.WithHint(fault.Errorf(op, fault.Invalid, "%s holds finished tiles, which play no role and are not added to another dataset", f.label), "leave --role and --append out")
	}
	r.p.Stage("inspect")
	info, notices, err := tileset.Inspect(ctx, f.path)
	if err != nil {
		return j, err
	}
	for _, d := range []struct {
		to   *string
		from string
	}{{&r.o.Title, info.Name}, {&r.o.Description, info.Description}, {&r.o.Attribution, info.Attribution}} {
		if *d.to == "" && r.old.ID == "" {
			*d.to = d.from
		}
	}
	if j.pub.Dataset, err = r.dataset(catalog.TileArchive, catalog.OtherRole, in); err != nil {
		return j, err
	}
	ext := "." + info.Format
	r.p.Stage("seal")
	own := r.stage.path(r.o.Dataset + ext)
	if err := copyFile(ctx, f.path, own); err != nil {
		return j, err
	}
	s, err := seal(ctx, own, versionPrefix(r.o.Dataset, r.old.Version.Number+1)+r.o.Dataset+ext)
	if err != nil {
		return j, err
	}
	info.File = s.file.Key
	v := &j.pub.Dataset.Version
	v.Files, v.Tiles = []catalog.File{s.file}, &info
	v.SHA256 = versionDigest(v.Files)
	v.CRS, v.BBox, v.BBoxWGS84 = geo.WGS84, info.Bounds, info.Bounds
	v.TimeStart, v.TimeEnd = r.time, r.time
	in.notes.Append(notices)
	v.Notices = in.notes.All()
	j.pub.Expect, j.files = r.old.Version.Number, []staged{s}
	return j, nil
}

// copyFile copies what belongs to the user into the stage.
func copyFile(ctx context.Context, from, to string) error {
	const op = "ingest.Run"
	in, err := os.Open(from)
	if err != nil {
		return fault.E(op, fault.Invalid, err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return fault.E(op, fault.Other, err)
	}
	buf := make([]byte, 1<<20)
	for err == nil {
		if ctx.Err() != nil {
			err = ctx.Err()
			break
		}
		var n int
		n, err = in.Read(buf)
		if _, werr := out.Write(buf[:n]); werr != nil {
			err = werr
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	err = errors.Join(err, out.Close())
	return fault.E(op, fault.KindOf(err), err)
}
