/* How long a 12-megapixel mask takes to be made and written, beside a memcpy
 * of as many bytes; with --once each kernel runs once, to be counted.
 * Must not know networks or HTTP.
 * Each time is the best of many: what else runs only ever adds time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "encode/encode.h"
#include "infer/view.h"
#include "mask/guided.h"
#include "mask/pieces.h"
#include "mask/upscale.h"

enum { WIDTH = 4000, HEIGHT = 3000, TIMES = 25 };

/* What a plane shows. */
enum scene { SCENE_PERSON, SCENE_PATTERN, SCENE_NOISE, SCENE_COUNT };

static const char *const scene_names[SCENE_COUNT] = {"outline", "pattern",
                                                     "noise"};

/* What is timed: does it once, and returns how many bytes it made. */
typedef uint64_t (*work_fn)(void *payload);

/* The best time of a work, in ms. *size: what it returned. */
static double best_ms(uint64_t *size, work_fn work, void *payload)
{
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < TIMES; i++) {
        uint64_t start = clock_ns();
        uint64_t spent;
        *size = work(payload);
        spent = clock_ns() - start;
        best = spent < best ? spent : best;
    }
    return (double)best / (double)NS_PER_MS;
}

/* Probability of person at (x, y), 0..1 each. */
static float scene_value(enum scene scene, double x, double y)
{
    double r = hypot((x - .5) * 3.2, (y - .5) * 2.2);
    double wave = .05 * sin(20 * atan2(y - .5, x - .5));

    if (scene == SCENE_PERSON)
        return (float)(1 / (1 + exp(40 * (r + wave - .8))));
    if (scene == SCENE_PATTERN)
        return (float)(.5 + .49 * sin(x * 100) * sin(y * 100));
    return (float)rand() / (float)RAND_MAX;
}

static struct plane make_plane(enum scene scene, uint32_t side)
{
    struct plane plane;
    enum sil_err err = plane_init(&plane, side, side);

    sil_assert(!err);
    for (uint32_t i = 0; i < side * side; i++)
        plane.values[i] = scene_value(scene, (double)(i % side) / (double)side,
                                      (double)(i / side) / (double)side);
    return plane;
}

static struct sil_mask *make_mask(const struct plane *plane)
{
    struct upscale_place place = {WIDTH, HEIGHT, {0, 0, WIDTH, HEIGHT}, .5f};
    struct sil_mask *mask = NULL;
    enum sil_err err = mask_from_plane(&mask, plane, &place);

    sil_assert(!err);
    return mask;
}

static uint64_t work_upscale(void *payload)
{
    struct sil_mask *mask = make_mask(payload);
    uint64_t size = mask->run_count * sizeof mask->runs[0];

    mask_destroy(mask);
    return size;
}

static uint64_t work_pieces(void *payload)
{
    struct pieces_rule rule = pieces_rule_default();
    struct pieces pieces;
    enum sil_err err = pieces_find(&pieces, payload, &rule);

    sil_assert(!err);
    return sizeof pieces;
}

/* The pixels of a 12-megapixel picture decoded at a quarter. */
static struct image make_image(void)
{
    struct image image = {0};
    enum sil_err err = image_init(&image, WIDTH / 4, HEIGHT / 4);

    sil_assert(!err);
    for (size_t i = 0; i < image.row_bytes * image.height; i++)
        image.rgb[i] = (uint8_t)(i * 2654435761U >> 13);
    return image;
}

/* Sampling a whole picture for a look; the picture is part of the work, being
 * next to nothing beside it. */
static uint64_t work_look(void *payload)
{
    const struct plane *plane = payload;
    struct image image = make_image();
    struct view view = {
        {0, 0, WIDTH / 4, HEIGHT / 4}, plane->width, plane->height, false};
    size_t count = (size_t)plane->width * plane->height * 3;
    float *values = malloc(count * sizeof *values);
    enum sil_err err;

    sil_assert(values != NULL);
    err = view_fill(values, &image, &view);
    sil_assert(!err);
    free(values);
    image_finish(&image);
    return count;
}

/* Fitting a plane to its own values as colours. */
static uint64_t work_guided(void *payload)
{
    const struct plane *plane = payload;
    struct guide guide = {plane->values, plane->values, plane->values};
    struct guided_rule rule = {3, 1e-3f};
    struct guided guided = {0};
    enum sil_err err = guided_fit(&guided, &guide, plane, &rule);

    sil_assert(!err);
    guided_finish(&guided);
    return plane->width;
}

/* A mask, the form it is written in, and the room for a piece of it. */
struct writing {
    const struct sil_mask *mask;
    enum sil_format format;
    enum encode_coding coding;
    const uint8_t *source; /* what memcpy copies, as large as the JSON */
    uint64_t source_size;
    uint8_t piece[LIMIT_HTTP_WRITE_BYTES];
};

static uint64_t work_encode(void *payload)
{
    struct writing *writing = payload;
    struct sil_result result = {
        .mask = (struct sil_mask *)(uintptr_t)writing->mask};
    struct encoder *encoder = NULL;
    enum sil_err err =
        encoder_create(&encoder, &result, writing->format, writing->coding);
    uint64_t total = 0;
    size_t size = 1;

    sil_assert(!err);
    while (size > 0) {
        size = encoder_next(encoder, writing->piece, sizeof writing->piece);
        total += size;
    }
    encoder_destroy(encoder);
    return total;
}

