//go:build unix

// Package mmap gives the bytes of files as they lie on disk.
package mmap

import (
	"errors"
	"os"
	"syscall"
)

// File gives the bytes of a file as they are on disk.
func File(path string) (data []byte, unmap func() error, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close() // the map lives on without it
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New(path + " is not a regular file")
	}
	size := info.Size()
	if size == 0 || int64(int(size)) != size {
		return nil, func() error { return nil }, nil
	}
	data, err = syscall.Mmap(int(file.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, &os.PathError{Op: "mmap", Path: path, Err: err}
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}
