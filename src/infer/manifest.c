/* JSON to struct manifest: names and files, input, output, looks.
 * Must not know files or engines.
 * Members that are not known are refused: a default that hides a typing error
 * would give masks that are wrong, and no message. */
#include "infer/manifest.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "infer/manifest_read.h"

/* The order of the enums in net_form.h and engine.h. */
static const char *const LAYOUTS[] = {"NCHW", "NHWC", NULL};
static const char *const GEOMETRIES[] = {"aspect", "stretch", "letterbox",
                                         NULL};
static const char *const ACTIVATIONS[] = {"none", "sigmoid", "softmax", NULL};
static const char *const COLOURS[] = {"RGB", "BGR", NULL};
static const char *const ENDINGS[] = {".onnx", ".tflite", ".xml", NULL};

static const char LAYOUT_WORDS[] = "\"NCHW\" or \"NHWC\"";

/* A whole number of pixels; NAN: it can't be left out. */
static const struct number_range SIDE = {1, LIMIT_MODEL_SIDE_MAX, true, NAN};

/* Names become parts of paths: so nothing that leads out of the folder. */
bool manifest_is_name(const char *text)
{
    size_t length;

    sil_assert(text != NULL);
    length = strlen(text);
    if (length == 0 || length > LIMIT_MODEL_NAME_MAX || text[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
            return false;
    return true;
}

/* A member that must be a name. to: LIMIT_MODEL_NAME_MAX + 1 bytes. *to is ""
 * on failure, never half a name. */
static void read_name(struct reading *from, const char *key, char *to)
{
    const char *text = json_text(json_member(from->object, key));

    to[0] = '\0';
    if (text == NULL || !manifest_is_name(text)) {
        reading_fail(from, key,
                     "1 to 64 of A-Z a-z 0-9 . _ - without a leading dot");
        return;
    }
    sil_assert(strlen(text) <= LIMIT_MODEL_NAME_MAX);
    memcpy(to, text, strlen(text) + 1);
}

/* The name and the checksum of a file. Digits in lower case are the one form
 * that sha256_text() makes. */
static void read_file(struct reading *from, struct manifest_file *to)
{
    const char *text = json_text(json_member(from->object, "sha256"));

    read_name(from, "file", to->name);
    if (text == NULL || strlen(text) != SHA256_TEXT_SIZE - 1 ||
        strspn(text, "0123456789abcdef") != SHA256_TEXT_SIZE - 1) {
        reading_fail(from, "sha256", "64 hexadecimal digits in lower case");
        return;
    }
    sil_assert(sizeof to->sha256 == SHA256_TEXT_SIZE);
    memcpy(to->sha256, text, SHA256_TEXT_SIZE);
}

/* What kind of file it is, by the end of its name. The order of ENDINGS is that
 * of the enum. */
static void read_format(struct reading *from, struct manifest *to)
{
    size_t length = strlen(to->file.name);

    for (uint32_t i = 0; ENDINGS[i] != NULL; i++) {
        size_t ending = strlen(ENDINGS[i]);
        if (length <= ending ||
            strcmp(to->file.name + length - ending, ENDINGS[i]) != 0)
            continue;
        to->format = (enum engine_format)i;
        return;
    }
    sil_assert(ENDINGS[0] != NULL);
    reading_fail(from, "file", "a name that ends in .onnx, .tflite or .xml");
}

/* IR has its weights in a second file, the others have none. Both files have a
 * checksum: the weights alone could make the network another one. */
static void read_weights(struct reading *from, struct manifest *to)
{
    static const char *const keys[] = {"file", "sha256", NULL};
    struct reading weights;

    if (to->format != ENGINE_IR) {
        if (reading_has(from, "weights"))
            reading_fail(from, "weights", "left out: only .xml has them");
        return;
    }
    weights = reading_object(from, "weights", "weights.");
    read_file(&weights, &to->weights);
    reading_only(&weights, keys);
    reading_leave(from, &weights);
    sil_assert(from->err || to->weights.name[0] != '\0');
}

/* Name, version and licence; the label is made of the first two. */
static void read_label(struct reading *from, struct manifest *to)
{
    char name[LIMIT_MODEL_NAME_MAX + 1];
    char version[LIMIT_MODEL_NAME_MAX + 1];
    int length;

    read_name(from, "name", name);
    read_name(from, "version", version);
    reading_text(from, "licence", to->licence, sizeof to->licence);
    length = snprintf(to->label, sizeof to->label, "%s-%s", name, version);
    sil_assert(length > 0);
    if ((size_t)length >= sizeof to->label)
        reading_fail(from, "version", "shorter: with the name 63 characters");
}

/* Fixed sides, or a range whose ends are multiples of the step, so that
 * rounding a side to the step never leaves it. A number that is wrong comes
 * back as 1, so nothing is divided by 0. */
static void read_sides(struct reading *from, struct net_form *to)
{
    static const char wanted[] = "a whole number of pixels, 1 to 4096";
    struct net_sides *sides = &to->sides;

    sides->is_square = to->geometry != NET_ASPECT;
    if (reading_has(from, "width") || reading_has(from, "height")) {
        sides->width = (uint32_t)reading_number(from, "width", &SIDE, wanted);
        sides->height = (uint32_t)reading_number(from, "height", &SIDE, wanted);
        if (to->geometry == NET_ASPECT)
            reading_fail(from, "geometry",
                         "\"stretch\" or \"letterbox\", as the size is fixed");
        if (reading_has(from, "step") || reading_has(from, "min") ||
            reading_has(from, "max"))
            reading_fail(from, "step", "left out: width and height are fixed");
        return;
    }
    sides->step = (uint32_t)reading_number(from, "step", &SIDE, wanted);
    sides->min = (uint32_t)reading_number(from, "min", &SIDE, wanted);
    sides->max = (uint32_t)reading_number(from, "max", &SIDE, wanted);
    sil_assert(sides->step > 0);
    if (sides->min % sides->step != 0)
        reading_fail(from, "min", "a multiple of step");
    if (sides->max < sides->min || sides->max % sides->step != 0)
        reading_fail(from, "max", "a multiple of step, min or more");
}

/* An input value is (colour / scale - mean) / std, colours being 0 .. 255; kept
 * as one factor and one offset of colours from 0 to 1. So a pixel costs one
 * multiplication and one addition, whatever was asked for. */
static void read_values(struct reading *from, struct net_form *to)
{
    static const struct number_range scales = {1e-6, 1e6, false, UINT8_MAX};
    static const struct number_range means = {-1e6, 1e6, false, 0};
    static const struct number_range stds = {1e-6, 1e6, false, 1};
    double scale = reading_number(from, "scale", &scales, "a number above 0");
    double mean[NET_COLOURS];
    double std[NET_COLOURS];

    reading_numbers(from, "mean", mean, NET_COLOURS, &means);
    reading_numbers(from, "std", std, NET_COLOURS, &stds);
    for (size_t c = 0; !from->err && c < NET_COLOURS; c++) {
        sil_assert(std[c] > 0 && scale > 0);
        to->factors[c] = (float)(UINT8_MAX / (scale * std[c]));
        to->offsets[c] = (float)(-mean[c] / std[c]);
    }
}

/* "input": how it is fed. The order of the checks is that of the table in
 * docs/MODELS.md, so that a message is about the first thing to mend. */
static void read_input(struct reading *root, struct manifest *to)
{
    static const char *const keys[] = {
        "name", "layout", "colour", "geometry", "width", "height", "step",
        "min",  "max",    "scale",  "mean",     "std",   NULL,
    };
    struct reading from = reading_object(root, "input", "input.");
    struct net_form *form = &to->form;

    if (reading_has(&from, "name"))
        reading_text(&from, "name", to->input_name, sizeof to->input_name);
    form->layout =
        (enum net_layout)reading_word(&from, "layout", LAYOUTS, LAYOUT_WORDS);
    form->is_bgr =
        reading_word(&from, "colour", COLOURS, "\"RGB\" or \"BGR\"") > 0;
    form->geometry = (enum net_geometry)reading_word(
        &from, "geometry", GEOMETRIES,
        "\"aspect\", \"stretch\" or \"letterbox\"");
    read_sides(&from, form);
    read_values(&from, form);
    reading_only(&from, keys);
    reading_leave(root, &from);
    sil_assert(root->err || form->sides.width > 0 || form->sides.step > 0);
}

/* "output": which one, and how it is read. Whether the network has it only the
 * engine can tell, later. */
static void read_output(struct reading *root, struct manifest *to)
{
    static const char *const keys[] = {
        "name", "index", "layout", "channels", "person", "activation", NULL};
    static const struct number_range indices = {0, LIMIT_MODEL_OUTPUTS_MAX - 1,
                                                true, 0};
    static const struct number_range channels = {1, 2, true, NAN};
    static const struct number_range persons = {0, 1, true, NAN};
    struct reading from = reading_object(root, "output", "output.");
    struct net_form *form = &to->form;

    if (reading_has(&from, "name"))
        reading_text(&from, "name", to->output_name, sizeof to->output_name);
    form->output_index = (uint32_t)reading_number(&from, "index", &indices,
                                                  "a whole number from 0");
    if (to->output_name[0] != '\0' && reading_has(&from, "index"))
        reading_fail(&from, "index", "left out: the output has a name");
    form->output_layout =
        (enum net_layout)reading_word(&from, "layout", LAYOUTS, LAYOUT_WORDS);
    form->channels =
        (uint32_t)reading_number(&from, "channels", &channels, "1 or 2");
    if (form->channels == 2)
        form->person =
            (uint32_t)reading_number(&from, "person", &persons, "0 or 1");
    else if (reading_has(&from, "person"))
        reading_fail(&from, "person", "left out: there is one channel");
    form->activation = (enum net_activation)reading_word(
        &from, "activation", ACTIVATIONS,
        "\"none\", \"sigmoid\" or \"softmax\"");
    if (form->activation == NET_SOFTMAX && form->channels != 2)
        reading_fail(&from, "activation",
                     "another one: softmax has 2 channels");
    reading_only(&from, keys);
    reading_leave(root, &from);
    sil_assert(root->err || form->person < form->channels);
}

/* The sides of a constant, whose elements must not be too many. */
static void read_shape(struct reading *from, struct manifest_constant *to)
{
    const struct json *list = json_member(from->object, "shape");
    size_t count = 1;

    while (to->rank < TENSOR_DIMS && json_element(list, to->rank) != NULL) {
        double side = json_number(json_element(list, to->rank), 0);
        bool is_side =
            side >= 1 && side <= LIMIT_MODEL_SIDE_MAX && rint(side) == side;
        to->shape[to->rank] = is_side ? (uint32_t)side : 1;
        count = is_side ? count * (uint32_t)side : SIZE_MAX;
        to->rank++;
        if (count > LIMIT_MODEL_CONSTANT_VALUES_MAX)
            break;
    }
    sil_assert(to->rank <= TENSOR_DIMS);
    /* A fifth side was not read, but is seen. */
    if (to->rank == 0 || count > LIMIT_MODEL_CONSTANT_VALUES_MAX ||
        json_element(list, TENSOR_DIMS) != NULL)
        reading_fail(from, "shape", "a list of 1 to 4 sides, in all not large");
}

/* "constants": what the other inputs get, if there are any. The picture's input
 * needs its name then, as the engine has to tell them apart. */
static void read_constants(struct reading *root, struct manifest *to)
{
    static const char *const keys[] = {"name", "shape", "value", NULL};
    static const struct number_range values = {-1e6, 1e6, false, NAN};
    const struct json *list = json_member(root->object, "constants");
    const struct json *element = json_element(list, 0);

    if (list != NULL && element == NULL)
        reading_fail(root, "constants", "a list of objects");
    while (element != NULL && !root->err) {
        /* All of one list share a prefix: the message names the member. */
        struct manifest_constant *constant = &to->constants[to->constant_count];
        struct reading from = {element, "constants.", root->error, SIL_OK};

        reading_text(&from, "name", constant->name, sizeof constant->name);
        read_shape(&from, constant);
        constant->value =
            (float)reading_number(&from, "value", &values, "a number");
        reading_only(&from, keys);
        reading_leave(root, &from);
        to->constant_count++;
        element = json_element(list, to->constant_count);
        if (element != NULL && to->constant_count == LIMIT_MODEL_CONSTANTS_MAX)
            reading_fail(root, "constants", "a list of at most 8");
    }
    sil_assert(to->constant_count <= LIMIT_MODEL_CONSTANTS_MAX);
    if (to->constant_count > 0 && to->input_name[0] == '\0')
        reading_fail(root, "input", "with a name, as there are other inputs");
}

/* "looks": the sides of one look or two; where the size is fixed, how many. A
 * look's side is the root of its pixels, whatever its shape. */
static void read_looks(struct reading *root, struct manifest *to)
{
    static const struct number_range counts = {1, 2, true, NAN};
    const struct net_sides *sides = &to->form.sides;
    const struct json *looks = json_member(root->object, "looks");
    /* What is not there is 0, which is no side. */
    double wanted[2] = {json_number(json_element(looks, 0), 0),
                        json_number(json_element(looks, 1), 0)};
    bool has_two = json_element(looks, 1) != NULL;

    if (sides->width > 0) {
        double count = reading_number(root, "looks", &counts,
                                      "1 or 2, as the size is fixed");
        double side = rint(sqrt((double)sides->width * sides->height));
        to->first_side = (uint32_t)side;
        to->second_side = count > 1 ? to->first_side : 0;
        sil_assert(to->first_side > 0);
        return;
    }
    for (size_t i = 0; i < 2; i++)
        if (!(wanted[i] >= SIDE.least && wanted[i] <= SIDE.most) ||
            rint(wanted[i]) != wanted[i])
            wanted[i] = 0;
    if (!(wanted[0] > 0) || (has_two && !(wanted[1] > 0)) ||
        json_element(looks, 2) != NULL)
        reading_fail(root, "looks", "a list of one side or two, in pixels");
    to->first_side = (uint32_t)wanted[0];
    to->second_side = (uint32_t)wanted[1];
}

/* All of it, in the order in which a message is most useful. */
static void read_members(struct reading *root, struct manifest *to)
{
    static const char *const keys[] = {
        "schema",  "name",   "version",   "licence", "file",  "sha256",
        "weights", "input",  "constants", "output",  "looks", "threshold",
        "card",    "source", "note",      NULL,
    };
    static const struct number_range schemas = {MANIFEST_SCHEMA,
                                                MANIFEST_SCHEMA, true, NAN};
    static const struct number_range thresholds = {1e-6, 1 - 1e-6, false, NAN};

    (void)reading_number(root, "schema", &schemas, "1");
    reading_only(root, keys);
    read_label(root, to);
    read_file(root, &to->file);
    if (!root->err)
        read_format(root, to);
    if (!root->err)
        read_weights(root, to);
    read_input(root, to);
    read_output(root, to);
    read_constants(root, to);
    read_looks(root, to);
    to->threshold = (float)reading_number(root, "threshold", &thresholds,
                                          "a number above 0 and below 1");
    sil_assert(root->err || to->first_side > 0);
}

/* *out is filled at the end only, so that it stays untouched on failure. JSON
 * that is no JSON is the model's fault here, not a request's. */
enum sil_err manifest_parse(struct manifest *out, const void *bytes,
                            size_t size, struct sil_error *error)
{
    struct manifest read = {0};
    struct reading reading = {.prefix = "", .error = error};
    struct json *root = NULL;
    enum sil_err err = json_parse(&root, bytes, size, error);

    sil_assert(out != NULL);
    if (err == SIL_E_BAD_JSON)
        return err_set(error, SIL_E_MODEL, "the manifest is not valid JSON");
    if (err)
        return err;
    sil_assert(root != NULL);
    reading.object = root;
    read_members(&reading, &read);
    json_destroy(root);
    if (reading.err)
        return reading.err;
    *out = read;
    return SIL_OK;
}
