/* Writes down, in their order, all writes and syncs below one directory.
 *
 * Preloaded into a process: POWER_LOSS_DIRECTORY is watched, POWER_LOSS_LOG is appended to. A record
 * is four little-endian 64-bit numbers (operation, offset or size, length of the name, length of the
 * bytes), the name, the bytes. A call and its record are under one lock: the log's order is that of
 * what happened.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILES = 1024, NAME = 64 };
static char names[FILES][NAME]; /* by descriptor; "." is the directory itself */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *directory;
static int log_file = -1;


/* The name below the directory, or NULL. */
static const char *below(const char *path) {
    if (!directory) {
        const char *log = getenv("POWER_LOSS_LOG");
        directory = getenv("POWER_LOSS_DIRECTORY");
        if (!directory || !log) abort();
        log_file = (int)syscall(SYS_openat, AT_FDCWD, log, O_CREAT | O_WRONLY | O_APPEND, 0644);
        if (log_file < 0) abort();
    }
    size_t length = strlen(directory);
    if (strncmp(path, directory, length)) return NULL;
    if (!path[length]) return ".";
    if (path[length] != '/' || strlen(path + length + 1) >= NAME) return NULL;
    return path + length + 1;
}

static const char *watched(int file) {
    return file >= 0 && file < FILES && names[file][0] ? names[file] : NULL;
}

static void record(char operation, uint64_t at, const char *name, const void *bytes, size_t n) {
    uint64_t head[4] = {(uint64_t)operation, at, strlen(name), n};
    struct iovec parts[3] = {{head, sizeof head}, {(void *)name, head[2]}, {(void *)bytes, n}};
    ssize_t length = (ssize_t)(sizeof head + head[2] + n);
    if (syscall(SYS_writev, log_file, parts, 3) != length) abort();
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    pthread_mutex_lock(&lock);
    const char *name = below(path);
    int is_new = name && (flags & O_CREAT) && access(path, F_OK);
    int file = (int)syscall(SYS_openat, at, path, flags | O_LARGEFILE, mode);
    int error = errno;
    if (file >= 0 && file < FILES) strcpy(names[file], name ? name : "");
    if (file >= 0 && name && is_new) record('c', 0, name, "", 0);
    if (file >= 0 && name && (flags & O_TRUNC)) record('t', 0, name, "", 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return file;
}

#define OPEN(name)                                       \
    int name(const char *path, int flags, ...) {         \
        va_list rest;                                    \
        va_start(rest, flags);                           \
        mode_t mode = va_arg(rest, mode_t);              \
        va_end(rest);                                    \
        return opened(AT_FDCWD, path, flags, mode);      \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                     \
    int name(int at, const char *path, int flags, ...) { \
        va_list rest;                                    \
        va_start(rest, flags);                           \
        mode_t mode = va_arg(rest, mode_t);              \
        va_end(rest);                                    \
        return opened(at, path, flags, mode);            \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int file) {
    pthread_mutex_lock(&lock);
    if (file >= 0 && file < FILES) names[file][0] = 0;
    int closed = (int)syscall(SYS_close, file);
    pthread_mutex_unlock(&lock);
    return closed;
}

ssize_t write(int file, const void *bytes, size_t n) {
    if (!watched(file)) return syscall(SYS_write, file, bytes, n);
    pthread_mutex_lock(&lock);
    struct stat status;
    int appends = fcntl(file, F_GETFL) & O_APPEND;
    off_t at = appends && !fstat(file, &status) ? status.st_size : lseek(file, 0, SEEK_CUR);
    ssize_t written = syscall(SYS_write, file, bytes, n);
    if (written > 0) record('w', (uint64_t)at, names[file], bytes, (size_t)written);
    pthread_mutex_unlock(&lock);
    return written;
}

#define PWRITE(name)                                                            \
    ssize_t name(int file, const void *bytes, size_t n, off_t at) {             \
        if (!watched(file)) return syscall(SYS_pwrite64, file, bytes, n, at);   \
        pthread_mutex_lock(&lock);                                              \
        ssize_t written = syscall(SYS_pwrite64, file, bytes, n, at);            \
        if (written > 0) record('w', (uint64_t)at, names[file], bytes, (size_t)written); \
        pthread_mutex_unlock(&lock);                                            \
        return written;                                                         \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define FTRUNCATE(name)                                                         \
    int name(int file, off_t size) {                                            \
        pthread_mutex_lock(&lock);                                              \
        int done = (int)syscall(SYS_ftruncate, file, size);                     \
        if (!done && watched(file)) record('t', (uint64_t)size, names[file], "", 0); \
        pthread_mutex_unlock(&lock);                                            \
        return done;                                                            \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

/* The power does not really fail: it is enough to write down what would be synced. */
#define SYNC(name)                                                              \
    int name(int file) {                                                        \
        pthread_mutex_lock(&lock);                                              \
        if (watched(file)) record('s', 0, names[file], "", 0);                  \
        pthread_mutex_unlock(&lock);                                            \
        return 0;                                                               \
    }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
    pthread_mutex_lock(&lock);
    const char *name = below(path);
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (!done && name) record('u', 0, name, "", 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *from, const char *to) {
    if (below(from) || below(to)) abort(); /* SQLite renames nothing; the test would not see it */
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
