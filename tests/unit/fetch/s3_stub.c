/* The scripted S3: blocking sockets, a thread for each connection.
 * Must not know the code under test.
 * The check of a signature follows AWS's description of Signature Version 4
 * for one GET without a body. */
#include "s3_stub.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64, DIGEST_SIZE = 32, TEXT_SIZE = 8192, HANG_MS = 20000 };

/* Serving. */

static const struct stub_answer *answer_to(struct stub *stub,
                                           const char *request)
{
    static const struct stub_answer unscripted = {
        "HTTP/1.1 418 Unscripted\r\nContent-Length: 0\r\n\r\n", 0, STUB_KEEP};
    const char *target = strchr(request, ' ') + 1;
    size_t size = strcspn(target, " ");
    const struct stub_answer *answer = &unscripted;
    int earlier = 0;

    (void)pthread_mutex_lock(&stub->lock);
    for (int i = 0; i < stub->request_count; i++) {
        const char *other = strchr(stub->requests[i], ' ') + 1;

        if (strncmp(other, target, size + 1) == 0)
            earlier++;
    }
    if (stub->request_count < STUB_REQUESTS_MAX)
        (void)snprintf(stub->requests[stub->request_count++], STUB_REQUEST_SIZE,
                       "%s", request);
    (void)pthread_mutex_unlock(&stub->lock);
    for (size_t i = 0; i < stub->row_count; i++) {
        const struct stub_row *row = &stub->rows[i];

        if (strlen(row->target) != size ||
            strncmp(row->target, target, size) != 0)
            continue;
        if (earlier >= row->answer_count)
            earlier = row->answer_count - 1;
        answer = &row->answers[earlier];
    }
    return answer;
}

/* A whole head, or false at the end of the connection. */
static bool read_request(char *request, int fd)
{
    size_t size = 0;

    while (size < STUB_REQUEST_SIZE - 1) {
        ssize_t got = recv(fd, request + size, 1, 0);

        if (got <= 0)
            return false;
        size += (size_t)got;
        request[size] = '\0';
        if (size >= 4 && strcmp(request + size - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

static void send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t put = send(fd, bytes, size, MSG_NOSIGNAL);

        if (put <= 0)
            return;
        bytes += put;
        size -= (size_t)put;
    }
}

static void send_answer(int fd, const struct stub_answer *answer)
{
    size_t text_size = answer->text != NULL ? strlen(answer->text) : 0;
    char *bytes = malloc(text_size + answer->fill + 1);

    if (bytes == NULL)
        abort();
    memcpy(bytes, answer->text != NULL ? answer->text : "", text_size);
    memset(bytes + text_size, 'x', answer->fill);
    send_all(fd, bytes, text_size + answer->fill);
    free(bytes);
}

struct connection {
    struct stub *stub;
    int index;
    int fd;
};

static void *serve(void *payload)
{
    struct connection *connection = payload;
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    char request[STUB_REQUEST_SIZE];
    enum stub_then then = STUB_KEEP;

    while (then == STUB_KEEP && read_request(request, connection->fd)) {
        const struct stub_answer *answer = answer_to(connection->stub, request);

        send_answer(connection->fd, answer);
        then = answer->then;
    }
    if (then == STUB_HANG) {
        struct pollfd end = {.fd = connection->fd, .events = POLLIN};

        (void)poll(&end, 1, HANG_MS);
    }
    if (then == STUB_RESET)
        (void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once,
                         sizeof at_once);
    (void)pthread_mutex_lock(&connection->stub->lock);
    (void)close(connection->fd);
    connection->stub->fds[connection->index] = -1;
    (void)pthread_mutex_unlock(&connection->stub->lock);
    free(connection);
    return NULL;
}

static void *accept_all(void *payload)
{
    struct stub *stub = payload;

    for (;;) {
        int fd = accept(stub->listen_fd, NULL, NULL);
        struct connection *connection;
        int index;

        if (fd < 0)
            return NULL;
        connection = malloc(sizeof *connection);
        if (connection == NULL)
            abort();
        (void)pthread_mutex_lock(&stub->lock);
        index = stub->connection_count;
        if (stub->is_stopping || index == STUB_CONNECTIONS_MAX) {
            (void)close(fd);
            free(connection);
        } else {
            *connection = (struct connection){stub, index, fd};
            stub->fds[index] = fd;
            stub->connection_count++;
            if (pthread_create(&stub->threads[index], NULL, serve,
                               connection) != 0)
                abort();
        }
        (void)pthread_mutex_unlock(&stub->lock);
    }
}

void stub_start(struct stub *stub, const struct stub_row *rows,
                size_t row_count)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    memset(stub, 0, sizeof *stub);
    stub->rows = rows;
    stub->row_count = row_count;
    (void)pthread_mutex_init(&stub->lock, NULL);
    stub->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(stub->listen_fd, (void *)&address, size) != 0 ||
        listen(stub->listen_fd, BACKLOG) != 0 ||
        getsockname(stub->listen_fd, (void *)&address, &size) != 0 ||
        pthread_create(&stub->acceptor, NULL, accept_all, stub) != 0)
        abort();
    stub->port = ntohs(address.sin_port);
}

void stub_stop(struct stub *stub)
{
    (void)pthread_mutex_lock(&stub->lock);
    stub->is_stopping = true;
    for (int i = 0; i < stub->connection_count; i++)
        if (stub->fds[i] >= 0)
            (void)shutdown(stub->fds[i], SHUT_RDWR);
    (void)pthread_mutex_unlock(&stub->lock);
    (void)shutdown(stub->listen_fd, SHUT_RDWR);
    (void)pthread_join(stub->acceptor, NULL);
    (void)close(stub->listen_fd);
    for (int i = 0; i < stub->connection_count; i++)
        (void)pthread_join(stub->threads[i], NULL);
    (void)pthread_mutex_destroy(&stub->lock);
}