/* The same number of bytes through the same piece, out of memory. */
static uint64_t work_memcpy(void *payload)
{
    struct writing *writing = payload;
    uint64_t done = 0;

    while (done < writing->source_size) {
        uint64_t left = writing->source_size - done;
        size_t size =
            left < sizeof writing->piece ? (size_t)left : sizeof writing->piece;
        memcpy(writing->piece, writing->source + done, size);
        /* Or the compiler would leave out all copies but the last. */
        __asm__ volatile("" ::"r"(writing->piece) : "memory");
        done += size;
    }
    return done;
}

static void report(const char *what, const char *scene, double ms,
                   uint64_t size)
{
    printf("%-20s %-8s %9.3f ms %10llu bytes\n", what, scene, ms,
           (unsigned long long)size);
}

static void bench_plane(enum scene scene, uint32_t side)
{
    struct plane plane = make_plane(scene, side);
    uint64_t size;
    char name[32];
    double ms = best_ms(&size, work_upscale, &plane);

    (void)snprintf(name, sizeof name, "upscale from %u^2", side);
    report(name, scene_names[scene], ms, size);
    ms = best_ms(&size, work_pieces, &plane);
    (void)snprintf(name, sizeof name, "pieces of %u^2", side);
    report(name, scene_names[scene], ms, size);
    plane_finish(&plane);
}

static void bench_forms(enum scene scene)
{
    static const char *const names[] = {"JSON", "JSON, gzip", "PNG"};
    struct plane plane = make_plane(scene, 512);
    struct sil_mask *mask = make_mask(&plane);
    struct writing *writing = calloc(1, sizeof *writing);
    uint8_t *source = NULL;
    uint64_t size;
    double ms;

    sil_assert(writing != NULL);
    writing->mask = mask;
    for (int i = 0; i < 3; i++) {
        writing->format = i == 2 ? SIL_FORMAT_PNG : SIL_FORMAT_JSON;
        writing->coding = i == 1 ? ENCODE_GZIP : ENCODE_IDENTITY;
        ms = best_ms(&size, work_encode, writing);
        report(names[i], scene_names[scene], ms, size);
        if (i == 0)
            writing->source_size = size;
    }
    source = malloc(writing->source_size);
    sil_assert(source != NULL);
    memset(source, 1, writing->source_size);
    writing->source = source;
    ms = best_ms(&size, work_memcpy, writing);
    report("memcpy of the JSON", scene_names[scene], ms, size);
    free(source);
    free(writing);
    mask_destroy(mask);
    plane_finish(&plane);
}

/** What is counted: one run of a kernel. */
struct kernel {
    const char *name;
    work_fn work;
    uint32_t side; /* of the plane that it works on */
    enum sil_format format;
    enum encode_coding coding;
};

static const struct kernel kernels[] = {
    {"upscale-256", work_upscale, 256, 0, 0},
    {"upscale-512", work_upscale, 512, 0, 0},
    {"pieces-256", work_pieces, 256, 0, 0},
    {"look-384", work_look, 384, 0, 0},
    {"guided-384", work_guided, 384, 0, 0},
    {"json", work_encode, 512, SIL_FORMAT_JSON, ENCODE_IDENTITY},
    {"png-rows", work_encode, 512, SIL_FORMAT_PNG, ENCODE_IDENTITY},
};

enum { KERNEL_COUNT = sizeof kernels / sizeof kernels[0] };

/* The function that callgrind is told to count; never inlined, or there would
 * be nothing to name. */
__attribute__((noinline)) static void run_kernel(work_fn work, void *payload)
{
    (void)work(payload);
    __asm__ volatile("" ::: "memory");
}

/* Do everything that a kernel needs, then the kernel once. */
static void run_once(const struct kernel *kernel)
{
    struct plane plane = make_plane(SCENE_PERSON, kernel->side);
    struct sil_mask *mask = NULL;
    struct writing *writing = NULL;
    void *payload = &plane;

    if (kernel->work == work_encode) {
        mask = make_mask(&plane);
        writing = calloc(1, sizeof *writing);
        sil_assert(writing != NULL);
        writing->mask = mask;
        writing->format = kernel->format;
        writing->coding = kernel->coding;
        payload = writing;
    }
    run_kernel(kernel->work, payload);
    free(writing);
    mask_destroy(mask);
    plane_finish(&plane);
}

/* Each kernel once, after its name. */
static int count(void)
{
    for (int i = 0; i < KERNEL_COUNT; i++) {
        puts(kernels[i].name);
        run_once(&kernels[i]);
    }
    return 0;
}

/* Without a word everything is timed; with one, each kernel runs once. */
int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--once") == 0)
        return count();
    printf("%d x %d, best of %d\n", WIDTH, HEIGHT, TIMES);
    for (enum scene scene = 0; scene < SCENE_COUNT; scene++) {
        for (uint32_t side = 256; side <= 1024; side *= 2)
            bench_plane(scene, side);
        bench_forms(scene);
    }
    return 0;
}
