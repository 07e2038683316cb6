// Package guide holds the guide for planners, which the server shows at /docs.
package guide

import "embed"

// Files are the guide in each language (planner.it.html, planner.en.html:
// fragments of a page) and its pictures (pictures/*.webp).
//
//go:embed planner.*.html pictures/*.webp
var Files embed.FS
