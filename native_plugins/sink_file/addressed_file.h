/*
 * addressed_file.h: a descriptor read and written at given offsets, whole or with an error that names the file.
 */
#ifndef SINK_FILE_ADDRESSED_FILE_H
#define SINK_FILE_ADDRESSED_FILE_H

#include <stellatune/common.h>

typedef struct AddressedFile {
    int fd;
    const char *shown_path; /* for messages only, never opened */
} AddressedFile;

/* Refuses a descriptor that cannot be both read and written at any offset. */
StStatus file_check(const AddressedFile *file);

StStatus file_write(const AddressedFile *file, uint64_t offset, const void *bytes, size_t count);

/* Reads exactly `count` bytes; a file that ends before is an error. */
StStatus file_read(const AddressedFile *file, uint64_t offset, void *out_bytes, size_t count);

StStatus file_size(const AddressedFile *file, uint64_t *out_size);

/* Makes the file exactly `size` bytes long. */
StStatus file_cut(const AddressedFile *file, uint64_t size);

#endif
