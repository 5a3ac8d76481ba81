// What a call throws, for tests that read the message word for word.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "drift/base/error.h"

namespace drift {

// Fails the test where nothing is thrown.
template <class Action>
Error thrown_by(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error{Fault::kInternal, "nothing was thrown"};
}

// Compares all that a person sees of an error.
inline void expect_error(const Error& error, Fault fault, const std::string& message,
                         const std::string& hint) {
  EXPECT_EQ(fault_name(error.fault), fault_name(fault));
  EXPECT_EQ(std::string{error.what()}, message);
  EXPECT_EQ(error.hint, hint);
}

}  // namespace drift
