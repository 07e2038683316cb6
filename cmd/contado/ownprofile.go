package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"contado/geo/coverage"
	"contado/geo/travel"
)

// ownProfiles reads the profiles that are named by a file and puts their names
// in its place. files keeps what was read, for the report.
func ownProfiles(list []string) (names []string, own []travel.Profile, files []coverage.Attachment, err error) {
	for _, name := range list {
		if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
			names = append(names, name)
			continue
		}
		text, err := readBounded(name)
		if err != nil {
			return nil, nil, nil, err
		}
		f := coverage.Attachment{Kind: coverage.AttachedProfile, Name: strings.TrimSuffix(strings.TrimSuffix(name, ".yml"), ".yaml"), Text: text}
		p, err := travel.ParseProfile(strings.NewReader(text), f.Name)
		if err != nil {
			return nil, nil, nil, err
		}
		names, own, files = append(names, p.Name), append(own, p), append(files, f)
	}
	return names, own, files, nil
}

// ownSpeeds reads a table of speeds and keeps its text for the report.
func ownSpeeds(path string) (coverage.Attachment, *travel.SpeedTable, error) {
	text, err := readBounded(path)
	if err != nil {
		return coverage.Attachment{}, nil, err
	}
	table, err := travel.ParseSpeeds(strings.NewReader(text), path)
	return coverage.Attachment{Kind: coverage.AttachedSpeeds, Name: path, Text: text}, table, err
}

// readBounded reads a file of which the text is kept in the report.
func readBounded(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, coverage.MaxAttachedBytes+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return string(b), coverage.CheckAttached([]coverage.Attachment{{Kind: coverage.AttachedSpeeds, Name: path, Text: string(b)}})
}
