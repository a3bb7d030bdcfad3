/* The application of the benchmark: it ends at once, so that only start-up counts. */
int main(void) { return 0; }
