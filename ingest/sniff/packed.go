package sniff

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"io"
	"path"
	"strings"
)

// zipFile tells what kinds of whole documents a zip archive can be.
func zipFile(name string) (Format, error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return zipped, nil //nolint:nilerr // Unzip says what is wrong with it
	}
	defer z.Close()
	names := map[string]bool{}
	for i, e := range z.File {
		if i >= maxNames {
			break
		}
		names[e.Name] = true
		if path.Base(e.Name) == "stops.txt" && strings.Count(e.Name, "/") <= 1 { // some feeds lie in a folder
			names["stops.txt"] = true
		}
		if b := path.Base(e.Name); (b == "stop_times.txt" || b == "routes.txt") && strings.Count(e.Name, "/") <= 1 {
			names["routes.txt"] = true
		}
	}
	switch {
	case names["[Content_Types].xml"] && names["xl/workbook.xml"]:
		return Format{"Excel spreadsheet", Table, []string{"XLSX"}}, nil
	case names["[Content_Types].xml"]:
		return Format{}, unsupported(path.Base(name), "an office document", "save the sheet as CSV first")
	case names["stops.txt"] && names["routes.txt"]:
		return Format{"GTFS timetable", Timetable, nil}, nil
	}
	return zipped, nil
}

// maxNames bounds the names of an archive that are looked at.
const maxNames = 20000

// IsTimetable reports whether the files of a folder, by their names, are a
// GTFS feed.
func IsTimetable(names []string) bool {
	has := map[string]bool{}
	for _, n := range names {
		has[strings.ToLower(n)] = true
	}
	return has["stops.txt"] && has["stop_times.txt"] && has["routes.txt"]
}

// packedFile looks into a file packed by gzip or bzip2: OpenStreetMap extracts
// are read as they are.
func packedFile(name string, head []byte) (Format, error) {
	var in io.Reader
	kind := "gzip"
	if hasAt(head, 0, "BZh") {
		kind, in = "bzip2", bzip2.NewReader(bytes.NewReader(head))
	} else if z, err := gzip.NewReader(bytes.NewReader(head)); err == nil {
		in = z
	}
	if in != nil {
		start, _ := io.ReadAll(io.LimitReader(in, 4096)) // the head of the file ends early
		root := xmlRoot(bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n"))
		if strings.EqualFold(root, "osm") {
			return osmXML, nil
		}
		if kind == "bzip2" && len(start) == 0 && strings.Contains(strings.ToLower(name), ".osm") { // a block is larger than the head
			return osmXML, nil
		}
	}
	return Format{}, unsupported(name, kind, "unpack it first")
}
