/* One table of settings read from three places, with one message for each
 * mistake. Must not know what a setting is for, nor open anything but the file.
 * The rows know a field of struct config by its offset: text and choice rows
 * hold a const char * there, number rows a uint64_t. */
#include "server/config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "server/config_file.h"

/* NAME_SIZE: bytes of a flag's or a variable's name, asserted where they are
 * made. HELP_COLUMN: where the phrases stand. */
enum { NAME_SIZE = 48, PORT_MAX = 65535, HELP_COLUMN = 32 };

/* How a value is read, and of what type its field is. */
enum kind { KIND_TEXT, KIND_CHOICE, KIND_NUMBER };

/** One row of config.tbl. */
struct setting {
    const char *field; /* "s3_endpoint" */
    enum kind kind;
    size_t offset;        /* of the field in struct config */
    const char *text;     /* default of text and choice; NULL: none */
    uint64_t number;      /* default of a number */
    uint64_t least, most; /* of a number */
    const char *form;     /* what to write there; choices of a choice */
    const char *help;     /* a phrase */
};

static const struct setting settings[CONFIG_COUNT] = {
#define SIL_TEXT(field, value, form, help)                                     \
    {#field, KIND_TEXT, offsetof(struct config, field), value, 0, 0, 0,        \
     form,   help},
#define SIL_CHOICE(field, value, choices, help)                                \
    {#field,  KIND_CHOICE, offsetof(struct config, field), value, 0, 0, 0,     \
     choices, help},
#define SIL_NUMBER(field, value, least, most, unit, help)                      \
    {#field, KIND_NUMBER, offsetof(struct config, field),                      \
     NULL,   value,       least,                                               \
     most,   unit,        help},
#include "server/config.tbl"
#undef SIL_TEXT
#undef SIL_CHOICE
#undef SIL_NUMBER
};

enum { SETTING_COUNT = CONFIG_COUNT };

/* "s3_endpoint" to "--s3-endpoint". name: [NAME_SIZE]. */
static void flag_name(char *name, const struct setting *setting)
{
    int length = snprintf(name, NAME_SIZE, "--%s", setting->field);

    sil_assert(length > 0 && length < NAME_SIZE);
    for (; *name != '\0'; name++)
        *name = *name == '_' ? '-' : *name;
}

/* "s3_endpoint" to "SILHOUETTE_S3_ENDPOINT". name: [NAME_SIZE]. */
static void variable_name(char *name, const struct setting *setting)
{
    int length = snprintf(name, NAME_SIZE, "SILHOUETTE_%s", setting->field);

    sil_assert(length > 0 && length < NAME_SIZE);
    for (; *name != '\0'; name++)
        *name = (char)toupper((unsigned char)*name);
}

/* The field's type is known by the row's kind; memcpy() keeps the compiler
 * from having an opinion about that. */
static void put_text(struct config *config, const struct setting *setting,
                     const char *text)
{
    sil_assert(setting->kind != KIND_NUMBER);
    memcpy((char *)config + setting->offset, &text, sizeof text);
}

/* As put_text(), for the other type. */
static void put_number(struct config *config, const struct setting *setting,
                       uint64_t number)
{
    sil_assert(setting->kind == KIND_NUMBER);
    memcpy((char *)config + setting->offset, &number, sizeof number);
}

/* Each row's own default, before anybody was asked. What is no setting starts
 * at zero: no address, no port, no help. */
static void put_defaults(struct config *config)
{
    *config = (struct config){0};
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        sil_assert(settings[i].number <= settings[i].most);
        if (settings[i].kind == KIND_NUMBER)
            put_number(config, &settings[i], settings[i].number);
        else
            put_text(config, &settings[i], settings[i].text);
    }
}

/* Only digits, no sign, no blanks, no overflow. */
static bool parse_number(uint64_t *out, const char *text)
{
    uint64_t number = 0;

    sil_assert(text != NULL);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return false;
        /* Before it is multiplied: the next digit may be a 9. */
        if (number > (UINT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (uint64_t)(*at - '0');
    }
    *out = number;
    return *text != '\0';
}

/* Is value one of the words of choices? Words are parted by single blanks, as
 * the table has them. An empty value is none of them. */
static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    const char *at = choices;

    sil_assert(choices != NULL);
    while (length > 0 && *at != '\0') {
        size_t word = strcspn(at, " ");
        if (word == length && memcmp(at, value, length) == 0)
            return true;
        at += word + (at[word] == ' ');
    }
    return false;
}

