/* A C program's way to an engine of GpuSvm: its own private memory is shared with the GPU, without copies. */
#ifndef GPUSVM_H
#define GPUSVM_H

#include <stddef.h>
#include <stdint.h>

struct gpusvm;

/* Starts the engine and the guard: engine is the path of GpuSvm.Engine.dll. NULL after an error, which gpusvm_error tells. */
struct gpusvm *gpusvm_open(const char *engine, uint64_t video_memory_bytes);

/* Shares the pages that hold some bytes of malloc's, of the stack, of bss. Returns a number to give them back by, or -1. */
int64_t gpusvm_adopt(struct gpusvm *session, const void *address, size_t bytes);

/* Brings shared pages home for good. 0, or -1. */
int gpusvm_release(struct gpusvm *session, int64_t adopted);

/* Runs a kernel, "static async GpuTask method(GpuThread, TArgs)", to its end: args are the bytes of its TArgs. 0, or -1. */
int gpusvm_launch(struct gpusvm *session, const char *assembly, const char *type, const char *method,
                  int grid, int block, const void *args, size_t args_bytes);

/* Brings everything home and ends engine and guard. */
void gpusvm_close(struct gpusvm *session);

/* The last error of this thread, one line. */
const char *gpusvm_error(void);

#endif
