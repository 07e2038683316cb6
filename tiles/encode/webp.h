// One call into libwebp (BSD licence), which GDAL brings along.
#ifndef CONTADO_WEBP_H
#define CONTADO_WEBP_H

#include <stddef.h>
#include <stdint.h>

// contado_webp encodes rows of RGB or RGBA (not premultiplied) bytes. 0 and a
// buffer for contado_webp_free, or libwebp's error code, −1 when it gave none.
int contado_webp(const uint8_t *pix, int width, int height, int channels, float quality, int lossless, int method,
                 uint8_t **out, size_t *size);
void contado_webp_free(uint8_t *p);

#endif
