/* Sessions, and the checks of what they are asked for.
 * Must not know pictures, looks or masks.
 * A session keeps nothing of a picture: after a bad one it is as before. */
#include "session.h"

#include "base/check.h"
#include "base/mem.h"
#include "infer/model.h"

/* *out is set at the end only: untouched on failure. All runners are made now,
 * so that a session that exists can look. Companions wait for the first picture
 * that needs them: their files may be missing. */
enum sil_err sil_session_create(struct sil_session **out,
                                struct sil_model *model,
                                struct sil_error *error)
{
    struct sil_session *session;
    enum sil_err err = SIL_OK;

    if (out == NULL || model == NULL)
        return err_set(error, SIL_E_ARGUMENT, "out or model is NULL");
    session = mem_zalloc(1, sizeof *session);
    if (session == NULL)
        return err_set(error, SIL_E_NO_MEMORY, "no memory for a session");
    session->model = model;
    for (uint32_t i = 0; i < MODEL_NET_COUNT && !err; i++)
        err = engine_runner_create(&session->runners[i].runner,
                                   model_net(model, i), error);
    if (err) {
        sil_session_destroy(session);
        return err;
    }
    sil_assert(session->runners[0].runner != NULL);
    *out = session;
    return SIL_OK;
}

/* The model is only lent: it stays. */
void sil_session_destroy(struct sil_session *session)
{
    if (session == NULL)
        return;
    for (int i = 0; i < COMPANION_COUNT; i++)
        engine_runner_destroy(session->companions[i]);
    for (int i = 0; i < MODEL_NET_COUNT; i++)
        engine_runner_destroy(session->runners[i].runner);
    mem_free(session);
}

/* The first session that asks has the model load it. */
enum sil_err session_companion(struct engine_runner **out,
                               struct sil_session *session,
                               enum model_companion which,
                               struct sil_error *error)
{
    struct engine_runner **runner = &session->companions[which];
    struct engine_net *net = NULL;
    enum sil_err err = SIL_OK;

    sil_assert(which < COMPANION_COUNT);
    if (*runner == NULL)
        err = model_companion(&net, session->model, which, error);
    if (!err && *runner == NULL)
        err = engine_runner_create(runner, net, error);
    if (!err)
        *out = *runner;
    return err;
}

/* One that never ran has used 0, and so is chosen before any that would have to
 * prepare itself anew. */
struct engine_runner *session_runner(struct sil_session *session,
                                     uint32_t width, uint32_t height)
{
    struct session_runner *chosen = &session->runners[0];

    for (int i = 0; i < MODEL_NET_COUNT; i++) {
        struct session_runner *one = &session->runners[i];

        if (one->width == width && one->height == height) {
            chosen = one;
            break;
        }
        if (one->used < chosen->used)
            chosen = one;
    }
    sil_assert(chosen->runner != NULL);
    chosen->width = width;
    chosen->height = height;
    chosen->used = ++session->look_count;
    return chosen->runner;
}

/* The library's own callers decode here: who wants a sandbox starts it. */
void session_use_port(struct sil_session *session, struct decode_port *port)
{
    sil_assert(session != NULL);
    session->port = port;
}

/* Of a segmentation that failed, too: what it came to until then. */
struct sil_timing sil_session_timing(const struct sil_session *session)
{
    sil_assert(session != NULL);
    return session->timing;
}

/* The caller's mistakes get errors, not asserts: options may come from a
 * command line or a request. NaN is no threshold: hence the negations. */
enum sil_err session_begin(struct sil_session *session, struct sil_result **out,
                           const struct sil_options *options,
                           struct sil_error *error)
{
    sil_assert(options != NULL);
    if (error != NULL)
        *error = (struct sil_error){0};
    if (out == NULL || session == NULL)
        return err_set(error, SIL_E_ARGUMENT, "out or session is NULL");
    sil_assert(session->runners[0].runner != NULL);
    session->timing = (struct sil_timing){0};
    if (options->quality != SIL_QUALITY_FAST &&
        options->quality != SIL_QUALITY_BEST)
        return err_set(error, SIL_E_ARGUMENT, "no such quality");
    if (options->people != SIL_PEOPLE_ALL && options->people != SIL_PEOPLE_EACH)
        return err_set(error, SIL_E_ARGUMENT, "no such people");
    if (options->output < SIL_OUTPUT_MASK || options->output > SIL_OUTPUT_BOXES)
        return err_set(error, SIL_E_ARGUMENT, "no such output");
    if (options->orientation != SIL_UPRIGHT &&
        options->orientation != SIL_STORED)
        return err_set(error, SIL_E_ARGUMENT, "no such orientation");
    if (!(options->threshold >= 0) || !(options->threshold < 1))
        return err_set(error, SIL_E_ARGUMENT, "threshold is not in 0..1");
    return SIL_OK;
}
