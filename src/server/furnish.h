/* From settings to what they name: folders, store, network, numbers.
 * Threads: main only, before there are others.
 * Shared by the service and by `silhouette check`, so that both mean the same.
 */
#ifndef SIL_SERVER_FURNISH_H
#define SIL_SERVER_FURNISH_H

#include "fetch/fetch.h"
#include "server/config.h"

/** Texts that must live as long as the settings that point to them. */
struct furnish_folders {
    struct buf models;
    struct buf store;
};

/** Begin, and end, with nothing in them. */
void furnish_begin(struct furnish_folders *folders);
void furnish_finish(struct furnish_folders *folders);

/** Fill in what the settings left open: the folders beside the program. It
 *  makes `silhouette serve`, without any setting, a service that can be tried.
 *  Errors: with what to name; SIL_E_NO_MEMORY. */
SIL_MUST_USE enum sil_err furnish_folders(struct config *config,
                                          struct furnish_folders *folders,
                                          struct sil_error *error);

/** What a request gets that asks for nothing. Errors: SIL_E_BAD_OPTION. */
SIL_MUST_USE enum sil_err furnish_options(struct sil_options *out,
                                          const struct config *config,
                                          struct sil_error *error);

/** Open the store; a remote one is asked nothing yet. *out: yours,
 *  fetch_store_close(). Errors: those of fetch_store_open(). */
SIL_MUST_USE enum sil_err furnish_store(struct fetch_store **out,
                                        const struct config *config,
                                        struct sil_error *error);

/** Open a network that others made in a process of its own first, since the
 *  engine might die of it. Before any thread. Errors: SIL_E_MODEL. */
SIL_MUST_USE enum sil_err furnish_try_model(const struct config *config,
                                            struct sil_error *error);

/** Open the network for so many sessions at once. *out: yours,
 *  sil_model_close(). Errors: those of sil_model_open(). */
SIL_MUST_USE enum sil_err furnish_model(struct sil_model **out,
                                        const struct config *config,
                                        uint32_t session_count,
                                        struct sil_error *error);

/** How many workers: as set, or one for each core. At least 1. */
uint32_t furnish_workers(const struct config *config);

/** How many requests may wait: as set, or what the workers work off within a
 *  deadline. */
uint32_t furnish_places(const struct config *config);

#endif
