package blob

import (
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"contado/geo/fault"
)

func TestCheckKey(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, key string
		ok        bool
	}{
		{"usual", "datasets/dem/v1/dem.tif", true},
		{"spaces and accents", "reports/Città di Castello 2026.json", true},
		{"dots inside", "a..b/c.d.e", true},
		{"empty", "", false},
		{"absolute", "/etc/passwd", false},
		{"parent", "a/../b", false},
		{"only parent", "..", false},
		{"current", "a/./b", false},
		{"double slash", "a//b", false},
		{"trailing slash", "a/", false},
		{"hidden", "a/.git/config", false},
		{"backslash", `a\b`, false},
		{"NUL", "a\x00b", false},
		{"newline", "a\nb", false},
		{"not UTF-8", "a\xff", false},
		{"long", strings.Repeat("a/", MaxKeyLen/2) + "aa", false},
		{"long element", strings.Repeat("a", MaxSegmentLen+1), false},
	} {
		err := CheckKey(tc.key)
		if (err == nil) != tc.ok {
			t.Errorf("%s: CheckKey(%q) = %v", tc.name, tc.key, err)
		}
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: kind %v", tc.name, fault.KindOf(err))
		}
	}
}

func TestCheckPrefix(t *testing.T) {
	t.Parallel()
	for prefix, ok := range map[string]bool{
		"": true, "a": true, "a/": true, "a/b": true, "a//": false, "/": false, "..": false, "../": false, "a/../": false, ".": false,
	} {
		if err := CheckPrefix(prefix); (err == nil) != ok {
			t.Errorf("CheckPrefix(%q) = %v", prefix, err)
		}
	}
}

func FuzzCheckKey(f *testing.F) {
	for _, s := range []string{"a/b", "../a", "/a", `..\a`, "a/./b", "a\x00", "", "a//b", ".a", "a/..", "C:/a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if CheckKey(key) != nil {
			return
		}
		if path.Clean(key) != key || !fs.ValidPath(key) || !filepath.IsLocal(filepath.FromSlash(key)) {
			t.Fatalf("key %q passes and is not a clean local path", key)
		}
		joined := filepath.Join("/root/of/store", filepath.FromSlash(key))
		if !strings.HasPrefix(joined, "/root/of/store/") {
			t.Fatalf("key %q leads to %s", key, joined)
		}
	})
}