/* Give a setting a value. name: how the one who set it calls it. */
static enum sil_err put_value(struct config *config,
                              const struct setting *setting, const char *name,
                              const char *value, struct sil_error *error)
{
    uint64_t number;

    sil_assert(setting->kind <= KIND_NUMBER);
    if (setting->kind == KIND_NUMBER) {
        if (!parse_number(&number, value) || number < setting->least ||
            number > setting->most)
            return err_set(error, SIL_E_ARGUMENT,
                           "%s is \"%.60s\": a number of %s from %llu to %llu "
                           "is needed",
                           name, value, setting->form,
                           (unsigned long long)setting->least,
                           (unsigned long long)setting->most);
        put_number(config, setting, number);
        return SIL_OK;
    }
    if (setting->kind == KIND_CHOICE && !is_choice(setting->form, value))
        return err_set(error, SIL_E_ARGUMENT,
                       "%s is \"%.60s\": one of these is needed: %s", name,
                       value, setting->form);
    /* An empty flag is a variable of a script that wasn't set: better told
     * than taken for a setting. */
    if (*value == '\0')
        return err_set(error, SIL_E_ARGUMENT, "%s is empty", name);
    put_text(config, setting, value);
    return SIL_OK;
}

/* Empty variables count as not set: that is how compose files unset one. */
static enum sil_err load_variables(struct config *config,
                                   config_variable_fn variable,
                                   struct sil_error *error)
{
    sil_assert(variable != NULL);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        char name[NAME_SIZE];
        const char *value;
        enum sil_err err;

        variable_name(name, &settings[i]);
        value = variable(name);
        if (value == NULL || *value == '\0')
            continue;
        err = put_value(config, &settings[i], name, value, error);
        if (err)
            return err;
        config->origins[i] = CONFIG_BY_VARIABLE;
    }
    return SIL_OK;
}

/* One line of the file. Its texts are copied: inih's are gone after the call.
 * A setting that stands there twice is a mistake, other than with flags: the
 * two lines may be far from each other. */
static enum sil_err take_line(void *payload, const char *name,
                              const char *value, const char *place,
                              struct sil_error *error)
{
    struct config *config = payload;
    size_t row = 0;

    while (row < SETTING_COUNT && strcmp(settings[row].field, name) != 0)
        row++;
    if (row == SETTING_COUNT || row == CONFIG_config)
        return err_set(error, SIL_E_ARGUMENT,
                       "%s: \"%.40s\" is no setting; serve --help names all",
                       place, name);
    if (config->file_texts[row] != NULL)
        return err_set(error, SIL_E_ARGUMENT, "%s: %s stands there twice",
                       place, name);
    config->file_texts[row] = mem_strdup(value);
    if (config->file_texts[row] == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for the settings");
    config->origins[row] = CONFIG_BY_FILE;
    return put_value(config, &settings[row], place, config->file_texts[row],
                     error);
}

/* The setting of a word like "--store" or "--store=…"; NULL: none. name:
 * [NAME_SIZE], the flag's name for messages. Whole names only: an abbreviation
 * would change its meaning with the next setting. */
static const struct setting *setting_of(const char *word, char *name)
{
    size_t length = strcspn(word, "=");

    sil_assert(word != NULL);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        flag_name(name, &settings[i]);
        if (strlen(name) == length && memcmp(name, word, length) == 0)
            return &settings[i];
    }
    return NULL;
}

/* Both --flag VALUE and --flag=VALUE; a flag given twice: the last wins, as
 * wrapper scripts expect. */
static enum sil_err load_flags(struct config *config, int argc, char **argv,
                               struct sil_error *error)
{
    sil_assert(argc == 0 || argv != NULL);
    for (int i = 0; i < argc; i++) {
        char name[NAME_SIZE];
        const struct setting *setting;
        const char *value;
        enum sil_err err;

        /* What follows it need not be right. */
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            config->is_help = true;
            return SIL_OK;
        }
        setting = setting_of(argv[i], name);
        if (setting == NULL)
            return err_set(error, SIL_E_ARGUMENT,
                           "\"%.60s\" is no setting; serve --help names all",
                           argv[i]);
        /* The value may hold more "=": only the first one counts. */
        value = strchr(argv[i], '=');
        if (value == NULL && i + 1 == argc)
            return err_set(error, SIL_E_ARGUMENT, "%s needs a value", name);
        value = value != NULL ? value + 1 : argv[++i];
        err = put_value(config, setting, name, value, error);
        if (err)
            return err;
        config->origins[setting - settings] = CONFIG_BY_FLAG;
    }
    return SIL_OK;
}

/* "127.0.0.1:80", "[::1]:80" to address and port. Names are not taken: a
 * service listens on an address, which no name server may change. */
static enum sil_err split_listen(struct config *config, struct sil_error *error)
{
    const char *listen = config->listen;
    const char *colon = strrchr(listen, ':');
    /* Of the address; 0 stands for any mistake in what follows. */
    size_t length = colon == NULL ? 0 : (size_t)(colon - listen);
    bool is_bracketed = length > 1 && listen[0] == '[';
    uint64_t port;

