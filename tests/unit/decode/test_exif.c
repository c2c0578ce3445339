/* exif.c: one tag out of blocks and files, proper, odd and cut off.
 * Must not know pixels.
 * Each input ends at a guard page and is also cut at each of its bytes. */
#include "decode/pictures.h"

#include "decode/exif.h"

typedef uint8_t (*parser)(const uint8_t *bytes, size_t size);

/* What a parser says of guarded bytes. */
static uint8_t parsed(parser parse, const void *bytes, size_t size)
{
    struct guarded guarded = guarded_copy(bytes, size);
    uint8_t orientation = parse(guarded.bytes, size);

    guarded_free(&guarded);
    return orientation;
}

#define LITTLE "II\x2a\0\x08\0\0\0"
#define BIG "MM\0\x2a\0\0\0\x08"
#define SIX_LITTLE "\x12\1\3\0\1\0\0\0\6\0\0\0"
#define SIX_BIG "\1\x12\0\3\0\0\0\1\0\6\0\0"

/* A block without its closing NUL, and what it means. */
struct block {
    const char *name;
    const char *bytes;
    size_t size;
    uint8_t orientation;
};

#define BLOCK(name, bytes, orientation)                                        \
    {                                                                          \
        name, bytes, sizeof(bytes) - 1, orientation                            \
    }

static const struct block BLOCKS[] = {
    BLOCK("little-endian", LITTLE "\1\0" SIX_LITTLE, 6),
    BLOCK("big-endian", BIG "\0\1" SIX_BIG, 6),
    BLOCK("with its name", "Exif\0\0" BIG "\0\1" SIX_BIG, 6),
    BLOCK("second entry", LITTLE "\2\0\x0f\1\2\0\1\0\0\0\0\0\0\0" SIX_LITTLE,
          6),
    BLOCK("1 is upright", LITTLE "\1\0\x12\1\3\0\1\0\0\0\1\0\0\0", 1),
    BLOCK("8 is the last", LITTLE "\1\0\x12\1\3\0\1\0\0\0\x8\0\0\0", 8),
    BLOCK("0 is junk", LITTLE "\1\0\x12\1\3\0\1\0\0\0\0\0\0\0", 1),
    BLOCK("9 is junk", LITTLE "\1\0\x12\1\3\0\1\0\0\0\x9\0\0\0", 1),
    BLOCK("262 is junk", LITTLE "\1\0\x12\1\3\0\1\0\0\0\6\1\0\0", 1),
    BLOCK("a byte is no SHORT", LITTLE "\1\0\x12\1\1\0\1\0\0\0\6\0\0\0", 1),
    BLOCK("two values", LITTLE "\1\0\x12\1\3\0\2\0\0\0\6\0\0\0", 1),
    BLOCK("no values", LITTLE "\1\0\x12\1\3\0\0\0\0\0\6\0\0\0", 1),
    BLOCK("junk, then a proper one",
          LITTLE "\2\0\x12\1\3\0\1\0\0\0\x9\0\0\0" SIX_LITTLE, 6),
    BLOCK("more entries told than there", LITTLE "\xff\xff" SIX_LITTLE, 6),
    BLOCK("no entries", LITTLE "\0\0" SIX_LITTLE, 1),
    BLOCK("another directory is not read",
          LITTLE "\0\0\x0e\0\0\0\1\0" SIX_LITTLE, 1),
    BLOCK("directory inside the header: itself",
          "II\x2a\0\0\0\0\0\1\0" SIX_LITTLE, 1),
    BLOCK("directory behind the end", "II\x2a\0\xff\0\0\0\1\0" SIX_LITTLE, 1),
    BLOCK("directory far behind the end",
          "II\x2a\0\xff\xff\xff\xff\1\0" SIX_LITTLE, 1),
    BLOCK("no TIFF", "II\x2b\0\x08\0\0\0\1\0" SIX_LITTLE, 1),
    BLOCK("no byte order", "IM\x2a\0\x08\0\0\0\1\0" SIX_LITTLE, 1),
    BLOCK("nothing", "", 1),
};

