// The least that moves memory which another process maps to a device and back: what `gpusvm bench live` compares its engine to.
//
//     mover FEATURES BLOCKS CPU      (FEATURES in hexadecimal, a CPU of -1: any)
//
// For each byte on the standard input all blocks of 2 MiB go one after another: stores are stopped (write protection), the bytes copied, the
// memory given back (a hole in the file). Then they come home: copied, and entered again (CONTINUE). A line says how many nanoseconds each
// way took. Nobody touches the view, so no fault is among it. Ends at the end of the input.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { block = 2 << 20 };

static void check(int right, const char *what)
{
    if (!right) {
        perror(what);
        exit(1);
    }
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void leave(int uffd, char *view, char *alias, char *device)
{
    struct uffdio_writeprotect stop = { .range = { (uintptr_t)view, block }, .mode = UFFDIO_WRITEPROTECT_MODE_WP };
    check(ioctl(uffd, UFFDIO_WRITEPROTECT, &stop) == 0, "UFFDIO_WRITEPROTECT");
    memcpy(device, alias, block);
    check(madvise(alias, block, MADV_REMOVE) == 0, "MADV_REMOVE");
}

static void come_home(int uffd, char *view, char *alias, char *device)
{
    memcpy(alias, device, block);
    struct uffdio_continue enter = { .range = { (uintptr_t)view, block } };
    check(ioctl(uffd, UFFDIO_CONTINUE, &enter) == 0, "UFFDIO_CONTINUE");
}

int main(int argc, char **argv)
{
    check(argc == 4, "arguments");
    size_t bytes = strtoull(argv[2], NULL, 10) * block;
    if (atoi(argv[3]) >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(atoi(argv[3]), &set);
        check(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
    }

    int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    if (uffd < 0)
        uffd = ioctl(open("/dev/userfaultfd", O_RDWR | O_CLOEXEC), USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
    // Without events: the calls of this very process would wait for somebody who reads them.
    struct uffdio_api api = { .api = UFFD_API, .features = strtoull(argv[1], NULL, 16)
        & ~(UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP) };
    check(ioctl(uffd, UFFDIO_API, &api) == 0, "UFFDIO_API");
    int file = memfd_create("mover", MFD_CLOEXEC);
    check(ftruncate(file, (off_t)bytes) == 0, "ftruncate");
    char *view = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *alias = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *device = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(view != MAP_FAILED && alias != MAP_FAILED && device != MAP_FAILED, "mmap");
    struct uffdio_register all = {
        .range = { (uintptr_t)view, bytes },
        .mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_MINOR | UFFDIO_REGISTER_MODE_WP,
    };
    check(ioctl(uffd, UFFDIO_REGISTER, &all) == 0, "UFFDIO_REGISTER");
    memset(device, 1, bytes);
    for (size_t at = 0; at < bytes; at += block)
        come_home(uffd, view + at, alias + at, device + at);
    for (char go; read(STDIN_FILENO, &go, 1) == 1;) {
        int64_t from = now();
        for (size_t at = 0; at < bytes; at += block)
            leave(uffd, view + at, alias + at, device + at);
        int64_t left = now();
        for (size_t at = 0; at < bytes; at += block)
            come_home(uffd, view + at, alias + at, device + at);
        printf("%lld %lld\n", (long long)(left - from), (long long)(now() - left));
        fflush(stdout);
    }

    return 0;
}
