/* The least that decoding a JPEG takes: its entropy decoding, and no more.
 * Must not know our decoder: this is the limit that it is held against.
 * Usage: bench_entropy FILE. Prints milliseconds, the best of several. What is
 * read are the coefficients, as a lossless transcoder would. */
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "base/clock.h"

enum { TIMES = 9, BYTES_MAX = 1 << 28 };

static uint64_t read_once(const unsigned char *bytes, unsigned long size)
{
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    uint64_t start_ns = clock_ns();

    jpeg.err = jpeg_std_error(&errors); /* ends the program on errors */
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes, size);
    (void)jpeg_read_header(&jpeg, TRUE);
    (void)jpeg_read_coefficients(&jpeg);
    (void)jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    return clock_ns() - start_ns;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    unsigned char *bytes = malloc(BYTES_MAX);
    uint64_t best_ns = UINT64_MAX;
    size_t size;

    if (file == NULL || bytes == NULL) {
        fprintf(stderr, "usage: bench_entropy FILE.jpg\n");
        return 2;
    }
    size = fread(bytes, 1, BYTES_MAX, file);
    (void)fclose(file);
    for (int i = 0; i < TIMES; i++) {
        uint64_t spent_ns = read_once(bytes, size);
        best_ns = spent_ns < best_ns ? spent_ns : best_ns;
    }
    printf("%.3f\n", (double)best_ns / (double)NS_PER_MS);
    free(bytes);
    return 0;
}
