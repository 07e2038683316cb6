#include "webp.h"

#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>

int contado_webp(const uint8_t *pix, int width, int height, int channels, float quality, int lossless, int method,
                 uint8_t **out, size_t *size) {
  WebPConfig config;
  if (!WebPConfigPreset(&config, WEBP_PRESET_PHOTO, quality)) return -1;
  config.lossless = lossless;
  config.method = method;
  config.thread_level = 0;     // the caller bounds how many threads draw
  config.alpha_quality = 100;  // masks keep their edge
  config.exact = 0;
  if (!WebPValidateConfig(&config)) return -1;

  WebPPicture pic;
  if (!WebPPictureInit(&pic)) return -1;
  pic.width = width;
  pic.height = height;
  pic.use_argb = lossless;
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  pic.writer = WebPMemoryWrite;
  pic.custom_ptr = &writer;

  int ok = channels == 4 ? WebPPictureImportRGBA(&pic, pix, width * 4) : WebPPictureImportRGB(&pic, pix, width * 3);
  if (ok) ok = WebPEncode(&config, &pic);
  int code = ok ? 0 : (pic.error_code ? (int)pic.error_code : -1);
  WebPPictureFree(&pic);
  if (code != 0) {
    WebPMemoryWriterClear(&writer);
    return code;
  }
  *out = writer.mem;
  *size = writer.size;
  return 0;
}

void contado_webp_free(uint8_t *p) { WebPFree(p); }
