/*
 * digest.h: sha256 of the samples that pass, by the system's libcrypto, loaded only when somebody asks for it.
 */
#ifndef ST_SHM_DIGEST_H
#define ST_SHM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

typedef struct st_digest st_digest;

/*
 * Starts a digest.
 * thread: any
 * realtime: no
 * owned: the caller's until st_digest_free
 * valid until: st_digest_free
 * errors: null when libcrypto is not installed or memory is short
 */
st_digest *st_digest_make(void);

/*
 * Adds bytes.
 * thread: the digest's
 * realtime: yes
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_digest_add(st_digest *digest, const void *bytes, size_t len);

/*
 * Writes the 32 bytes of the digest so far and starts anew.
 * thread: the digest's
 * realtime: no
 * owned: nothing
 * valid until: return
 * errors: none
 */
void st_digest_cut(st_digest *digest, uint8_t *out_sha256);

/*
 * Frees it; null is fine.
 * thread: any
 * realtime: no
 * owned: the digest is gone
 * valid until: return
 * errors: none
 */
void st_digest_free(st_digest *digest);

#endif
