/* A list of malloc's, summed by the GPU and changed in place. list ENGINE.dll KERNELS.dll TYPE METHOD */
#include "gpusvm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct node { struct node *next; int64_t value; };

/* The kernel's arguments: struct ListArgs. */
struct args { struct node *first; int64_t *sum; int64_t added; };

static int die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, gpusvm_error());
    return 1;
}

int main(int argc, char **argv)
{
    enum { NODES = 5000 };
    if (argc != 5)
        return fprintf(stderr, "list ENGINE.dll KERNELS.dll TYPE METHOD\n"), 2;
    struct gpusvm *gpu = gpusvm_open(argv[1], 64 << 20);
    if (!gpu)
        return die("open");
    int64_t *sum = malloc(sizeof *sum);
    struct node *first = NULL, *lowest = NULL, *highest = NULL;
    for (int i = 0; i < NODES; i++) {
        struct node *node = malloc(sizeof *node + (size_t)(i % 200)); /* spread over pages, among what else malloc gives */
        *node = (struct node){ first, i };
        first = node;
        lowest = !lowest || node < lowest ? node : lowest;
        highest = !highest || node > highest ? node : highest;
    }
    int64_t nodes = gpusvm_adopt(gpu, lowest, (size_t)((char *)(highest + 1) - (char *)lowest));
    int64_t word = gpusvm_adopt(gpu, sum, sizeof *sum);
    if (nodes < 0 || word < 0)
        return die("adopt");
    for (int round = 0; round < 3; round++) {
        struct args args = { first, sum, 10 };
        if (gpusvm_launch(gpu, argv[2], argv[3], argv[4], 1, 1, &args, sizeof args) < 0)
            return die("launch");
        int64_t here = 0; /* the CPU's own loads bring the pages home */
        for (struct node *node = first; node; node = node->next)
            here += node->value;
        printf("%" PRId64 " on the GPU, then %" PRId64 " here\n", *sum, here);
    }
    if (gpusvm_release(gpu, nodes) < 0)
        return die("release");
    gpusvm_close(gpu);
    return 0;
}
