package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"contado/geo"
	"contado/geo/fault"
	"contado/geo/store/catalog"
)

// publicationRow is a publication in the shape of the tables. Boxes stand in
// columns only: JSON has no infinity, which an empty box is made of.
type publicationRow struct {
	dataset catalog.Dataset // as it will stand
	detail  []byte
	about   []byte
	items   []catalog.Item
	details [][]byte // of the items
}

func newPublicationRow(p catalog.Publication, now time.Time) (*publicationRow, error) {
	d := p.Dataset
	d.Version.Number = p.Expect + 1
	d.CreatedAt = timeOr(d.CreatedAt, now)
	v := &d.Version
	v.PublishedAt = timeOr(v.PublishedAt, now)
	v.TimeStart, v.TimeEnd = utc(v.TimeStart), utc(v.TimeEnd)

	bare := *v
	bare.BBox, bare.BBoxWGS84 = geo.BBox{}, geo.BBox{}
	detail, err := json.Marshal(bare)
	if err != nil {
		return nil, fmt.Errorf("version of dataset %s: %w", d.ID, err)
	}
	about, err := json.Marshal(d.About)
	if err != nil {
		return nil, fmt.Errorf("dataset %s: %w", d.ID, err)
	}
	row := &publicationRow{dataset: d, detail: detail, about: about, items: slices.Clone(p.Items)}
	for i := range row.items {
		it := &row.items[i]
		it.Dataset, it.Version, it.Datetime = d.ID, v.Number, utc(it.Datetime)
		bare := *it
		bare.BBox = geo.BBox{}
		detail, err := json.Marshal(bare)
		if err != nil {
			return nil, fmt.Errorf("item %q of dataset %s: %w", it.ID, d.ID, err)
		}
		row.details = append(row.details, detail)
	}
	return row, nil
}

// insert writes everything when the dataset's version is still the expected one.
func (r *publicationRow) insert(ctx context.Context, tx tx, expect int) error {
	d, v := &r.dataset, &r.dataset.Version
	current, createdAt, err := currentVersion(ctx, tx, sqlHoldCurrent, d.ID)
	if err != nil {
		return err
	}
	if current != expect {
		return fault.WithHint(fault.Errorf("sqlstore.Publish", fault.Conflict,
			"its current version is %d, and this work started from %d (0: none)", current, expect),
			"somebody else has published it or removed it meanwhile: start again")
	}
	if current > 0 {
		if d.CreatedAt, err = parseTime(createdAt); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, sqlUpsertDataset, d.ID, d.Kind, d.Role, d.Title, d.Description,
		d.License, d.Attribution, formatTime(&d.CreatedAt), v.Number, string(r.about))
	if err != nil {
		return err
	}
	b, w := v.BBox, v.BBoxWGS84
	_, err = tx.ExecContext(ctx, sqlInsertVersion, d.ID, v.Number, formatTime(&v.PublishedAt), v.SHA256, v.CRS,
		b.MinX, b.MinY, b.MaxX, b.MaxY, w.MinX, w.MinY, w.MaxX, w.MaxY,
		formatTime(v.TimeStart), formatTime(v.TimeEnd), string(r.detail))
	if err != nil {
		return err
	}
	if err := insertFiles(ctx, tx, d); err != nil {
		return err
	}
	if err := r.insertItems(ctx, tx); err != nil {
		return err
	}
	act := catalog.Act{Deed: catalog.Published, Dataset: d.ID, Version: v.Number}
	if v.Made != nil {
		act.Who = v.Made.Who
	}
	if err := record(ctx, tx, act); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, sqlBumpRevision)
	return err
}

func insertFiles(ctx context.Context, tx tx, d *catalog.Dataset) error {
	rows := make([][]any, len(d.Version.Files))
	for i, f := range d.Version.Files {
		rows[i] = []any{f.Key, d.ID, d.Version.Number, f.Size, f.SHA256}
	}
	if err := tx.insertMany(ctx, sqlInsertFiles, rows); err != nil {
		return err
	}
	var key, other string
	var number int
	err := tx.QueryRowContext(ctx, sqlFilesOfOtherContent, d.ID, d.Version.Number).Scan(&key, &other, &number)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = otherContent(key, other, number)
	}
	return err
}

func otherContent(key, dataset string, version int) error {
	return fault.Errorf("sqlstore.Publish", fault.Conflict,
		"file key %q stands for other content in version %d of dataset %s", key, version, dataset)
}

// putFile lists a file as one of a version's.
func putFile(ctx context.Context, tx tx, f catalog.File, dataset string, version int) error {
	var other string
	var number int
	err := tx.QueryRowContext(ctx, sqlOtherContent, f.Key, f.Size, f.SHA256).Scan(&other, &number)
	if err == nil {
		return otherContent(f.Key, other, number)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	_, err = tx.ExecContext(ctx, sqlInsertFile, f.Key, dataset, version, f.Size, f.SHA256)
	return err
}

func (r *publicationRow) insertItems(ctx context.Context, tx tx) error {
	rows := make([][]any, len(r.items))
	for i := range r.items {
		it := &r.items[i]
		rows[i] = []any{
			it.Dataset, it.Version, it.ID, formatTime(it.Datetime), it.File,
			it.BBox.MinX, it.BBox.MinY, it.BBox.MaxX, it.BBox.MaxY, it.CloudCover, string(r.details[i]),
		}
	}
	return tx.insertMany(ctx, sqlInsertItems, rows)
}

// insertRows is how many rows go into one statement: the way to the database
// may be long.
const insertRows = 200

// insertMany adds rows of one length; text is an INSERT up to its VALUES.
func (t tx) insertMany(ctx context.Context, text string, rows [][]any) error {
	for part := range slices.Chunk(rows, insertRows) {
		var values strings.Builder
		var args []any
		for i, row := range part {
			if i > 0 {
				values.WriteString(",")
			}
			values.WriteString(" (")
			for k, v := range row {
				if k > 0 {
					values.WriteString(", ")
				}
				args = append(args, v)
				values.WriteString(t.b.placeholder(len(args)))
			}
			values.WriteString(")")
		}
		if _, err := t.Tx.ExecContext(ctx, text+values.String(), args...); err != nil {
			return fmt.Errorf("rows from %v: %w", part[0][:3], err)
		}
	}
	return nil
}

// versionScan reads the columns of a version: boxes, then the rest as JSON.
type versionScan struct {
	box, wgs84 geo.BBox
	detail     string
}

func (s *versionScan) targets() []any {
	return []any{
		&s.box.MinX, &s.box.MinY, &s.box.MaxX, &s.box.MaxY,
		&s.wgs84.MinX, &s.wgs84.MinY, &s.wgs84.MaxX, &s.wgs84.MaxY, &s.detail,
	}
}

func (s *versionScan) version() (catalog.Version, error) {
	var v catalog.Version
	if err := json.Unmarshal([]byte(s.detail), &v); err != nil {
		return v, fmt.Errorf("version in the catalog: %w", err)
	}
	v.BBox, v.BBoxWGS84 = s.box, s.wgs84
	return v, nil
}
