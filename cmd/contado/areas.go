package main

import (
	"os"
	"strings"

	"contado/geo/analysis"
)

// areasFlags say which areas numbers are given for.
type areasFlags struct {
	Areas string `help:"Areas: a vector dataset, or a GeoJSON file in longitude and latitude." xor:"areas"`
	Below string `help:"Areas: the lowest territories below this code." xor:"areas" placeholder:"CODE"`
}

// given reports whether any areas are named.
func (f *areasFlags) given() bool { return f.Areas != "" || f.Below != "" }

// read gives the areas: those of a file when there is one of that name.
func (f *areasFlags) read() (analysis.ZonalAreas, error) {
	if !f.given() {
		return analysis.ZonalAreas{}, nil
	}
	if f.Below != "" {
		return analysis.ZonalAreas{Below: f.Below}, nil
	}
	if _, err := os.Stat(f.Areas); err != nil || !strings.ContainsAny(f.Areas, "./") {
		return analysis.ZonalAreas{Dataset: f.Areas}, nil //nolint:nilerr // no such file: then it names a dataset
	}
	list, err := readAreas(f.Areas)
	return analysis.ZonalAreas{Features: list}, err
}
