/*
 * digest.c: the few functions of libcrypto that a sha256 needs, found by name at run time.
 */
#include "digest.h"

#include <dlfcn.h>
#include <stdlib.h>

struct st_digest {
    void *context;
    const void *algorithm;
    int (*init)(void *context, const void *algorithm, void *engine);
    int (*update)(void *context, const void *bytes, size_t len);
    int (*final)(void *context, unsigned char *out, unsigned int *out_len);
    void (*context_free)(void *context);
};

/* A function pointer from dlsym without the cast that ISO C does not know. */
static int find(void *library, const char *name, void *out_function) {
    *(void **)out_function = dlsym(library, name);
    return *(void **)out_function != NULL;
}

st_digest *st_digest_make(void) {
    void *library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    void *(*context_new)(void);
    const void *(*sha256)(void);
    st_digest *d = calloc(1, sizeof *d);
    if (library == NULL) library = dlopen("libcrypto.so.1.1", RTLD_NOW | RTLD_LOCAL);
    if (d == NULL || library == NULL || !find(library, "EVP_MD_CTX_new", &context_new) ||
        !find(library, "EVP_sha256", &sha256) || !find(library, "EVP_DigestInit_ex", &d->init) ||
        !find(library, "EVP_DigestUpdate", &d->update) || !find(library, "EVP_DigestFinal_ex", &d->final) ||
        !find(library, "EVP_MD_CTX_free", &d->context_free)) {
        free(d);
        return NULL;
    }
    d->context = context_new();
    d->algorithm = sha256();
    if (d->context == NULL || d->algorithm == NULL || d->init(d->context, d->algorithm, NULL) != 1) {
        st_digest_free(d);
        return NULL;
    }
    return d;
}

void st_digest_add(st_digest *d, const void *bytes, size_t len) { d->update(d->context, bytes, len); }

void st_digest_cut(st_digest *d, uint8_t *out_sha256) {
    d->final(d->context, out_sha256, NULL);
    d->init(d->context, d->algorithm, NULL);
}

void st_digest_free(st_digest *d) {
    if (d == NULL) return;
    if (d->context) d->context_free(d->context);
    free(d);
}
