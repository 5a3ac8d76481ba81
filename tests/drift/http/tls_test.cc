// TLS against a server of OpenSSL's own, with authorities made for the test.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "drift/base/error.h"
#include "drift/http/http.h"

extern char** environ;

namespace drift {
namespace {

// A program with its output in a pipe. The standard input is a pipe too, that nobody writes to.
struct Child {
  pid_t pid = -1;
  int output = -1;
  int input = -1;
};

Child start(std::vector<std::string> command) {
  int out[2], in[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(in, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  Child child;
  if (::posix_spawnp(&child.pid, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) {
    child.pid = -1;
  }
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  ::close(in[0]);
  child.output = out[0];
  child.input = in[1];
  return child;
}

bool succeeds(std::vector<std::string> command) {
  const Child child = start(std::move(command));
  int status = 1;
  if (child.pid > 0) ::waitpid(child.pid, &status, 0);
  ::close(child.output);
  ::close(child.input);
  return child.pid > 0 && status == 0;
}

class HttpTls : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/schema-drift-tls-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    if (!succeeds({"openssl", "version"})) GTEST_SKIP() << "the openssl program is not installed";
    make_authority("ca");
    make_authority("stranger");
  }

  void TearDown() override {
    if (server_.pid > 0) {
      ::kill(server_.pid, SIGKILL);
      ::waitpid(server_.pid, nullptr, 0);
      ::close(server_.output);
      ::close(server_.input);
    }
    std::filesystem::remove_all(folder_);
  }

  std::string file(const std::string& name) const { return folder_ + '/' + name; }

  void make_authority(const std::string& name) {
    ASSERT_TRUE(succeeds({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                          "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                          "-keyout", file(name + ".key"), "-out", file(name + ".pem")}));
  }

  // A certificate that "ca" signs for `name` ("IP:127.0.0.1"), from now for `days`.
  void make_certificate(const std::string& name, const std::string& days = "2") {
    std::ofstream{file("extensions")} << "subjectAltName=" << name << '\n';
    ASSERT_TRUE(succeeds({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                          "-nodes", "-subj", "/CN=server", "-keyout", file("server.key"), "-out",
                          file("server.csr")}));
    ASSERT_TRUE(succeeds({"openssl", "x509", "-req", "-in", file("server.csr"), "-CA",
                          file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-days",
                          days, "-extfile", file("extensions"), "-out", file("server.pem")}));
  }

  void serve(std::vector<std::string> options = {}) {
    std::vector<std::string> command = {"openssl",          "s_server", "-accept",
                                        "127.0.0.1:0",      "-www",     "-cert",
                                        file("server.pem"), "-key",     file("server.key")};
    command.insert(command.end(), options.begin(), options.end());
    server_ = start(command);
    ASSERT_GT(server_.pid, 0);
    // It tells where it listens: "ACCEPT 127.0.0.1:39653".
    std::string told;
    char c = 0;
    while (::read(server_.output, &c, 1) == 1) {
      if (c != '\n') {
        told += c;
      } else if (told.rfind("ACCEPT ", 0) == 0) {
        authority_ = told.substr(7);
        return;
      } else {
        told.clear();
      }
    }
    FAIL() << "the server did not start";
  }

  HttpResponse ask(const std::string& authorities) {
    HttpClient client{authorities};
    HttpRequest request;
    request.origin = "https://" + authority_;
    const Stop stop{std::chrono::seconds{20}};
    return client.send(request, stop);
  }

  void expect_untrusted(const std::string& authorities, const std::string& why) {
    try {
      const HttpResponse response = ask(authorities);
      FAIL() << "answered " << response.status;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::kHttpFailed);
      EXPECT_EQ(std::string{error.what()},
                "the certificate of " + authority_ + " is not trusted: " + why);
      EXPECT_EQ(
          error.hint,
          "name the file of the authority that signed it in --ca-file, if it is meant to answer");
      EXPECT_FALSE(error.retryable);
    }
  }

  std::string folder_, authority_;
  Child server_;
};

TEST_F(HttpTls, TakesACertificateThatTheGivenAuthoritySigned) {
  make_certificate("IP:127.0.0.1");
  serve();
  EXPECT_EQ(ask(file("ca.pem")).status, 200);
}

TEST_F(HttpTls, RefusesAnAuthorityThatIsNotInTheBundle) {
  make_certificate("IP:127.0.0.1");
  serve();
  expect_untrusted(file("stranger.pem"), "unable to get local issuer certificate");
}

TEST_F(HttpTls, RefusesAnUnknownAuthorityWithTheSystemsBundle) {
  make_certificate("IP:127.0.0.1");
  serve();
  expect_untrusted("", "unable to get local issuer certificate");
}

TEST_F(HttpTls, RefusesACertificateForAnotherName) {
  make_certificate("DNS:elsewhere.example");
  serve();
  expect_untrusted(file("ca.pem"), "it is for another name");
}

TEST_F(HttpTls, RefusesACertificateThatHasExpired) {
  make_certificate("IP:127.0.0.1", "-1");
  serve();
  expect_untrusted(file("ca.pem"), "certificate has expired");
}

TEST_F(HttpTls, RefusesVersionsBefore12) {
  make_certificate("IP:127.0.0.1");
  serve({"-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"});
  try {
    const HttpResponse response = ask(file("ca.pem"));
    FAIL() << "answered " << response.status;
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::kHttpFailed);
    EXPECT_EQ(std::string{error.what()}.find("cannot agree on TLS with " + authority_ + ": "), 0u)
        << error.what();
  }
}

}  // namespace
}  // namespace drift
