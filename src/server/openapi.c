/* OpenAPI 3.1, written out of the tables.
 * Must not know how requests are served.
 * Templates are written with ' for ", which JSON's own texts here never
 * need: it keeps them readable. */
#include "server/openapi.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/options.h"
#include "server/negotiate.h"
#include "server/request.h"
#include "server/routes.h"

/* Append a template, ' becoming ". Texts of the tables don't pass through
 * here: an apostrophe of theirs stays one. */
static void add(struct buf *to, const char *template)
{
    sil_assert(template != NULL);
    for (const char *at = template; *at != '\0'; at++)
        buf_add(to, *at == '\'' ? "\"" : at, 1);
}

/* Append words ("a b") as 'a','b': the lists of options.tbl as an enum of the
 * schema. */
static void add_words(struct buf *to, const char *words)
{
    const char *mark = "";

    sil_assert(words != NULL);
    while (*words != '\0') {
        size_t size = strcspn(words, " ");
        buf_addf(to, "%s\"%.*s\"", mark, (int)size, words);
        words += size + (words[size] == ' ');
        mark = ",";
    }
}

/* The members of a request: imgSrc, then the options of the table. */
static void add_request(struct buf *to)
{
    size_t count;
    const struct option_row *rows = option_rows(&count);

    /* The limit is said as a number of bytes: JSON Schema would count
     * characters. */
    add(to, "'Request':{'type':'object','required':['imgSrc'],'properties':{"
            "'imgSrc':{'type':'string','minLength':1,'description':"
            "'The image: its key in the bucket, taken literally, or "
            "s3://bucket/key of an allowed bucket; at most ");
    buf_addf(to, "%d bytes", LIMIT_KEY_BYTES_MAX);
    add(to, "'},'threshold':{'type':'number','exclusiveMinimum':0,"
            "'exclusiveMaximum':1,'description':'How sure the network must "
            "be of a pixel (default: what it was calibrated to)'}");
    sil_assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        add(to, ",'");
        buf_add_text(to, rows[i].name);
        add(to, "':{'type':'string','enum':[");
        add_words(to, rows[i].offered);
        add(to, "],'default':'");
        buf_add_text(to, rows[i].standard);
        add(to, "','description':'");
        buf_add_text(to, rows[i].help);
        add(to, "'}");
    }
    add(to, "}}");
}

/* The bodies of a success that are not pictures. */
static void add_masks(struct buf *to)
{
    sil_assert(to != NULL);
    add(to,
        ",'Mask':{'type':'object','required':['state','data'],"
        "'properties':{'state':{'const':1},'data':{'type':'array',"
        "'description':'One list per image row, one number per pixel: 1 is a "
        "person','items':{'type':'array','items':{'type':'integer',"
        "'enum':[0,1]}}}}},"
        "'RunLengths':{'type':'object','required':['size','counts'],"
        "'description':'The mask as COCO has it, for pycocotools to "
        "read','properties':{'size':{'type':'array','minItems':2,"
        "'maxItems':2,'items':{'type':'integer'},'description':'Height and "
        "width'},'counts':{'type':'string'}}}");
}

/* The one body of all failures with every code and stage there is. */
static void add_failure(struct buf *to)
{
    const char *mark = "";

    add(to,
        ",'Failure':{'type':'object','required':['state','message','errors',"
        "'data'],'properties':{'state':{'enum':[0,-1],'description':"
        "'0: the request or its image is the reason; -1: the server'},"
        "'message':{'type':'string'},'errors':{'type':'string'},"
        "'data':{'type':'array','minItems':1,'maxItems':1,'items':{"
        "'type':'object','required':['code','stage'],'properties':{"
        "'code':{'enum':[");
    for (int i = 1; i <= err_count(); i++) {
        const struct err_row *row = err_row((enum sil_err)i);
        /* An alias never leaves the process under its own name. */
        if (row->is_alias)
            continue;
        buf_addf(to, "%s\"%s\"", mark, row->code);
        mark = ",";
    }
    sil_assert(*mark == ',');
    add(to, "]},'stage':{'enum':[");
    for (int i = 0; i < SIL_STAGE_COUNT; i++)
        buf_addf(to, "%s\"%s\"", i > 0 ? "," : "",
                 stage_name((enum sil_stage)i));
    add(to, "]}}}}}}");
}

/* Is there no row with this status above row i? Several errors share one, and
 * OpenAPI has one response for each. */
static bool is_first_of_status(int i)
{
    int status = err_row((enum sil_err)i)->status;

    sil_assert(i >= 1);
    for (int above = 1; above < i; above++)
        if (err_row((enum sil_err)above)->status == status)
            return false;
    return true;
}

