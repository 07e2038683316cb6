package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"contado/geo/store/catalog"
)

// Describe implements catalog.Driver.
func (c *Catalog) Describe(ctx context.Context, dataset, who string, change func(*catalog.Dataset) error) (catalog.Dataset, error) {
	const op = "sqlstore.Describe"
	var out catalog.Dataset
	err := c.b.write(ctx, "catalog", func(tx tx) error {
		var list []catalog.Dataset
		if err := each(ctx, tx, scanDatasets(&list), sqlDataset, dataset); err != nil {
			return err
		}
		if len(list) == 0 {
			return noDataset(op, dataset)
		}
		out = list[0]
		next := out
		if err := change(&next); err != nil {
			return err
		}
		detail, err := differences(&out, &next)
		if err != nil || detail == nil {
			return err
		}
		out.Role, out.Title, out.Description = next.Role, next.Title, next.Description
		out.License, out.Attribution, out.About = next.License, next.Attribution, next.About
		if err := out.CheckDescription(); err != nil {
			return err
		}
		about, err := json.Marshal(out.About)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlDescribe, out.ID, out.Role, out.Title, out.Description, out.License, out.Attribution, string(about))
		if err != nil {
			return err
		}
		act := catalog.Act{Who: who, Deed: catalog.Described, Dataset: out.ID, Version: out.Version.Number, Detail: detail}
		if err := record(ctx, tx, act); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlBumpRevision)
		return err
	})
	if err != nil {
		return catalog.Dataset{}, c.b.Translate(ctx, op, err)
	}
	return out, nil
}

// differences are what two descriptions say otherwise, before and after; nil
// when they say the same.
func differences(a, b *catalog.Dataset) (json.RawMessage, error) {
	out := map[string][2]any{}
	for _, f := range []struct {
		name   string
		before any
		after  any
	}{
		{"role", a.Role, b.Role},
		{"title", a.Title, b.Title},
		{"description", a.Description, b.Description},
		{"license", a.License, b.License},
		{"attribution", a.Attribution, b.Attribution},
		{"keywords", a.About.Keywords, b.About.Keywords},
		{"contact", a.About.Contact, b.About.Contact},
		{"source", a.About.Source, b.About.Source},
		{"style", a.About.Style, b.About.Style},
	} {
		before, err := json.Marshal(f.before)
		if err != nil {
			return nil, err
		}
		after, err := json.Marshal(f.after)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(before, after) {
			out[f.name] = [2]any{f.before, f.after}
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return json.Marshal(out)
}

// record writes down who did what, in the transaction in which it is done.
func record(ctx context.Context, tx tx, a catalog.Act) error {
	now := time.Now()
	detail := sql.NullString{String: string(a.Detail), Valid: a.Detail != nil}
	_, err := tx.ExecContext(ctx, sqlInsertAct, formatTime(&now), a.Who, a.Deed, a.Dataset, a.Version, detail)
	if err != nil {
		return fmt.Errorf("record what was done: %w", err)
	}
	return nil
}

// Acts implements catalog.Driver.
func (c *Catalog) Acts(ctx context.Context, dataset string, before int64, limit int) ([]catalog.Act, error) {
	out := []catalog.Act{}
	err := each(ctx, c.b.reader(), func(rows *sql.Rows) error {
		var a catalog.Act
		var at string
		var detail sql.NullString
		err := rows.Scan(&a.Seq, &at, &a.Who, &a.Deed, &a.Dataset, &a.Version, &detail)
		if err != nil {
			return err
		}
		if detail.Valid {
			a.Detail = json.RawMessage(detail.String)
		}
		a.At, err = parseTime(at)
		out = append(out, a)
		return err
	}, sqlActs, dataset, before, limit)
	if err != nil {
		return nil, c.b.Translate(ctx, "sqlstore.Acts", err)
	}
	return out, nil
}
