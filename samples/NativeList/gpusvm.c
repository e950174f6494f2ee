/* The app's side of the protocol in docs/live.md: opens a userfaultfd and a polled io_uring and hands them over. One thread at a time. */
#define _GNU_SOURCE
#include "gpusvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAGIC 0x4D565347u
#define VERSION 1
#define LONGEST 65536
#define RING_SETUP 425
#define RING_POLLED 2u
#define OPEN_BY_DEVICE 0xAA00

enum kind { READY = 2, LAUNCHED = 8, CLOSE = 14, DONE = 15, ERROR = 16, WATCH = 17, HOLD = 34, LEND = 40, ADOPT = 41, ADOPTED = 42, GIVE_BACK = 43,
            GREET = 44, LAUNCH_NAMED = 45 };

struct header { uint32_t magic; uint16_t version, kind; uint32_t id, length; };

/* include/uapi/linux/io_uring.h: struct io_uring_params */
struct ring { uint32_t sq_entries, cq_entries, flags, cpu, idle_ms, features, wq, reserved[3], sq[10], cq[10]; };

struct program { pid_t pid; int socket; };

struct gpusvm { struct program engine, guard; int userfaultfd, ring; };

static _Thread_local char last_error[1024];

const char *gpusvm_error(void) { return last_error; }

static int fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(last_error, sizeof last_error, format, args);
    va_end(args);
    return -1;
}

static int send_message(int socket, enum kind kind, const char *body, int descriptor)
{
    struct header header = { MAGIC, VERSION, kind, 1, (uint32_t)strlen(body) };
    struct iovec parts[2] = { { &header, sizeof header }, { (void *)body, header.length } };
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
    if (descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(rights), &descriptor, sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? fail("a message could not be sent: %s", strerror(errno)) : 0;
}

/* Sends a request and takes its answer, whose body is left in reply. */
static int ask(int socket, enum kind kind, const char *body, int descriptor, enum kind expected, char reply[LONGEST])
{
    if (send_message(socket, kind, body, descriptor) < 0)
        return -1;
    char buffer[LONGEST];
    struct header header;
    ssize_t length;
    do {
        while ((length = recv(socket, buffer, sizeof buffer, 0)) < 0 && errno == EINTR)
            ;
        if (length < (ssize_t)sizeof header)
            return fail("the other end has closed");
        memcpy(&header, buffer, sizeof header);
    } while (header.kind == HOLD); /* a forked child's userfaultfd, which comes unasked: the engine holds it, too */
    size_t bytes = (size_t)length - sizeof header;
    memcpy(reply, buffer + sizeof header, bytes);
    reply[bytes] = 0;
    return header.kind == expected ? 0 : fail("%s", reply);
}

static long long number_in(const char *reply, const char *name)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *at = strstr(reply, quoted);
    return at ? strtoll(at + strlen(quoted), NULL, 10) : -1;
}

/* Starts a program with the role and waits until it has connected. */
static int start(const char *engine, const char *role, struct program *program)
{
    char name[64];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int length = snprintf(name, sizeof name, "gpusvm-%d-%s", (int)getpid(), role);
    memcpy(address.sun_path + 1, name, (size_t)length);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 1) < 0)
        return fail("no socket for the %s: %s", role, strerror(errno));
    program->pid = fork();
    if (program->pid == 0) {
        close(STDIN_FILENO);
        open("/dev/null", O_RDONLY);
        execlp("dotnet", "dotnet", engine, role, name, (char *)NULL);
        _exit(127);
    }
    struct ucred peer = { 0 };
    socklen_t peer_size = sizeof peer;
    while (program->pid > 0) {
        struct timeval second = { 1, 0 };
        setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
        program->socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (program->socket >= 0 && getsockopt(program->socket, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) == 0 && peer.pid == program->pid)
            break; /* anybody may connect; only the program that was started is spoken to */
        if (program->socket >= 0)
            close(program->socket);
        if (waitpid(program->pid, NULL, WNOHANG) != 0)
            program->pid = -1;
    }
    close(listener);
    return program->pid > 0 ? 0 : fail("the %s, %s, did not start", role, engine);
}

static int open_userfaultfd(void)
{
    int descriptor = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
        descriptor = device < 0 ? -1 : ioctl(device, OPEN_BY_DEVICE, O_CLOEXEC | O_NONBLOCK);
        close(device);
    }
    return descriptor < 0 ? fail("userfaultfd is not permitted: %s", strerror(errno)) : descriptor;
}