static void blocks_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(BLOCKS); i++) {
        print_message("%s\n", BLOCKS[i].name);
        assert_int_equal(
            parsed(exif_orientation, BLOCKS[i].bytes, BLOCKS[i].size),
            BLOCKS[i].orientation);
    }
}

/* Where the value isn't all there, nothing is turned. */
static void cut_blocks_mean_upright(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t size = 0; size < BLOCKS[i].size; size++)
            assert_int_equal(parsed(exif_orientation, BLOCKS[i].bytes, size),
                             1);
    }
}

#define SIX LITTLE "\1\0" SIX_LITTLE /* 22 bytes */
#define APP1                                                                   \
    "\xff\xe1\0\x1e"                                                           \
    "Exif\0\0" SIX
#define EXIF_CHUNK                                                             \
    "\0\0\0\x16"                                                               \
    "eXIf" SIX "crc!"
#define PNG "\x89PNG\r\n\x1a\n"

static const struct {
    parser parse;
    struct block file;
} FILES[] = {
    {exif_of_jpeg, BLOCK("EXIF", "\xff\xd8" APP1 "\xff\xda", 6)},
    {exif_of_jpeg,
     BLOCK("behind JFIF", "\xff\xd8\xff\xe0\0\4ab" APP1 "\xff\xda", 6)},
    {exif_of_jpeg,
     BLOCK("behind XMP", "\xff\xd8\xff\xe1\0\6http" APP1 "\xff\xda", 6)},
    {exif_of_jpeg, BLOCK("fill bytes", "\xff\xd8\xff\xff\xff" APP1, 6)},
    {exif_of_jpeg, BLOCK("junk between", "\xff\xd8xyz\0" APP1, 6)},
    {exif_of_jpeg, BLOCK("lone markers", "\xff\xd8\xff\x01\xff\xd0" APP1, 6)},
    {exif_of_jpeg, BLOCK("behind the scan", "\xff\xd8\xff\xda\0\2" APP1, 1)},
    {exif_of_jpeg, BLOCK("behind the end", "\xff\xd8\xff\xd9" APP1, 1)},
    {exif_of_jpeg, BLOCK("length of 1", "\xff\xd8\xff\xe0\0\1" APP1, 1)},
    {exif_of_jpeg,
     BLOCK("length behind the end", "\xff\xd8\xff\xe0\xff\xff" APP1, 1)},
    {exif_of_png, BLOCK("chunk", PNG EXIF_CHUNK, 6)},
    {exif_of_png,
     BLOCK("behind another", PNG "\0\0\0\2abcdxycrc!" EXIF_CHUNK, 6)},
    {exif_of_png, BLOCK("behind a chunk that is too long",
                        PNG "\xff\xff\xff\xff"
                            "abcd" EXIF_CHUNK,
                        1)},
    {exif_of_webp, BLOCK("chunk", "RIFF\x1e\0\0\0WEBPEXIF\x16\0\0\0" SIX, 6)},
    {exif_of_webp, BLOCK("behind a padded one",
                         "RIFF\x1e\0\0\0WEBPabcd\3\0\0\0xyz\0"
                         "EXIF\x16\0\0\0" SIX,
                         6)},
    {exif_of_webp, BLOCK("with the name JPEG gives it",
                         "RIFF\x1e\0\0\0WEBPEXIF\x1c\0\0\0Exif\0\0" SIX, 6)},
    {exif_of_webp, BLOCK("behind a chunk that is too long",
                         "RIFF\x1e\0\0\0WEBPabcd\xff\xff\xff\xff"
                         "EXIF\x16\0\0\0" SIX,
                         1)},
};

static void files_are_searched(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT(FILES); i++) {
        const struct block *file = &FILES[i].file;
        print_message("%s\n", file->name);
        assert_int_equal(parsed(FILES[i].parse, file->bytes, file->size),
                         file->orientation);
        for (size_t size = 0; size < file->size; size++) {
            uint8_t orientation = parsed(FILES[i].parse, file->bytes, size);
            assert_true(orientation == 1 || orientation == 6);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_read),
        cmocka_unit_test(cut_blocks_mean_upright),
        cmocka_unit_test(files_are_searched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
