/* silhouette: find the people in a picture.
 *
 * Threads: a model is read-only after sil_model_open() and may be shared by
 * all threads. A session belongs to one thread at a time. Results and masks
 * are read-only and may be shared. Nothing here keeps hidden global state.
 *
 * A complete program (taken out of this comment, built and run by the tests):
 *
 *     #include <silhouette.h>
 *     #include <stdio.h>
 *
 *     int segment_file(const void *bytes, size_t size)
 *     {
 *         struct sil_error error = {0};
 *         struct sil_model *model = NULL;
 *         struct sil_session *session = NULL;
 *         struct sil_result *result = NULL;
 *         const struct sil_picture picture = {bytes, size};
 *         enum sil_err err = sil_model_open(&model, "models", NULL, &error);
 *         if (!err)
 *             err = sil_session_create(&session, model, &error);
 *         if (!err)
 *             err = sil_segment(&result, session, &picture, NULL, &error);
 *         if (err)
 *             fprintf(stderr, "%s: %s\n", sil_err_code(err), error.detail);
 *         else
 *             printf("%u people, %.1f %% of the picture\n",
 *                    sil_result_person_count(result),
 *                    100 * sil_mask_area(sil_result_mask(result)));
 *         sil_result_destroy(result);
 *         sil_session_destroy(session);
 *         sil_model_close(model);
 *         return err ? 1 : 0;
 *     }
 *
 * Errors are values: every call that can fail returns an enum sil_err, leaves
 * its outputs untouched when it does, and explains itself in the caller's
 * struct sil_error (which may be NULL). */
#ifndef SILHOUETTE_H
#define SILHOUETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SIL_API __attribute__((visibility("default")))
#define SIL_MUST_USE __attribute__((warn_unused_result))
#else
#define SIL_API
#define SIL_MUST_USE
#endif

#define SIL_VERSION "0.1.0"

/** Everything that can go wrong, in the order of src/base/errors.tbl, where
 *  each has its stage, HTTP status and public text. 0 is success. */
enum sil_err {
    SIL_OK = 0,
    SIL_E_BAD_JSON,
    SIL_E_MISSING_IMG_SRC,
    SIL_E_BAD_OPTION,
    SIL_E_BAD_IMG_SRC,
    SIL_E_UNAUTHORIZED,
    SIL_E_IMAGE_FORBIDDEN,
    SIL_E_IMAGE_NOT_FOUND,
    SIL_E_NO_SUCH_ROUTE,
    SIL_E_METHOD_NOT_ALLOWED,
    SIL_E_NOT_ACCEPTABLE,
    SIL_E_REQUEST_TIMEOUT,
    SIL_E_REQUEST_TOO_LARGE,
    SIL_E_IMAGE_TOO_LARGE,
    SIL_E_BAD_CONTENT_TYPE,
    SIL_E_UNSUPPORTED_FORMAT,
    SIL_E_IMAGE_CORRUPT,
    SIL_E_IMAGE_TOO_MANY_PIXELS,
    SIL_E_RATE_LIMITED,
    SIL_E_HEADERS_TOO_LARGE,
    SIL_E_URI_TOO_LONG,
    SIL_E_INTERNAL,
    SIL_E_STORE_ERROR,
    SIL_E_OVERLOADED,
    SIL_E_STORE_UNAVAILABLE,
    SIL_E_DEADLINE_EXCEEDED,
    SIL_E_MODEL,     /* a network is missing, damaged or not what it says */
    SIL_E_NO_MEMORY, /* an allocation failed; nothing is lost */
    SIL_E_STATE,     /* the object failed before and can't be used again */
    SIL_E_ARGUMENT   /* the caller passed something impossible */
};

enum { SIL_ERROR_DETAIL_SIZE = 256 };

/** What exactly went wrong, for the developer who called. */
struct sil_error {
    enum sil_err code;                  /* SIL_OK if nothing did */
    char detail[SIL_ERROR_DETAIL_SIZE]; /* a sentence; "" if none */
};

/** The stable name of an error, as in the API ("image_corrupt"). Static. */
SIL_API const char *sil_err_code(enum sil_err err);

/** The short public text of an error ("image load error"). Static. */
SIL_API const char *sil_err_message(enum sil_err err);

struct sil_model;   /* networks and their engine: shared, read-only */
struct sil_session; /* what one thread computes with */
struct sil_result;  /* the people found in one picture: read-only */
struct sil_mask;    /* rows of runs of person pixels: read-only */

/** What a picture may cost. Checked from its header, before any allocation. */
struct sil_limits {
    size_t image_bytes_max;    /* encoded size, bytes */
    uint64_t image_pixels_max; /* width times height */
    uint32_t image_side_max;   /* width and height, each, pixels */
};

/** The limits used when none are given (src/base/limits.tbl). */
SIL_API struct sil_limits sil_limits_default(void);

