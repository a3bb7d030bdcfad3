/* measure STRETCHES RUNS: times the commands on stdin in turn, RUNS times in a row, STRETCHES times.
 *
 * One command a line, its fields separated by tabs: an environment variable NAME=VALUE or nothing,
 * the program's path, argv. Prints a line for each command: its peak memory in KiB, then the wall
 * time of each run in microseconds. Output of the commands is dropped; one that fails ends all.
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

extern char **environ;

struct command {
    char **fields; /* NAME=VALUE, program, argv..., NULL */
    char **environment;
    long peak;
    double *times;
};

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static char **split(char *line) {
    size_t count = 1;
    for (char *at = line; *at; at++) count += *at == '\t';
    char **fields = calloc(count + 1, sizeof *fields);
    for (size_t i = 0; fields && i < count; i++) fields[i] = strsep(&line, "\t");
    return fields;
}

static char **with_variable(char *variable) {
    size_t count = 0;
    while (environ[count]) count++;
    char **all = calloc(count + 2, sizeof *all);
    if (!all) return NULL;
    memcpy(all, environ, count * sizeof *all);
    if (*variable) all[count] = variable;
    return all;
}

static int run(struct command *command, int index, int null) {
    double start = now_us();
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(null, 1);
        execve(command->fields[1], command->fields + 2, command->environment);
        _exit(errno == E2BIG ? 7 : 127);
    }
    int status;
    struct rusage usage;
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) return 1;
    command->times[index] = now_us() - start;
    if (usage.ru_maxrss > command->peak) command->peak = usage.ru_maxrss;
    if (status) fprintf(stderr, "measure: %s: wait status %#x\n", command->fields[1], status);
    return status;
}

int main(int argc, char **argv) {
    int stretches = argc == 3 ? atoi(argv[1]) : 0, runs = argc == 3 ? atoi(argv[2]) : 0;
    int null = open("/dev/null", O_WRONLY);
    if (stretches < 1 || runs < 1 || null < 0) return 2;
    struct command commands[16] = {0};
    size_t count = 0, room = 0;
    for (char *line = NULL; count < 16 && getline(&line, &room, stdin) > 0; line = NULL, room = 0) {
        line[strcspn(line, "\n")] = 0;
        struct command *command = &commands[count++];
        command->fields = split(line);
        if (!command->fields || !command->fields[1] || !command->fields[2]) return 2;
        command->environment = with_variable(command->fields[0]);
        command->times = calloc(stretches * runs, sizeof *command->times);
        if (!command->environment || !command->times) return 2;
    }
    for (int stretch = 0; stretch < stretches; stretch++)
        for (size_t i = 0; i < count; i++) {
            /* Each time in the other direction, so that none always follows the same one. */
            struct command *command = &commands[stretch % 2 ? count - 1 - i : i];
            for (int j = 0; j < runs; j++)
                if (run(command, stretch * runs + j, null)) return 1;
        }
    for (size_t i = 0; i < count; i++) {
        printf("%ld", commands[i].peak);
        for (int j = 0; j < stretches * runs; j++) printf(" %.1f", commands[i].times[j]);
        printf("\n");
    }
    return 0;
}
