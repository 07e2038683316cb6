package main

import (
	"os"
	"strings"

	"contado/geo/travel"
)

// ownProfiles reads the profiles that are named by a file and puts their names
// in its place.
func ownProfiles(list []string) (names []string, own []travel.Profile, err error) {
	for _, name := range list {
		if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
			names = append(names, name)
			continue
		}
		p, err := readProfile(name)
		if err != nil {
			return nil, nil, err
		}
		names, own = append(names, p.Name), append(own, p)
	}
	return names, own, nil
}

func readProfile(path string) (travel.Profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return travel.Profile{}, err
	}
	defer f.Close()
	return travel.ParseProfile(f, strings.TrimSuffix(strings.TrimSuffix(path, ".yml"), ".yaml"))
}