int stub_count(struct stub *stub, const char *target)
{
    size_t size = strlen(target);
    int count = 0;

    (void)pthread_mutex_lock(&stub->lock);
    for (int i = 0; i < stub->request_count; i++) {
        const char *other = strchr(stub->requests[i], ' ') + 1;

        if (strncmp(other, target, size) == 0 && other[size] == ' ')
            count++;
    }
    (void)pthread_mutex_unlock(&stub->lock);
    return count;
}

void stub_request(char *text, struct stub *stub, int index)
{
    (void)pthread_mutex_lock(&stub->lock);
    (void)snprintf(text, STUB_REQUEST_SIZE, "%s",
                   index < stub->request_count ? stub->requests[index] : "");
    (void)pthread_mutex_unlock(&stub->lock);
}

/* Checking signatures. */

/* The value of a header, without blanks around. False if it isn't there. */
static bool header_of(char *value, size_t size, const char *request,
                      const char *name, size_t name_size)
{
    const char *line = strstr(request, "\r\n");

    while (line != NULL && strncmp(line, "\r\n\r\n", 4) != 0) {
        const char *text = line + 2;

        line = strstr(text, "\r\n");
        if (strncasecmp(text, name, name_size) != 0 || text[name_size] != ':')
            continue;
        text += name_size + 1;
        text += strspn(text, " ");
        (void)snprintf(value, size, "%.*s", (int)strcspn(text, "\r"), text);
        return true;
    }
    return false;
}

static void add(char *to, const char *text)
{
    size_t size = strlen(to);

    (void)snprintf(to + size, TEXT_SIZE - size, "%s", text);
}

static void add_hex(char *to, const unsigned char *digest)
{
    char text[3];

    for (int i = 0; i < DIGEST_SIZE; i++) {
        (void)snprintf(text, sizeof text, "%02x", digest[i]);
        add(to, text);
    }
}

static void hmac(unsigned char *out, const void *key, size_t key_size,
                 const char *text)
{
    unsigned size = 0;

    (void)HMAC(EVP_sha256(), key, (int)key_size, (const void *)text,
               strlen(text), out, &size);
}

/* The piece of text behind mark up to one of the ends. */
static void piece(char *out, size_t size, const char *text, const char *mark,
                  const char *ends)
{
    const char *found = strstr(text, mark);

    out[0] = '\0';
    if (found == NULL)
        return;
    found += strlen(mark);
    (void)snprintf(out, size, "%.*s", (int)strcspn(found, ends), found);
}

/* Method, path, query, headers, their names, and the payload's stand-in. */
static bool make_canonical(char *out, const char *request,
                           const char *signed_names)
{
    char target[STUB_REQUEST_SIZE];
    char value[STUB_REQUEST_SIZE];
    char *query;

    (void)snprintf(target, sizeof target, "%.*s",
                   (int)strcspn(request + 4, " "), request + 4);
    query = strchr(target, '?');
    if (query != NULL)
        *query++ = '\0';
    out[0] = '\0';
    add(out, "GET\n");
    add(out, target);
    add(out, "\n");
    add(out, query != NULL ? query : "");
    add(out, "\n");
    for (const char *at = signed_names; *at != '\0';) {
        size_t size = strcspn(at, ";");

        if (!header_of(value, sizeof value, request, at, size))
            return false;
        (void)snprintf(out + strlen(out), TEXT_SIZE - strlen(out),
                       "%.*s:", (int)size, at);
        add(out, value);
        add(out, "\n");
        at += size + (at[size] == ';' ? 1 : 0);
    }
    add(out, "\n");
    add(out, signed_names);
    add(out, "\nUNSIGNED-PAYLOAD");
    return true;
}

bool stub_is_signed(const char *request, const char *secret)
{
    char authorization[STUB_REQUEST_SIZE] = "";
    char names[256], signature[128], scope[256], day[16], region[64];
    char date[64] = "";
    char canonical[TEXT_SIZE], text[TEXT_SIZE] = "", mine[TEXT_SIZE] = "";
    char key[256];
    unsigned char digest[DIGEST_SIZE];

    if (strncmp(request, "GET ", 4) != 0 ||
        !header_of(authorization, sizeof authorization, request,
                   "Authorization", strlen("Authorization")) ||
        !header_of(date, sizeof date, request, "X-Amz-Date", 10))
        return false;
    piece(names, sizeof names, authorization, "SignedHeaders=", ", ");
    piece(signature, sizeof signature, authorization, "Signature=", ", ");
    piece(scope, sizeof scope, authorization, "Credential=", ", ");
    (void)snprintf(day, sizeof day, "%.8s", date);
    piece(region, sizeof region, scope, day, ",");
    (void)memmove(region, region + 1, strlen(region));
    region[strcspn(region, "/")] = '\0';
    if (!make_canonical(canonical, request, names))
        return false;
    (void)EVP_Digest(canonical, strlen(canonical), digest, NULL, EVP_sha256(),
                     NULL);
    (void)snprintf(text, sizeof text,
                   "AWS4-HMAC-SHA256\n%s\n%s/%s/s3/aws4_request\n", date, day,
                   region);
    add_hex(text, digest);
    (void)snprintf(key, sizeof key, "AWS4%s", secret);
    hmac(digest, key, strlen(key), day);
    hmac(digest, digest, sizeof digest, region);
    hmac(digest, digest, sizeof digest, "s3");
    hmac(digest, digest, sizeof digest, "aws4_request");
    hmac(digest, digest, sizeof digest, text);
    add_hex(mine, digest);
    return strcmp(mine, signature) == 0;
}
