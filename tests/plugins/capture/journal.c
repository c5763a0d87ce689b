/*
 * journal.c: whole lines, appended; read once, when it is opened.
 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 128

static void take_over(Journal *journal, Clock *clock, const char *kind, uint64_t frames, uint64_t ns) {
    if (strcmp(kind, "write") == 0) {
        if (!clock->runs) clock_start(clock, ns);
        clock->given += frames;
        journal->frames += frames;
    } else if (strcmp(kind, "silence") == 0) {
        clock->given += frames;
    } else if (strcmp(kind, "open") != 0) {
        clock_stop(clock);
    }
}

int journal_open(Journal *journal, const char *path, Clock *clock) {
    char line[LINE_BYTES], kind[16];
    FILE *past;
    journal->frames = 0;
    journal->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (journal->fd < 0) return -1;
    past = fopen(path, "re");
    if (past == NULL) {
        int error = errno;
        close(journal->fd);
        return errno = error, -1;
    }
    while (fgets(line, sizeof line, past)) {
        uint64_t frames, ns;
        if (sscanf(line, "%15s %*u %" SCNu64 " %" SCNu64, kind, &frames, &ns) == 3)
            take_over(journal, clock, kind, frames, ns);
    }
    fclose(past);
    return 0;
}

int journal_tell(Journal *journal, const char *kind, uint64_t position, uint64_t frames, uint64_t ns, unsigned detail) {
    char line[LINE_BYTES];
    int len = snprintf(line, sizeof line, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %d\n", kind, position, frames, ns,
                       detail, (int)getpid());
    return write(journal->fd, line, (size_t)len) == len ? 0 : -1;
}

void journal_close(Journal *journal) { close(journal->fd); }
