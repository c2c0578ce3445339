/* PNG files of all kinds, packed by hand, deflated by zlib.
 * Must not know the decoder under test.
 * Each writer also tells, as RGB, what a decoder must make of the file. */
#ifndef SIL_TESTS_WRITE_PNG_H
#define SIL_TESTS_WRITE_PNG_H

#include "decode/pictures.h"

enum png_type {
    PNG_GRAY = 0,
    PNG_RGB = 2,
    PNG_PALETTE = 3,
    PNG_GRAY_ALPHA = 4,
    PNG_RGBA = 6
};

struct png_kind {
    enum png_type type;
    uint8_t depth; /* bits of a sample: 1, 2, 4, 8 or 16 */
    bool is_interlaced;
    bool has_transparency; /* a tRNS chunk; for types without alpha */
};

/** Append a whole file of width x height pixels; *twin gets the picture it
 *  shows, on white, image_finish(). */
void write_png(struct buf *to, struct image *twin, uint32_t width,
               uint32_t height, const struct png_kind *kind);

/** Append the signature. */
void png_add_signature(struct buf *to);

/** Append a chunk with its checksum. name: four letters. */
void png_add_chunk(struct buf *to, const char *name, const void *bytes,
                   size_t size);

/** Append an IHDR chunk. */
void png_add_header(struct buf *to, uint32_t width, uint32_t height,
                    const struct png_kind *kind);

/** Append a chunk whose content is prefix and then count zeros, deflated. */
void png_add_bomb(struct buf *to, const char *name, const void *prefix,
                  size_t prefix_size, size_t count);

/** Where a chunk begins (its length), or the test ends. */
size_t png_find_chunk(const struct buf *png, const char *name);

/** Recompute the checksum of the chunk that begins at an offset. */
void png_fix_checksum(struct buf *png, size_t chunk);

#endif
