/* The floor: what a program costs that does nothing but become another one. */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 2) return 125;
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 127;
}
