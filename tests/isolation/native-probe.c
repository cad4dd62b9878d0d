/*
 * What native code in an engine would try that Node cannot: one system call each.
 *
 *   native-probe                 prints on descriptor 3 a line of JSON: by name, the error number, 0 for success
 *   native-probe COMMAND...      becomes the command, with a key in a session keyring of its own
 *
 * Nothing is ever sent or connected to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY "user"
#define KEY_NAME "blindai-isolation"
#define KEY_SECRET "of the server"

static int channel(int family, int type) {
  int descriptor = socket(family, type, 0);
  if (descriptor < 0) return errno;
  close(descriptor);
  return 0;
}

static int opened(long descriptor) {
  if (descriptor < 0) return errno;
  close((int)descriptor);
  return 0;
}

static int open_vsock(void) { return channel(AF_VSOCK, SOCK_STREAM); }
static int open_netlink(void) { return channel(AF_NETLINK, SOCK_RAW); }
/* UFFD_USER_MODE_ONLY is 1. */
static int open_userfaultfd(void) { return opened(syscall(SYS_userfaultfd, O_CLOEXEC | 1)); }
static int open_secret_memory(void) { return opened(syscall(SYS_memfd_secret, 0)); }

/* A call that reaches the ring's code is told that it has no parameters. */
static int reach_io_uring(void) {
  syscall(SYS_io_uring_setup, 1, NULL);
  return errno == EFAULT ? 0 : errno;
}

static int read_key(void) {
  char secret[sizeof KEY_SECRET] = {0};
  long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, KEY, KEY_NAME, 0);
  if (key < 0 || syscall(SYS_keyctl, KEYCTL_READ, key, secret, sizeof secret) < 0) return errno;
  return strcmp(secret, KEY_SECRET) == 0 ? 0 : ENOKEY;
}

static int make_process(void) {
  pid_t child = fork();
  if (child == 0) _exit(0);
  if (child < 0) return errno;
  return waitpid(child, NULL, 0) == child ? 0 : errno;
}

static int share_memory(void) {
  int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  if (segment < 0) return errno;
  return shmctl(segment, IPC_RMID, NULL) == 0 ? 0 : errno;
}

static const struct {
  const char *name;
  int (*attempt)(void);
} ATTEMPTS[] = {
    {"open a vsock socket", open_vsock},
    {"open a netlink socket", open_netlink},
    {"read the key in the server's keyring", read_key},
    {"start a process", make_process},
    {"make System V memory", share_memory},
    {"handle its own page faults", open_userfaultfd},
    {"make memory that the kernel cannot read", open_secret_memory},
    {"reach io_uring", reach_io_uring},
};

int main(int count, char **words) {
  if (count > 1) {
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0) return 1;
    if (syscall(SYS_add_key, KEY, KEY_NAME, KEY_SECRET, sizeof KEY_SECRET, KEY_SPEC_SESSION_KEYRING) < 0) return 1;
    execv(words[1], words + 1);
    return 1;
  }
  const size_t attempts = sizeof ATTEMPTS / sizeof ATTEMPTS[0];
  for (size_t index = 0; index < attempts; index++) {
    int error = ATTEMPTS[index].attempt();
    dprintf(3, "%s\"%s\":%d", index == 0 ? "{" : ",", ATTEMPTS[index].name, error);
  }
  dprintf(3, "}\n");
  return 0;
}
