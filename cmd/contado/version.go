package main

import "runtime/debug"

// version is the release that the source stands for; see CHANGELOG.md.
const version = "0.1.0"

// commit is set by scripts/build.
var commit string

// program is the name and version that reports and versions carry.
func program() string {
	rev := commit
	if rev == "" {
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" && len(s.Value) >= 7 {
					rev = s.Value[:7]
				}
			}
		}
	}
	if rev == "" {
		return "contado " + version
	}
	return "contado " + version + " (" + rev + ")"
}
