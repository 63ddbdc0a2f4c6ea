// What is said about readings that make no sense.
// RUN: attention-opt %s -split-input-file -verify-diagnostics

// expected-error@below {{expected a number of keys from 1 to 2147483647, found 0}}
module attributes {test.readings = #attention.top_k<0>} {
}

// -----

// expected-error@below {{expected a number of keys from 1 to 2147483647, found -1}}
module attributes {test.readings = #attention.top_k<-1>} {
}

// -----

// expected-error@below {{expected a number of keys from 1 to 2147483647, found 2147483648}}
module attributes {test.readings = #attention.top_k<2147483648>} {
}
