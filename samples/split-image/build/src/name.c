#include "hello.h"

const char *name(void) { return "world"; }
