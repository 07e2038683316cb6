package gdal

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"

	"contado/geo/fault"
	"github.com/airbusgeo/godal"
)

// Error is one message of GDAL, with the class and number that GDAL gave it.
type Error struct {
	Class   int // 3 failure, 4 fatal
	Number  int // CPLE_*: 1 application, 2 memory, 3 file, 4 open, 5 argument, 6 not supported, 8 no write access
	Message string
}

func (e *Error) Error() string { return e.Message }

// Numbers of GDAL's messages (cpl_error.h).
const (
	cpleOutOfMemory   = 2
	cpleFileIO        = 3
	cpleOpenFailed    = 4
	cpleIllegalArg    = 5
	cpleNotSupported  = 6
	cpleNoWriteAccess = 8
	cpleUserInterrupt = 9
	cpleRemote        = 9000 // and above: a kind of ours, out of remote.c
)

// kindOf turns a number of GDAL's into a kind; otherwise is what a plain
// application message means for the operation at hand.
func kindOf(number int, otherwise fault.Kind) fault.Kind {
	if number >= cpleRemote {
		return fault.Kind(min(number-cpleRemote, int(fault.Canceled))) //nolint:gosec // 0 to Canceled
	}
	switch number {
	case cpleOutOfMemory:
		return fault.TooLarge
	case cpleOpenFailed, cpleIllegalArg:
		return fault.Invalid
	case cpleNotSupported:
		return fault.Unsupported
	case cpleFileIO, cpleNoWriteAccess:
		return fault.Other
	case cpleUserInterrupt:
		return fault.Canceled
	}
	return otherwise
}

// maxWarnings bounds the warnings that one call remembers.
const maxWarnings = 20

// call collects what GDAL says during one call through godal.
type call struct {
	warnings []string
	more     int // warnings beyond maxWarnings
}

// handle is what every godal call is given, by godal.ErrLogger.
func (c *call) handle(ec godal.ErrorCategory, code int, msg string) error {
	if ec >= godal.CE_Failure {
		return &Error{Class: int(ec), Number: code, Message: msg}
	}
	if ec == godal.CE_Warning {
		if len(c.warnings) < maxWarnings {
			c.warnings = append(c.warnings, msg)
		} else {
			c.more++
		}
	}
	return nil
}

// wrap gives an error of godal its operation and kind. what says what was
// being done, to which file.
func wrap(op string, otherwise fault.Kind, err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	kind := otherwise
	var g *Error
	if errors.As(err, &g) {
		kind = kindOf(g.Number, otherwise)
	}
	return fault.E(op, kind, fmt.Errorf(format+": %w", append(args, err)...))
}

// shimError is the error of a call through our own C code.
func shimError(e *C.ct_err) error {
	return &Error{Class: int(e.cls), Number: int(e.num), Message: C.GoString(&e.msg[0])}
}
