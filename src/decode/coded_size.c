/* Reads the few header fields of AV1 and HEVC that tell a picture's size.
 * Must not know containers, nor decode anything.
 * AV1 lets a frame overrule its sequence header: no still picture needs that,
 * so the frame header is read just far enough to refuse it. */
#include "decode/coded_size.h"

#include <string.h>

#include "base/check.h"

/* Numbers of the AV1 specification (6.2.2, 6.8.2) and of H.265 (table 7-1),
 * as far as they are asked for here. */
enum {
    OBU_SEQUENCE = 1,
    OBU_FRAME_HEADER = 3,
    OBU_FRAME = 6,                  /* header and tiles in one */
    OBU_REDUNDANT_FRAME_HEADER = 7, /* a copy of one that came before */
    FRAME_KEY = 0,                  /* needs no other frame */
    FRAME_SWITCH = 3,               /* always tells a size of its own */
    SELECT = 2,                     /* a tool is chosen frame by frame */
    NAL_SPS = 33,                   /* sequence parameter set */
    NAL_HEAD = 2,                   /* bytes: type, layer, temporal layer */
    SPS_BYTES_MAX = 256,            /* the size stands within fewer */
    LAYERS_MAX = 7                  /* sub-layers, told in three bits */
};

/* Bits, first bit first. After the end they are zeros and is_over is set. */
struct bits {
    const uint8_t *bytes;
    size_t bit_count; /* how many there are */
    size_t at;        /* the next one; may lie beyond the end */
    bool is_over;     /* more was asked for than there was */
};

/* The next count bits, 0 .. 32, as a number: f(n) and u(n) of the formats.
 * Never fails: callers read on and look at is_over once, at the end. */
static uint32_t take(struct bits *bits, unsigned count)
{
    uint32_t value = 0;

    sil_assert(count <= 32);
    for (unsigned i = 0; i < count; i++) {
        unsigned bit = 0;
        if (bits->at < bits->bit_count)
            bit =
                (unsigned)bits->bytes[bits->at / 8] >> (7 - bits->at % 8) & 1U;
        else
            bits->is_over = true;
        bits->at++;
        value = value << 1 | bit;
    }
    return value;
}

/* The next bit. */
static bool take_flag(struct bits *bits)
{
    return take(bits, 1) != 0;
}

/* A number that tells its own length: ue(v) of HEVC, uvlc() of AV1. As many
 * zeros as bits follow the first one: 1 is 0, 010 is 1, 011 is 2. From 32
 * zeros on AV1 means the largest number; no picture's header needs that. */
static uint32_t take_number(struct bits *bits)
{
    unsigned zero_count = 0;

    sil_assert(bits->bytes != NULL);
    while (!bits->is_over && !take_flag(bits))
        zero_count++;
    if (bits->is_over || zero_count >= 32) {
        bits->is_over = true;
        return 0;
    }
    return (uint32_t)((1ULL << zero_count) - 1) + take(bits, zero_count);
}

/* Width and height each for itself: no bound gets lost in between. */
static void enlarge(struct coded_size *largest, uint32_t width, uint32_t height)
{
    if (width > largest->width)
        largest->width = width;
    if (height > largest->height)
        largest->height = height;
}

/* What of an AV1 sequence header the frame headers depend on. */
struct sequence {
    bool is_known;
    bool is_reduced;     /* one still picture: frames have no such fields */
    bool has_model;      /* decoder model info */
    bool has_equal_time; /* equal_picture_interval */
    unsigned delay_bits; /* of the model's buffer delays */
    unsigned time_bits;  /* of a frame's presentation time */
    unsigned id_bits;    /* of frame numbers; 0: none */
    unsigned screen;     /* screen content tools: 0, 1 or SELECT */
    unsigned whole_mv;   /* integer motion: 0, 1 or SELECT */
};

/* Ticks of the clock and, if there is one, the decoder model: timing_info()
 * and decoder_model_info(). All that counts are the widths of later fields. */
