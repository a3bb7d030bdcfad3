/* measure RUNS FLAGS PROGRAM [ARG...]
 *
 * Runs PROGRAM ARG... with FLAGS generated flags behind it (a megabyte of arguments does not
 * fit into one command string, which is what hyperfine takes), stdout to /dev/null, and prints
 * the median wall time in milliseconds and the highest peak memory in KiB.
 * The kernel keeps a process's peak across execve, so the peak covers every image of the chain. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: measure RUNS FLAGS PROGRAM [ARG...]\n");
        return 2;
    }
    int runs = atoi(argv[1]), flags = atoi(argv[2]), fixed = argc - 3;
    char **args = calloc(fixed + 2 * flags + 1, sizeof *args);
    double *times = calloc(runs, sizeof *times);
    if (runs < 1 || flags < 0 || !args || !times) return 2;
    memcpy(args, argv + 3, fixed * sizeof *args);
    for (int i = 0; i < flags; i++) {
        /* Paths, numbers and text that must be quoted, in turn: about 50 bytes a flag. */
        static const char *const values[] = {"gs://bucket/a/path/%d", "%d", "a text, with = and 'quotes' %d"};
        if (asprintf(&args[fixed + 2 * i], "--section.parameter_%d", i) < 0) return 2;
        if (asprintf(&args[fixed + 2 * i + 1], values[i % 3], i) < 0) return 2;
    }
    long peak = 0;
    for (int run = 0; run < runs; run++) {
        double start = now_ms();
        pid_t pid = vfork();
        if (pid == 0) {
            int null = open("/dev/null", O_WRONLY);
            dup2(null, 1);
            execv(args[0], args);
            _exit(errno == E2BIG ? 7 : 127);
        }
        int status;
        struct rusage usage;
        if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) return 2;
        times[run] = now_ms() - start;
        if (status != 0) {
            fprintf(stderr, "measure: %s with %d flags: wait status %#x\n", args[0], flags, status);
            return 1;
        }
        if (usage.ru_maxrss > peak) peak = usage.ru_maxrss;
    }
    qsort(times, runs, sizeof *times, ascending);
    printf("%.3f %ld\n", times[runs / 2], peak);
    return 0;
}
