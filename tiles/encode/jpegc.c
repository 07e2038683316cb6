#include "jpegc.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf back;
  char words[JMSG_LENGTH_MAX];
} trouble;

static void fail(j_common_ptr c) {
  trouble *t = (trouble *)c->err;
  t->base.format_message(c, t->words);
  longjmp(t->back, 1);
}

static void say_nothing(j_common_ptr c) { (void)c; }

int contado_jpeg(const uint8_t *rgb, int width, int height, int quality, unsigned char **out, unsigned long *size,
                 char message[200]) {
  struct jpeg_compress_struct c;
  trouble t;
  memset(&t, 0, sizeof t);
  c.err = jpeg_std_error(&t.base);
  t.base.error_exit = fail;
  t.base.output_message = say_nothing;
  *out = NULL;
  *size = 0;
  if (setjmp(t.back)) {
    jpeg_destroy_compress(&c);
    free(*out);
    *out = NULL;
    snprintf(message, 200, "%s", t.words);
    return -1;
  }
  jpeg_create_compress(&c);
  jpeg_mem_dest(&c, out, size);
  c.image_width = (JDIMENSION)width;
  c.image_height = (JDIMENSION)height;
  c.input_components = 3;
  c.in_color_space = JCS_RGB;
  jpeg_set_defaults(&c);
  jpeg_set_quality(&c, quality, TRUE);
  jpeg_start_compress(&c, TRUE);
  while (c.next_scanline < c.image_height) {
    JSAMPROW row = (JSAMPROW)(rgb + (size_t)3 * (size_t)width * c.next_scanline);
    jpeg_write_scanlines(&c, &row, 1);
  }
  jpeg_finish_compress(&c);
  jpeg_destroy_compress(&c);
  return 0;
}
