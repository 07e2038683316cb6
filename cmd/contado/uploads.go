package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"contado/api"
	"contado/ingest/sniff"
)

// uploadFlags are the flags of serve for bringing data in by the browser.
type uploadFlags struct {
	Upload       bool          `help:"Let those who reach the server upload files, and change and remove datasets." env:"CONTADO_UPLOAD"`
	UploadWho    string        `help:"With --upload: header in which the proxy before the server says who asks; requests without it change nothing. That of --edit-user-header when left out." name:"upload-user-header" env:"CONTADO_UPLOAD_USER_HEADER" placeholder:"NAME"`
	UploadMax    string        `help:"With --upload: most bytes of one upload, such as 500M or 2G." default:"1G" env:"CONTADO_UPLOAD_MAX"`
	UploadUnpack string        `help:"With --upload: most bytes that its archives may unpack to." name:"upload-max-unpacked" default:"4G" env:"CONTADO_UPLOAD_MAX_UNPACKED"`
	UploadTotal  string        `help:"With --upload: most bytes of all uploads that wait to be published." default:"10G" env:"CONTADO_UPLOAD_TOTAL"`
	UploadEach   int           `help:"With --upload: uploads of one person that may wait." default:"8" env:"CONTADO_UPLOAD_EACH"`
	UploadKeep   time.Duration `help:"With --upload: how long one waits that nobody touches." default:"24h" env:"CONTADO_UPLOAD_KEEP"`
	UploadFormat []string      `help:"With --upload: formats that are taken, such as geopackage,geojson,shapefile,csv,zip; all that ingest reads when left out." name:"upload-formats" env:"CONTADO_UPLOAD_FORMATS" placeholder:"NAME"`
}

// named reports whether it is known who changes datasets; edit is the header
// of those who edit.
func (f *uploadFlags) named(edit string) bool { return f.UploadWho != "" || edit != "" }

// manage is what the flags ask for; nil without --upload.
func (f *uploadFlags) manage(data, edit string) (*api.Manage, error) {
	if !f.Upload {
		return nil, nil
	}
	header := f.UploadWho
	if header == "" {
		header = edit
	}
	m := &api.Manage{Who: api.EditBy(header), Uploads: filepath.Join(data, "uploads")}
	m.Limits.Each, m.Limits.Keep = f.UploadEach, f.UploadKeep
	for _, s := range []struct {
		flag, text string
		to         *int64
	}{
		{"--upload-max", f.UploadMax, &m.Limits.Bytes},
		{"--upload-max-unpacked", f.UploadUnpack, &m.Limits.Unpacked},
		{"--upload-total", f.UploadTotal, &m.Limits.Total},
	} {
		if s.text == "" {
			continue
		}
		var err error
		if *s.to, err = parseSize(s.text); err != nil {
			return nil, usagef("%s: %v", s.flag, err)
		}
	}
	if f.UploadEach < 0 || f.UploadKeep < 0 {
		return nil, usagef("--upload-each and --upload-keep are numbers above 0")
	}
	for _, key := range f.UploadFormat {
		if !sniff.KnownKey(key) {
			return nil, usagef("--upload-formats: %q is no format; there are %s", key, strings.Join(sniff.Keys(), ", "))
		}
		m.Limits.Formats = append(m.Limits.Formats, key)
	}
	return m, nil
}

// parseSize reads a number of bytes: 500M is 500 · 2²⁰.
func parseSize(text string) (int64, error) {
	digits, unit := text, int64(1)
	if i := strings.IndexByte("KMGT", text[len(text)-1]); i >= 0 {
		digits, unit = text[:len(text)-1], int64(1)<<(10*(i+1))
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%q is no size: want something like 500M or 2G", text)
	}
	return n * unit, nil
}

// sweepUploads throws forgotten uploads away until the context ends.
func sweepUploads(ctx context.Context, s *api.Server, log *slog.Logger) {
	const every = 10 * time.Minute
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "old uploads not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