static void take_timing(struct bits *bits, struct sequence *sequence)
{
    sil_assert(!sequence->is_reduced);
    (void)take(bits, 32); /* units in a tick */
    (void)take(bits, 32); /* ticks in a second */
    sequence->has_equal_time = take_flag(bits);
    if (sequence->has_equal_time)
        (void)take_number(bits);
    sequence->has_model = take_flag(bits);
    if (!sequence->has_model)
        return;
    sequence->delay_bits = take(bits, 5) + 1;
    (void)take(bits, 32); /* units in a tick of decoding */
    (void)take(bits, 5);  /* width of the removal times */
    sequence->time_bits = take(bits, 5) + 1;
}

/* What stands before the size in a header that is not reduced: for each
 * operating point (a choice of layers) its level and its buffers. */
static void take_operating_points(struct bits *bits, struct sequence *sequence)
{
    bool has_delay;
    unsigned count;

    sil_assert(!sequence->is_reduced);
    if (take_flag(bits))
        take_timing(bits, sequence);
    has_delay = take_flag(bits);
    count = take(bits, 5) + 1;
    for (unsigned i = 0; i < count; i++) {
        (void)take(bits, 12); /* which layers */
        /* Levels from 4.0 on have two tiers. */
        if (take(bits, 5) > 7)
            (void)take(bits, 1);
        if (sequence->has_model && take_flag(bits)) {
            (void)take(bits, sequence->delay_bits);
            (void)take(bits, sequence->delay_bits);
            (void)take(bits, 1);
        }
        if (has_delay && take_flag(bits))
            (void)take(bits, 4);
    }
}

/* What stands behind the size, as far as frame headers depend on it. */
static void take_tools(struct bits *bits, struct sequence *sequence)
{
    bool has_order;

    sil_assert(!sequence->is_reduced);
    if (take_flag(bits)) {
        sequence->id_bits = take(bits, 4) + 2;
        sequence->id_bits += take(bits, 3) + 1;
    }
    (void)take(bits, 3); /* block size, intra filter, intra edges */
    (void)take(bits, 4); /* inter-intra, masks, warps, two filters */
    has_order = take_flag(bits);
    if (has_order)
        (void)take(bits, 2);
    /* "Chosen frame by frame" is a flag of its own before the value. */
    sequence->screen = take_flag(bits) ? SELECT : take(bits, 1);
    sequence->whole_mv = SELECT;
    if (sequence->screen > 0)
        sequence->whole_mv = take_flag(bits) ? SELECT : take(bits, 1);
}

/* A sequence header: here alone the size is told. */
static bool read_sequence(struct sequence *sequence, struct coded_size *largest,
                          struct bits *bits)
{
    unsigned width_bits;
    unsigned height_bits;
    uint32_t width;
    uint32_t height;

    *sequence = (struct sequence){.is_known = true};
    (void)take(bits, 4); /* profile, still picture */
    sequence->is_reduced = take_flag(bits);
    if (sequence->is_reduced)
        (void)take(bits, 5); /* the level; no tier, no model */
    else
        take_operating_points(bits, sequence);
    /* Both sides less one, in as many bits as the file likes: 16 at most. */
    width_bits = take(bits, 4) + 1;
    height_bits = take(bits, 4) + 1;
    width = take(bits, width_bits) + 1;
    height = take(bits, height_bits) + 1;
    sil_assert(width >= 1 && width <= 1U << 16);
    sil_assert(height >= 1 && height <= 1U << 16);
    enlarge(largest, width, height);
    if (!sequence->is_reduced)
        take_tools(bits, sequence);
    return !bits->is_over;
}

/* True if the frame is as large as its sequence header says. Follows
 * uncompressed_header() up to frame_size_override_flag, no further. False
 * also for a frame before any sequence header: its fields can't be told. */
