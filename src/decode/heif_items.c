/* Walks a HEIF file's boxes to the bytes of each coded item.
 * Must not know what items are to each other: each is looked at.
 * The library that decodes reads the same boxes. So that no file means one
 * thing here and another there, boxes that may stand once only are refused
 * when they stand twice, and whatever is cut off is refused, too. */
#include "decode/heif_items.h"

#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"

/* All of the names are those of ISO/IEC 14496-12 (boxes) and 23008-12 (items
 * and their properties). */
enum {
    BOX_HEAD = 8,     /* size, type */
    VERSION_HEAD = 4, /* version and flags of a full box */
    TYPE = 4,         /* bytes of a box's or item's type */
    METHOD_IDAT = 1   /* the item's bytes are in the idat box */
};

/* Bytes that are read forward. After the end: zeros, and is_over is set. */
struct cursor {
    const uint8_t *bytes; /* lent */
    size_t size;          /* bytes */
    size_t at;            /* the next one, 0 .. size */
    bool is_over;         /* more was asked for than there was */
};

/* A big-endian number of 0 .. 8 bytes; of none it is 0, as iloc has it for
 * fields that are left out. */
static uint64_t take(struct cursor *cursor, unsigned byte_count)
{
    uint64_t value = 0;

    sil_assert(cursor->at <= cursor->size);
    sil_assert(byte_count <= 8);
    if (byte_count > cursor->size - cursor->at) {
        cursor->is_over = true;
        cursor->at = cursor->size;
        return 0;
    }
    for (unsigned i = 0; i < byte_count; i++)
        value = value << 8 | cursor->bytes[cursor->at++];
    return value;
}

/* The next size bytes as a cursor of their own: nothing inside can read beyond
 * its box. Where they aren't all there: none, and both cursors are over. */
static struct cursor take_part(struct cursor *cursor, uint64_t size)
{
    struct cursor part = {.bytes = cursor->bytes + cursor->at};

    sil_assert(cursor->at <= cursor->size);
    if (size > cursor->size - cursor->at) {
        cursor->is_over = true;
        part.is_over = true;
        return part;
    }
    part.size = (size_t)size;
    cursor->at += part.size;
    sil_assert(cursor->at <= cursor->size);
    return part;
}

/* Types are four letters, not ended by a NUL in the file. */
static bool is_type(const uint8_t *type, const char *name)
{
    sil_assert(name[TYPE] == '\0');
    return memcmp(type, name, TYPE) == 0;
}

/* Take the next box; false at the end, and where it is cut off: in->is_over
 * tells the two apart. Fewer bytes than a head are taken for the end. */
static bool next_box(struct cursor *in, const uint8_t **type,
                     struct cursor *content)
{
    size_t start = in->at;
    uint64_t size;

    sil_assert(start <= in->size);
    if (in->size - in->at < BOX_HEAD)
        return false;
    /* 1 announces a size of 64 bits, 0 is all that is left. */
    size = take(in, 4);
    *type = in->bytes + in->at;
    (void)take(in, TYPE);
    if (size == 1)
        size = take(in, 8);
    else if (size == 0)
        size = in->size - start;
    if (in->is_over || size < in->at - start) {
        in->is_over = true;
        return false;
    }
    *content = take_part(in, size - (in->at - start));
    return !content->is_over;
}

/* The one box of a type; empty if there is none. False if there are two: the
 * library would take the first or the last of them, and we might not. */
static bool only_box(struct cursor *out, struct cursor in, const char *name)
{
    struct cursor content;
    const uint8_t *type;
    unsigned count = 0;

    *out = (struct cursor){.bytes = in.bytes};
    while (next_box(&in, &type, &content)) {
        if (!is_type(type, name))
            continue;
        *out = content;
        count++;
    }
    return count <= 1;
}

/* One file being looked through. */
struct walk {
    const struct decode_source *source; /* lent */
    struct cursor info;                 /* content of iinf: the items' types */
    struct cursor locations;   /* content of iloc: where their bytes are */
    struct cursor idat;        /* small items' bytes */
    uint64_t bytes_left;       /* how many items may still have, together */
    struct coded_size largest; /* of what was looked at so far */
};

/* How numbers are written in an iloc box, in bytes. */
struct widths {
    unsigned version; /* of the box itself: 0, 1 or 2; no width */
    unsigned offset;  /* of an extent, counted from the base */
    unsigned length;  /* of an extent */
    unsigned base;    /* of all extents of an item */
    unsigned index;   /* of another item; only passed over */
};

