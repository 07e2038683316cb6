#!/bin/sh
# Measures walking times side by side with GRASS GIS; options as in main.go.
set -eu
cd "$(dirname "$0")/../../.."
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -o "$bin/travel-bench" ./scripts/bench/travel
"$bin/travel-bench" "$@"
