package ogc

import (
	"contado/api/ogc/encode"
	"contado/api/rest"
	"contado/geo/store/catalog"
)

// itemFormats are the representations of items, the first for who does not say.
func itemFormats(d catalog.Dataset) []rest.Format {
	if d.Kind != catalog.Vector {
		return []rest.Format{rest.GeoJSONFormat, rest.HTMLFormat}
	}
	list := []rest.Format{rest.GeoJSONFormat, rest.HTMLFormat, rest.JSONFGFormat, rest.CSVFormat, rest.GeoJSONSeqFormat}
	if d.Version.Vector != nil && d.Version.Vector.Schema.GeometryType != "" {
		list = append(list, rest.FlatGeobufFormat)
	}
	return list
}

// mediaOf is the media type that is sent: text says its character set.
func mediaOf(f rest.Format) string {
	if f.Name == rest.CSVFormat.Name {
		return rest.MediaCSV + "; header=present"
	}
	return f.Media
}

// encoder makes the writer of a format; nil for pages.
func encoder(f rest.Format, frame encode.Frame) encode.Encoder {
	switch f.Name {
	case rest.GeoJSONFormat.Name:
		return encode.NewGeoJSON(frame)
	case rest.JSONFGFormat.Name:
		return encode.NewJSONFG(frame)
	case rest.GeoJSONSeqFormat.Name:
		return encode.NewSequence(frame)
	case rest.CSVFormat.Name:
		return encode.NewCSV(frame)
	case rest.FlatGeobufFormat.Name:
		return encode.NewFlatGeobuf(frame)
	}
	return nil
}