/** How an opened model runs. */
struct sil_model_options {
    const char *name;      /* a network in the folder; NULL: "person" */
    const char *cache_dir; /* compiled networks are kept here; NULL: not */
    uint32_t thread_count; /* sessions that compute at once, at least 1 */
};

/** One session at a time, no cache, the network "person". */
SIL_API struct sil_model_options sil_model_options_default(void);

/** Open the network in models_dir after checking its SHA-256.
 *  *out: yours, sil_model_close(). options: NULL for the defaults.
 *  Errors: SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_API SIL_MUST_USE enum sil_err
sil_model_open(struct sil_model **out, const char *models_dir,
               const struct sil_model_options *options,
               struct sil_error *error);

/** The same in a process of its own, which closes it and ends: an engine can
 *  die of a damaged network, and so dies alone. For networks that others made,
 *  and only while this process has one thread, since it forks. options: as
 *  above. Errors: SIL_E_MODEL, SIL_E_NO_MEMORY, SIL_E_INTERNAL. */
SIL_API SIL_MUST_USE enum sil_err
sil_model_try(const char *models_dir, const struct sil_model_options *options,
              struct sil_error *error);

enum { SIL_MODEL_TEXT_SIZE = 72 };

/** What a manifest says of its network; see docs/MODELS.md. */
struct sil_model_info {
    char label[SIL_MODEL_TEXT_SIZE];   /* name and version, as in X-Model */
    char licence[SIL_MODEL_TEXT_SIZE]; /* of the network, not of this library */
    char file[SIL_MODEL_TEXT_SIZE];    /* beside the manifest */
    uint32_t look_count;               /* at a picture: 1 or 2 */
    float threshold;                   /* used where none is asked for */
};

/** Read the manifest of the network `name` in models_dir, and only that. *out:
 *  plain values, untouched on failure. Errors: SIL_E_MODEL,
 *  SIL_E_NO_MEMORY. */
SIL_API SIL_MUST_USE enum sil_err sil_model_describe(struct sil_model_info *out,
                                                     const char *models_dir,
                                                     const char *name,
                                                     struct sil_error *error);

/** Close a model after the last of its sessions is gone. NULL is fine. */
SIL_API void sil_model_close(struct sil_model *model);

/** The model's name and version, for logs and headers. A loan, valid as long
 *  as the model. */
SIL_API const char *sil_model_name(const struct sil_model *model);

/** What one thread computes with. The model is lent and must outlive it.
 *  *out: yours, sil_session_destroy(). Errors: SIL_E_MODEL, SIL_E_NO_MEMORY. */
SIL_API SIL_MUST_USE enum sil_err sil_session_create(struct sil_session **out,
                                                     struct sil_model *model,
                                                     struct sil_error *error);

/** NULL is fine. */
SIL_API void sil_session_destroy(struct sil_session *session);

enum sil_quality {
    SIL_QUALITY_FAST, /* two looks */
    SIL_QUALITY_BEST  /* more looks, and the outline refined */
};

enum sil_people {
    SIL_PEOPLE_ALL, /* one mask of everybody */
    SIL_PEOPLE_EACH /* and one mask of each person */
};

enum sil_output {
    SIL_OUTPUT_MASK,   /* 0 or 1 per pixel */
    SIL_OUTPUT_ALPHA,  /* 0..255 per pixel: how much of it is person */
    SIL_OUTPUT_CUTOUT, /* the people alone, in colour, on nothing */
    SIL_OUTPUT_BOXES   /* where each person is */
};

enum sil_orientation {
    SIL_UPRIGHT, /* EXIF orientation applied, as every viewer shows it */
    SIL_STORED   /* the mask fits the pixels as they are stored */
};

/** How one picture is segmented. */
struct sil_options {
    enum sil_quality quality;
    enum sil_people people;
    enum sil_output output; /* what sil_result_write() will be asked for */
    enum sil_orientation orientation;
    float threshold;          /* 0 < t < 1; 0: the model's calibrated one */
    uint64_t deadline_ns;     /* on CLOCK_MONOTONIC; 0: none */
    struct sil_limits limits; /* what the picture may cost */
};

/** fast, everybody, a mask, upright, the model's threshold, no deadline,
 *  default limits. */
SIL_API struct sil_options sil_options_default(void);

/** An encoded picture: JPEG, PNG, WebP, HEIC or AVIF. Lent for the call. */
struct sil_picture {
    const void *bytes; /* NULL is fine where size is 0 */
    size_t size;       /* bytes; nothing at all is SIL_E_UNSUPPORTED_FORMAT */
};

