/* Needs three shared libraries: the C library, its mathematics, and zlib. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

int main(int count, char **words) {
  const unsigned char text[] = "hello";
  double two = count > 1 ? atof(words[1]) : 2;
  printf("zlib %s, crc32 %08lx, cos %.4f\n", zlibVersion(), crc32(0, text, sizeof text - 1), cos(two));
  return 0;
}
