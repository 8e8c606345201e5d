#include <stdio.h>

int main(void) {
  puts("built in one image, run in another");
  return 0;
}
