package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"sync"
	"unsafe"

	"contado/geo"
	"contado/geo/fault"
)

// maxCRSText bounds a text given to ParseCRS.
const maxCRSText = 64 << 10

// CRSInfo describes a coordinate reference system.
type CRSInfo struct {
	ID         geo.CRS
	Name       string
	Geographic bool
	Projected  bool
	// SemiMajor is a in metres; InvFlattening is 1/f, 0 for a sphere.
	SemiMajor, InvFlattening float64
	// MetresPerUnit is the length of a unit of a projected system, 0 when geographic.
	MetresPerUnit float64
	// RadiansPerUnit is the angle of a unit of a geographic system, else 0.
	RadiansPerUnit float64
	UnitName       string
	// PrimeMeridian is degrees east of Greenwich.
	PrimeMeridian float64
	// AreaOfUse is in WGS84 degrees (MinX > MaxX crosses the antimeridian),
	// nil when not known.
	AreaOfUse     *geo.BBox
	AreaOfUseName string
	WKT           string // WKT2:2019
}

// srs is a spatial reference of PROJ; it belongs to one goroutine.
type srs struct{ h C.OGRSpatialReferenceH }

func (s srs) close() { C.ct_srs_free(s.h) }

var (
	authCode = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_]{1,15}):{1,2}([A-Za-z0-9_.]{1,32})$`)
	// urn:ogc:def:crs:EPSG::4326, urn:x-ogc:def:crs:EPSG:9.9:4326
	urnCode = regexp.MustCompile(`^(?i:urn:(?:x-)?ogc:def:crs):([A-Za-z0-9_]+):[0-9.]*:([A-Za-z0-9_.]+)$`)
	// http(s)://www.opengis.net/def/crs/EPSG/0/4326
	urlCode  = regexp.MustCompile(`^(?i:https?://www\.opengis\.net/def/crs)/([A-Za-z0-9_]+)/[0-9.]+/([A-Za-z0-9_.]+)$`)
	projText = regexp.MustCompile(`^\+proj=[a-z]`)
	wktText  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*\s*\[`)
	initCode = regexp.MustCompile(`^(?i:\+?init=(epsg|esri):([0-9]+))$`)
)

// forms of ct_srs_new.
const (
	formCode = 0
	formWKT  = 1
	formProj = 2
)

// The systems of the OGC authority with x, y order; ours has that order anyway.
var ogcCodes = map[string]string{"CRS84": "EPSG:4326", "CRS84H": "EPSG:4326", "CRS83": "EPSG:4269", "CRS27": "EPSG:4267"}

// authorities are those in PROJ's database, with the form of their codes. What
// has no known form PROJ would look up as a name, which takes it half a second.
var authorities = map[string]*regexp.Regexp{
	"EPSG": numeric, "ESRI": numeric, "IAU_2015": numeric, "IGNF": regexp.MustCompile(`^[A-Z0-9_.]{1,32}$`),
	"NKG": regexp.MustCompile(`^[A-Z0-9_]{1,32}$`),
}

var numeric = regexp.MustCompile(`^[0-9]{1,9}$`)

// normalise turns the spellings of a reference system into one that PROJ is
// given. No spelling that PROJ would take for a file or an address gets by.
func normalise(text string) (string, int, error) {
	const op = "gdal.ParseCRS"
	t := strings.TrimSpace(text)
	switch {
	case t == "":
		return "", 0, fault.Errorf(op, fault.Invalid, "no coordinate reference system given")
	case len(t) > maxCRSText:
		return "", 0, fault.Errorf(op, fault.TooLarge, "reference system of %d bytes; the limit is %d", len(t), maxCRSText)
	case strings.ContainsRune(t, 0):
		return "", 0, fault.Errorf(op, fault.Invalid, "reference system with a zero byte")
	case namesFile(t):
		return "", 0, fault.Errorf(op, fault.Invalid, "a reference system may not name files by path: %s", shorten(t))
	case strings.HasPrefix(t, "{") && json.Valid([]byte(t)) && strings.Contains(t, `"type"`):
		return t, formCode, nil
	case projText.MatchString(t):
		return t, formProj, nil
	case wktText.MatchString(t):
		return t, formWKT, nil
	}
	for _, re := range []*regexp.Regexp{urnCode, urlCode, initCode, authCode} {
		if m := re.FindStringSubmatch(t); m != nil {
			auth, code := strings.ToUpper(m[1]), m[2]
			if auth == "OGC" {
				if c, ok := ogcCodes[strings.ToUpper(code)]; ok {
					return c, formCode, nil
				}
			}
			if form := authorities[auth]; form != nil && form.MatchString(code) {
				return auth + ":" + code, formCode, nil
			}
		}
	}
	err := fault.Errorf(op, fault.Invalid, "%q is not a coordinate reference system", shorten(t))
	return "", 0, fault.WithHint(err, "give a code like EPSG:25832, a WKT or a PROJ text")
}

// gridWord finds the words that lead PROJ to a grid file, pathSign what makes
// a name a path. Grids by bare name, from PROJ's own folder, are fine.
var (
	gridWord = regexp.MustCompile(`(?i)parameterfile|grids|filename|\+file=|\+init=[^e]|parameter_file|"file"`)
	pathSign = regexp.MustCompile(`["=,@](?:[A-Za-z]:)?[/\\]|\.\.|://|\\`)
)

// namesFile reports whether a spelling could make PROJ open a file by path.
func namesFile(t string) bool { return gridWord.MatchString(t) && pathSign.MatchString(t) }

func shorten(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// newSRS reads a spelling into PROJ's own form, without a vertical axis.
func newSRS(text string) (srs, error) {
	const op = "gdal.ParseCRS"
	setup()
	norm, form, err := normalise(text)
	if err != nil {
		return srs{}, err
	}
	cs := C.CString(norm)
	defer C.free(unsafe.Pointer(cs))
	var e C.ct_err
	h := C.ct_srs_new(cs, C.int(form), &e)
	if h == nil {
		return srs{}, wrap(op, fault.Invalid, asInvalid(&e), "coordinate reference system %s", shorten(norm))
	}
	s := srs{h}
	if C.ct_srs_flatten(h, &e) != 0 {
		s.close()
		return srs{}, wrap(op, fault.Unsupported, shimError(&e), "coordinate reference system %s", shorten(norm))
	}
	if C.ct_srs_kind(h) == 0 {
		s.close()
		return srs{}, fault.Errorf(op, fault.Unsupported,
			"%s is neither a geographic nor a projected reference system", shorten(norm))
	}
	return s, nil
}

// asInvalid keeps PROJ's message; whatever its number, a text that cannot be
// read is the caller's to fix.
func asInvalid(e *C.ct_err) error {
	return &Error{Class: int(e.cls), Number: 1, Message: C.GoString(&e.msg[0])}
}

// crsMemo remembers what texts mean. It is a memo of pure functions: PROJ's
// database does not change while the process runs, and each lookup costs
// about a millisecond. It is emptied when full.
var crsMemo = struct {
	sync.Mutex
	ids   map[string]geo.CRS
	infos map[geo.CRS]CRSInfo
}{ids: map[string]geo.CRS{}, infos: map[geo.CRS]CRSInfo{}}

const maxMemo = 512

// ParseCRS reads "EPSG:…" (and other authorities, URNs, OGC addresses), WKT 1
// and 2, Esri WKT, PROJ texts and PROJJSON, and gives the canonical id: the
// authority code when the system really is equivalent to it (axis order
// apart), else its WKT2:2019 text. The vertical part of a compound or 3D
// system is dropped.
//
// Errors: Invalid when it cannot be read; Unsupported for local, vertical and
// geocentric systems.
func ParseCRS(text string) (geo.CRS, error) {
	crsMemo.Lock()
	id, ok := crsMemo.ids[text]
	crsMemo.Unlock()
	if ok {
		return id, nil
	}
	s, err := newSRS(text)
	if err != nil {
		return "", err
	}
	defer s.close()
	if id, err = s.canonical(); err != nil {
		return "", err
	}
	crsMemo.Lock()
	defer crsMemo.Unlock()
	if len(crsMemo.ids) >= maxMemo {
		clear(crsMemo.ids)
	}
	crsMemo.ids[strings.Clone(text)] = id
	return id, nil
}

func (s srs) canonical() (geo.CRS, error) {
	const op = "gdal.ParseCRS"
	var e C.ct_err
	if code := C.ct_srs_identify(s.h, &e); code != nil {
		defer C.CPLFree(unsafe.Pointer(code))
		return geo.CRS(canonicalCode(C.GoString(code))), nil
	}
	wkt, err := s.wkt()
	if err != nil {
		return "", fault.E(op, fault.Invalid, err)
	}
	return settle(wkt)
}

// settle reads a WKT back until it says the same, so that a canonical id is
// its own: PROJ spells some parts differently once they have been WKT.
func settle(wkt string) (geo.CRS, error) {
	const op = "gdal.ParseCRS"
	for range 4 {
		s, err := newSRS(wkt)
		if err != nil {
			return "", err
		}
		var e C.ct_err
		code := C.ct_srs_identify(s.h, &e)
		next, err := s.wkt()
		s.close()
		if code != nil {
			defer C.CPLFree(unsafe.Pointer(code))
			return geo.CRS(canonicalCode(C.GoString(code))), nil
		}
		if err != nil {
			return "", fault.E(op, fault.Invalid, err)
		}
		if next == wkt {
			return geo.CRS(wkt), nil
		}
		wkt = next
	}
	return "", fault.Errorf(op, fault.Unsupported, "the reference system %s has no stable spelling", geo.CRS(wkt).Short())
}

// canonicalCode gives the code that we speak of when several name one system.
func canonicalCode(code string) string {
	auth, num, _ := strings.Cut(code, ":")
	auth = strings.ToUpper(auth)
	if code == "ESRI:102100" || code == "EPSG:900913" {
		return string(geo.WebMercator)
	}
	if auth == "OGC" {
		if c, ok := ogcCodes[strings.ToUpper(num)]; ok {
			return c
		}
	}
	return auth + ":" + num
}

func (s srs) wkt() (string, error) {
	var e C.ct_err
	w := C.ct_srs_wkt2(s.h, &e)
	if w == nil {
		return "", shimError(&e)
	}
	defer C.CPLFree(unsafe.Pointer(w))
	return C.GoString(w), nil
}

// DescribeCRS tells the properties of a system.
func DescribeCRS(c geo.CRS) (CRSInfo, error) {
	crsMemo.Lock()
	info, ok := crsMemo.infos[c]
	crsMemo.Unlock()
	if !ok {
		s, err := newSRS(string(c))
		if err != nil {
			return CRSInfo{}, err
		}
		defer s.close()
		if info, err = s.describe(); err != nil {
			return CRSInfo{}, err
		}
		crsMemo.Lock()
		if len(crsMemo.infos) >= maxMemo {
			clear(crsMemo.infos)
		}
		crsMemo.infos[c] = info
		crsMemo.Unlock()
	}
	if info.AreaOfUse != nil {
		box := *info.AreaOfUse
		info.AreaOfUse = &box
	}
	return info, nil
}

func (s srs) describe() (CRSInfo, error) {
	id, err := s.canonical()
	if err != nil {
		return CRSInfo{}, err
	}
	wkt, err := s.wkt()
	if err != nil {
		return CRSInfo{}, fault.E("gdal.DescribeCRS", fault.Invalid, err)
	}
	info := CRSInfo{
		ID: id, Name: C.GoString(C.OSRGetName(s.h)), WKT: wkt,
		Geographic: C.ct_srs_kind(s.h) == 1, Projected: C.ct_srs_kind(s.h) == 2,
		SemiMajor:     float64(C.OSRGetSemiMajor(s.h, nil)),
		InvFlattening: float64(C.OSRGetInvFlattening(s.h, nil)),
		PrimeMeridian: float64(C.OSRGetPrimeMeridian(s.h, nil)),
	}
	var unit *C.char
	if info.Geographic {
		info.RadiansPerUnit = float64(C.OSRGetAngularUnits(s.h, &unit))
	} else {
		info.MetresPerUnit = float64(C.OSRGetLinearUnits(s.h, &unit))
	}
	info.UnitName = C.GoString(unit)
	if math.IsInf(info.InvFlattening, 0) || math.IsNaN(info.InvFlattening) {
		info.InvFlattening = 0
	}
	var wesn [4]C.double
	var name *C.char
	if C.ct_srs_area(s.h, &wesn[0], &name) != 0 {
		info.AreaOfUse = &geo.BBox{MinX: float64(wesn[0]), MaxX: float64(wesn[1]), MinY: float64(wesn[2]), MaxY: float64(wesn[3])}
		info.AreaOfUseName = C.GoString(name)
	}
	return info, nil
}
