package blob

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"contado/geo/fault"
)

// The lengths that every engine can hold: S3 keys and file names.
const (
	MaxKeyLen     = 900 // bytes
	MaxSegmentLen = 200 // bytes; leaves room for the name of a temporary file
)

// CheckKey accepts slash-separated relative names whose elements are not
// empty, do not begin with a dot (so neither "." nor ".." nor a hidden file)
// and hold no backslash, control character or invalid UTF-8. A key that
// passes names a place below the root on every file system. The error is
// fault.Invalid.
func CheckKey(key string) error {
	if reason := keyFault(key); reason != "" {
		return fault.WithHint(fault.Errorf("blob.CheckKey", fault.Invalid, "key %q %s", clip(key), reason),
			`a key looks like "datasets/dem/v1/dem.tif"`)
	}
	return nil
}

// CheckPrefix accepts what can begin a key: "" or a key, with or without a
// slash at its end. The error is fault.Invalid.
func CheckPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	if reason := keyFault(strings.TrimSuffix(prefix, "/")); reason != "" {
		return fault.Errorf("blob.CheckPrefix", fault.Invalid, "prefix %q %s", clip(prefix), reason)
	}
	return nil
}

func keyFault(key string) string {
	switch {
	case key == "":
		return "is empty"
	case len(key) > MaxKeyLen:
		return fmt.Sprintf("is longer than %d bytes", MaxKeyLen)
	case !utf8.ValidString(key):
		return "is not UTF-8"
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "":
			return "has an empty element"
		case segment[0] == '.':
			return "has an element that begins with a dot"
		case len(segment) > MaxSegmentLen:
			return fmt.Sprintf("has an element longer than %d bytes", MaxSegmentLen)
		}
	}
	if i := strings.IndexFunc(key, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' }); i >= 0 {
		return fmt.Sprintf("has the character %q", key[i])
	}
	return ""
}

// clip keeps hostile keys out of messages and logs at full length.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