static bool is_plain_frame(const struct sequence *sequence, struct bits *bits)
{
    unsigned type;
    bool is_shown;
    unsigned screen;

    sil_assert(sequence->time_bits <= 32);
    sil_assert(sequence->id_bits <= 32);
    if (!sequence->is_known)
        return false;
    if (sequence->is_reduced || take_flag(bits))
        return true; /* one size only, or a frame that was there before */
    type = take(bits, 2);
    is_shown = take_flag(bits);
    if (!is_shown)
        (void)take(bits, 1);
    else if (sequence->has_model && !sequence->has_equal_time)
        (void)take(bits, sequence->time_bits);
    /* How frames depend on each other: nothing here needs it. */
    if (type != FRAME_SWITCH && !(type == FRAME_KEY && is_shown))
        (void)take(bits, 1);
    (void)take(bits, 1);
    screen = sequence->screen == SELECT ? take(bits, 1) : sequence->screen;
    if (screen > 0 && sequence->whole_mv == SELECT)
        (void)take(bits, 1);
    (void)take(bits, sequence->id_bits);
    if (type == FRAME_SWITCH)
        return false;
    return !take_flag(bits) && !bits->is_over;
}

/* The content of one OBU. Other types (tiles, metadata, padding) tell no
 * size. Tiles alone can't be decoded: their frame header came before. */
static bool read_obu(struct sequence *sequence, struct coded_size *largest,
                     unsigned type, struct bits *bits)
{
    switch (type) {
    case OBU_SEQUENCE:
        return read_sequence(sequence, largest, bits);
    case OBU_FRAME:
    case OBU_FRAME_HEADER:
    case OBU_REDUNDANT_FRAME_HEADER:
        return is_plain_frame(sequence, bits);
    default:
        return true;
    }
}

/* The length of an OBU: leb128(), 7 bits a byte, the lowest first; the top
 * bit says that more follow. Eight bytes at most, so 56 bits. */
static uint64_t take_length(struct bits *bits)
{
    uint64_t value = 0;

    sil_assert(bits->at % 8 == 0);
    for (unsigned i = 0; i < 8; i++) {
        uint32_t byte = take(bits, 8);
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80)
            break;
    }
    return value;
}

/* OBUs follow each other: a byte of type, maybe one of layers, a length,
 * without which it is the last. */
bool coded_size_av1(struct coded_size *largest, const uint8_t *bytes,
                    size_t size)
{
    struct sequence sequence = {0};

    sil_assert(bytes != NULL || size == 0);
    while (size > 0) {
        struct bits head = {.bytes = bytes, .bit_count = size * 8};
        struct bits content;
        uint32_t first = take(&head, 8);
        uint64_t length;
        size_t start;
        if (first & 0x04) /* an extension byte: layers */
            (void)take(&head, 8);
        length = first & 0x02 ? take_length(&head) : size - head.at / 8;
        start = head.at / 8;
        if (head.is_over || length > size - start)
            return false;
        content = (struct bits){.bytes = bytes + start,
                                .bit_count = (size_t)length * 8};
        /* In a proper item the sequence header comes before its frames. */
        if (!read_obu(&sequence, largest, first >> 3 & 0x0F, &content))
            return false;
        bytes += start + (size_t)length;
        size -= start + (size_t)length;
    }
    return true;
}

/* Leave out the 3 of each 0 0 3, which keeps start codes away. Returns the
 * size of what is left. to: [SPS_BYTES_MAX] */
static size_t unescape(uint8_t *to, const uint8_t *from, size_t size)
{
    size_t count = 0;
    unsigned zero_count = 0;

    for (size_t i = 0; i < size && count < SPS_BYTES_MAX; i++) {
        if (zero_count >= 2 && from[i] == 3) {
            zero_count = 0;
            continue;
        }
        zero_count = from[i] == 0 ? zero_count + 1 : 0;
        to[count++] = from[i];
    }
    sil_assert(count <= SPS_BYTES_MAX);
    sil_assert(count <= size);
    return count;
}

/* Profiles and levels, of the whole and of each layer that has them:
 * profile_tier_level(). A profile takes 88 bits, a level 8. The flags of
 * layers are padded to 8 pairs if there are any. */
