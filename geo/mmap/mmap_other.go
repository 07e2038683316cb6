//go:build !unix

package mmap

import "os"

// File reads the file where it cannot be mapped.
func File(path string) (data []byte, unmap func() error, err error) {
	data, err = os.ReadFile(path)
	return data, func() error { return nil }, err
}
