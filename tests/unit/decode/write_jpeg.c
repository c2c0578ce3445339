/* Writes JPEG files of all kinds with libjpeg.
 * Must not know the decoder under test.
 * libjpeg's default error handling ends the process: fine for a test. */
#include "decode/write_jpeg.h"

#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "base/mem.h"

enum { RGB = 3, CMYK = 4, COMPONENTS_MAX = 4, COEFFICIENTS = 64 };

size_t write_exif(uint8_t *to, uint16_t orientation, bool is_big)
{
    static const uint8_t LITTLE[] = {
        'I',  'I', 42, 0, 8, 0, 0, 0,             /* header, directory at 8 */
        1,    0,                                  /* one entry */
        0x12, 1,   3,  0, 1, 0, 0, 0, 0, 0, 0, 0, /* Orientation, SHORT, 1 */
        0,    0,   0,  0};                        /* no other directory */
    static const uint8_t BIG[] = {'M', 'M', 0,    42, 0, 0, 0, 8, 0,
                                  1,   1,   0x12, 0,  3, 0, 0, 0, 1,
                                  0,   0,   0,    0,  0, 0, 0, 0};

    memcpy(to, is_big ? BIG : LITTLE, sizeof LITTLE);
    to[is_big ? 18 : 19] = (uint8_t)(orientation >> 8);
    to[is_big ? 19 : 18] = (uint8_t)orientation;
    return sizeof LITTLE;
}

static void add_exif_segment(struct jpeg_compress_struct *jpeg,
                             uint8_t orientation)
{
    uint8_t segment[80] = "Exif\0";
    size_t size = write_exif(segment + 6, orientation, orientation % 2 == 0);

    jpeg_write_marker(jpeg, JPEG_APP0 + 1, segment, (unsigned)(size + 6));
}

/* A scan for the constant coefficients, then one for each other. */
static size_t script_many_scans(jpeg_scan_info *scans, int component_count)
{
    size_t count = 1;

    memset(scans, 0, sizeof *scans);
    scans[0].comps_in_scan = component_count;
    for (int i = 0; i < component_count; i++)
        scans[0].component_index[i] = i;
    for (int i = 0; i < component_count; i++) {
        for (int k = 1; k < COEFFICIENTS; k++) {
            scans[count] = (jpeg_scan_info){
                .comps_in_scan = 1, .component_index = {i}, .Ss = k, .Se = k};
            count++;
        }
    }
    return count;
}

/* RGB to inverted CMYK whose product gives the RGB back, nearly. */
static void cmyk_row(uint8_t *to, const uint8_t *rgb, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        unsigned black = 0;
        for (unsigned c = 0; c < RGB; c++)
            black = rgb[RGB * x + c] > black ? rgb[RGB * x + c] : black;
        for (unsigned c = 0; c < RGB; c++)
            to[CMYK * x + c] =
                (uint8_t)(black > 0 ? rgb[RGB * x + c] * 255U / black : 255U);
        to[CMYK * x + 3] = (uint8_t)black;
    }
}

static void set_kind(struct jpeg_compress_struct *jpeg,
                     const struct jpeg_kind *kind, jpeg_scan_info *scans)
{
    static const J_COLOR_SPACE SPACES[] = {
        [JPEG_YCC] = JCS_YCbCr, [JPEG_GRAY] = JCS_GRAYSCALE,
        [JPEG_RGB] = JCS_RGB,   [JPEG_CMYK] = JCS_CMYK,
        [JPEG_YCCK] = JCS_YCCK,
    };

    jpeg_set_colorspace(jpeg, SPACES[kind->colour]);
    jpeg_set_quality(jpeg, kind->quality ? kind->quality : 95, TRUE);
    for (int i = 0; i < jpeg->num_components; i++) {
        jpeg->comp_info[i].h_samp_factor = 1;
        jpeg->comp_info[i].v_samp_factor = 1;
    }
    jpeg->comp_info[0].h_samp_factor = kind->across ? kind->across : 1;
    jpeg->comp_info[0].v_samp_factor = kind->down ? kind->down : 1;
    if (kind->colour == JPEG_YCCK) {
        jpeg->comp_info[3].h_samp_factor = jpeg->comp_info[0].h_samp_factor;
        jpeg->comp_info[3].v_samp_factor = jpeg->comp_info[0].v_samp_factor;
    }
    jpeg->restart_in_rows = kind->restart_rows;
    jpeg->arith_code = kind->is_arithmetic;
    if (kind->is_progressive)
        jpeg_simple_progression(jpeg);
    if (kind->has_many_scans) {
        jpeg->num_scans = (int)script_many_scans(scans, jpeg->num_components);
        jpeg->scan_info = scans;
    }
}

void write_jpeg(struct buf *to, const struct image *image,
                const struct jpeg_kind *kind)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg_scan_info scans[1 + COMPONENTS_MAX * COEFFICIENTS];
    bool is_cmyk = kind->colour == JPEG_CMYK || kind->colour == JPEG_YCCK;
    uint8_t *row = mem_alloc(image->width, CMYK);
    unsigned char *bytes = NULL;
    unsigned long size = 0;

    assert_non_null(row);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &size);
    jpeg.image_width = image->width;
    jpeg.image_height = image->height;
    jpeg.input_components = is_cmyk ? CMYK : RGB;
    jpeg.in_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    set_kind(&jpeg, kind, scans);
    jpeg_start_compress(&jpeg, TRUE);
    if (kind->orientation > 0)
        add_exif_segment(&jpeg, kind->orientation);
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *rgb = image->rgb + y * image->row_bytes;
        if (is_cmyk)
            cmyk_row(row, rgb, image->width);
        else
            memcpy(row, rgb, (size_t)image->width * RGB);
        (void)jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    buf_add(to, bytes, size);
    assert_int_equal(buf_err(to), SIL_OK);
    free(bytes);
    mem_free(row);
}

size_t find_marker(const struct buf *jpeg, uint8_t code)
{
    for (size_t i = 0; i + 1 < jpeg->size; i++) {
        if (jpeg->bytes[i] == 0xFF && jpeg->bytes[i + 1] == code)
            return i;
    }
    fail();
    return 0;
}
