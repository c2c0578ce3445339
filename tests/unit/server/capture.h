/* What a function writes to a descriptor of this process, as text.
 * Threads: one.
 * Must not know stdio's buffers: who uses stdout flushes it first. */
#ifndef SIL_TESTS_CAPTURE_H
#define SIL_TESTS_CAPTURE_H

enum { CAPTURE_SIZE = 8192 };

/** A descriptor that is led elsewhere for a while. */
struct capture {
    int fd;    /* the one, 1 or 2 */
    int saved; /* what it was */
    int file;  /* where it leads to */
    char text[CAPTURE_SIZE];
};

/** From now on what is written to fd is kept. */
void capture_begin(struct capture *capture, int fd);

/** Give fd back; what was written is in text. */
void capture_end(struct capture *capture);

#endif