/* The type of an item: [TYPE] inside the file; NULL: it is not listed. Goes
 * through the list each time: its length is limited (is_short_list()). */
static const uint8_t *type_of(const struct walk *walk, uint64_t id)
{
    struct cursor in = walk->info;
    struct cursor entry;
    const uint8_t *type;
    const uint8_t *found = NULL;
    uint64_t version = take(&in, 1);

    (void)take(&in, 3);
    (void)take(&in, version == 0 ? 2 : 4);
    while (next_box(&in, &type, &entry)) {
        uint64_t entry_version = take(&entry, 1);
        uint64_t entry_id;
        (void)take(&entry, 3);
        entry_id = take(&entry, entry_version <= 2 ? 2 : 4);
        (void)take(&entry, 2);
        /* Entries before version 2 have no type: no such item is decoded. */
        if (entry_id != id || entry.size - entry.at < TYPE)
            continue;
        found = entry.bytes + entry.at;
        if (is_type(found, "av01") || is_type(found, "hvc1"))
            break; /* of several of one number the coded one counts */
    }
    return found;
}

/* Append the bytes of one extent of an item. False if it lies outside of the
 * file or the file's items are too many bytes by now. Methods other than idat
 * count from the file's start; an item in terms of another one is refused by
 * the library. A lack of memory is kept by the buffer, for the caller. */
static bool gather_extent(struct buf *to, struct walk *walk, uint64_t method,
                          uint64_t offset, uint64_t length)
{
    struct cursor from = {.bytes = walk->source->bytes,
                          .size = walk->source->size};

    sil_assert(to->size <= walk->source->size);
    if (method == METHOD_IDAT)
        from = walk->idat;
    if (offset > from.size)
        return false;
    if (length == 0) /* up to the end */
        length = from.size - offset;
    if (length > from.size - offset || length > walk->bytes_left)
        return false;
    walk->bytes_left -= length;
    buf_add(to, from.bytes + offset, (size_t)length);
    return buf_err(to) != SIL_E_STATE;
}

/* Take an item's extents and put their bytes together: the parser needs them in
 * one piece, as the codec does. Takes its part of iloc whatever the item is,
 * because the next one begins behind it. */
static bool gather_item(struct buf *to, struct walk *walk, struct cursor *in,
                        const struct widths *widths)
{
    uint64_t method = 0;
    uint64_t base;
    uint64_t count;

    sil_assert(to->size == 0);
    sil_assert(widths->version <= 2);
    if (widths->version > 0)
        method = take(in, 2) & 0x0F;
    (void)take(in, 2);
    base = take(in, widths->base);
    count = take(in, 2);
    for (uint64_t i = 0; i < count && !in->is_over; i++) {
        uint64_t offset;
        uint64_t length;
        (void)take(in, widths->index);
        offset = take(in, widths->offset);
        length = take(in, widths->length);
        if (offset > UINT64_MAX - base)
            return false;
        if (!gather_extent(to, walk, method, base + offset, length))
            return false;
    }
    return !in->is_over;
}

/* Take one entry of iloc and look into the item's bitstream. False refuses the
 * file. Items of other types (grids, EXIF, overlays) hold no bitstream. */
static bool check_item(struct walk *walk, struct buf *bytes, struct cursor *in,
                       const struct widths *widths)
{
    uint64_t id = take(in, widths->version < 2 ? 2 : 4);
    const uint8_t *type = type_of(walk, id);

    sil_assert(widths->offset <= 8);
    sil_assert(widths->length <= 8);
    buf_clear(bytes);
    if (!gather_item(bytes, walk, in, widths))
        return false;
    if (buf_err(bytes) || type == NULL)
        return true;
    if (is_type(type, "av01"))
        return coded_size_av1(&walk->largest, bytes->bytes, bytes->size);
    if (is_type(type, "hvc1"))
        return coded_size_hevc(&walk->largest, bytes->bytes, bytes->size);
    return true;
}

/* Take the head of iloc, then its entries one after the other: where their
 * bytes are is told nowhere else. */
static enum sil_err check_items(struct walk *walk, struct sil_error *error)
{
    struct cursor in = walk->locations;
    struct widths widths = {.version = (unsigned)take(&in, 1)};
    uint64_t sizes;
    uint64_t count;
    struct buf bytes;
    enum sil_err err = SIL_OK;

