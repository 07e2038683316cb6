package ogc

import (
	"encoding/xml"
	"regexp"

	"github.com/labstack/echo/v4"

	"contado/api/rest"
	"contado/geo"
	"contado/geo/store/catalog"
)

// An XML Schema of a feature type, by GML 3.2 (OGC 07-036). GDAL takes the
// types of attributes from it; else it guesses them by the first ten rows, and
// loses numbers of more than 32 bits that come later.
const (
	gmlNamespace = "http://www.opengis.net/gml/3.2"
	gmlSchema    = "http://schemas.opengis.net/gml/3.2.1/gml.xsd"
)

type xsdSchema struct {
	XMLName xml.Name   `xml:"xs:schema"`
	XS      string     `xml:"xmlns:xs,attr"`
	GML     string     `xml:"xmlns:gml,attr"`
	Own     string     `xml:"xmlns:c,attr"`
	Target  string     `xml:"targetNamespace,attr"`
	Form    string     `xml:"elementFormDefault,attr"`
	Import  xsdImport  `xml:"xs:import"`
	Element xsdElement `xml:"xs:element"`
	Type    xsdType    `xml:"xs:complexType"`
}

type xsdImport struct {
	Namespace string `xml:"namespace,attr"`
	Location  string `xml:"schemaLocation,attr"`
}

type xsdType struct {
	Name      string       `xml:"name,attr"`
	Extension xsdExtension `xml:"xs:complexContent>xs:extension"`
}

type xsdExtension struct {
	Base     string       `xml:"base,attr"`
	Elements []xsdElement `xml:"xs:sequence>xs:element"`
}

type xsdElement struct {
	Name     string `xml:"name,attr"`
	Type     string `xml:"type,attr"`
	Group    string `xml:"substitutionGroup,attr,omitempty"`
	Nillable string `xml:"nillable,attr,omitempty"`
	Least    string `xml:"minOccurs,attr,omitempty"`
}

// xsdTypes are the types of attributes. What is not here (nested values and
// binary ones) has no type that its GeoJSON would be of, and is left out.
var xsdTypes = map[geo.FieldType]string{
	geo.String: "xs:string", geo.Integer: "xs:long", geo.Real: "xs:double", geo.Boolean: "xs:boolean", geo.Date: "xs:date", geo.DateTime: "xs:dateTime",
}

var xsdGeometries = map[string]string{
	"Point": "gml:PointPropertyType", "MultiPoint": "gml:MultiPointPropertyType",
	"LineString": "gml:CurvePropertyType", "MultiLineString": "gml:MultiCurvePropertyType",
	"Polygon": "gml:SurfacePropertyType", "MultiPolygon": "gml:MultiSurfacePropertyType",
}

// xmlName is what an element can be called; other attributes are left out.
var xmlName = regexp.MustCompile(`^[\pL_][\pL\pN_.-]*$`)

// hasXSD reports whether the rows of a dataset have such a schema.
func hasXSD(d catalog.Dataset) bool { return d.Version.Vector != nil }

func xsdOf(c echo.Context, d catalog.Dataset) error {
	s := d.Version.Vector.Schema
	id := d.ID
	if !xmlName.MatchString(id) {
		id = "_" + id
	}
	target := rest.URL(c, "collections", d.ID)
	doc := xsdSchema{
		XS: "http://www.w3.org/2001/XMLSchema", GML: gmlNamespace, Own: target, Target: target, Form: "qualified",
		Import:  xsdImport{gmlNamespace, gmlSchema},
		Element: xsdElement{Name: id, Type: "c:" + id + "Type", Group: "gml:AbstractFeature"},
		Type:    xsdType{Name: id + "Type", Extension: xsdExtension{Base: "gml:AbstractFeatureType"}},
	}
	var list []xsdElement
	if s.GeometryType != "" {
		kind, ok := xsdGeometries[s.GeometryType]
		if !ok {
			kind = "gml:GeometryPropertyType"
		}
		list = append(list, xsdElement{Name: "geometry", Type: kind, Least: "0"})
	}
	for _, f := range s.Fields {
		if t, ok := xsdTypes[f.Type]; ok && xmlName.MatchString(f.Name) {
			list = append(list, xsdElement{Name: f.Name, Type: t, Nillable: "true", Least: "0"})
		}
	}
	doc.Type.Extension.Elements = list
	b, err := xml.Marshal(doc)
	if err != nil {
		return err
	}
	return rest.Bytes(c, rest.XSDFormat.Media, append([]byte(xml.Header), b...))
}
