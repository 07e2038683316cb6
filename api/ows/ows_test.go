package ows_test

import (
	"encoding/xml"
	"errors"
	"math"
	"net/url"
	"strings"
	"testing"

	"contado/api/ows"
	"contado/geo/fault"
)

func TestReadFoldsNames(t *testing.T) {
	t.Parallel()
	q, err := ows.Read(url.Values{"Layers": {"a,b"}, "WIDTH": {" 7 "}, "x": nil})
	if err != nil || len(q.List("LAYERS")) != 2 {
		t.Fatalf("%v %v", q, err)
	}
	if n, err := q.Int("WIDTH", 1, 10, ows.Invalid); err != nil || n != 7 {
		t.Errorf("%d %v", n, err)
	}
	for _, bad := range []url.Values{{"a": {strings.Repeat("x", 4001)}}} {
		if _, err := ows.Read(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v", err)
		}
	}
	many := url.Values{}
	for i := range 101 {
		many.Set(strings.Repeat("x", i+1), "")
	}
	if _, err := ows.Read(many); err == nil {
		t.Error("101 parameters are taken")
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	q := ows.Params{"A": "5", "B": "1,2,x", "C": "1,2,NaN", "D": "1,2,1e300"}
	for _, c := range []struct {
		run  func() error
		code string
	}{
		{func() error { _, err := q.Need("Z"); return err }, ows.Missing},
		{func() error { _, err := q.Int("A", 6, 9, "InvalidPoint"); return err }, "InvalidPoint"},
		{func() error { _, err := q.Numbers("B", 3); return err }, ows.Invalid},
		{func() error { _, err := q.Numbers("C", 3); return err }, ows.Invalid},
		{func() error { _, err := q.Numbers("D", 3); return err }, ows.Invalid},
		{func() error { _, err := q.Numbers("A", 4); return err }, ows.Invalid},
	} {
		var e *ows.Exception
		if err := c.run(); !errors.As(err, &e) || e.Code != c.code || e.Locator == "" {
			t.Errorf("%v, want %s", err, c.code)
		}
	}
}

// Whatever a client sends, a document stays XML, and holds it as text.
func FuzzDocument(f *testing.F) {
	for _, s := range []string{"<a>&\"'", "]]>", "\x00\x1b", "\xff", "à"} {
		f.Add(s)
	}
	type document struct {
		XMLName xml.Name `xml:"Report"`
		Code    string   `xml:"code,attr"`
		Text    string   `xml:"Text"`
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := ows.Document(document{Code: s, Text: s})
		if err != nil {
			t.Fatal(err)
		}
		var back document
		if err := xml.Unmarshal(b, &back); err != nil {
			t.Fatalf("%v\n%q", err, b)
		}
		if strings.ContainsAny(back.Text, "\x00\x1b") {
			t.Errorf("%q", back.Text)
		}
	})
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1,2,3,4", "1e9,-1e9,0,0", "nan,inf,,", "0x1p-2,1,2,3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ows.Params{"BBOX": s}.Numbers("BBOX", 4)
		if err != nil {
			return
		}
		for _, n := range v {
			if math.IsNaN(n) || math.Abs(n) > 1e9 {
				t.Errorf("%q: %v", s, v)
			}
		}
	})
}
