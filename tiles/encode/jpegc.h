// One call into libjpeg (turbo's; IJG and BSD licences), which GDAL brings
// along: five times faster than image/jpeg.
#ifndef CONTADO_JPEG_H
#define CONTADO_JPEG_H

#include <stdint.h>

// contado_jpeg encodes rows of RGB bytes. 0 and a buffer for free(3), or −1
// with libjpeg's words in message.
int contado_jpeg(const uint8_t *rgb, int width, int height, int quality, unsigned char **out, unsigned long *size,
                 char message[200]);

#endif