static int lend_ring(struct gpusvm *session, char *reply)
{
    struct ring ring = { .flags = RING_POLLED, .idle_ms = 20 };
    session->ring = (int)syscall(RING_SETUP, 8, &ring);
    if (session->ring < 0)
        return fail("io_uring is not permitted: %s", strerror(errno));
    prctl(PR_SET_PTRACER, session->engine.pid, 0, 0, 0);
    char body[512];
    snprintf(body, sizeof body,
             "{\"Descriptor\":%d,\"SubmissionEntries\":%u,\"CompletionEntries\":%u,\"SubmissionHead\":%u,\"SubmissionTail\":%u,"
             "\"SubmissionFlags\":%u,\"SubmissionArray\":%u,\"CompletionHead\":%u,\"CompletionTail\":%u,\"Completions\":%u}",
             session->ring, ring.sq_entries, ring.cq_entries, ring.sq[0], ring.sq[1], ring.sq[4], ring.sq[6], ring.cq[0], ring.cq[1],
             ring.cq[5]);
    return ask(session->engine.socket, LEND, body, -1, DONE, reply);
}

struct gpusvm *gpusvm_open(const char *engine, uint64_t video_memory_bytes)
{
    static char reply[LONGEST + 1];
    char body[256];
    struct gpusvm *session = calloc(1, sizeof *session);
    if (!session || start(engine, "engine", &session->engine) < 0 || start(engine, "guard", &session->guard) < 0)
        return free(session), NULL;
    session->userfaultfd = open_userfaultfd();
    snprintf(body, sizeof body, "{\"VideoMemoryBytes\":%llu}", (unsigned long long)video_memory_bytes);
    if (session->userfaultfd < 0 || ask(session->engine.socket, GREET, body, session->userfaultfd, READY, reply) < 0)
        return NULL;
    snprintf(body, sizeof body, "{\"EnginePid\":%d,\"AppPid\":%d}", (int)session->engine.pid, (int)getpid());
    if (ask(session->guard.socket, WATCH, body, session->userfaultfd, DONE, reply) < 0 || lend_ring(session, reply) < 0)
        return NULL;
    return session;
}

int64_t gpusvm_adopt(struct gpusvm *session, const void *address, size_t bytes)
{
    char body[128], reply[LONGEST + 1];
    snprintf(body, sizeof body, "{\"Address\":%llu,\"Bytes\":%zu}", (unsigned long long)(uintptr_t)address, bytes);
    return ask(session->engine.socket, ADOPT, body, -1, ADOPTED, reply) < 0 ? -1 : number_in(reply, "Id");
}

int gpusvm_release(struct gpusvm *session, int64_t adopted)
{
    char body[64], reply[LONGEST + 1];
    snprintf(body, sizeof body, "{\"Id\":%lld}", (long long)adopted);
    return ask(session->engine.socket, GIVE_BACK, body, -1, DONE, reply);
}

int gpusvm_launch(struct gpusvm *session, const char *assembly, const char *type, const char *method,
                  int grid, int block, const void *args, size_t args_bytes)
{
    static const char digits[] = "0123456789abcdef";
    char body[8192], hex[2 * 1024 + 1], reply[LONGEST + 1];
    if (args_bytes > 1024 || strpbrk(assembly, "\"\\") || strpbrk(type, "\"\\") || strpbrk(method, "\"\\"))
        return fail("more than 1024 bytes of arguments, or a quote in a name");
    for (size_t i = 0; i < args_bytes; i++) {
        hex[2 * i] = digits[((const unsigned char *)args)[i] >> 4];
        hex[2 * i + 1] = digits[((const unsigned char *)args)[i] & 15];
    }
    hex[2 * args_bytes] = 0;
    int length = snprintf(body, sizeof body,
                          "{\"Assembly\":\"%s\",\"Type\":\"%s\",\"Method\":\"%s\",\"Grid\":%d,\"Block\":%d,\"Args\":\"%s\"}",
                          assembly, type, method, grid, block, hex);
    if (length >= (int)sizeof body)
        return fail("names are too long");
    if (ask(session->engine.socket, LAUNCH_NAMED, body, -1, LAUNCHED, reply) < 0)
        return -1;
    return number_in(reply, "Status") == 0 ? 0 : fail("the kernel did not complete: %s", reply);
}

void gpusvm_close(struct gpusvm *session)
{
    char reply[LONGEST + 1];
    if (ask(session->engine.socket, CLOSE, "{}", -1, DONE, reply) < 0)
        return; /* not every page is at home: engine and guard stay for as long as this process */
    ask(session->guard.socket, CLOSE, "{}", -1, DONE, reply); /* before the engine, whose end it would take for a crash */
    close(session->guard.socket);
    waitpid(session->guard.pid, NULL, 0);
    shutdown(session->engine.socket, SHUT_RDWR);
    waitpid(session->engine.pid, NULL, 0);
    close(session->engine.socket);
    close(session->userfaultfd);
    close(session->ring);
    free(session);
}
