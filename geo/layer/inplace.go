package layer

import "unsafe"

// textOf is a text over bytes of the file, without a copy. It lives as long
// as the file is open and the bytes never change, so it may be compared and
// not kept.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
