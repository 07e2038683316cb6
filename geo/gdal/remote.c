#define _LARGEFILE64_SOURCE 1  // stat64, which cpl_vsi.h names
#include "remote.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "_cgo_export.h"

typedef struct {
  char *name;
  vsi_l_offset size, at;
  int eof;
} remote_file;

static void report(int kind, const char *message) {
  errno = EIO;
  CPLError(CE_Failure, CT_REMOTE_ERROR + kind, "%s", message);
}

static void *remote_open(void *user, const char *name, const char *access) {
  (void)user;
  char message[CT_REMOTE_MESSAGE] = "";
  int kind = 0;
  if (strchr(access, 'w') != NULL || strchr(access, 'a') != NULL || strchr(access, '+') != NULL) {
    errno = EROFS;
    return NULL;
  }
  long long size = remoteSize((char *)name, &kind, message);
  if (size < 0) {
    if (message[0] != 0) report(kind, message);
    return NULL;
  }
  remote_file *f = (remote_file *)CPLCalloc(1, sizeof *f);
  f->name = CPLStrdup(name);
  f->size = (vsi_l_offset)size;
  return f;
}

static int remote_stat(void *user, const char *name, VSIStatBufL *st, int flags) {
  (void)user;
  (void)flags;
  char message[CT_REMOTE_MESSAGE] = "";
  int kind = 0;
  long long size = remoteSize((char *)name, &kind, message);
  if (size < 0) return -1;
  memset(st, 0, sizeof *st);
  st->st_mode = S_IFREG;
  st->st_size = size;
  return 0;
}

static vsi_l_offset remote_tell(void *file) { return ((remote_file *)file)->at; }

static int remote_seek(void *file, vsi_l_offset offset, int whence) {
  remote_file *f = (remote_file *)file;
  f->eof = 0;
  f->at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? f->at + offset : f->size + offset;
  return 0;
}

static size_t remote_read(void *file, void *buffer, size_t size, size_t count) {
  remote_file *f = (remote_file *)file;
  if (size == 0 || count == 0) return 0;
  if (f->at >= f->size) {
    f->eof = 1;
    return 0;
  }
  size_t n = size * count;
  if (n / size != count) return 0;
  if (n > f->size - f->at) {
    n = (size_t)(f->size - f->at);
    f->eof = 1;
  }
  char message[CT_REMOTE_MESSAGE] = "";
  int kind = 0;
  if (!remoteRead(f->name, 1, &buffer, &f->at, &n, &kind, message)) {
    report(kind, message);
    return 0;
  }
  f->at += n;
  return n / size;
}

static int remote_read_ranges(void *file, int n, void **buffers, const vsi_l_offset *offsets, const size_t *sizes) {
  remote_file *f = (remote_file *)file;
  char message[CT_REMOTE_MESSAGE] = "";
  int kind = 0;
  if (!remoteRead(f->name, n, buffers, (vsi_l_offset *)offsets, (size_t *)sizes, &kind, message)) {
    report(kind, message);
    return -1;
  }
  return 0;
}

static int remote_eof(void *file) { return ((remote_file *)file)->eof; }

static int remote_close(void *file) {
  remote_file *f = (remote_file *)file;
  CPLFree(f->name);
  CPLFree(f);
  return 0;
}

int ct_remote_install(const char *prefix) {
  VSIFilesystemPluginCallbacksStruct *cb = VSIAllocFilesystemPluginCallbacksStruct();
  cb->open = remote_open;
  cb->stat = remote_stat;
  cb->tell = remote_tell;
  cb->seek = remote_seek;
  cb->read = remote_read;
  cb->read_multi_range = remote_read_ranges;
  cb->eof = remote_eof;
  cb->close = remote_close;
  int r = VSIInstallPluginHandler(prefix, cb);
  VSIFreeFilesystemPluginCallbacksStruct(cb);
  return r;
}
