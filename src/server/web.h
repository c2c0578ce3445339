/* Answers with files of the program itself: the pages and their parts.
 * Threads: the loop's thread only.
 * The bytes are sent from where they lie; what a browser has is not sent. */
#ifndef SIL_SERVER_WEB_H
#define SIL_SERVER_WEB_H

#include "server/job.h"
#include "server/web_files.h"

/** The file of that path, in that language where it has several; NULL: there
 *  is none. */
const struct web_file *web_find(struct http_text path, const char *language);

/** Does a field If-None-Match name this entity tag (with its quotes)? */
bool web_is_known(struct http_text if_none_match, const char *tag);

/** Answer a job whose path is a file's, in the language that its
 *  Accept-Language likes best. An unknown path is an error of the table. */
void web_answer(struct job *job);

#endif
