/* A PNG whose rows are asked for one by one.
 * Threads: as encode.h says.
 * Inside src/encode only: each form of PNG makes its rows, and this the file
 * around them. */
#ifndef SIL_ENCODE_PNG_STREAM_H
#define SIL_ENCODE_PNG_STREAM_H

#include "encode/deflate.h"
#include "encode/encode.h"

/* The format's own numbers. */
enum png_colour { PNG_GREY = 0, PNG_RGB = 2, PNG_RGBA = 6 };
enum { PNG_FILTER_NONE = 0, PNG_FILTER_UP = 2, PNG_FILTER_PAETH = 4 };

/** What is to be written, 8 bits a channel. */
struct png_source {
    uint32_t width, height; /* pixels, at least 1 */
    enum png_colour colour;
    enum deflate_kind kind; /* of what the filtered pixels are */
    /** Write row y, from 0 on, each once: the filter's byte, then the filtered
     *  pixels, all of them. */
    void (*make_row)(uint8_t *row, void *payload, uint32_t y);
    /** Free the payload at the end, on failure too; NULL: it is lent. */
    void (*finish)(void *payload);
    void *payload;
};

/** *out: yours; its size is not known beforehand. Errors: SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err png_stream_create(struct encoder **out,
                                            const struct png_source *source);

#endif
