// Package web holds the web page: built from TypeScript into dist, embedded.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files are the built page: index.html, assets/… with a hash in their names.
// Without a build there is no index.html.
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the embedded folder is there, or this does not compile
	}
	return sub
}
