/* How large the pictures inside AV1 and HEVC bitstreams really are.
 * Threads: pure functions, callable from anywhere.
 * Inside src/decode only: a container may tell a smaller size than the one
 * its decoder then allocates for.
 *
 * Use: start with a struct coded_size of zeros, give the same one to each call,
 * then hold it to the limits. What can't be read is an answer of false and must
 * refuse the picture: its decoder may read it otherwise. On false *largest
 * holds what was met before. The fields are those of the AV1 specification
 * (5.5, 5.9) and of ITU-T H.265 (7.3.2.2). */
#ifndef SIL_DECODE_CODED_SIZE_H
#define SIL_DECODE_CODED_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The largest width and the largest height met so far, pixels; not
 *  necessarily of the same picture. 0: none was met. */
struct coded_size {
    uint32_t width, height;
};

/** Look at each sequence header of a run of AV1 OBUs. False if one can't be
 *  read, or a frame has no sequence header before it or a size of its own. */
bool coded_size_av1(struct coded_size *largest, const uint8_t *bytes,
                    size_t size);

/** Look at each sequence parameter set among HEVC units, each with its length
 *  before it in 4 bytes. False if one can't be read. */
bool coded_size_hevc(struct coded_size *largest, const uint8_t *bytes,
                     size_t size);

/** The same for the content of an hvcC box (ISO/IEC 14496-15), which holds
 *  the parameter sets of items that don't bring their own. */
bool coded_size_hevc_config(struct coded_size *largest, const uint8_t *bytes,
                            size_t size);

#endif