/** Find the people in a picture. options: NULL for the defaults. *out: yours,
 *  sil_result_destroy(); its mask is all zeros when nobody is there. Errors:
 *  SIL_E_UNSUPPORTED_FORMAT, _IMAGE_CORRUPT, _IMAGE_TOO_LARGE,
 *  _IMAGE_TOO_MANY_PIXELS, _DEADLINE_EXCEEDED, _NO_MEMORY, _ARGUMENT,
 *  _MODEL, _INTERNAL. */
SIL_API SIL_MUST_USE enum sil_err sil_segment(struct sil_result **out,
                                              struct sil_session *session,
                                              const struct sil_picture *picture,
                                              const struct sil_options *options,
                                              struct sil_error *error);

/** Decoded pixels: uint8 [height, width, 3], RGB, upright, rows row_bytes
 *  apart. Lent for the call. */
struct sil_pixels {
    const uint8_t *rgb;
    uint32_t width, height; /* pixels, at least 1 */
    size_t row_bytes;       /* at least 3 * width */
};

/** sil_segment() for pixels that are decoded already. */
SIL_API SIL_MUST_USE enum sil_err
sil_segment_pixels(struct sil_result **out, struct sil_session *session,
                   const struct sil_pixels *pixels,
                   const struct sil_options *options, struct sil_error *error);

/** Where the time of a session's last segmentation went, nanoseconds. */
struct sil_timing {
    uint64_t decode_ns, infer_ns, mask_ns;
};

/** The stages of the last sil_segment() of this session, failed or not. */
SIL_API struct sil_timing sil_session_timing(const struct sil_session *session);

/** A rectangle of pixels: columns x .. x + width - 1, rows likewise. */
struct sil_box {
    uint32_t x, y, width, height; /* pixels; width and height at least 1 */
};

/** One person. */
struct sil_person {
    const struct sil_mask *mask; /* of the picture's size; a loan */
    struct sil_box box;          /* the smallest around the mask, pixels */
    float score;                 /* how sure the networks are, 0..1 */
};

/** Everybody's mask. A loan, valid as long as the result. */
SIL_API const struct sil_mask *sil_result_mask(const struct sil_result *result);

/** How many people there are: with SIL_PEOPLE_EACH or SIL_OUTPUT_BOXES persons
 *  told apart, otherwise separate silhouettes; 0 when nobody is there. */
SIL_API uint32_t sil_result_person_count(const struct sil_result *result);

/** One of the people, largest first, of a result with SIL_PEOPLE_EACH or
 *  SIL_OUTPUT_BOXES. Their masks are disjoint, and together everybody's.
 *  index < sil_result_person_count(). */
SIL_API struct sil_person sil_result_person(const struct sil_result *result,
                                            uint32_t index);

/** NULL is fine. */
SIL_API void sil_result_destroy(struct sil_result *result);

/** A run of person pixels in a row: columns first .. end - 1. */
struct sil_run {
    uint32_t first, end; /* first < end <= width */
};

/** The picture's width, pixels (after orientation, unless SIL_STORED). */
SIL_API uint32_t sil_mask_width(const struct sil_mask *mask);

/** The picture's height, pixels. */
SIL_API uint32_t sil_mask_height(const struct sil_mask *mask);

/** Fraction of the picture that is person, 0..1. */
SIL_API double sil_mask_area(const struct sil_mask *mask);

/** The runs of one row, left to right, apart from each other. *runs is a
 *  loan, valid as long as the mask. Returns how many. row < height. */
SIL_API uint32_t sil_mask_row(const struct sil_run **runs,
                              const struct sil_mask *mask, uint32_t row);

enum sil_format {
    SIL_FORMAT_JSON, /* {"state":1,"data":[[0,1,...],...]} */
    SIL_FORMAT_PNG,  /* 8-bit grey, 0 or 255 */
    SIL_FORMAT_RLE   /* COCO's {"size":[h,w],"counts":"..."} */
};

/** Takes size bytes; false stops the writing. */
typedef bool (*sil_write_fn)(void *payload, const void *bytes, size_t size);

/** Write the result, as what its options asked for (sil_output, sil_people),
 *  through write(payload, ...), piece by piece. Errors: SIL_E_NOT_ACCEPTABLE
 *  when that can't be had in this format, SIL_E_INTERNAL when write() gave up,
 *  SIL_E_NO_MEMORY. */
SIL_API SIL_MUST_USE enum sil_err
sil_result_write(const struct sil_result *result, enum sil_format format,
                 sil_write_fn write, void *payload);

/** Write one person's mask alone, as a result of nobody else would be. index <
 *  sil_result_person_count(); only where people were found one by one. Errors:
 *  as sil_result_write(). */
SIL_API SIL_MUST_USE enum sil_err
sil_result_write_person(const struct sil_result *result, uint32_t index,
                        enum sil_format format, sil_write_fn write,
                        void *payload);

/** "0.1.0" */
SIL_API const char *sil_version(void);

#ifdef __cplusplus
}
#endif

#endif