static void skip_profiles(struct bits *bits, unsigned layer_count)
{
    bool has_profile[LAYERS_MAX] = {false};
    bool has_level[LAYERS_MAX] = {false};

    sil_assert(layer_count <= LAYERS_MAX);
    bits->at += 88 + 8;
    for (unsigned i = 0; i < layer_count; i++) {
        has_profile[i] = take_flag(bits);
        has_level[i] = take_flag(bits);
    }
    if (layer_count > 0)
        bits->at += 2 * (size_t)(8 - layer_count);
    for (unsigned i = 0; i < layer_count; i++)
        bits->at += (has_profile[i] ? 88U : 0U) + (has_level[i] ? 8U : 0U);
}

/* One unit, without its length: only parameter sets of the base layer are
 * looked into; decoders pass over the other layers. */
static bool read_nal(struct coded_size *largest, const uint8_t *nal,
                     size_t size)
{
    uint8_t plain[SPS_BYTES_MAX];
    struct bits bits = {.bytes = plain};
    unsigned layer_count;
    uint32_t width;
    uint32_t height;

    if (size < NAL_HEAD || (nal[0] >> 1 & 0x3F) != NAL_SPS)
        return true;
    if ((nal[0] & 1) != 0 || nal[1] >> 3 != 0)
        return true;
    /* Identifiers, layers, profiles; then at last the size. It is the coded
     * one: the cropping behind it would only make it smaller. */
    bits.bit_count = 8 * unescape(plain, nal + NAL_HEAD, size - NAL_HEAD);
    (void)take(&bits, 4);
    layer_count = take(&bits, 3);
    (void)take(&bits, 1);
    skip_profiles(&bits, layer_count);
    (void)take_number(&bits);
    if (take_number(&bits) == 3) /* chroma 4:4:4 */
        (void)take(&bits, 1);
    width = take_number(&bits);
    height = take_number(&bits);
    if (bits.is_over || width == 0 || height == 0)
        return false;
    enlarge(largest, width, height);
    return true;
}

/* Bytes behind the last whole length are not looked at, as in the decoder. */
bool coded_size_hevc(struct coded_size *largest, const uint8_t *bytes,
                     size_t size)
{
    enum { LENGTH = 4, LENGTH_BITS = 32 };

    sil_assert(bytes != NULL || size == 0);
    while (size >= LENGTH) {
        struct bits head = {.bytes = bytes, .bit_count = LENGTH_BITS};
        size_t length = take(&head, LENGTH_BITS);
        /* A unit that is cut off would be refused by the decoder, too. */
        if (length > size - LENGTH)
            return false;
        if (!read_nal(largest, bytes + LENGTH, length))
            return false;
        bytes += LENGTH + length;
        size -= LENGTH + length;
    }
    return true;
}

/* A head of fixed size, then arrays of units of a type each. The unit's own
 * head tells the type again, and that one is believed. */
bool coded_size_hevc_config(struct coded_size *largest, const uint8_t *bytes,
                            size_t size)
{
    enum { CONFIG_HEAD_BITS = 22 * 8 };
    struct bits bits = {.bytes = bytes, .bit_count = size * 8};
    unsigned array_count;

    sil_assert(bytes != NULL || size == 0);
    bits.at = CONFIG_HEAD_BITS;
    array_count = take(&bits, 8);
    for (unsigned i = 0; i < array_count && !bits.is_over; i++) {
        unsigned unit_count;
        (void)take(&bits, 8);
        unit_count = take(&bits, 16);
        for (unsigned k = 0; k < unit_count && !bits.is_over; k++) {
            size_t length = take(&bits, 16);
            size_t start = bits.at / 8;
            sil_assert(bits.at % 8 == 0);
            if (bits.is_over || length > size - start)
                return false;
            if (!read_nal(largest, bytes + start, length))
                return false;
            bits.at += 8 * length;
        }
    }
    return !bits.is_over;
}
