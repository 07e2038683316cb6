package raster

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"contado/geo/fault"
)

// Bounds of the XML metadata read: those of real products are a tenth of it.
const (
	maxXMLBytes = 64 << 20
	maxXMLDepth = 64
)

// element is an XML element that has just ended.
type element struct {
	// path are the local names of the elements around it and its own, last.
	path  []string
	attrs [][]xml.Attr // of each of them
	text  string       // its own characters, trimmed
}

func (e *element) name() string { return e.path[len(e.path)-1] }

// parent is the local name of the element around it; "" at the root.
func (e *element) parent() string {
	if len(e.path) < 2 {
		return ""
	}
	return e.path[len(e.path)-2]
}

// attr is an attribute of the element or of the nearest around it that has it.
func (e *element) attr(name string) string {
	for i := len(e.attrs) - 1; i >= 0; i-- {
		for _, a := range e.attrs[i] {
			if a.Name.Local == name {
				return a.Value
			}
		}
	}
	return ""
}

// walkXML reads a document and calls visit at the end of each element. The
// document is refused (Invalid) when it is broken, nested too deeply, or has a
// document type: entities are not expanded, whatever they stand for.
func walkXML(r io.Reader, visit func(e *element) error) error {
	const op = "raster.walkXML"
	lim := &io.LimitedReader{R: r, N: maxXMLBytes + 1}
	dec := xml.NewDecoder(lim)
	var e element
	var texts [][]byte
	for {
		tok, err := dec.Token()
		if lim.N == 0 {
			return fault.Errorf(op, fault.TooLarge, "the metadata are longer than %d MiB", maxXMLBytes>>20)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.E(op, fault.Invalid, err)
		}
		switch t := tok.(type) {
		case xml.Directive:
			return fault.Errorf(op, fault.Invalid, "the metadata have a document type, which is refused")
		case xml.StartElement:
			if len(e.path) == maxXMLDepth {
				return fault.Errorf(op, fault.Invalid, "the metadata are nested more than %d deep", maxXMLDepth)
			}
			e.path, e.attrs, texts = append(e.path, t.Name.Local), append(e.attrs, t.Attr), append(texts, nil)
		case xml.CharData:
			if n := len(texts); n > 0 {
				texts[n-1] = append(texts[n-1], t...)
			}
		case xml.EndElement:
			n := len(e.path) - 1
			e.text = strings.TrimSpace(string(texts[n]))
			if err := visit(&e); err != nil {
				return err
			}
			e.path, e.attrs, texts = e.path[:n], e.attrs[:n], texts[:n]
		}
	}
}

// walkXMLFile is walkXML on a file, with errors that name it.
func walkXMLFile(path string, visit func(e *element) error) error {
	const op = "raster.Convert"
	f, err := os.Open(path)
	if err != nil {
		return fault.E(op, fault.Invalid, err)
	}
	defer f.Close()
	if err := walkXML(f, visit); err != nil {
		return fault.Errorf(op, fault.KindOf(err), "%s cannot be read: %w", filepath.Base(path), err)
	}
	return nil
}
