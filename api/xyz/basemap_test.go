package xyz_test

import (
	"testing"

	"contado/api/xyz"
)

func TestBasemapAddresses(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://tile.example.org/{z}/{x}/{y}.png":               true,
		"https://tile.example.org:8443/a/{z}/{x}/{-y}.png?key=1": true,
		"http://10.0.0.4/wmts?layer=a&z={z}&x={x}&y={y}":         true,
		"https://{s}.example.org/{z}/{x}/{y}.png":                false,
		"https://tile.example.org/{z}/{x}.png":                   false,
		"https://tile.example.org/{z}/{x}/{y}/{z}":               false,
		"ftp://tile.example.org/{z}/{x}/{y}.png":                 false,
		"javascript:alert(1)//{z}/{x}/{y}":                       false,
		"//tile.example.org/{z}/{x}/{y}.png":                     false,
		"https://me:secret@tile.example.org/{z}/{x}/{y}.png":     false,
		"https://tile.example.org;script-src *;/{z}/{x}/{y}.png": false,
		"https://tile.example.org /{z}/{x}/{y}.png":              false,
		"": false,
	} {
		b := &xyz.Basemap{Tiles: address, Attribution: "© Example"}
		if err := b.Check(); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
	if err := (&xyz.Basemap{Tiles: "https://tile.example.org/{z}/{x}/{y}.png"}).Check(); err == nil {
		t.Error("a map of nobody passes")
	}
	b := &xyz.Basemap{Tiles: "https://tile.example.org:8443/a/{z}/{x}/{-y}.png"}
	if got := b.Origin(); got != "https://tile.example.org:8443" {
		t.Errorf("origin %q", got)
	}
}
