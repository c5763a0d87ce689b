/*
 * ready.c: the least that a process can be - it says that it is there, and ends when nobody listens any more.
 */
#include <unistd.h>

int main(void) {
    char byte = '.';
    if (write(STDOUT_FILENO, &byte, 1) != 1) return 1;
    return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}
