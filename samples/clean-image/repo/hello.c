#include <stdio.h>

int main(void) {
  char line[80];
  FILE *message = fopen("/usr/share/hello/message", "r");
  if (message == NULL || fgets(line, sizeof line, message) == NULL) {
    perror("hello: reading /usr/share/hello/message");
    return 1;
  }
  fputs(line, stdout);
  return 0;
}
