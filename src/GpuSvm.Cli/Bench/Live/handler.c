// The least that serves page faults of another process: what `gpusvm bench live` compares its engine to.
//
//     handler FEATURES PAGES TOUCHER_CPU HANDLER_CPU      (FEATURES in hexadecimal, a CPU of -1: any)
//
// One process touches pages of a memfd that nobody has touched, a second one serves the faults. For each byte on the standard input the
// pages are touched once and a line says how many nanoseconds that took. Ends at the end of the input.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { page = 4096, batch = 16 };

static void check(int right, const char *what)
{
    if (!right) {
        perror(what);
        exit(1);
    }
}

static void run_on(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu >= 0) {
        CPU_SET(cpu, &set);
        check(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
    }
}

// Gives a page its memory and looks whether all of it is zero, as the engine does.
static void look(const volatile uint64_t *words)
{
    uint64_t any = words[0];
    for (const uint64_t *at = (const uint64_t *)words, *end = at + page / sizeof *at; at < end; at++)
        any |= *at;
    if (any != 0)
        kill(getppid(), SIGKILL);
}

static void serve(int uffd, int file, char *view, size_t bytes)
{
    char *alias = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    check(alias != MAP_FAILED, "mmap of the alias");
    for (;;) {
        struct pollfd ready = { .fd = uffd, .events = POLLIN };
        struct uffd_msg messages[batch];
        poll(&ready, 1, -1);
        ssize_t got = read(uffd, messages, sizeof messages);
        for (int i = 0; i < got / (ssize_t)sizeof *messages; i++) {
            if (messages[i].event != UFFD_EVENT_PAGEFAULT)
                continue;
            uint64_t address = messages[i].arg.pagefault.address & -(uint64_t)page;
            look((uint64_t *)(alias + (address - (uintptr_t)view)));
            struct uffdio_continue call = { .range = { address, page } };
            if (ioctl(uffd, UFFDIO_CONTINUE, &call) != 0)
                kill(getppid(), SIGKILL); // it would wait for ever
        }
    }
}

static int64_t touch(volatile char *view, size_t bytes)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (size_t at = 0; at < bytes; at += page)
        view[at] = 1;
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (to.tv_sec - from.tv_sec) * INT64_C(1000000000) + to.tv_nsec - from.tv_nsec;
}

int main(int argc, char **argv)
{
    check(argc == 5, "arguments");
    size_t bytes = strtoull(argv[2], NULL, 10) * page;
    int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    if (uffd < 0)
        uffd = ioctl(open("/dev/userfaultfd", O_RDWR | O_CLOEXEC), USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
    struct uffdio_api api = { .api = UFFD_API, .features = strtoull(argv[1], NULL, 16) };
    check(ioctl(uffd, UFFDIO_API, &api) == 0, "UFFDIO_API");
    int file = memfd_create("handler", MFD_CLOEXEC);
    check(ftruncate(file, (off_t)bytes) == 0, "ftruncate");
    char *view = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    check(view != MAP_FAILED, "mmap of the view");
    check(madvise(view, bytes, MADV_DONTFORK) == 0, "madvise");
    struct uffdio_register all = {
        .range = { (uintptr_t)view, bytes },
        .mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_MINOR | UFFDIO_REGISTER_MODE_WP,
    };
    check(ioctl(uffd, UFFDIO_REGISTER, &all) == 0, "UFFDIO_REGISTER");
    pid_t handler = fork();
    check(handler >= 0, "fork");
    if (handler == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_on(atoi(argv[4]));
        serve(uffd, file, view, bytes);
    }

    run_on(atoi(argv[3]));
    for (char go; read(STDIN_FILENO, &go, 1) == 1;) {
        printf("%lld\n", (long long)touch(view, bytes));
        fflush(stdout);
        fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes);
    }

    return kill(handler, SIGKILL);
}
