/* decode.c: which decoder gets the bytes, and the limits all share.
 * Must not know a format beyond its first bytes.
 * The files are as small as they can be: what is asked is who reads them. */
#include "decode/pictures.h"

#include "decode/write_jpeg.h"

enum { WIDTH = 40, HEIGHT = 30 };

static struct buf small_jpeg(void)
{
    struct jpeg_kind kind = {.quality = 50};
    struct image image = picture_draw(WIDTH, HEIGHT);
    struct buf bytes;

    buf_init(&bytes, PICTURE_BYTES_MAX);
    write_jpeg(&bytes, &image, &kind);
    image_finish(&image);
    return bytes;
}

#define FTYP                                                                   \
    "\0\0\0\x18"                                                               \
    "ftyp"

/* First bytes, and what becomes of them. */
static const struct {
    const char *name, *bytes;
    size_t size;
    enum sil_err err;
} FIRST_BYTES[] = {
#define ROW(name, bytes, err)                                                  \
    {                                                                          \
        name, bytes, sizeof(bytes) - 1, err                                    \
    }
    ROW("nothing", "", SIL_E_UNSUPPORTED_FORMAT),
    ROW("a byte", "\xff", SIL_E_UNSUPPORTED_FORMAT),
    ROW("little-endian TIFF", "II*\0\x08\0\0\0\0\0", SIL_E_UNSUPPORTED_FORMAT),
    ROW("big-endian TIFF", "MM\0*\0\0\0\x08\0\0", SIL_E_UNSUPPORTED_FORMAT),
    ROW("SVG", "<svg xmlns='http://www.w3.org/2000/svg'/>",
        SIL_E_UNSUPPORTED_FORMAT),
    ROW("XML", "<?xml version='1.0'?><svg/>", SIL_E_UNSUPPORTED_FORMAT),
    ROW("HTML as .jpg", "<!DOCTYPE html><html>404</html>",
        SIL_E_UNSUPPORTED_FORMAT),
    ROW("PDF", "%PDF-1.7\n", SIL_E_UNSUPPORTED_FORMAT),
    ROW("BMP", "BM\x3a\0\0\0\0\0\0\0\x36\0\0\0", SIL_E_UNSUPPORTED_FORMAT),
    ROW("GIF", "GIF89a\1\0\1\0\0\0\0;", SIL_E_UNSUPPORTED_FORMAT),
    ROW("ICO", "\0\0\1\0\1\0", SIL_E_UNSUPPORTED_FORMAT),
    ROW("PSD", "8BPS\0\1\0\0\0\0", SIL_E_UNSUPPORTED_FORMAT),
    ROW("JPEG 2000", "\0\0\0\x0cjP  \r\n\x87\n", SIL_E_UNSUPPORTED_FORMAT),
    ROW("JPEG XL", "\0\0\0\x0cJXL \r\n\x87\n", SIL_E_UNSUPPORTED_FORMAT),
    ROW("MP4", FTYP "isom\0\0\0\0isommp41", SIL_E_UNSUPPORTED_FORMAT),
    ROW("WAV", "RIFF\x24\0\0\0WAVEfmt ", SIL_E_UNSUPPORTED_FORMAT),
    ROW("ZIP", "PK\3\4\x14\0\0\0", SIL_E_UNSUPPORTED_FORMAT),
    ROW("junk before a JPEG", "\0\xff\xd8\xff\xe0", SIL_E_UNSUPPORTED_FORMAT),
    ROW("JPEG's first bytes", "\xff\xd8\xff", SIL_E_IMAGE_CORRUPT),
    ROW("JPEG that ends at once", "\xff\xd8\xff\xd9", SIL_E_IMAGE_CORRUPT),
    ROW("PNG's first bytes", "\x89PNG", SIL_E_IMAGE_CORRUPT),
    ROW("PNG whose line ends were changed", "\x89PNG\n\x1a\n\0\0\0\rIHDR",
        SIL_E_IMAGE_CORRUPT),
    ROW("WebP's first bytes", "RIFF\4\0\0\0WEBP", SIL_E_IMAGE_CORRUPT),
    ROW("HEIC's first bytes", FTYP "heic\0\0\0\0mif1heic", SIL_E_IMAGE_CORRUPT),
    ROW("AVIF's first bytes", FTYP "avif\0\0\0\0mif1avif", SIL_E_IMAGE_CORRUPT),
    ROW("HEIC by a compatible brand", FTYP "junk\0\0\0\0heicjunk",
        SIL_E_IMAGE_CORRUPT),
#undef ROW
};