    sil_assert(listen != NULL);
    /* Colons of an IPv6 address are told from the port's by the brackets:
     * without them it is refused, not guessed. */
    if (is_bracketed && listen[length - 1] == ']') {
        listen++;
        length -= 2;
    } else if (is_bracketed || memchr(listen, ':', length) != NULL) {
        length = 0;
    }
    if (length == 0 || length >= sizeof config->address ||
        !parse_number(&port, colon + 1) || port > PORT_MAX)
        return err_set(error, SIL_E_ARGUMENT,
                       "--listen is \"%.60s\": ADDR:PORT is needed, as "
                       "127.0.0.1:8080 or [::1]:8080",
                       config->listen);
    memcpy(config->address, listen, length);
    config->address[length] = '\0';
    config->port = (uint16_t)port;
    return SIL_OK;
}

/* The result is written only when all of it is good. Variables and flags are
 * read twice: they name the file, and they win over it. */
enum sil_err config_load(struct config *out, int argc, char **argv,
                         config_variable_fn variable, struct sil_error *error)
{
    struct config config;
    const char *path;
    enum sil_err err;

    sil_assert(out != NULL);
    sil_assert(argc >= 0);
    put_defaults(&config);
    err = load_variables(&config, variable, error);
    if (!err)
        err = load_flags(&config, argc, argv, error);
    path = config.config;
    if (!err && path != NULL && !config.is_help) {
        put_defaults(&config);
        err = config_file_read(path, take_line, &config, error);
        if (!err)
            err = load_variables(&config, variable, error);
        if (!err)
            err = load_flags(&config, argc, argv, error);
    }
    if (!err && !config.is_help)
        err = split_listen(&config, error);
    if (err)
        config_finish(&config);
    else
        *out = config;
    return err;
}

/* Only the file's texts are owned: others are the process' own. */
void config_finish(struct config *config)
{
    sil_assert(config != NULL);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        mem_free(config->file_texts[i]);
        config->file_texts[i] = NULL;
    }
}

/* The field's value as a text of the file would have it. */
static void add_value(struct buf *to, const struct config *config,
                      const struct setting *setting)
{
    const char *text = NULL;
    uint64_t number = 0;

    sil_assert(setting->kind <= KIND_NUMBER);
    if (setting->kind == KIND_NUMBER) {
        memcpy(&number, (const char *)config + setting->offset, sizeof number);
        buf_addf(to, "%llu", (unsigned long long)number);
        return;
    }
    memcpy(&text, (const char *)config + setting->offset, sizeof text);
    buf_add_text(to, text != NULL ? text : "(not set)");
}

/* Named as in the file, so that a line can be copied there. */
void config_show(struct buf *to, const struct config *config)
{
    static const char *const origins[] = {"default", "file", "variable",
                                          "flag"};

    sil_assert(config != NULL);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        buf_addf(to, "  %-17s %-9s ", settings[i].field,
                 origins[config->origins[i]]);
        add_value(to, config, &settings[i]);
        buf_add_text(to, "\n");
    }
}

/* What stands behind the flag: "DIR", "MS", "auto|path|virtual". The choices as
 * one can write them, or what the text is. */
static void add_form(struct buf *to, const struct setting *setting)
{
    sil_assert(setting->form != NULL);
    if (setting->kind == KIND_NUMBER) {
        buf_add_text(to, "N");
        return;
    }
    for (const char *at = setting->form; *at != '\0'; at++)
        buf_add(to, *at == ' ' ? "|" : at, 1);
}

/* Two lines per setting: the flag with its phrase, then the variable, unit
 * and default. A long flag gets its phrase on the next line. */
static void add_setting(struct buf *to, const struct setting *setting)
{
    char name[NAME_SIZE];
    size_t start = to->size;

    sil_assert(setting->help != NULL);
    flag_name(name, setting);
    buf_addf(to, "  %s ", name);
    add_form(to, setting);
    if (to->size - start >= HELP_COLUMN)
        buf_addf(to, "\n%*s", HELP_COLUMN, "");
    else
        buf_addf(to, "%*s", (int)(HELP_COLUMN - (to->size - start)), "");
    buf_addf(to, "%s\n", setting->help);
    variable_name(name, setting);
    buf_addf(to, "%*s%s", HELP_COLUMN, "", name);
    if (setting->kind == KIND_NUMBER)
        buf_addf(to, ", %s, default %llu", setting->form,
                 (unsigned long long)setting->number);
    else if (setting->text != NULL)
        buf_addf(to, ", default %s", setting->text);
    buf_add_text(to, "\n");
}

/* Out of the same table that is read: a setting can't be without its help. */
void config_help(struct buf *to)
{
    sil_assert(to != NULL);
    buf_add_text(to,
                 "usage: silhouette serve [SETTING…]\n\n"
                 "Answer POST /analyze/segmentation-v2 until SIGTERM or "
                 "SIGINT.\nEach setting is a flag or an environment variable; "
                 "flags win.\n\n");
    for (size_t i = 0; i < SETTING_COUNT; i++)
        add_setting(to, &settings[i]);
    buf_add_text(to, "\nExit code: 0 stopped in order, 1 failed or had to cut "
                     "answers off, 2 wrong usage.\n");
}