/* One response per status, its description naming every error of it. */
static void add_failures(struct buf *to)
{
    for (int i = 1; i <= err_count(); i++) {
        int status = err_row((enum sil_err)i)->status;
        const char *mark = "";

        /* A status stands where its first row does. */
        if (!is_first_of_status(i))
            continue;
        sil_assert(status >= 400);
        buf_addf(to, ",\"%d\":{\"description\":\"", status);
        for (int j = i; j <= err_count(); j++) {
            const struct err_row *row = err_row((enum sil_err)j);
            if (row->status != status || row->is_alias)
                continue;
            buf_addf(to, "%s%s: %s", mark, row->code, row->when);
            mark = "; ";
        }
        add(to, "','content':{'application/json':{'schema':"
                "{'$ref':'#/components/schemas/Failure'}}}}");
    }
}

/* The options of a picture that is a body: the same, as query parameters. */
static void add_parameters(struct buf *to)
{
    size_t count;
    const struct option_row *rows = option_rows(&count);

    add(to, "'parameters':[{'name':'X-Request-Id','in':'header','schema':{"
            "'type':'string'}}");
    sil_assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        add(to, ",{'name':'");
        buf_add_text(to, rows[i].name);
        add(to, "','in':'query','schema':{'$ref':"
                "'#/components/schemas/Request/properties/");
        buf_add_text(to, rows[i].name);
        add(to, "'}}");
    }
    /* The one option that is no word, hence no row of the table. */
    add(to, ",{'name':'threshold','in':'query','schema':{'$ref':"
            "'#/components/schemas/Request/properties/threshold'}}],");
}

/* JSON with a key, or the picture itself in two ways. */
static void add_bodies(struct buf *to)
{
    size_t count;
    const char *const *types = negotiate_image_types(&count);

    add(to, "'requestBody':{'required':true,'content':{'application/json':{"
            "'schema':{'$ref':'#/components/schemas/Request'}}");
    sil_assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        add(to, ",'");
        buf_add_text(to, types[i]);
        add(to, "':{}");
    }
    add(to, ",'multipart/form-data':{'schema':{'type':'object','required':["
            "'image'],'properties':{'image':{'contentMediaType':"
            "'application/octet-stream'}}}}}},");
}

/* The one route with a body, and the one with failures. */
static void add_analyze(struct buf *to)
{
    sil_assert(to != NULL);
    add_parameters(to);
    add_bodies(to);
    /* The picture's facts are header fields, so that the body can stay what
     * the contract says, to the byte. */
    add(to, "'responses':{'200':{'description':'The mask, at the size of the "
            "picture','headers':{"
            "'X-Request-Id':{'schema':{'type':'string'}},"
            "'X-Image-Width':{'schema':{'type':'integer'}},"
            "'X-Image-Height':{'schema':{'type':'integer'}},"
            "'X-Person-Count':{'schema':{'type':'integer'}},"
            "'X-Person-Area':{'schema':{'type':'number'}},"
            "'X-Model':{'schema':{'type':'string'}},"
            "'Server-Timing':{'schema':{'type':'string'}}},"
            "'content':{'application/json':{'schema':"
            "{'$ref':'#/components/schemas/Mask'}},"
            "'application/vnd.coco.rle+json':{'schema':"
            "{'$ref':'#/components/schemas/RunLengths'}},"
            "'image/png':{}}}");
    add_failures(to);
    add(to, "}");
}

/* What a page answers with; readyz also says 503, which is no failure of the
 * schema above but the page itself. */
static void add_page(struct buf *to, enum route route)
{
    bool is_text = route == ROUTE_HOME || route == ROUTE_METRICS;

    sil_assert(route != ROUTE_ANALYZE);
    add(to, "'responses':{'200':{'description':'As said','content':{'");
    buf_add_text(to, is_text ? "text/plain" : "application/json");
    add(to, "':{}}}");
    if (route == ROUTE_READYZ)
        add(to, ",'503':{'description':'Not ready','content':{"
                "'application/json':{}}}");
    add(to, "}");
}

/* One path, one method: the routes are that simple. */
static void add_route(struct buf *to, enum route route)
{
    const struct route_row *row = route_row(route);

    sil_assert(row->path != NULL);
    add(to, "'");
    buf_add_text(to, row->path);
    add(to, row->method[0] == 'G' ? "':{'get':{" : "':{'post':{");
    add(to, "'operationId':'");
    buf_add_text(to, row->label);
    add(to, "','summary':'");
    buf_add_text(to, row->summary);
    add(to, "',");
    if (route == ROUTE_ANALYZE)
        add_analyze(to);
    else
        add_page(to, route);
    add(to, "}}");
}

/* Made anew for each reader: it is asked for rarely, and a copy would be one
 * more thing to free. */
void openapi_text(struct buf *to)
{
    sil_assert(to != NULL);
    add(to, "{'openapi':'3.1.0','info':{'title':'silhouette','version':"
            "'" SIL_VERSION "','description':'Finds the people in a picture.'},"
            "'paths':{");
    for (int i = 0; i < ROUTE_NONE; i++) {
        buf_add_text(to, i > 0 ? "," : "");
        add_route(to, (enum route)i);
    }
    add(to, "},'components':{'schemas':{");
    /* Schemas stand once, and are referred to from above. */
    add_request(to);
    add_masks(to);
    add_failure(to);
    add(to, "}}}\n");
}