static void first_bytes_decide(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(FIRST_BYTES); i++) {
        struct image image = {0};
        struct decode_info info = {.width = 77};
        print_message("%s\n", FIRST_BYTES[i].name);
        assert_int_equal(picture_decode(&image, FIRST_BYTES[i].bytes,
                                        FIRST_BYTES[i].size, 1),
                         FIRST_BYTES[i].err);
        assert_int_equal(
            picture_info(&info, FIRST_BYTES[i].bytes, FIRST_BYTES[i].size),
            FIRST_BYTES[i].err);
        assert_null(image.rgb);
        assert_int_equal(info.width, 77);
    }
}

/* A page behind the picture's end changes nothing: the magic decides. */
static void polyglots_are_what_they_begin_with(void **state)
{
    struct buf bytes = small_jpeg();
    struct decode_info info;

    (void)state;
    buf_add_text(&bytes, "<html>PK\3\4%PDF-1.7");
    assert_int_equal(picture_info(&info, bytes.bytes, bytes.size), SIL_OK);
    assert_string_equal(info.format, "jpeg");
    buf_finish(&bytes);
}

/* Each limit at its value and one below. */
static void limits_are_held(void **state)
{
    struct buf bytes = small_jpeg();
    size_t size = bytes.size;
    const struct {
        struct sil_limits limits;
        enum sil_err err;
    } rows[] = {
        {{size, WIDTH * HEIGHT, WIDTH}, SIL_OK},
        {{size - 1, WIDTH * HEIGHT, WIDTH}, SIL_E_IMAGE_TOO_LARGE},
        {{size, WIDTH * HEIGHT - 1, WIDTH}, SIL_E_IMAGE_TOO_MANY_PIXELS},
        {{size, WIDTH * HEIGHT, WIDTH - 1}, SIL_E_IMAGE_TOO_MANY_PIXELS},
        {{0, 0, 0}, SIL_E_IMAGE_TOO_LARGE},
    };

    (void)state;
    for (size_t i = 0; i < ROW_COUNT(rows); i++) {
        struct decode_source source = {
            .bytes = bytes.bytes, .size = size, .limits = rows[i].limits};
        struct decode_info info;
        struct image image = {0};
        struct sil_error error = {0};
        assert_int_equal(decode_info(&info, &source, &error), rows[i].err);
        assert_int_equal(error.code, rows[i].err);
        assert_int_equal(decode_image(&image, &source, 1, NULL), rows[i].err);
        image_finish(&image);
    }
    buf_finish(&bytes);
}

/* The detail tells the limit and the value seen. */
static void details_tell_the_limit(void **state)
{
    struct buf bytes = small_jpeg();
    struct decode_source source = {.bytes = bytes.bytes,
                                   .size = bytes.size,
                                   .limits = {bytes.size, 1000, 100}};
    struct decode_info info;
    struct sil_error error = {0};

    (void)state;
    assert_int_equal(decode_info(&info, &source, &error),
                     SIL_E_IMAGE_TOO_MANY_PIXELS);
    assert_string_equal(error.detail,
                        "40 x 30 = 1200 pixels; the limit is 1000");
    buf_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bytes_decide),
        cmocka_unit_test(polyglots_are_what_they_begin_with),
        cmocka_unit_test(limits_are_held),
        cmocka_unit_test(details_tell_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
