/* Rows of runs, turned to runs down the columns, a strip at a time.
 * Must not know what is written from them.
 * A strip of 64 columns is drawn as bits, 64 x 64 of them are transposed at
 * once, and where bits differ from the one above is found a word at a time. */
#include "encode/columns.h"

#include "base/check.h"
#include "base/mem.h"

enum { STRIP = 64 }; /* columns of a strip, rows of a word: bits */

static const uint64_t ALL_BITS = UINT64_MAX;

/* At both ends of each call. */
static void columns_check(const struct columns *columns)
{
    sil_assert(columns->column <= columns->mask->width);
    sil_assert(columns->word < columns->word_count);
    sil_assert(columns->start <=
               (uint64_t)columns->mask->width * columns->mask->height);
}

/* Bits first .. end - 1 of a word, 0 <= first < end <= 64. */
static uint64_t bits_between(uint32_t first, uint32_t end)
{
    sil_assert(first < end && end <= STRIP);
    return ALL_BITS << first & ALL_BITS >> (STRIP - end);
}

/* The pixels of a row within the strip that begins at column left. Runs are
 * passed when they end in it: each is looked at once a strip it touches. */
static uint64_t row_bits(struct columns *columns, uint32_t row, uint32_t left)
{
    const struct sil_mask *mask = columns->mask;
    uint32_t *next = &columns->next_runs[row];
    uint64_t right = (uint64_t)left + STRIP;
    uint64_t bits = 0;

    while (*next < mask->row_ends[row] && mask->runs[*next].first < right) {
        const struct sil_run *run = &mask->runs[*next];
        uint32_t first = run->first > left ? run->first - left : 0;
        uint32_t end = run->end < right ? run->end - left : STRIP;
        bits |= bits_between(first, end);
        if (run->end > right)
            break;
        ++*next;
    }
    return bits;
}

/* Bit c of word r becomes bit r of word c: halves are swapped, then halves of
 * halves. */
static void transpose(uint64_t words[STRIP])
{
    uint64_t mask = ALL_BITS >> STRIP / 2;

    for (uint32_t half = STRIP / 2; half > 0; half /= 2) {
        for (uint32_t i = 0; i < STRIP; i = ((i | half) + 1) & ~half) {
            uint64_t swapped = (words[i] >> half ^ words[i | half]) & mask;
            words[i | half] ^= swapped;
            words[i] ^= swapped << half;
        }
        mask ^= mask << half / 2;
    }
}

/* Draw the strip that begins at the current column. Rows below the picture are
 * zeros, and their toggles are masked out by look(). */
static void draw_strip(struct columns *columns)
{
    uint32_t height = columns->mask->height;

    sil_assert(columns->column % STRIP == 0);
    for (uint32_t word = 0; word < columns->word_count; word++) {
        uint64_t words[STRIP] = {0};
        for (uint32_t i = 0; i < STRIP && word * STRIP + i < height; i++)
            words[i] = row_bits(columns, word * STRIP + i, columns->column);
        transpose(words);
        for (uint32_t i = 0; i < STRIP; i++)
            columns->bits[(size_t)i * columns->word_count + word] = words[i];
    }
}

/* Find where the current word's pixels differ from the one before each.
 * is_person is the last pixel of the word before: a run may go on from one
 * word, and one column, to the next. */
static void look(struct columns *columns)
{
    size_t column = columns->column % STRIP;
    uint64_t bits = columns->bits[column * columns->word_count + columns->word];
    uint32_t rows_left = columns->mask->height - columns->word * STRIP;
    uint32_t row_count = rows_left < STRIP ? rows_left : STRIP;

    columns->toggles = bits ^ (bits << 1 | columns->is_person);
    columns->toggles &= bits_between(0, row_count);
    columns->is_person = bits >> (row_count - 1) & 1;
}

/* Go to the next word, whichever column it is in. */
static void advance(struct columns *columns)
{
    sil_assert(columns->toggles == 0);
    columns->word++;
    if (columns->word == columns->word_count) {
        columns->word = 0;
        columns->column++;
        if (columns->column == columns->mask->width)
            return;
        if (columns->column % STRIP == 0)
            draw_strip(columns);
    }
    look(columns);
}

/* The bits need no zeroing: a strip is drawn before it is read.
 * columns_finish() in either case. Memory: 4 bytes and 64 bits for each row of
 * the mask. */
enum sil_err columns_init(struct columns *columns, const struct sil_mask *mask)
{
    uint32_t word_count = (mask->height - 1) / STRIP + 1;
    size_t bit_words;

    sil_assert(mask->width > 0 && mask->height > 0);
    *columns = (struct columns){.mask = mask, .word_count = word_count};
    if (!sil_mul(&bit_words, word_count, STRIP))
        return SIL_E_NO_MEMORY;
    columns->next_runs = mem_alloc(mask->height, sizeof *columns->next_runs);
    columns->bits = mem_alloc(bit_words, sizeof *columns->bits);
    if (columns->next_runs == NULL || columns->bits == NULL)
        return SIL_E_NO_MEMORY;
    columns_restart(columns, mask);
    return SIL_OK;
}

/* Cannot fail: the memory is that of the mask before. */
void columns_restart(struct columns *columns, const struct sil_mask *mask)
{
    sil_assert(mask->width == columns->mask->width);
    sil_assert(mask->height == columns->mask->height);
    *columns = (struct columns){.mask = mask,
                                .next_runs = columns->next_runs,
                                .bits = columns->bits,
                                .word_count = columns->word_count};
    /* A row's first run is where the row above ends. */
    columns->next_runs[0] = 0;
    for (uint32_t row = 1; row < mask->height; row++)
        columns->next_runs[row] = mask->row_ends[row - 1];
    draw_strip(columns);
    look(columns);
    columns_check(columns);
}

/* The mask is lent. */
void columns_finish(struct columns *columns)
{
    mem_free(columns->next_runs);
    mem_free(columns->bits);
    *columns = (struct columns){0};
}

/* A word without toggles costs a few instructions: most have none. The last run
 * ends with the picture, whoever it is of; a first run of nobody may be of
 * length 0, as COCO wants it. */
bool columns_next(uint64_t *length, struct columns *columns)
{
    const struct sil_mask *mask = columns->mask;
    uint64_t at = (uint64_t)mask->width * mask->height;

    columns_check(columns);
    if (columns->is_done)
        return false;
    while (columns->toggles == 0 && columns->column < mask->width)
        advance(columns);
    if (columns->toggles != 0) {
        at = (uint64_t)columns->column * mask->height +
             (uint64_t)columns->word * STRIP +
             (uint64_t)__builtin_ctzll(columns->toggles);
        columns->toggles &= columns->toggles - 1;
    } else {
        columns->is_done = true;
    }
    sil_assert(at >= columns->start);
    *length = at - columns->start;
    columns->start = at;
    return true;
}
