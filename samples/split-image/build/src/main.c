#include "hello.h"
#include <stdio.h>

int main(void) {
  printf("%s, %s\n", greeting(), name());
  return 0;
}
