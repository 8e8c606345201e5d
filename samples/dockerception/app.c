/* A web server that says hello to everyone, on port 8001. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 200 OK\r\n"
                             "Content-Type: text/plain\r\n"
                             "Content-Length: 6\r\n"
                             "Connection: close\r\n"
                             "\r\n"
                             "hello\n";

/* The first process of a container is ended by no signal that it doesn't handle. */
static void stop(int number) { _exit(number == SIGTERM ? 0 : 1); }

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8001)};
  int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  signal(SIGPIPE, SIG_IGN);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 || listen(server, 16) != 0) {
    perror("app: listening on port 8001");
    return 1;
  }
  for (;;) {
    char request[4096];
    int client = accept(server, NULL, NULL);
    if (client < 0) continue;
    if (read(client, request, sizeof request) > 0 && write(client, answer, sizeof answer - 1) < 0)
      perror("app: answering");
    close(client);
  }
}