    (void)take(&in, 3);
    sizes = take(&in, 2);
    /* Four widths of four bits. Only some are allowed, but any are safe. */
    widths.offset = sizes >> 12 & 0x0F;
    widths.length = sizes >> 8 & 0x0F;
    widths.base = sizes >> 4 & 0x0F;
    widths.index = widths.version > 0 ? sizes & 0x0F : 0;
    count = take(&in, widths.version < 2 ? 2 : 4);
    if (widths.version > 2 || widths.offset > 8 || widths.length > 8 ||
        widths.base > 8 || widths.index > 8 || count > LIMIT_HEIF_ITEMS_MAX)
        return err_set(error, SIL_E_IMAGE_CORRUPT,
                       "HEIF: a list of items that can't be read");
    buf_init(&bytes, walk->source->size);
    for (uint64_t i = 0; i < count && !err; i++) {
        if (!check_item(walk, &bytes, &in, &widths))
            err = err_set(error, SIL_E_IMAGE_CORRUPT,
                          "HEIF: an item that can't be read");
        else if (buf_err(&bytes))
            err = SIL_E_NO_MEMORY;
    }
    buf_finish(&bytes);
    return err;
}

/* Look into the configurations of decoders among the items' properties. */
static bool check_properties(struct walk *walk, struct cursor meta)
{
    enum { AV1_CONFIG_HEAD = 4 };
    struct cursor iprp;
    struct cursor in;
    struct cursor content;
    const uint8_t *type;
    bool is_fine = true;

    /* An av1C box has four bytes of its own before its OBUs. */
    if (!only_box(&iprp, meta, "iprp") || !only_box(&in, iprp, "ipco"))
        return false;
    /* libheif gives a decoder the configuration before the item's bytes. */
    while (is_fine && next_box(&in, &type, &content)) {
        if (is_type(type, "hvcC"))
            is_fine = coded_size_hevc_config(&walk->largest, content.bytes,
                                             content.size);
        if (is_type(type, "av1C") && content.size > AV1_CONFIG_HEAD)
            is_fine =
                coded_size_av1(&walk->largest, content.bytes + AV1_CONFIG_HEAD,
                               content.size - AV1_CONFIG_HEAD);
    }
    return is_fine && !in.is_over;
}

/* True for an iinf box with a few items, at least one: it is searched for each
 * of iloc's, so that both limits together bound the time it takes. */
static bool is_short_list(struct cursor info)
{
    struct cursor entry;
    const uint8_t *type;
    size_t count = 0;
    uint64_t version = take(&info, 1);

    (void)take(&info, 3);
    (void)take(&info, version == 0 ? 2 : 4);
    while (count <= LIMIT_HEIF_ITEMS_MAX && next_box(&info, &type, &entry))
        count++;
    return count >= 1 && count <= LIMIT_HEIF_ITEMS_MAX;
}

/* meta holds all that is needed: iinf (types), iloc (places), idat (bytes of
 * small items) and iprp/ipco (configurations of decoders). */
enum sil_err heif_items_size(struct coded_size *out,
                             const struct decode_source *source,
                             struct sil_error *error)
{
    struct walk walk = {.source = source};
    struct cursor file = {.bytes = source->bytes, .size = source->size};
    struct cursor meta;
    enum sil_err err;
    bool is_fine;

    sil_assert(source->size >= 1);
    /* Items may overlap, but not so that a small file becomes a large one. */
    walk.bytes_left = 2 * (uint64_t)source->size;
    is_fine = only_box(&meta, file, "meta");
    (void)take(&meta, VERSION_HEAD);
    meta = take_part(&meta, meta.size - meta.at);
    is_fine = is_fine && only_box(&walk.info, meta, "iinf");
    is_fine = is_fine && is_short_list(walk.info);
    is_fine = is_fine && only_box(&walk.locations, meta, "iloc");
    is_fine = is_fine && walk.locations.size > 0;
    is_fine = is_fine && only_box(&walk.idat, meta, "idat");
    is_fine = is_fine && check_properties(&walk, meta);
    if (!is_fine)
        return err_set(error, SIL_E_IMAGE_CORRUPT,
                       "HEIF: boxes that can't be read");
    err = check_items(&walk, error);
    if (err)
        return err;
    *out = walk.largest;
    return SIL_OK;
}
