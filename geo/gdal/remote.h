// Files that are read through Go, part by part: a virtual file system of
// GDAL's whose every read is a call of remoteRead in remotevsi.go.
#ifndef CONTADO_GDAL_REMOTE_H
#define CONTADO_GDAL_REMOTE_H

#include <cpl_vsi.h>
#include <stddef.h>
#include <stdint.h>

// Errors of the Go side travel as an error number: CT_REMOTE_ERROR + kind.
#define CT_REMOTE_ERROR 9000
#define CT_REMOTE_MESSAGE 512

// ct_remote_install registers the file system, once a process.
int ct_remote_install(const char *prefix);

#endif
